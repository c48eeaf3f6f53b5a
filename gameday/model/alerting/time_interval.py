"""Alertmanager's time intervals: when a route is muted, or active.

From the parsed YAML of a configuration; what is not right in it is passed over, for
another room judges it.
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from gameday.frozen import frozen

DAY = 1440  # minutes
WHOLE_DAY = (1 << DAY) - 1  # one bit a minute
_YEAR = 366
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday")
_WEEK = (*_WEEKDAYS, "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)  # "" first
Bounds = tuple[tuple[int, int], ...]


@frozen
class TimeRange:
    """One entry of a time interval; an empty part restricts nothing.

    `minutes` of the day, from and before; the others include both ends. `weekdays`
    count from Sunday, 0; days of the month may count from its end, -1.
    """

    minutes: Bounds = ()
    weekdays: Bounds = ()
    days: Bounds = ()
    months: Bounds = ()
    years: Bounds = ()
    location: str = "UTC"

    def on(self, day: date) -> int:
        """Return the minutes of a day that it covers, one bit each."""
        if not all(
            (
                _inside(self.weekdays, day.isoweekday() % 7),
                _inside(self.months, day.month),
                _inside(self.years, day.year),
                _inside(_counted(self.days, day), day.day),
            )
        ):
            return 0
        if not self.minutes:
            return WHOLE_DAY
        bits = 0
        for start, end in self.minutes:
            bits |= ((1 << max(0, end - start)) - 1) << start
        return bits


@frozen
class TimeInterval:
    """A named time interval: the time inside of any of its ranges."""

    name: str
    ranges: tuple[TimeRange, ...] = ()

    def contains(self, at: float) -> bool | None:
        """Return whether an instant is inside; None: a location is not known."""
        unknown = False
        for times in self.ranges:
            zone = _zone(times.location)
            if zone is None:
                unknown = True
                continue
            there = datetime.fromtimestamp(at, zone)
            if times.on(there.date()) >> (there.hour * 60 + there.minute) & 1:
                return True
        return None if unknown else False


@frozen(kw_only=False)
class Muting:
    """When a route sends nothing: inside `mutes`, or outside of all of `actives`."""

    mutes: tuple[TimeInterval, ...] = ()
    actives: tuple[TimeInterval, ...] = ()

    @property
    def names(self) -> str:
        """The intervals' names, for a sentence."""
        return ", ".join(mute.name for mute in (*self.mutes, *self.actives))

    def at(self, instant: float) -> bool | None:
        """Return whether nothing is sent at an instant; None where not known."""
        muted = [mute.contains(instant) for mute in self.mutes]
        active = [interval.contains(instant) for interval in self.actives]
        if True in muted or (active and all(inside is False for inside in active)):
            return True
        if None in muted or (active and True not in active):
            return None
        return False

    def ever(self, since: float) -> bool | None:
        """Return whether it is always (True) or never (False) muted; None: at times.

        For the year that begins there. Ranges of several locations are "at times".
        """
        ranges = [
            times
            for interval in (*self.mutes, *self.actives)
            for times in interval.ranges
        ]
        if not ranges:
            return bool(self.actives)
        if len({times.location for times in ranges}) > 1:
            return None
        first = datetime.fromtimestamp(since, UTC).date()
        days = {
            self._minutes_on(first + timedelta(days=number)) for number in range(_YEAR)
        }
        if days == {WHOLE_DAY}:
            return True
        return False if days == {0} else None

    def _minutes_on(self, day: date) -> int:
        muted = _covered(self.mutes, day)
        if self.actives:
            muted |= WHOLE_DAY & ~_covered(self.actives, day)
        return muted


def intervals_of(document: Any) -> tuple[TimeInterval, ...]:
    """Return the time intervals of a configuration of Alertmanager."""
    intervals = []
    for key in ("mute_time_intervals", "time_intervals"):
        for item in _list(_mapping(document).get(key)):
            entry = _mapping(item)
            ranges = _list(entry.get("time_intervals"))
            intervals.append(
                TimeInterval(
                    name=str(entry.get("name", "")),
                    ranges=tuple(_range(_mapping(times)) for times in ranges),
                )
            )
    return tuple(intervals)


def _range(entry: Mapping[str, Any]) -> TimeRange:
    times = [_mapping(item) for item in _list(entry.get("times"))]
    return TimeRange(
        minutes=tuple(
            (_minute(time.get("start_time")), _minute(time.get("end_time")))
            for time in times
        ),
        weekdays=_bounds(entry.get("weekdays"), _WEEK),
        days=_bounds(entry.get("days_of_month"), ()),
        months=_bounds(entry.get("months"), _MONTHS),
        years=_bounds(entry.get("years"), ()),
        location=str(entry.get("location") or "UTC"),
    )


def _minute(text: Any) -> int:
    hours, _, minutes = str(text).partition(":")
    try:
        return max(0, min(int(hours) * 60 + int(minutes or 0), DAY))
    except ValueError:
        return 0


def _bounds(value: Any, words: Sequence[str]) -> Bounds:
    bounds = []
    for item in _list(value):
        # Nothing is the number 0 to Alertmanager: a Sunday, and no month at all.
        text = "0" if item is None else str(item).lower()
        ends = [_number(end, words) for end in text.split(":")]
        if all(end is not None for end in ends):
            bounds.append((ends[0] or 0, ends[-1] or 0))
    return tuple(bounds)


def _number(text: str, words: Sequence[str]) -> int | None:
    text = text.strip()
    if text in words:
        return words.index(text)
    try:
        return int(text)
    except ValueError:
        return None


def _inside(bounds: Bounds, value: int) -> bool:
    return not bounds or any(low <= value <= high for low, high in bounds)


def _counted(bounds: Bounds, day: date) -> Bounds:
    """Return days of the month counted from its beginning."""
    length = calendar.monthrange(day.year, day.month)[1]
    return tuple(
        (low if low > 0 else length + low + 1, high if high > 0 else length + high + 1)
        for low, high in bounds
    )


def _covered(intervals: Iterable[TimeInterval], day: date) -> int:
    bits = 0
    for interval in intervals:
        for times in interval.ranges:
            bits |= times.on(day)
    return bits


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    if name in ("UTC", ""):
        return UTC
    if name == "Local":
        return None  # Alertmanager's own, which is not ours
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
