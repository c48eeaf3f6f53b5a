"""A run in which every text is an attack, and what may never come out of it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from gameday.model.events import Event
from gameday.model.timeline import Timeline
from tests.unit.reports import example

SECRET = "hunter2"
ATTACK = (
    "\"><script>alert(1)</script><img src=x onerror='alert(2)'></svg></style>"
    "</title>\x00\x1b[31m\u202e\ud800]]>{{ 7*7 }}`|"
    f"http://admin:{SECRET}\"'#&@prometheus:9090/x "
    f"docker://shop?host=tcp%3A%2F%2Froot%3A{SECRET}%40engine"
)
# Fields that choose what code does; everything else is text from outside.
_KEPT = {"kind", "state", "check", "unit", "question", "steady_state", "format"}
_KEPT_IN_EVENTS = {"side", "slo", "status", "phase", "state", "kind"}


def run(base: example.Run) -> example.Run:
    """Return the run with the attack appended to every text in it."""
    timeline = Timeline(_event(event) for event in base.timeline)
    verdict = replace(
        _spoilt(base.verdict),
        broken=(ATTACK,),
        provenance={"git": ATTACK, ATTACK: ATTACK},
    )
    return example.Run(plan=_spoilt(base.plan), timeline=timeline, verdict=verdict)


def _event(entry: Event) -> Event:
    spoilt = {
        key: value if key in _KEPT_IN_EVENTS else _value(value)
        for key, value in entry.fields.items()
    }
    return entry.but(**spoilt)


def _spoilt(record: Any) -> Any:
    changed = {
        field.name: _value(getattr(record, field.name))
        for field in fields(record)
        if field.name not in _KEPT
    }
    return replace(record, **changed)


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value + ATTACK
    if is_dataclass(value):
        return _spoilt(value)
    if isinstance(value, Mapping):
        return {f"{key}": _value(inner) for key, inner in value.items()} | (
            {f"x{ATTACK}": ATTACK} if value else {}
        )
    if isinstance(value, tuple | list):
        return type(value)(_value(item) for item in value)
    return value
