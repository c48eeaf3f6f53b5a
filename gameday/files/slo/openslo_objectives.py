"""The objectives of an OpenSLO: their targets, and what a threshold compares with."""

import re
from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

from gameday.files.slo import openslo_objects, openslo_slices
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among
from gameday.model.slos.slo import Slices

INDICATOR = ("indicator", "indicatorRef")
_TEXTS = ("displayName", "op", "timeSliceWindow")
_DURATION = re.compile(r"[+-]?\d+\S")  # what any reader of OpenSLO asks of one
# What is judged with the slices of a budgeting method.
_OF_SLICES = {
    openslo_slices.TIMESLICES: ("timeSliceTarget", "timeSliceWindow"),
    openslo_slices.AVERAGED: ("timeSliceWindow",),
}
_NUMBERS = ("value", "target", "targetPercent", "timeSliceTarget", "compositeWeight")
_PERCENT = 100.0


class Objective(NamedTuple):
    """One promise of an SLO."""

    name: str
    target: float
    line: int | None
    place: int  # in the list
    op: str = ""
    value: float | None = None
    slices: Slices | None = None


class Compared(Enum):
    """Whether the samples of a threshold metric are compared, and where it stands."""

    NOT = "a ratio"
    HERE = "a threshold metric, written out"
    ELSEWHERE = "a threshold metric, by reference"


def read(here: Cursor, method: str, compared: Compared) -> list[Objective]:
    """Return the objectives without an error.

    `method` is the budget's: what it asks of slices is judged by `openslo_slices`.
    """
    made: list[Objective] = []
    if not here.value.get("objectives"):
        here.warn(
            "objectives is missing or empty; there is nothing to promise",
            code="objective",
        )
    for place, item in enumerate(here.list_of("objectives")):
        if item.mapping() is None:
            continue
        sound = _keys(item, method, compared)
        target = _target(item)
        op, value = item.value.get("op"), item.value.get("value")
        compares = compared is Compared.NOT or _compares(item, compared)
        if sound and target is not None and compares:
            name = _name(item, [objective.name for objective in made])
            op, value = ("", None) if compared is Compared.NOT else (op, float(value))
            made.append(Objective(name, target, item.line, place, op, value))
    return made


def _name(here: Cursor, taken: Collection[str]) -> str:
    """Return what tells an objective from the SLO's others."""
    words = re.sub(r"[^a-z0-9]+", "-", str(here.value.get("displayName") or "").lower())
    number = str(len(taken) + 1)
    name = words.strip("-") or number
    return f"{name}-{number}" if name in taken else name


def _keys(here: Cursor, method: str, compared: Compared) -> bool:
    """Judge what holds for every objective; return whether all has its type."""
    before = len(here.problems)
    here.only((*_TEXTS, *_NUMBERS, *INDICATOR))
    elsewhere = _OF_SLICES.get(method, ())
    for key in (*_TEXTS, *_NUMBERS):
        if key in elsewhere:
            continue
        if key in _NUMBERS:
            openslo_objects.number(here, key)
            continue
        text = here.text(key)
        if key == "timeSliceWindow" and text and not _DURATION.match(text):
            message = f"{text!r} is not a duration; expected one such as 1m"
            here.error(message, key, code="value")
    openslo_objects.operator(here)
    sound = not any(told.severity == "error" for told in here.problems[before:])
    if sound and here.get("compositeWeight") is not None:
        _weight(here)
    for key in ("op", "value") if compared is Compared.NOT else ():
        if here.get(key) is not None:
            message = (
                f"{key} has no meaning for a ratio; passed over, and refused by the "
                "newest SDK"
            )
            here.warn(message, key, code="misplaced-key")
    return sound


def _compares(here: Cursor, compared: Compared) -> bool:
    """Return whether it says what a threshold metric is compared with, and how."""
    missing = [key for key in ("op", "value") if here.get(key) is None]
    if missing:
        message = (
            f"{among(missing, 'and')} is missing, and a thresholdMetric is computed "
            "only where it is compared; write op and value"
        )
        known_to_sdk = compared is Compared.HERE  # which follows no references
        here.error(message, code="missing-key" if known_to_sdk else "not-supported")
    return not missing


def _weight(here: Cursor) -> None:
    if all(here.get(key) is None for key in INDICATOR):
        message = "has no meaning without an indicator beside it; passed over"
        here.warn(message, "compositeWeight", code="misplaced-key")
        return
    weight = here.value["compositeWeight"]
    if weight <= 0:
        here.error(f"{weight:g} is not above 0", "compositeWeight", code="value")


def _target(here: Cursor) -> float | None:
    keys = [key for key in ("target", "targetPercent") if here.get(key) is not None]
    if len(keys) != 1:
        which = "both" if keys else "neither"
        message = f"has {which} of target and targetPercent; expected one of them"
        here.error(message, code="exclusive-keys" if keys else "missing-key")
        return None
    key = keys[0]
    scale = _PERCENT if key == "targetPercent" else 1.0
    value = here.value[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None  # told already
    if not 0 <= value / scale < 1:
        here.error(
            f"{value} is not at least 0 and below {scale:g}", key, code="objective"
        )
        return None
    return round(value / scale, 12)
