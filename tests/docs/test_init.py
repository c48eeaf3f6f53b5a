"""`gameday init` on the real shop: from nothing to files that pass and can be kept."""

from pathlib import Path

import pytest

from tests.docs.blocks import run

INIT = (
    "gameday init --docker shop --prometheus http://127.0.0.1:9090"
    " --alertmanager http://127.0.0.1:9093 --pager http://127.0.0.1:9099"
    " --url http://127.0.0.1:8080/checkout --into new"
)
WRITTEN = """\
wrote new/scenarios/first.yaml
wrote new/experiments/stop-one-web.yaml
wrote new/slos/first.yaml
next:
  gameday plan new/scenarios/first.yaml
  gameday run new/scenarios/first.yaml
"""


@pytest.mark.docker
@pytest.mark.usefixtures("shop")
def test_init_writes_what_passes_and_never_overwrites(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert run(INIT, tmp_path, environment) == WRITTEN
    checked = run("gameday check new", tmp_path, environment)
    assert checked == "1 experiment, 1 scenario, 1 slo: all good\n"
    scenario = (tmp_path / "new" / "scenarios" / "first.yaml").read_text()
    assert "alert: WebReplicaDown" in scenario
    assert "reaches: [chat, oncall]" in scenario
    slo = (tmp_path / "new" / "slos" / "first.yaml").read_text()
    assert r"haproxy_backend_http_responses_total{proxy=\"checkout\"" in slo
    planned = run("gameday plan new/scenarios/first.yaml", tmp_path, environment)
    assert "nothing was touched; `gameday run` would go on" in planned
    assert "not guaranteed" not in planned
    assert "CANNOT BE KEPT" not in planned
    again = run(INIT, tmp_path, environment)
    assert "new/slos/first.yaml: already there" in again
    assert again.endswith("(exit code 2)\n")


def test_an_address_with_a_password_is_refused(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    said = run(
        "gameday init --docker shop --prometheus http://me:hush@127.0.0.1:9090",
        tmp_path,
        environment,
    )
    assert said.endswith("(exit code 2)\n")
    assert "hush" not in said
    assert list(tmp_path.glob("*/first.yaml")) == []


def test_one_target_has_to_be_named(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    said = run("gameday init", tmp_path, environment)
    assert said == (
        "name one target: --docker PROJECT, --context NAME --namespace NAMESPACE or "
        "--local URL\n(exit code 2)\n"
    )
