"""What is written down before other extensions act: all of their rollbacks, no more."""

import json
from typing import Any

import pytest

from gameday.ledger.foreign import only_rollbacks, play, rollbacks_entry
from gameday.ledger.rows import dump_undo, load_undo

OWN = {
    "type": "action",
    "name": "undo",
    "provider": {"type": "python", "module": "gameday.faults", "func": "undo"},
}
SCALE = {
    "type": "action",
    "name": "scale up",
    "provider": {"type": "process", "path": "true", "arguments": "${replicas}"},
}
DOCUMENT: dict[str, Any] = {
    "title": "Fewer",
    "configuration": {
        "replicas": 3,
        "zone": {"type": "env", "key": "ZONE"},
        "shared": {"type": "env", "key": "TOKEN"},
    },
    "secrets": {
        "k8s": {"token": {"type": "env", "key": "TOKEN"}, "plain": "hush"},
    },
    "steady-state-hypothesis": {"title": "up", "probes": []},
    "method": [{**SCALE, "name": "scale down"}, SCALE],
    "rollbacks": [OWN, {"ref": "scale up"}],
}


def test_only_other_rollbacks_stay_and_references_are_resolved() -> None:
    alone = only_rollbacks(DOCUMENT)
    assert alone["rollbacks"] == [SCALE]
    assert alone["method"] == []
    assert "steady-state-hypothesis" not in alone
    assert alone["configuration"] == DOCUMENT["configuration"]


def test_secrets_are_references_and_never_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setenv("ZONE", "north")
    entry = rollbacks_entry("r1", "s", "docker://shop", DOCUMENT)
    assert entry is not None
    text = dump_undo(entry.undo)
    assert "s3cret" not in text
    assert "hush" not in text
    assert entry.undo.arguments["environment"]["ZONE"] == "north"
    assert load_undo(text) == entry.undo
    assert json.loads(text)["arguments"]["document"]["secrets"] == {
        "k8s": {"token": {"type": "env", "key": "TOKEN"}}
    }


def test_an_experiment_with_our_undo_alone_needs_nothing() -> None:
    document = {**DOCUMENT, "rollbacks": [OWN]}
    assert rollbacks_entry("r1", "s", "docker://shop", document) is None


@pytest.mark.parametrize(
    ("path", "ok"), [("true", True), ("false", False), ("no-such-program", False)]
)
def test_they_are_played_by_a_process_of_their_own(path: str, ok: bool) -> None:
    provider = {"type": "process", "path": path, "timeout": 5}
    again = {"type": "action", "name": "put back", "provider": provider}
    document = {"title": "t", "description": "d", "method": [], "rollbacks": [again]}
    entry = rollbacks_entry("r1", "s", "docker://shop", document)
    assert entry is not None
    done = play(entry.undo)
    assert done.ok is ok
    assert "put back" in (done.found if ok else done.found + done.by_hand)
    if not ok:
        assert "gameday heal --run r1 --by-hand" in done.by_hand


def test_the_cluster_that_was_meant_is_kept_and_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = {
        **DOCUMENT,
        "secrets": {
            "a": {"KUBERNETES_CONTEXT": "lab", "KUBERNETES_API_KEY": "hush"},
            "b": {"KUBERNETES_CONTEXT": {"type": "env", "key": "WHICH"}},
            "c": {"type": "vault", "path": "k8s"},
            "d": {"type": "env", "key": "TOKEN"},
        },
    }
    monkeypatch.setenv("WHICH", "lab")
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_API_KEY", "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@proxy:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
    entry = rollbacks_entry("r1", "s", "kubernetes://lab/shop", document)
    assert entry is not None
    text = dump_undo(entry.undo)
    assert "s3cret" not in text
    assert "hush" not in text
    kept = entry.undo.arguments["environment"]
    assert kept["WHICH"] == kept["KUBERNETES_CONTEXT"] == "lab"
    assert kept["KUBERNETES_SERVICE_HOST"] == "10.0.0.1"
    assert kept["NO_PROXY"] == "10.0.0.0/8"
    assert kept["GAMEDAY_TARGET"] == "kubernetes://lab/shop"
    assert entry.undo.arguments["document"]["secrets"] == {
        "a": {"KUBERNETES_CONTEXT": "lab"},
        "b": {"KUBERNETES_CONTEXT": {"type": "env", "key": "WHICH"}},
        "c": {"type": "vault", "path": "k8s"},
        "d": {"type": "env", "key": "TOKEN"},
    }
