"""A look at a hypothesis: each probe answers, or is given up in time."""

from typing import Any

import pytest

from gameday.runner.engine.hypothesis import look

HANGS = {"type": "process", "path": "sleep", "arguments": "30"}
PYTHON = {
    "type": "python",
    "module": "subprocess",
    "func": "run",
    "arguments": {"args": ["sleep", "2"]},
}
NOBODY = {"type": "http", "url": "http://127.0.0.1:9/"}


def seen(provider: dict[str, Any], patience: float = 0.2) -> dict[str, Any]:
    probe = {"type": "probe", "name": "p", "tolerance": 0, "provider": provider}
    document = {"steady-state-hypothesis": {"probes": [probe]}}
    (told,) = look(document, {}, {}, patience)
    return told


@pytest.mark.parametrize("provider", [HANGS, PYTHON], ids=["process", "python"])
def test_a_probe_that_does_not_come_back_is_given_up(provider: dict[str, Any]) -> None:
    told = seen(provider)
    assert told["ok"] is None
    assert told["took"] < 2.0


def test_giving_up_is_told() -> None:
    told = seen(PYTHON)
    assert told["gave_up"] is True
    assert told["because"] == "no answer within 0.2 s"


def test_a_probe_that_answers_is_not() -> None:
    told = seen({"type": "process", "path": "true"}, patience=10.0)
    assert "gave_up" not in told
    assert told["took"] < 10.0


def test_over_http_no_answer_is_a_deviation() -> None:
    assert seen(NOBODY, patience=5.0)["ok"] is False
