"""OpenSLO v1: ratio objectives on Prometheus counters.

What is not supported is refused by its name; nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gameday.files import openslo_ratio
from gameday.files.cursor import Cursor, shown
from gameday.files.suggest import did_you_mean
from gameday.model.slo import Slo

_KEYS = {
    "": ("apiVersion", "kind", "metadata", "spec"),
    "metadata": ("name", "displayName", "labels", "annotations"),
    "SLO": (
        "description",
        "service",
        "indicator",
        "indicatorRef",
        "timeWindow",
        "budgetingMethod",
        "objectives",
        "alertPolicies",
    ),
    "SLI": ("description", "thresholdMetric", "ratioMetric"),
    "Service": ("description",),
    "objective": (
        "displayName",
        "op",
        "value",
        "target",
        "targetPercent",
        "timeSliceTarget",
        "timeSliceWindow",
        "indicator",
        "indicatorRef",
        "compositeWeight",
    ),
}
_KINDS = "SLO SLI Service DataSource AlertPolicy AlertCondition AlertNotificationTarget"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_WINDOW = re.compile(r"(\d+)([mhdwMQY])")
_SECONDS = {
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "M": 30 * 86400.0,
    "Q": 90 * 86400.0,
    "Y": 365 * 86400.0,
}
_HOUR = 3600.0
_PERCENT = 100.0


class _Objective(NamedTuple):
    name: str
    target: float
    line: int | None


def read(here: Cursor, indicators: Mapping[str, Cursor]) -> Iterator[Slo]:
    """Go through the SLOs of one OpenSLO object (one for each objective)."""
    kind = here.choice("kind", _KINDS.split())
    here.only(_KEYS[""])
    metadata, body = here.mapping("metadata"), here.mapping("spec")
    name = metadata.text("name", required=True) if metadata else ""
    if metadata is None:
        here.error("metadata is missing; expected the object's name")
    elif name and not _NAME.fullmatch(name):
        metadata.warn(f"{name!r} is no DNS label; OpenSLO asks for one", "name")
    if body is None:
        here.error("spec is missing")
        return
    if kind in _KEYS:
        body.only(_KEYS[kind])
    if kind == "SLO":
        yield from _slo(body, name, indicators)


def _slo(here: Cursor, name: str, indicators: Mapping[str, Cursor]) -> Iterator[Slo]:
    service = here.text("service", required=True)
    _budgeting(here)
    window = _window(here)
    counts = openslo_ratio.counts(here, indicators)
    targets = _objectives(here)
    if counts is None or window is None or not name:
        return
    for objective in targets:
        full = name if len(targets) == 1 else f"{name}-{objective.name}"
        yield Slo(
            name=full,
            service=service,
            objective=objective.target,
            window=window,
            bad=counts[0],
            total=counts[1],
            format="openslo",
            path=here.document.path,
            line=objective.line,
            short_name=name,
        )


def _budgeting(here: Cursor) -> None:
    method = here.text("budgetingMethod", required=True)
    known = ("Occurrences", "Timeslices", "RatioTimeslices")
    if method in known[1:]:
        message = f"{method} is not supported; expected Occurrences"
        here.error(message, "budgetingMethod")
    elif method and method not in known:
        hint = did_you_mean(method, known)
        here.error(f"{method!r} is not known{hint}", "budgetingMethod")


def _window(here: Cursor) -> float | None:
    windows = here.list_of("timeWindow")
    if len(windows) != 1 or windows[0].mapping() is None:
        here.error("timeWindow is missing or has not exactly one entry", "timeWindow")
        return None
    window = windows[0]
    window.only(("duration", "isRolling", "calendar"))
    if window.get("calendar") is not None or window.flag("isRolling") is False:
        window.error("a calendar window is not supported; expected isRolling: true")
    text = window.text("duration", required=True)
    match = _WINDOW.fullmatch(text)
    if match is None:
        if text:
            message = f"{text!r} is not a duration; expected one such as 28d or 4w"
            window.error(message, "duration")
        return None
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds < _HOUR:
        hint = "; m is a minute, M a month" if match[2] == "m" else ""
        window.warn(f"{text!r} is less than an hour{hint}", "duration")
    return seconds or None


def _objectives(here: Cursor) -> list[_Objective]:
    found: list[_Objective] = []
    if not here.value.get("objectives"):
        here.error("objectives is missing or empty; expected at least one target")
    for item in here.list_of("objectives"):
        if item.mapping() is None:
            continue
        _objective_keys(item)
        target = _target(item)
        if target is not None:
            name = re.sub(r"[^a-z0-9]+", "-", item.text("displayName").lower())
            name = name.strip("-") or str(len(found) + 1)
            found.append(_Objective(name, target, item.line))
    return found


def _objective_keys(here: Cursor) -> None:
    here.only(_KEYS["objective"])
    for key in ("compositeWeight", "indicator", "indicatorRef"):
        if here.get(key) is not None:
            here.error(f"{key}: composite objectives are not supported", key)
    for key in ("op", "value"):
        if here.get(key) is not None:
            here.warn(f"{key} has no meaning for a ratio; passed over", key)


def _target(here: Cursor) -> float | None:
    key, scale = ("target", 1.0)
    if here.get("target") is None and here.get("targetPercent") is not None:
        key, scale = ("targetPercent", _PERCENT)
    value = here.value.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        here.error(f"target {shown(value)} is not a number; expected one below 1")
        return None
    if not 0 <= value / scale < 1:
        here.error(f"{value} is not at least 0 and below {scale:g}", key)
        return None
    return round(value / scale, 12)
