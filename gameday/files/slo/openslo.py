"""OpenSLO v1: ratios of Prometheus counters, validated as OpenSLO's Go SDK does.

Computed are good or bad events beside all events, raw ratios that divide two sums of
counters, and the samples of a threshold metric, over rolling windows and calendar
windows (as one of the same length that ends now). The budget is of events, or, as
Timeslices, of slices of time that are good or bad by their events. What is not
supported is refused by its name; nothing is guessed.
"""

import re
from collections.abc import Iterator
from typing import Any

from gameday.files.slo import (
    openslo_objectives,
    openslo_objects,
    openslo_ratio,
    openslo_slices,
)
from gameday.files.slo.openslo_objectives import Compared, Objective
from gameday.files.slo.openslo_ratio import Counts, References, SampleThreshold
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slo

_SLO = (
    *("description", "service", "indicator", "indicatorRef", "timeWindow"),
    *("budgetingMethod", "objectives", "alertPolicies"),
)
_STARTS = re.compile(
    r"(\d{4})-(\d{2})-(\d{2}) +(\d{1,2}):(\d{2}):(\d{2})(?:[.,]\d+)?", re.ASCII
)
_LEAP_YEARS = 400  # after which the calendar repeats itself
_HOUR = 3600.0


def read(here: Cursor, known: References) -> Iterator[Slo]:
    """Go through the SLOs of one OpenSLO object (one for each objective)."""
    kind = here.choice("kind", openslo_objects.KINDS)
    if not kind and here.get("kind") is None:
        here.error("kind is required and missing", code="missing-key")
    here.only(("apiVersion", "kind", "metadata", "spec"))
    name = openslo_objects.metadata(here)
    body = here.mapping("spec")
    if body is None:
        if kind != "Service" and here.get("spec") is None:
            here.error("spec is required and missing", code="missing-key")
    elif kind == "SLO":
        yield from _slo(body, name, known)
    elif kind == "SLI":
        openslo_ratio.judge(body)
    elif kind:
        openslo_objects.other(body, kind)


def _slo(here: Cursor, name: str, known: References) -> Iterator[Slo]:
    here.only(_SLO)
    openslo_objects.described(here)
    service = here.text("service", required=True)
    method = _budgeting(here)
    window = _window(here)
    counts = None if _is_composite(here) else openslo_ratio.counts(here, known)
    targets = openslo_objectives.read(here, method, _compared(here, known))
    if method == openslo_slices.TIMESLICES:
        targets = _by_slices(here, targets, window)
    for policy in here.list_of("alertPolicies"):
        openslo_objects.by_reference(
            policy, "alertPolicyRef", "AlertPolicy", openslo_objects.policy
        )
    if counts is None or window is None or not name:
        return
    for objective in targets:
        bad, total = _counts(counts, objective)
        full = name if len(targets) == 1 else f"{name}-{objective.name}"
        yield Slo(
            name=full,
            service=service,
            objective=objective.target,
            window=window,
            bad=bad,
            total=total,
            format="openslo",
            path=here.document.path,
            line=objective.line,
            short_name=name,
            slices=objective.slices,
        )


def _is_composite(here: Cursor) -> bool:
    """Return whether the objectives have indicators of their own; judge these."""
    inside = [
        item
        for item in here.list_of("objectives")
        if item.mapping() is not None
        and any(item.get(key) is not None for key in openslo_objectives.INDICATOR)
    ]
    if not inside:
        return False
    for key in openslo_objectives.INDICATOR:
        if here.get(key) is not None:
            message = "the objectives have indicators of their own; keep one place"
            here.error(message, key, code="exclusive-keys")
    for item in inside:
        openslo_ratio.judge_indicator(item)
    message = (
        "composite objectives, with an indicator each, are not computed; write an SLO "
        "for each indicator"
    )
    inside[0].error(message, code="not-supported")
    return True


def _compared(here: Cursor, known: References) -> Compared:
    """Return whether the SLO's indicator is a threshold, here or by reference."""
    inline = here.value.get("indicator")
    body = inline.get("spec") if isinstance(inline, dict) else None
    if body is not None:
        return Compared.HERE if _is_threshold(body) else Compared.NOT
    reference = here.value.get("indicatorRef")
    named = known.indicators.get(reference) if isinstance(reference, str) else None
    if named is not None and _is_threshold(named.value):
        return Compared.ELSEWHERE
    return Compared.NOT


def _is_threshold(indicator: Any) -> bool:
    return isinstance(indicator, dict) and indicator.get("thresholdMetric") is not None


def _counts(counts: Counts | SampleThreshold, objective: Objective) -> Counts:
    if isinstance(counts, SampleThreshold):
        return counts.counts(objective.op, objective.value or 0.0)
    return counts


def _budgeting(here: Cursor) -> str:
    method = here.text("budgetingMethod", required=True)
    known = ("Occurrences", openslo_slices.TIMESLICES, openslo_slices.AVERAGED)
    if method == openslo_slices.AVERAGED:
        openslo_slices.judge_averaged(here)
    elif method and method not in known:
        hint = did_you_mean(method, known)
        here.error(
            f"{method!r} is not known{hint}", "budgetingMethod", code="unknown-value"
        )
    return method


def _window(here: Cursor) -> float | None:
    windows = here.list_of("timeWindow")
    if len(windows) != 1 or windows[0].mapping() is None:
        here.error(
            "timeWindow is missing or has not exactly one entry",
            "timeWindow",
            code="window",
        )
        return None
    window = windows[0]
    window.only(("duration", "isRolling", "calendar"))
    calendar = window.mapping("calendar")
    rolling = bool(window.flag("isRolling"))
    if rolling == (calendar is not None):
        message = "expected isRolling: true, or a calendar, and not both"
        window.error(message, code="exclusive-keys")
    if calendar is not None:
        _calendar(calendar)
        message = "a calendar window is computed as one of its length that ends now"
        window.warn(message, "calendar", code="window")
    seconds = openslo_objects.duration(window, "duration")
    text = window.text("duration")
    if seconds == 0:
        message = f"{text!r} is no time; expected one such as 28d or 4w"
        window.error(message, "duration", code="window")
    elif seconds is not None and seconds < _HOUR:
        hint = "; m is a minute, M a month" if text.endswith("m") else ""
        window.warn(f"{text!r} is less than an hour{hint}", "duration", code="window")
    return seconds or None


def _calendar(here: Cursor) -> None:
    import zoneinfo

    here.only(("startTime", "timeZone"))
    start = str(here.value.get("startTime") or "")
    if not _is_time(start):
        message = f"{shown(start)} is not a time such as 2026-01-01 00:00:00"
        here.error(message, "startTime", code="value")
    zone = here.text("timeZone", required=True)
    known = zoneinfo.available_timezones()
    if zone and known and zone not in known:
        message = f"{shown(zone)} is no time zone; expected one such as Europe/Berlin"
        here.error(message, "timeZone", code="value")


def _is_time(text: str) -> bool:
    """Return whether Go's `time.DateTime` reads a text."""
    import datetime as dt

    match = _STARTS.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        dt.date(year % _LEAP_YEARS + _LEAP_YEARS, month, day)
        dt.time(hour, minute, second)
    except ValueError:
        return False
    return True


def _by_slices(
    here: Cursor, targets: list[Objective], window: float | None
) -> list[Objective]:
    """Return the objectives with their slices; without those that have an error."""
    slices = {
        place: openslo_slices.read(item, window)
        for place, item in enumerate(here.list_of("objectives"))
        if item.mapping() is not None
    }
    return [
        objective._replace(slices=slices[objective.place])
        for objective in targets
        if slices[objective.place] is not None
    ]
