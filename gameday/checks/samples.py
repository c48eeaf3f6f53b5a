"""The SLOs' raw counters out of the timeline, on Prometheus' own clock."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.model.counting import Counted, count
from gameday.model.slo import Series
from gameday.model.timeline import Event, Timeline

SIDES = ("bad", "total")
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """The series of one SLO: for each side the signed ones."""

    bad: tuple[tuple[float, Series], ...] = ()
    total: tuple[tuple[float, Series], ...] = ()

    @property
    def series(self) -> list[Series]:
        """Every series, of both sides."""
        return [one for _, one in (*self.bad, *self.total)]

    @property
    def first(self) -> float | None:
        """When the first sample was scraped."""
        starts = [one.samples[0][0] for one in self.series if one.samples]
        return min(starts, default=None)

    @property
    def last(self) -> float | None:
        """When the last sample was scraped."""
        ends = [one.samples[-1][0] for one in self.series if one.samples]
        return max(ends, default=None)

    def count(self, side: str, start: float, end: float) -> Counted:
        """Return the events of a side between two times on Prometheus' clock."""
        signed = self.bad if side == "bad" else self.total
        witnesses = self.series
        plus = [one for sign, one in signed if sign > 0]
        minus = [one for sign, one in signed if sign < 0]
        counted = count(plus, start, end, witnesses=witnesses)
        if minus:
            counted -= count(minus, start, end, witnesses=witnesses)
        return counted


@dataclass(frozen=True, slots=True)
class Samples:
    """The counters of every SLO, by name; `spacing` seconds between two scrapes."""

    counters: Mapping[str, Counters] = field(default_factory=dict)
    spacing: float = 0.0

    def of(self, slo: str) -> Counters:
        """Return an SLO's counters; without any series where nothing was sampled."""
        return self.counters.get(slo, Counters())


@dataclass(slots=True)
class _Collected:
    sign: float
    labels: Mapping[str, str]
    pairs: list[Pair]


def read_samples(timeline: Timeline) -> Samples:
    """Return all raw samples; a series may have come in several events."""
    found: dict[str, dict[tuple[object, ...], _Collected]] = {}
    for event in timeline.of("sample"):
        series = found.setdefault(str(event["slo"]), {})
        key = _key(event)
        if key not in series:
            sign = float(event.get("sign", 1.0))
            series[key] = _Collected(sign, event["series"], [])
        series[key].pairs.extend((at, float(value)) for at, value in event["values"])
    counters = {name: _counters(series) for name, series in found.items()}
    return Samples(counters, _spacing(counters))


def _key(event: Event) -> tuple[object, ...]:
    labels = frozenset(event["series"].items())
    return event["side"], event.get("sign", 1.0), labels


def _counters(series: Mapping[tuple[object, ...], _Collected]) -> Counters:
    sides: dict[str, list[tuple[float, Series]]] = {side: [] for side in SIDES}
    for key, collected in series.items():
        pairs = tuple(sorted(dict(collected.pairs).items()))
        one = Series(labels=collected.labels, samples=pairs)
        sides[str(key[0])].append((collected.sign, one))
    return Counters(bad=tuple(sides["bad"]), total=tuple(sides["total"]))


def _spacing(counters: Mapping[str, Counters]) -> float:
    """Return the median distance of two samples in the longest series."""
    every = [one for some in counters.values() for one in some.series]
    longest = max(every, key=lambda one: len(one.samples), default=None)
    if longest is None or len(longest.samples) < 2:  # noqa: PLR2004 - a distance
        return 0.0
    times = [at for at, _ in longest.samples]
    distances = sorted(b - a for a, b in itertools.pairwise(times))
    return distances[len(distances) // 2]
