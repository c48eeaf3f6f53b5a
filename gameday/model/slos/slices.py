"""Which stretches of time were bad: budgets that count slices, not events.

A slice is bad where the share of its bad events is above what its target leaves. It
is judged by scrapes, and an edge mostly lies between two of them: the events of that
scrape belong to either side, so each count has bounds, and a slice may be bad surely,
as measured, or perhaps. A slice without any event is not bad.

Slices begin at multiples of their length since the epoch, as the steps of a
subquery of Prometheus do.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gameday.model.slos.counting import Counted
from gameday.model.slos.slo import Slices

Count = Callable[[float, float], Counted]  # events between two times
_ROUNDING = 1e-9


class Span(NamedTuple):
    """From when to when, in seconds since the epoch."""

    begin: float
    end: float

    def within(self, begin: float, end: float) -> "Span":
        """Return the part of it that lies between two times."""
        return Span(max(self.begin, begin), min(self.end, end))


class Bounds(NamedTuple):
    """A number of events: the fewest, the measured and the most."""

    least: float
    measured: float
    most: float


class Badness(NamedTuple):
    """Whether a slice was bad: surely, as measured, perhaps."""

    surely: bool = False
    measured: bool = False
    perhaps: bool = False


def spans(length: float, begin: float, end: float) -> Iterator[Span]:
    """Go through the slices that have a part between two times."""
    number = math.floor(begin / length)
    while number * length < end:
        yield Span(number * length, (number + 1) * length)
        number += 1


def bounds(count: Count, span: Span) -> Bounds:
    """Return how many events a span had.

    Events are counted from the scrape at or before the span to the one at or after it.
    The events of the two scrapes that contain its edges may have come outside of it.
    """
    counted = count(span.begin, span.end)
    edges = sum(max(0.0, count(edge, edge).value) for edge in span)
    return Bounds(
        least=max(0.0, counted.value - counted.surplus - edges),
        measured=max(0.0, counted.value),
        most=max(0.0, counted.value + counted.unknown),
    )


def judge(slices: Slices, bad: Bounds, total: Bounds) -> Badness:
    """Return whether a slice that was seen from its beginning to its end was bad."""
    return Badness(
        surely=is_bad(slices, bad.least, total.most),
        measured=is_bad(slices, bad.measured, total.measured),
        perhaps=is_bad(slices, bad.most, max(total.least, bad.most))
        or is_bad(slices, bad.most, total.least),
    )


def is_bad(slices: Slices, bad: float, total: float) -> bool:
    """Return whether so many bad events are too many; exactly the target is not."""
    return bad > slices.tolerated * total * (1 + _ROUNDING) + _ROUNDING
