"""Curves out of what was sampled: error ratios of SLIs, and the load.

For looking at only: verdicts come from `checks`. A curve has at most `POINTS` points;
samples are counted into buckets of equal width, in which a ratio is the sum of the bad
events over the sum of all.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gameday.frozen import frozen
from gameday.model.events import Load, Sample
from gameday.model.slos.counting import increases
from gameday.model.slos.slo import Series
from gameday.model.timeline import Timeline

POINTS = 1000
_Key = tuple[object, float]  # a series, and its sign
_SMOOTH = 2  # scrapes in one bucket at least: one alone has few events


@frozen
class Curve:
    """Values that each hold for `width` seconds from their time; None: a gap."""

    width: float
    points: list[tuple[float, float | None]]

    def since(self, start: float) -> "Curve":
        """Return the curve from there on."""
        return replace(
            self, points=[point for point in self.points if point[0] >= start]
        )

    @property
    def highest(self) -> float:
        """The highest value, 0 where there is none."""
        return max((v for _, v in self.points if v is not None), default=0.0)


@frozen
class LoadCurves:
    """Requests per second that were answered well, and that failed."""

    ok: Curve
    failed: Curve


def load_curves(timeline: Timeline, zero: float) -> LoadCurves | None:
    """Return the load's curves, None where there was no load."""
    events = timeline.of(Load)
    if not events:
        return None
    buckets = _buckets([event.since for event in events], zero, several=1)
    return LoadCurves(
        ok=_rate(events, lambda second: second.ok, buckets),
        failed=_rate(events, lambda second: second.failed, buckets),
    )


def error_curve(timeline: Timeline, slo: str, zero: float) -> Curve | None:
    """Return the SLO's error ratio over time, None where nothing was sampled."""
    total = _increments(timeline, slo, "total")
    if not total:
        return None
    buckets = _buckets([at for at, _ in total], zero, several=_SMOOTH)
    bads = buckets.sums(_increments(timeline, slo, "bad"))
    totals = buckets.sums(total)
    return Curve(
        width=buckets.width,
        points=[
            (buckets.start(n), _ratio(bads.get(n, 0.0), totals.get(n, 0.0)))
            for n in range(min(totals), max(totals) + 1)
        ],
    )


@frozen(kw_only=False)
class _Buckets:
    """Intervals of equal width; one of them begins at `zero`, the fault's start."""

    zero: float
    width: float

    def index(self, at: float) -> int:
        return math.floor(round((at - self.zero) / self.width, 6))

    def start(self, index: int) -> float:
        return self.zero + index * self.width

    def sums(self, counted: Iterable[tuple[float, float]]) -> dict[int, float]:
        totals: dict[int, float] = defaultdict(float)
        for at, count in counted:
            totals[self.index(at)] += count
        return totals


def _buckets(times: Iterable[float], zero: float, *, several: int) -> _Buckets:
    """Return buckets as wide as `several` usual gaps, at most `POINTS` in all."""
    ordered = sorted(set(times))
    gaps = sorted(b - a for a, b in pairwise(ordered))
    usual = max(gaps[len(gaps) // 2], 0.5) if gaps else 1.0
    least = (ordered[-1] - ordered[0]) / (POINTS - 2)
    return _Buckets(zero=zero, width=max(usual * several, least))


def _rate(
    events: list[Load], count_of: Callable[[Load], float], buckets: _Buckets
) -> Curve:
    spans = [(event.since, event.until, count_of(event)) for event in events]
    counts = buckets.sums((since, count) for since, _, count in spans)
    lasted = buckets.sums((since, until - since) for since, until, _ in spans)
    points: list[tuple[float, float | None]] = [
        (buckets.start(n), counts[n] / lasted[n] if lasted[n] > 0 else None)
        for n in sorted(counts)
    ]
    return Curve(width=buckets.width, points=points)


def _instant(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _ratio(bad: float, total: float) -> float | None:
    # Scrapes of several instances are not aligned: a sum may be out by an event.
    return min(1.0, max(0.0, bad / total)) if total > 0 else None


def _increments(timeline: Timeline, slo: str, side: str) -> list[tuple[float, float]]:
    """Return (time, signed new events) of every series of one side of an SLO.

    New events came since the sample before: they are placed in the middle. A series
    that appears after the others of its side has counted from nothing.
    """
    all_series = _series_of(timeline, slo, side)
    starts = [series.samples[0][0] for series, _ in all_series if series.samples]
    earliest = min(starts, default=0.0)
    placed: list[tuple[float, float]] = []
    for series, sign in all_series:
        born = bool(series.samples) and series.samples[0][0] > earliest + 1
        for increase in increases(series.numbers, from_zero=born):
            if not increase.first or born:
                middle = (increase.before + increase.at) / 2
                placed.append((middle, sign * increase.events))
    return placed


def _series_of(timeline: Timeline, slo: str, side: str) -> list[tuple[Series, float]]:
    """Return the series of one side of an SLO, each with its sign."""
    values: dict[_Key, dict[float, float]] = defaultdict(dict)
    labels: dict[_Key, Mapping[str, str]] = {}
    for event in timeline.of(Sample):
        if event.slo == slo and event.side == side:
            key: _Key = (frozenset(event.series.items()), event.sign)
            labels[key] = event.series
            values[key].update((float(at), float(value)) for at, value in event.values)
    return [
        (Series(labels=labels[key], samples=tuple(sorted(samples.items()))), key[1])
        for key, samples in values.items()
    ]
