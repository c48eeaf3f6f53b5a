"""The objectives of an OpenSLO: their targets, and what a threshold compares with."""

import re
from typing import NamedTuple

from gameday.files.slo import openslo_objects
from gameday.files.text.cursor import Cursor
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slices

_OBJECTIVE = (
    *("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget"),
    *("timeSliceWindow", "indicator", "indicatorRef", "compositeWeight"),
)
INDICATOR = ("indicator", "indicatorRef")
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


def read(here: Cursor, *, threshold: bool) -> list[Objective]:
    """Return the objectives without an error; `threshold`: the indicator is one."""
    made: list[Objective] = []
    if not here.value.get("objectives"):
        here.warn(
            "objectives is missing or empty; there is nothing to promise",
            code="objective",
        )
    for place, item in enumerate(here.list_of("objectives")):
        if item.mapping() is None:
            continue
        _objective_keys(item, threshold=threshold)
        target = _target(item)
        value = _number(item) if threshold else None
        op = str(item.value.get("op") or "")
        compared = value is not None and op in openslo_objects.OPERATORS
        if target is not None and (compared or not threshold):
            name = re.sub(r"[^a-z0-9]+", "-", item.text("displayName").lower())
            name = name.strip("-") or str(len(made) + 1)
            made.append(Objective(name, target, item.line, place, op, value))
    return made


def _objective_keys(here: Cursor, *, threshold: bool) -> None:
    here.only(_OBJECTIVE)
    if here.get("compositeWeight") is not None:
        _weight(here)
    openslo_objects.operator(here, required=threshold)
    for key in () if threshold else ("op", "value"):
        if here.get(key) is not None:
            here.warn(
                f"{key} has no meaning for a ratio; passed over",
                key,
                code="misplaced-key",
            )


def _weight(here: Cursor) -> None:
    if all(here.get(key) is None for key in INDICATOR):
        message = "has no meaning without an indicator beside it; passed over"
        here.warn(message, "compositeWeight", code="misplaced-key")
        return
    weight = openslo_objects.number(here, "compositeWeight")
    if weight is not None and weight <= 0:
        here.error(f"{weight:g} is not above 0", "compositeWeight", code="value")


def _number(here: Cursor) -> float | None:
    """Return what the samples of a threshold metric are compared with."""
    value = here.value.get("value")
    if value is None:
        here.error("value is required for a thresholdMetric", code="missing-key")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        here.error(f"{shown(value)} is not a number", "value", code="wrong-type")
    else:
        return float(value)
    return None


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
        here.error(
            f"target {shown(value)} is not a number; expected one below 1",
            code="objective",
        )
        return None
    if not 0 <= value / scale < 1:
        here.error(
            f"{value} is not at least 0 and below {scale:g}", key, code="objective"
        )
        return None
    return round(value / scale, 12)
