"""One look at a hypothesis, by the engine's own functions."""

from typing import Any

from gameday.runner.hypothesis import configured, look

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
