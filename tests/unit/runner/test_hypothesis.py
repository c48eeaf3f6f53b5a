"""One look at a hypothesis, by the engine's own functions."""

from typing import Any

import pytest

from gameday.runner.engine.hypothesis import answers_yes, configured, look

BASENAME = {"type": "python", "module": "os.path", "func": "basename"}


def _document(wanted: Any) -> dict[str, Any]:
    probe = {
        "type": "probe",
        "name": "has that name",
        "tolerance": "hostname",
        "provider": {**BASENAME, "arguments": {"p": "/srv/${wanted}"}},
    }
    return {
        "configuration": {"wanted": wanted},
        "steady-state-hypothesis": {"title": "a", "probes": [probe]},
    }


def test_a_value_of_the_configuration_may_be_the_answer_of_a_probe() -> None:
    provider = {**BASENAME, "arguments": {"p": "/etc/hostname"}}
    document = _document({"type": "probe", "name": "a", "provider": provider})
    (seen,) = look(document, *configured(document))
    assert (seen["ok"], seen["value"]) == (True, "hostname")


def test_a_plain_value_of_the_configuration_stays() -> None:
    for wanted, ok in (("hostname", True), ("other", False)):
        document = _document(wanted)
        (seen,) = look(document, *configured(document))
        assert seen["ok"] is ok


def method_probe(kind: str, output: Any, **more: Any) -> bool | None:
    probe = {"name": "shows", "provider": {"type": kind}, **more}
    run = {"status": "succeeded", "output": output}
    return answers_yes(probe, run, {"configuration": {"most": "3"}}, {})


@pytest.mark.parametrize(
    ("kind", "output", "more", "yes"),
    [
        ("python", True, {}, True),
        ("python", 0, {}, False),
        ("process", {"status": 0, "stdout": ""}, {}, True),
        ("process", {"status": 1, "stdout": ""}, {}, False),
        ("http", {"status": 200, "body": ""}, {}, True),
        ("http", {"status": 503, "body": ""}, {}, False),
        ("http", {"status": 503, "body": ""}, {"tolerance": 503}, True),
        ("python", "3", {"tolerance": "${most}"}, True),
        ("python", "4", {"tolerance": "${most}"}, False),
        ("python", None, {"tolerance": {"type": "range", "range": "x"}}, None),
    ],
)
def test_what_a_probe_of_the_method_says(
    kind: str, output: Any, more: dict[str, Any], yes: bool | None
) -> None:
    assert method_probe(kind, output, **more) is yes
