"""Which cluster: what a kubeconfig can have wrong with it is said in a sentence."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.errors import Refused, TargetNotFound
from gameday.model.target import TargetRef
from gameday.targets import open_target
from gameday.targets.kubernetes.client.access import access_of, configuration_of

SECRET = "hush-hush"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the kubeconfig is, once a test has written it."""
    path = tmp_path / "config"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def config(
    user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
) -> str:
    """Return a kubeconfig (JSON is YAML) with the context `lab`."""
    context = {"cluster": "lab", "user": "me"}
    server = cluster or {"server": "http://127.0.0.1:1"}
    return json.dumps(
        {
            "contexts": [{"name": "lab", "context": context}],
            "clusters": [{"name": "lab", "cluster": server}],
            "users": [{"name": "me", "user": user or {}}],
        }
    )


def plugin(*command: str) -> str:
    """Return a kubeconfig whose credentials come from a program."""
    api = "client.authentication.k8s.io/v1"
    first, *rest = command
    return config({"exec": {"apiVersion": api, "command": first, "args": rest}})


def why(context: str = "lab") -> str:
    with pytest.raises(TargetNotFound) as refused:
        configuration_of(context)
    return str(refused.value)


@pytest.mark.parametrize(
    "name", ["x/../kube-system", "..", "a/b", "Kube-System", "kube_system", ""]
)
def test_what_is_no_namespaces_name_opens_nothing(name: str) -> None:
    ref = TargetRef(kind="kubernetes", name="lab", namespace=name)
    with pytest.raises(Refused, match="is not a namespace's name; expected"):
        access_of(ref)
    if name:
        with pytest.raises(Refused, match="is not a namespace's name; expected"):
            open_target(ref.url, SystemClock())


def test_consent_to_no_name_is_none(file: Path) -> None:
    file.write_text(config())
    name = "kube-system/../kube-system"
    ref = TargetRef(
        kind="kubernetes", name="lab", namespace=name, options={"consent": name}
    )
    with pytest.raises(Refused, match="is not a namespace's name"):
        access_of(ref)


BROKEN = [
    (b"hello", "holds none: expected a mapping with contexts, clusters and users"),
    (b"", "holds none: expected a mapping with contexts, clusters and users"),
    (b"- 1\n", "holds none: expected a mapping with contexts, clusters and users"),
    (b"contexts: lab\n", "is broken: contexts is no list of entries with a name"),
    (b"users: [{}]\n", "is broken: users is no list of entries with a name"),
    (b"clusters: 5\n", "is broken: clusters is no list of entries with a name"),
    (b"a: 1\nb: ]\n", "is not YAML in line 2: expected the node content, but found"),
    (b"a: \x01\n", "is not YAML: it cannot be parsed"),
    (b"\xff\xfe\x00", "is not text"),
]


@pytest.mark.parametrize(("content", "told"), BROKEN)
def test_a_file_that_is_no_kubeconfig_is_named(
    file: Path, content: bytes, told: str
) -> None:
    file.write_bytes(content)
    assert why().startswith(f"the kubeconfig {file} {told}")


def test_of_several_files_the_broken_one_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(config())
    other = file.with_name("other")
    other.write_text("hello")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join((str(file), str(other))))
    assert why().startswith(f"the kubeconfig {other} holds none")


def test_a_folder_is_no_kubeconfig(file: Path) -> None:
    file.mkdir()
    assert why() == f"the kubeconfig {file} cannot be read: Is a directory"


def test_what_a_broken_line_holds_is_not_told(file: Path) -> None:
    file.write_text(f"users: [{{token: {SECRET}\n")
    assert SECRET not in why()


ENTRIES = [
    (config(cluster={"server": 5}), "it is not well formed: 'int' object"),
    (config(cluster={"server": None}), "Expected key server"),
    (
        config(cluster={"server": "https://x", "certificate-authority-data": "abc"}),
        "it is not well formed: Incorrect padding",
    ),
    (
        config({"token": 5, "auth-provider": {"name": "oidc", "config": 5}}),
        "it is not well formed: ",
    ),
]


@pytest.mark.parametrize(("content", "told"), ENTRIES)
def test_a_context_that_cannot_be_loaded_is_named(
    file: Path, content: str, told: str
) -> None:
    file.write_text(content)
    assert why().startswith(f"context 'lab' of the kubeconfig {file}: ")
    assert told in why()


def test_credentials_beside_what_is_missing_are_not_told(file: Path) -> None:
    file.write_text(
        json.dumps(
            {
                "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": "http://a"}}],
                "users": [{"name": "u", "token": SECRET}],
            }
        )
    )
    assert "Expected key user in " in why()
    assert SECRET not in why()


@pytest.mark.parametrize("current", ["gone", None])
def test_contexts_are_listed_whatever_the_current_one_is(
    file: Path, current: str | None
) -> None:
    file.write_text(json.dumps({**json.loads(config()), "current-context": current}))
    assert why("nope") == "no context 'nope' in the kubeconfig; it has: lab"


def test_a_kubeconfig_without_contexts_says_so(file: Path) -> None:
    file.write_text("kind: Config\n")
    assert why() == "no context 'lab' in the kubeconfig; it has: none"


PLUGINS = [
    (("no-such-plugin",), "No such file or directory: 'no-such-plugin'"),
    (("sh", "-c", "echo log in first >&2; exit 3"), "process returned 3. log in first"),
    (("true",), "failed to decode process output"),
]


@pytest.mark.parametrize(("command", "told"), PLUGINS)
def test_a_credential_plugin_that_fails_is_a_refusal(
    file: Path, command: tuple[str, ...], told: str
) -> None:
    file.write_text(plugin(*command))
    assert f"{file}: its credential plugin failed: {told}" in why()


def test_a_plugin_that_works_is_used_and_nothing_stays_behind(file: Path) -> None:
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "t"},
    }
    file.write_text(plugin("echo", json.dumps(answer)))
    before = list(logging.getLogger().handlers)
    keys = configuration_of("lab").api_key  # its name is not the same in all clients
    assert list(keys.values()) == ["Bearer t"]
    assert logging.getLogger().handlers == before
