"""Exact counts of events from raw counter samples, aligned to scrapes.

Not `increase()`: that misses the birth of a series and extrapolates. Here a
series counts the sum of its deltas from the last sample at or before `start` to
the first sample at or after `end`; a value below its predecessor is a counter
that began again at zero and counts whole. Deltas first, sums after. The count is
insensitive to the padding; a ratio belongs to `since`..`until`.
"""

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gameday.model.slo import Series

Target = tuple[str, str]  # job, instance: what one scrape reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many events, in which scrape-aligned interval, and how surely.

    `unknown`: the most events that the count may be off by: at a reset what came
    after the last scrape (at most the series' busiest scrape so far), at a series
    whose target was not scraped before its first value, at one that ended early
    one scrape. `born`: how many series began inside the interval.
    """

    value: float = 0.0
    since: float = 0.0
    until: float = 0.0
    unknown: float = 0.0
    resets: int = 0
    born: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        if not other.until:
            return self
        if not self.until:
            return other
        return Counted(
            value=self.value + other.value,
            since=min(self.since, other.since),
            until=max(self.until, other.until),
            unknown=self.unknown + other.unknown,
            resets=self.resets + other.resets,
            born=self.born + other.born,
        )

    def __sub__(self, other: "Counted") -> "Counted":
        """Return the difference; both may lack events, so the larger lack bounds it."""
        both = self + other
        return Counted(
            value=self.value - other.value,
            since=both.since,
            until=both.until,
            unknown=max(self.unknown, other.unknown),
            resets=both.resets,
            born=both.born,
        )


def count(
    series: Sequence[Series],
    start: float,
    end: float,
    *,
    witnesses: Iterable[Series] = (),
) -> Counted:
    """Return the events that the series counted between `start` and `end`.

    A series born inside counts from zero when its target was being scraped at
    `start`, as seen by any of the series or of the `witnesses` (other counters
    of the same targets); otherwise its first value may be older than the
    interval: it is not counted, and `unknown` holds it.
    """
    known = [*series, *witnesses]
    scraped = scraped_at(known, start)
    ends = _aligned_ends(known, start, end)
    total = Counted()
    for one in series:
        target = target_of(one)
        last = ends.get(target, end)
        total += _count_one(_Window(start, end, last, target in scraped), one)
    return total


def target_of(series: Series) -> Target:
    """Return the scrape target that a series comes from."""
    return series.labels.get("job", ""), series.labels.get("instance", "")


def scraped_at(series: Iterable[Series], at: float) -> frozenset[Target]:
    """Return the targets that had been scraped at least once by then."""
    return frozenset(
        target_of(one) for one in series if one.samples and one.samples[0][0] <= at
    )


def increases(series: Series, *, from_zero: bool) -> Iterator[tuple[float, float]]:
    """Return (time, events since the sample before) for each sample.

    The first sample yields its whole value when the series is known to have been
    born at zero, nothing otherwise.
    """
    previous = 0.0 if from_zero else None
    for at, value in series.samples:
        if value != value:  # noqa: PLR0124 - a staleness marker is a NaN
            continue
        if previous is None:
            yield at, 0.0
        else:
            yield at, value - previous if value >= previous else value
        previous = value


@dataclass(frozen=True, slots=True)
class _Window:
    """What is asked of one series; `last` is its target's scrape that ends it."""

    start: float
    end: float
    last: float
    scraped: bool  # the target was being scraped at the start


def _aligned_ends(
    known: Sequence[Series], start: float, end: float
) -> dict[Target, float]:
    """Return for each target that was there before its first scrape after the end."""
    ends: dict[Target, float] = {}
    for one in known:
        if not one.samples or one.samples[0][0] > start:
            continue
        high = bisect.bisect_left(one.samples, end, key=_time)
        if high < len(one.samples):
            target = target_of(one)
            at = one.samples[high][0]
            ends[target] = min(ends.get(target, at), at)
    return ends


def _time(sample: tuple[float, float]) -> float:
    return sample[0]


def _inside(window: _Window, samples: Sequence[tuple[float, float]]) -> slice:
    low = bisect.bisect_right(samples, window.start, key=_time) - 1
    high = bisect.bisect_left(samples, window.end, key=_time)
    if low < 0 and (not samples or samples[0][0] > max(window.end, window.last)):
        return slice(0, 0)  # born after the interval
    return slice(max(low, 0), high + 1)


def _count_one(window: _Window, series: Series) -> Counted:
    samples = [pair for pair in series.samples if pair[1] == pair[1]]  # not NaN
    inside = samples[_inside(window, samples)]
    if not inside:
        return Counted()
    born = inside[0][0] > window.start
    from_zero = born and window.scraped
    value = unknown = busiest = 0.0
    resets = 0
    previous = 0.0 if from_zero else inside[0][1]
    for _, now in inside if from_zero else inside[1:]:
        reset = now < previous
        delta = now if reset else now - previous
        unknown += busiest if reset else 0.0
        resets += reset
        busiest = max(busiest, delta)
        value += delta
        previous = now
    unknown += inside[0][1] if born and not from_zero else 0.0
    unknown += busiest if inside[-1][0] < window.end else 0.0
    return Counted(
        value=value,
        since=inside[0][0],
        until=inside[-1][0],
        unknown=unknown,
        resets=resets,
        born=int(born),
    )
