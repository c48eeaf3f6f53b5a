"""Which stored values can be those of a field, by the type that it declares."""

import json
from pathlib import Path
from typing import Any

import pytest

from gameday.model.events import event, event_from_json
from gameday.model.events.damage import fitting

STORED = (Path(__file__).parent / "stored_run.ndjson").read_text().splitlines()
LACKING = object()
PAGE: dict[str, Any] = {
    "receiver": "oncall",
    "vendor": "webhook",
    "status": "firing",
    "group_key": None,
}


@pytest.mark.parametrize("line", STORED, ids=lambda line: json.loads(line)["kind"])
def test_what_a_run_writes_fits(line: str) -> None:
    entry = event_from_json(json.loads(line))
    assert fitting(entry) is entry


@pytest.mark.parametrize(
    ("kind", "name", "value", "fits"),
    [
        ("blind", "source", "prometheus", True),
        ("blind", "source", None, False),
        ("blind", "source", 3, False),
        ("fault_biting", "bites", False, True),
        ("fault_biting", "bites", 0, False),
        ("fault_biting", "bites", "false", False),
        ("hypothesis", "ok", None, True),
        ("hypothesis", "ok", "yes", False),
        ("clock", "offset", -3, True),
        ("clock", "offset", True, False),
        ("clock", "offset", float("nan"), False),
        ("clock", "offset", float("inf"), False),
        ("clock", "offset", 10**400, False),
        ("observed", "until", 1767225600.0, True),
        ("observed", "until", 1e300, False),
        ("observed", "until", -5.0, False),
        ("observed", "until", "2026-01-01T00:00:00Z", False),
        ("metric", "value", float("nan"), True),
        ("metric", "value", None, True),
        ("load", "sent", 50.0, True),
        ("load", "sent", float("inf"), False),
        ("alert_firing", "labels", {"alertname": "A"}, True),
        ("alert_firing", "labels", {"alertname": None}, False),
        ("alert_firing", "labels", [], False),
        ("sample", "values", [[1.0, 2], [2.0, float("nan")]], True),
        ("sample", "values", [[1.0]], False),
        ("sample", "values", [[float("nan"), 1.0]], False),
        ("sample", "values", ["12"], False),
        ("silence", "matchers", [{"name": "a", "op": "=", "value": ""}], True),
        ("silence", "matchers", [{"name": "a", "op": "=", "value": None}], False),
        ("page", "alerts", [{"labels": None, "starts": None}], True),
        ("page", "alerts", [{"labels": {"a": 1}}], False),
        ("page", "alerts", {}, False),
        ("run_ended", "broken", "web-2", False),
    ],
)
def test_a_value_fits_or_is_left_out(
    kind: str, name: str, value: Any, fits: bool
) -> None:
    entry = fitting(event(1.0, kind, **{name: value}))
    assert (entry.fields.get(name, LACKING) is value) is fits


def test_what_else_an_event_tells_is_kept() -> None:
    assert fitting(event(7.0, "page", **PAGE, alerts=None)) == event(
        7.0, "page", **PAGE
    )


def test_an_event_of_a_later_version_is_kept_as_it_is() -> None:
    entry = event(1.0, "eclipse", of=None)
    assert fitting(entry) is entry
