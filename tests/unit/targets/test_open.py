"""URLs to targets."""

from pathlib import Path

import pytest

from gameday.clock import SystemClock
from gameday.errors import Refused, TargetNotFound
from gameday.targets import open_target
from gameday.targets.local.instances import name_of

CLOCK = SystemClock()
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: kind, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: me, user: {}}]
contexts: [{name: kind, context: {cluster: kind, user: me}}]
current-context: kind
"""


def test_a_docker_targets_url_names_its_engine() -> None:
    url = "docker://shop?host=tcp://10.0.0.1:2375"
    target = open_target(url, CLOCK)
    assert target.url == "docker://shop?host=tcp%3A%2F%2F10.0.0.1%3A2375"
    assert open_target(target.url, CLOCK).url == target.url
    assert target.holds_deadline("network.delay")
    assert not target.holds_deadline("process.stop")
    assert "yet" in target.refusal("resource.disk")
    assert target.refusal("process.stop") == ""


def test_a_local_target_does_processes_only() -> None:
    target = open_target("local://http%3A%2F%2F127.0.0.1%3A9001", CLOCK)
    assert target.refusal("process.pause") == ""
    assert "process family only" in target.refusal("network.partition")
    assert not target.holds_deadline("process.stop")


@pytest.mark.parametrize(
    ("name", "instance"),
    [("web-2", "web-2"), ("web_00", "web-0"), ("web", "web-1"), ("other", "web-1")],
)
def test_local_instances_are_named_by_their_number(name: str, instance: str) -> None:
    assert name_of("web", name) == instance


def test_an_engine_that_does_not_answer_is_not_found() -> None:
    target = open_target("docker://shop?host=unix:///nowhere.sock", CLOCK)
    with pytest.raises(TargetNotFound, match="does not answer"):
        target.instances()


def test_a_supervisor_that_does_not_answer_is_not_found() -> None:
    target = open_target("local://unix%3A%2F%2F%2Fnowhere.sock", CLOCK)
    with pytest.raises(TargetNotFound, match="does not answer"):
        target.instances()


@pytest.mark.parametrize("url", ["shop", "docker://", "local://supervisor"])
def test_what_is_no_target_is_said_so(url: str) -> None:
    with pytest.raises(TargetNotFound):
        open_target(url, CLOCK)


def test_credentials_in_a_supervisors_url_are_refused_and_not_shown() -> None:
    with pytest.raises(TargetNotFound, match="GAMEDAY_SUPERVISOR_USER") as refused:
        open_target("local://http%3A%2F%2Fops%3Ahush%40127.0.0.1%3A9001", CLOCK)
    assert "hush" not in str(refused.value)


def test_a_cluster_s_own_namespace_needs_consent() -> None:
    with pytest.raises(Refused, match="consent: kube-system"):
        open_target("kubernetes://kind/kube-system", CLOCK)
    url = "kubernetes://kind/kube-system?consent=kube-system"
    assert open_target(url, CLOCK).url == url


def test_consent_for_another_namespace_is_none() -> None:
    with pytest.raises(Refused, match="protected"):
        open_target("kubernetes://kind/kube-system?consent=shop", CLOCK)


def test_a_context_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(file))
    with pytest.raises(TargetNotFound, match="'prod' in the kubeconfig; it has: kind"):
        open_target("kubernetes://prod/shop", CLOCK).instances()


def test_without_a_kubeconfig_it_is_said_where_none_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(TargetNotFound, match="there is no kubeconfig at"):
        open_target("kubernetes://prod/shop", CLOCK).instances()
