"""Other extensions are held to the scenario's cluster, or refused in a sentence."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.ledger.extension_env import NOWHERE, extension_environment, refusal

URL = "kubernetes://lab/shop?helper_image=x"
CALL = {
    "type": "action",
    "name": "kill",
    "provider": {
        "type": "python",
        "module": "chaosk8s.pod.actions",
        "func": "terminate_pods",
    },
}
THEIRS: Mapping[str, Any] = {"method": [CALL], "rollbacks": []}


def config(path: Path, *kinds: str, name: str = "lab") -> Path:
    """Write a kubeconfig (JSON is YAML) that holds these kinds of entries."""
    context = {"cluster": name, "user": name}
    kubeconfig = {"contexts": {"context": context}, "clusters": {}, "users": {}}
    made = {kind: [{"name": name, **kubeconfig[kind]}] for kind in kinds}
    path.write_text(json.dumps(made))
    return path


def whole(path: Path, name: str = "lab") -> Path:
    return config(path, "contexts", "clusters", "users", name=name)


def test_the_scenarios_context_is_set_and_the_one_file(tmp_path: Path) -> None:
    file = whole(tmp_path / "config")
    assert extension_environment(URL, {"KUBECONFIG": str(file)}) == {
        "GAMEDAY_TARGET": URL,
        "KUBECONFIG": str(file),
        "KUBERNETES_CONTEXT": "lab",
        "CHAOSTOOLKIT_IN_POD": "false",
        "KUBERNETES_HOST": NOWHERE,
    }
    assert refusal(URL, {"KUBECONFIG": str(file)}, THEIRS) == ""


def test_of_several_files_the_one_with_the_context_is_given(tmp_path: Path) -> None:
    other = whole(tmp_path / "other", name="production")
    file = whole(tmp_path / "config")
    listed = {"KUBECONFIG": os.pathsep.join(("", str(other), str(file), "absent"))}
    assert extension_environment(URL, listed)["KUBECONFIG"] == str(file)
    assert refusal(URL, listed, THEIRS) == ""


SPLIT = [
    (("contexts",), ("clusters", "users")),
    (("clusters",), ("contexts", "clusters", "users")),  # the first one counts
    (("contexts", "clusters", "users"), ()),
]


@pytest.mark.parametrize(("first", "second"), SPLIT)
def test_a_context_of_several_files_is_refused(
    tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    files = config(tmp_path / "a", *first), config(tmp_path / "b", *second)
    listed = {"KUBECONFIG": os.pathsep.join(map(str, files))}
    if second:
        assert "KUBECONFIG" not in extension_environment(URL, listed)
        assert "no one file of KUBECONFIG holds all" in refusal(URL, listed, THEIRS)
        assert refusal(URL, listed, {"method": []}) == ""  # gameday's own can
    else:
        assert extension_environment(URL, listed)["KUBECONFIG"] == str(files[0])


def test_no_kubeconfig_is_refused_and_never_localhost(tmp_path: Path) -> None:
    nothing = {"KUBECONFIG": str(tmp_path / "absent")}
    assert extension_environment(URL, nothing)["KUBERNETES_HOST"] == NOWHERE
    assert "there is no kubeconfig" in refusal(URL, nothing, THEIRS)


def test_a_file_that_is_none_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("{")
    file = whole(tmp_path / "config")
    listed = {"KUBECONFIG": os.pathsep.join((str(tmp_path / "broken"), str(file)))}
    assert extension_environment(URL, listed)["KUBECONFIG"] == str(file)


def test_in_a_pod_no_file_stands_before_its_service_account(tmp_path: Path) -> None:
    file = whole(tmp_path / "config")
    url = "kubernetes://in-cluster/shop"
    made = extension_environment(url, {"KUBECONFIG": str(file)})
    assert made["CHAOSTOOLKIT_IN_POD"] == "true"
    assert made["KUBECONFIG"] == ""
    assert "KUBERNETES_CONTEXT" not in made
    assert refusal(url, {}, THEIRS) == ""


@pytest.mark.parametrize("url", ["docker://shop", "local:///tmp/s", ""])
def test_other_targets_are_left_alone(url: str) -> None:
    assert extension_environment(url, {}) == ({"GAMEDAY_TARGET": url} if url else {})
    assert refusal(url, {}, THEIRS) == ""


@pytest.mark.parametrize("place", ["method", "rollbacks", "controls"])
def test_a_call_is_found_wherever_it_stands(tmp_path: Path, place: str) -> None:
    nothing = {"KUBECONFIG": str(tmp_path / "absent")}
    assert refusal(URL, nothing, {place: [CALL]})
    hypothesis = {"steady-state-hypothesis": {"probes": [CALL]}}
    assert refusal(URL, nothing, hypothesis)
