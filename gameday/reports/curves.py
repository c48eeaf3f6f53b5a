"""Curves out of what was sampled: error ratios of SLIs, and the load.

For looking at only: verdicts come from `checks`. A curve has at most `POINTS` points;
samples are counted into buckets of equal width, in which a ratio is the sum of the bad
events over the sum of all.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gameday.model.timeline import Event, Timeline

POINTS = 1000
_SMOOTH = 4  # scrapes in one bucket at least: one alone has few events

Point = tuple[float, float | None]  # time, value; None: a gap


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCurves:
    """Requests per second that were answered well, and that failed."""

    ok: list[Point]
    failed: list[Point]


def load_curves(timeline: Timeline) -> LoadCurves | None:
    """Return the load's curves, None where there was no load."""
    events = timeline.of("load")
    if not events:
        return None
    width = _width([_span(e)[0] for e in events], events[0].at, events[-1].at, 1)
    return LoadCurves(
        ok=_rate(events, "ok", width), failed=_rate(events, "failed", width)
    )


def error_curve(timeline: Timeline, slo: str) -> list[Point]:
    """Return the SLO's error ratio over time; empty where nothing was sampled."""
    bad, total = _increments(timeline, slo, "bad"), _increments(timeline, slo, "total")
    times = sorted({at for at, _ in total})
    if not times:
        return []
    width = _width(times, times[0], times[-1], _SMOOTH)
    bads, totals = _bucket(bad, width), _bucket(total, width)
    first, last = math.floor(times[0] / width), math.floor(times[-1] / width)
    return [
        ((index + 0.5) * width, _ratio(bads.get(index, 0.0), totals.get(index, 0.0)))
        for index in range(first, last + 1)
    ]


def _rate(events: list[Event], name: str, width: float) -> list[Point]:
    counts: dict[int, float] = defaultdict(float)
    lasted: dict[int, float] = defaultdict(float)
    for one in events:
        since, until = _span(one)
        index = math.floor(since / width)
        counts[index] += float(one.get(name) or 0)
        lasted[index] += until - since
    return [
        ((index + 0.5) * width, counts[index] / lasted[index] if lasted[index] else 0.0)
        for index in sorted(counts)
    ]


def _span(one: Event) -> tuple[float, float]:
    """Return the interval of intended starts; one second where it is not said."""
    until = _instant(one.get("until"), one.at)
    return _instant(one.get("since"), until - 1.0), until


def _instant(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _ratio(bad: float, total: float) -> float | None:
    # Scrapes of several instances are not aligned: a sum may be out by an event.
    return min(1.0, max(0.0, bad / total)) if total > 0 else None


def _width(times: Iterable[float], first: float, last: float, several: int) -> float:
    """Return a bucket's width: `several` usual gaps, at most `POINTS` in all."""
    gaps = sorted(b - a for a, b in pairwise(sorted(set(times))) if b > a)
    usual = max(gaps[len(gaps) // 2], 0.5) if gaps else 1.0
    return max(usual * several, (last - first) / (POINTS - 2))


def _bucket(increments: list[tuple[float, float]], width: float) -> dict[int, float]:
    sums: dict[int, float] = defaultdict(float)
    for at, count in increments:
        sums[math.floor(at / width)] += count
    return sums


def _increments(timeline: Timeline, slo: str, side: str) -> list[tuple[float, float]]:
    """Return (time, signed new events) of every series of one side of an SLO."""
    series: dict[tuple[object, float], dict[float, float]] = defaultdict(dict)
    for one in timeline.of("sample"):
        if one.get("slo") == slo and one.get("side") == side:
            key = (_identity(one.get("series")), float(one.get("sign", 1.0)))
            series[key].update((float(at), float(v)) for at, v in one["values"])
    starts = [min(values) for values in series.values() if values]
    earliest = min(starts, default=0.0)
    return [
        (at, sign * new)
        for (_, sign), values in series.items()
        for at, new in _growth(sorted(values.items()), earliest)
    ]


def _identity(labels: Any) -> object:
    return frozenset(labels.items()) if isinstance(labels, Mapping) else labels


def _growth(
    samples: list[tuple[float, float]], earliest: float
) -> list[tuple[float, float]]:
    """Return the new events at each sample; a counter that fell began anew.

    A series that appears after the others has counted from nothing.
    """
    if not samples:
        return []
    at, value = samples[0]
    found = [(at, value if at > earliest + 1 else 0.0)]
    found += [
        (b[0], b[1] - a[1] if b[1] >= a[1] else b[1]) for a, b in pairwise(samples)
    ]
    return found
