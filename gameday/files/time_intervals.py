"""Alertmanager's time intervals: their names, and whether they can be read."""

import re

from gameday.files.cursor import Cursor, shown
from gameday.files.suggest import did_you_mean

_RANGES = ("times", "weekdays", "days_of_month", "months", "years", "location")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_WEEKDAYS = (
    *("sunday", "monday", "tuesday", "wednesday", "thursday", "friday"),
    "saturday",
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)


def read(here: Cursor) -> tuple[str, ...]:
    """Return the names of all time intervals of a configuration."""
    names: list[str] = []
    for key in ("mute_time_intervals", "time_intervals"):
        for item in here.list_of(key):
            if item.mapping() is None:
                continue
            name = item.text("name", required=True)
            if name and name in names:
                item.error(f"the time interval {name!r} is there twice", "name")
            names.append(name)
            item.only(("name", "time_intervals"))
            for interval in item.list_of("time_intervals"):
                _interval(interval)
    return tuple(names)


def _interval(here: Cursor) -> None:
    if here.mapping() is None:
        return
    here.only(_RANGES)
    for times in here.list_of("times"):
        if times.mapping() is not None:
            _times(times)
    for key, words in (("weekdays", _WEEKDAYS), ("months", _MONTHS)):
        for item in here.list_of(key):
            _words(item, words)
    for item in here.list_of("days_of_month"):
        _numbers(item, 31)
    for item in here.list_of("years"):
        _numbers(item, 9999)


def _times(here: Cursor) -> None:
    here.only(("start_time", "end_time"))
    start, end = (here.text(key, required=True) for key in ("start_time", "end_time"))
    for key, text in (("start_time", start), ("end_time", end)):
        if text and not _CLOCK.fullmatch(text):
            here.error(f"{shown(text)} is not a time; expected one such as 09:30", key)
    if start and end and start >= end:
        here.error(f"{start!r} is not before {end!r}; split it at midnight")


def _words(here: Cursor, known: tuple[str, ...]) -> None:
    parts = str(here.value).lower().split(":")
    numbered = known is _MONTHS
    for part in parts:
        if numbered and part.isdigit() and 1 <= int(part) <= len(known):
            continue
        if part not in known:
            here.error(f"{shown(part)} is not known{did_you_mean(part, known)}")
            return
    if len(parts) > 2:  # noqa: PLR2004 - a range has two ends
        here.error(f"{shown(here.value)} is not a range; expected FROM:TO")


def _numbers(here: Cursor, most: int) -> None:
    match = re.fullmatch(r"(-?\d{1,4})(?::(-?\d{1,4}))?", str(here.value))
    ends = [int(end) for end in match.groups() if end] if match else []
    if not ends or any(end == 0 or abs(end) > most for end in ends):
        here.error(f"{shown(here.value)} is not a range such as 1:{min(most, 31)}")
