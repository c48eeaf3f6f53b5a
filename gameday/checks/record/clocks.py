"""Clocks: other systems' stamps on gameday's clock, and how surely.

An offset is measured at several times and applied piecewise: what was stamped
between two measurements has the offset of the surer one. Where the two contradict
each other the clock was set, or ran away, at a time that nobody knows: the error is
then the whole difference. A measured offset is applied only where it is larger than
its own error; the error counts in any case.
"""

import bisect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.events import ClockCompared, InstanceChanged
from gameday.model.events.target import UNSTAMPED
from gameday.model.quantity import LATEST, parse_instant
from gameday.model.timeline import Timeline


@frozen(kw_only=False)
class Offset:
    """A source's clock minus ours and the error of that, in s, measured at `at`."""

    at: float
    offset: float
    error: float

    @property
    def applied(self) -> float:
        """The offset to apply: zero where it is within its own error."""
        return self.offset if abs(self.offset) > self.error else 0.0


@frozen(kw_only=False)
class Clocks:
    """The measurements of each source's clock, in order of time."""

    measured: Mapping[str, Sequence[Offset]] = field(default_factory=dict)

    def to_our_clock(self, source: str, at: float) -> float:
        """Return when it was on gameday's clock; `at`: what the source's said."""
        return at - self._stamped(source, at)[0]

    def to_source_clock(self, source: str, at: float) -> float:
        """Return what the source's clock said when ours said `at`."""
        return at + self._offset_at(source, at)[0]

    def error(self, source: str, at: float | None = None) -> float:
        """Return how far the comparison of the two clocks may be off at a time of ours.

        None: at any time.
        """
        if at is not None:
            return self._offset_at(source, at)[1]
        times = [measurement.at for measurement in self.measured.get(source, ())]
        middles = [(a + b) / 2 for a, b in itertools.pairwise(times)]
        errors = (self._offset_at(source, middle)[1] for middle in (*times, *middles))
        return max(errors, default=0.0)

    def stamp_error(self, source: str, at: float) -> float:
        """Return how far `to_our_clock` may be off for a stamp of the source."""
        return self._stamped(source, at)[1]

    def read(self, source: str, told: InstanceChanged) -> InstanceChanged:
        """Return an event that a source stamped as it is on gameday's clock."""
        if source not in self.measured:
            return told
        error = told.error + self.stamp_error(source, told.at)
        return told.but(at=self.to_our_clock(source, told.at), error=error)

    def _offset_at(self, source: str, at: float) -> tuple[float, float]:
        """Return the offset at a time of ours, and its error."""
        offsets = self.measured.get(source, ())
        if not offsets:
            return 0.0, 0.0
        place = bisect.bisect_left(offsets, at, key=lambda offset: offset.at)
        around = offsets[max(0, place - 1) : place + 1]
        return _combined(around, lambda offset: abs(offset.at - at))

    def _stamped(self, source: str, at: float) -> tuple[float, float]:
        """Return the offset that applies to a stamp of the source, and its error.

        Each measured offset maps the stamp to another time on our clock. An offset is
        possible if it is one of the two measurements next to the time to which it maps
        the stamp.
        """
        offsets = self.measured.get(source, ())
        possible = [
            measurement
            for measurement in offsets
            if measurement in self._neighbours(offsets, at - measurement.applied)
        ] or list(offsets)
        if not possible:
            return 0.0, 0.0
        return _combined(possible, lambda offset: abs(offset.at + offset.applied - at))

    def _neighbours(self, offsets: Sequence[Offset], at: float) -> Sequence[Offset]:
        place = bisect.bisect_left(offsets, at, key=lambda offset: offset.at)
        return offsets[max(0, place - 1) : place + 1]


Distance = Callable[[Offset], float]


def _combined(around: Sequence[Offset], distance: Distance) -> tuple[float, float]:
    """Return the surest offset where they agree, else one whose error holds all."""
    nearest = min(around, key=distance)
    widest = max(_contradiction(nearest, measurement) for measurement in around)
    if widest:
        return nearest.applied, max(nearest.error, widest)
    surest = min(around, key=lambda offset: offset.error)
    return surest.applied, surest.error


def _contradiction(offset: Offset, other: Offset) -> float:
    """Return how far two measurements contradict each other; 0 where they agree."""
    apart = abs(offset.offset - other.offset)
    return apart + other.error if apart > offset.error + other.error else 0.0


def read_clocks(timeline: Timeline) -> Clocks:
    """Return every measurement of each clock."""
    measured: dict[str, list[Offset]] = {}
    for event in timeline.of(ClockCompared):
        offset = Offset(event.at, event.offset, event.error)
        measured.setdefault(event.source, []).append(offset)
    return Clocks(measured)


def read_instances(timeline: Timeline, clocks: Clocks) -> list[InstanceChanged]:
    """Return every change of an instance, on gameday's clock.

    An event with a `stamp` is on our clock already, since the observer converted it;
    any other carries the target's own time.
    """
    return [
        event if event.stamp != UNSTAMPED else clocks.read("target", event)
        for event in timeline.of(InstanceChanged)
    ]


def instant(value: object) -> float | None:
    """Return an instant in seconds; None for none (also Go's zero time).

    And for a number that no calendar has.
    """
    if isinstance(value, str):
        try:
            value = parse_instant(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and 0 < value < LATEST:
        return float(value)
    return None
