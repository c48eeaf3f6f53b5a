"""Alertmanager's time intervals: their names, and whether they can be read."""

import functools
import re

from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.quoting import shown

_RANGES = ("times", "weekdays", "days_of_month", "months", "years", "location")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_WEEKDAYS = (
    *("sunday", "monday", "tuesday", "wednesday", "thursday", "friday"),
    "saturday",
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_LONGEST_MONTH, _SHORTEST_MONTH = 31, 28


def read(here: Cursor) -> tuple[str, ...]:
    """Return the names of all time intervals of a configuration."""
    names: dict[str, None] = {}
    for key in ("mute_time_intervals", "time_intervals"):
        for item in here.list_of(key):
            if _is_empty(item) or item.mapping() is None:
                continue
            name = item.text("name", required=True)
            if name and name in names:
                message = f"the time interval {name!r} is there twice"
                item.error(message, "name", code="duplicate-name")
            names[name] = None
            item.only(("name", "time_intervals"))
            for interval in item.list_of("time_intervals"):
                _interval(interval)
    return tuple(names)


def _interval(here: Cursor) -> None:
    if _is_empty(here) or here.mapping() is None:
        return
    here.only(_RANGES)
    for times in here.list_of("times"):
        if not _is_empty(times) and times.mapping() is not None:
            _times(times)
    for key, judge in _JUDGES.items():
        for item in here.list_of(key):
            ends = None if _is_empty(item) else _ends(item)
            if ends is not None:
                judge(item, ends)
    place = here.text("location")
    if place and not _is_location(place):
        message = f"{shown(place)} is no time zone; expected one such as Europe/Berlin"
        here.error(message, "location", code="time-interval")


def _is_empty(here: Cursor) -> bool:
    """Return whether there is nothing here, which Alertmanager takes for zero."""
    if here.value is None:
        here.warn("is empty; Alertmanager takes it for zero", code="empty-key")
    return here.value is None


def _times(here: Cursor) -> None:
    here.only(("start_time", "end_time"))
    start, end = (here.text(key, required=True) for key in ("start_time", "end_time"))
    for key, text in (("start_time", start), ("end_time", end)):
        if text and not _CLOCK.fullmatch(text):
            message = f"{shown(text)} is not a time; expected one such as 09:30"
            here.error(message, key, code="time-interval")
    if start and end and start >= end:
        message = f"{start!r} is not before {end!r}; split it at midnight"
        here.error(message, code="time-interval")


def _ends(here: Cursor) -> tuple[str, str] | None:
    """Return both ends of `FROM:TO`, or the one value as both."""
    parts = str(here.value).lower().split(":")
    if isinstance(here.value, dict | list) or len(parts) > 2:  # noqa: PLR2004 - two ends
        message = f"{shown(here.value)} is not a range; expected FROM:TO"
        here.error(message, code="time-interval")
        return None
    return parts[0], parts[-1]


def _weekdays(here: Cursor, ends: tuple[str, str]) -> None:
    for end in ends:
        if end not in _WEEKDAYS:
            message = f"{shown(end)} is not known{did_you_mean(end, _WEEKDAYS)}"
            here.error(message, code="time-interval")
            return
    if _WEEKDAYS.index(ends[0]) > _WEEKDAYS.index(ends[1]):
        message = f"{shown(here.value)} runs backwards; a week begins on Sunday"
        here.error(message, code="time-interval")


def _months(here: Cursor, ends: tuple[str, str]) -> None:
    numbers: list[int] = []
    for end in ends:
        if end in _MONTHS:
            numbers.append(_MONTHS.index(end) + 1)
        elif _WHOLE.fullmatch(end):
            numbers.append(int(end))
        else:
            message = f"{shown(end)} is not known{did_you_mean(end, _MONTHS)}"
            here.error(message, code="time-interval")
            return
    _forwards(here, numbers)
    if any(not 1 <= month <= len(_MONTHS) for month in numbers):
        here.warn(
            f"{shown(here.value)} is no month: it never comes", code="time-interval"
        )


def _days(here: Cursor, ends: tuple[str, str]) -> None:
    numbers = _numbers(here, ends)
    if not numbers:
        return
    first, last = numbers
    if any(day == 0 or abs(day) > _LONGEST_MONTH for day in numbers):
        message = f"{shown(here.value)} is not a range such as 1:31 or -3:-1"
        here.error(message, code="time-interval")
    elif first < 0 < last:
        message = f"{shown(here.value)} ends at the month's beginning; write -3:-1"
        here.error(message, code="time-interval")
    else:
        _forwards(here, [day if day > 0 else _SHORTEST_MONTH + day for day in numbers])


def _years(here: Cursor, ends: tuple[str, str]) -> None:
    numbers = _numbers(here, ends)
    if numbers:
        _forwards(here, numbers)


def _numbers(here: Cursor, ends: tuple[str, str]) -> list[int]:
    if all(_WHOLE.fullmatch(end) for end in ends):
        return [int(end) for end in ends]
    message = f"{shown(here.value)} is not a range such as 1:31"
    here.error(message, code="time-interval")
    return []


def _forwards(here: Cursor, ends: list[int]) -> None:
    if ends[0] > ends[1]:
        message = f"{shown(here.value)} runs backwards"
        here.error(message, code="time-interval")


@functools.cache
def _is_location(name: str) -> bool:
    """Return whether a time zone exists; true where this machine knows none."""
    if name in ("UTC", "Local"):
        return True
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return not zoneinfo.available_timezones()
    return True


_JUDGES = {
    "weekdays": _weekdays,
    "months": _months,
    "days_of_month": _days,
    "years": _years,
}
