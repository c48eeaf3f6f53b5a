"""The SLOs' raw counters out of the timeline, on Prometheus' own clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gameday.checks.record.clocks import Clocks, read_instances
from gameday.frozen import frozen
from gameday.model.events import FaultStarted, Process, Sample, Scrape
from gameday.model.slos.counting import Counted, Signed, count_signed
from gameday.model.slos.scraped import (
    NOTHING,
    Scraped,
    Target,
    TargetHistory,
    read_targets,
    spacing,
    target_of,
)
from gameday.model.slos.slo import Pair, Series
from gameday.model.timeline import Timeline

SIDES = ("bad", "total")


@dataclass(frozen=True, kw_only=True)
class SloSeries:
    """The series of one SLO: for each side the signed ones.

    `known`: what else the timeline tells of their targets. `gauges`: the samples of
    gauges are counted, which no restart of a process resets.
    """

    bad: tuple[Signed, ...] = ()
    total: tuple[Signed, ...] = ()
    known: TargetHistory = NOTHING
    gauges: bool = False

    @cached_property
    def targets(self) -> Mapping[Target, Scraped]:
        """The targets of every series; their totals tell their resets."""
        totals = [series for sign, series in self.total if sign > 0]
        targets_read = read_targets(
            totals, [series for _, series in self.bad], self.known
        )
        if not self.gauges:
            return targets_read
        return {key: replace(target, resets=()) for key, target in targets_read.items()}

    @cached_property
    def first(self) -> float | None:
        """When the first sample was scraped."""
        return min((target.times[0] for target in self.targets.values()), default=None)

    @cached_property
    def last(self) -> float | None:
        """When the last sample was scraped."""
        return max((target.times[-1] for target in self.targets.values()), default=None)

    @cached_property
    def interval(self) -> float:
        """Seconds between the scrapes of the target that is scraped most seldom."""
        return max((target.interval for target in self.targets.values()), default=0.0)

    def side(self, name: str) -> tuple[Signed, ...]:
        """Return the signed series of a side (bad, total)."""
        return self.bad if name == "bad" else self.total

    def count(self, side: str, start: float, end: float) -> Counted:
        """Return the events of a side between two times on Prometheus' clock."""
        unborn = self.unborn if side == "bad" else ()
        return count_signed(self.side(side), start, end, self.targets, unborn)

    @cached_property
    def unborn(self) -> frozenset[Target]:
        """The targets that show no bad events, but could have had some.

        Those of a job that shows some elsewhere, or all where nothing shows any: a
        counter by labels exists only once it has counted something.
        """
        showing = {target_of(series) for _, series in self.bad}
        jobs = {job for job, _ in showing}
        silent = {target_of(series) for _, series in self.total} - showing
        return frozenset(target for target in silent if not jobs or target[0] in jobs)

    def rate(self, side: str, start: float, end: float) -> float:
        """Return the events per second; each target's over its own scrapes."""
        by_target: dict[Target, list[Signed]] = {}
        for sign, series in self.side(side):
            by_target.setdefault(target_of(series), []).append((sign, series))
        per_second = 0.0
        for mine in by_target.values():
            counted = count_signed(mine, start, end, self.targets)
            seconds = max(counted.until - counted.since, end - start, 1e-9)
            per_second += counted.value / seconds
        return per_second


@frozen(kw_only=False)
class Samples:
    """The counters of every SLO, by name; `spacing` seconds between two scrapes."""

    counters: Mapping[str, SloSeries] = field(default_factory=dict)
    spacing: float = 0.0

    def of(self, slo: str) -> SloSeries:
        """Return an SLO's counters; without any series where nothing was sampled."""
        return self.counters.get(slo, SloSeries())


@dataclass(slots=True)
class _Collected:
    sign: float
    labels: Mapping[str, str]
    values: dict[float, float]  # by time


def read_samples(timeline: Timeline, clocks: Clocks | None = None) -> Samples:
    """Return all raw samples; a series may have come in several events."""
    collected: dict[str, dict[tuple[object, ...], _Collected]] = {}
    gauges: set[str] = set()
    for event in timeline.of(Sample):
        series = collected.setdefault(event.slo, {})
        key = _key(event)
        if key not in series:
            series[key] = _Collected(event.sign, event.series, {})
        values = series[key].values
        for at, value in event.values:
            values[at] = float(value)
        if event.gauge:
            gauges.add(event.slo)
    known = _known(timeline, clocks or Clocks())
    counters = {
        name: replace(_counters(series, known), gauges=name in gauges)
        for name, series in collected.items()
    }
    return Samples(counters, _spacing(counters))


def _known(timeline: Timeline, clocks: Clocks) -> TargetHistory:
    """Return what the timeline tells of scrape targets beside their counters."""
    scraped: dict[Target, float] = {}
    for event in timeline.of(Scrape):
        if event.up:
            scraped.setdefault((event.job, event.instance), event.at)
    processes: dict[Target, list[Pair]] = {}
    for process in timeline.of(Process):
        target = (process.job, process.instance)
        processes.setdefault(target, []).append((process.at, process.began))
    return TargetHistory(
        scraped=scraped,
        processes={key: tuple(pairs) for key, pairs in processes.items()},
        came_up={
            name: clocks.to_source_clock("prometheus", at)
            - clocks.error("prometheus", at)
            for name, at in _start_times(timeline, clocks).items()
        },
    )


def _start_times(timeline: Timeline, clocks: Clocks) -> dict[str, float]:
    """Return when instances came up: those that were down before, or not there."""
    faults = timeline.of(FaultStarted)
    before = faults[0].at if faults else float("inf")
    down: set[str] = set()
    came_up: dict[str, float] = {}
    for event in read_instances(timeline, clocks):
        name = event.instance
        if not event.up:
            down.add(name)
        elif name in down or event.at > before:
            came_up.setdefault(name, event.at)
    return came_up


def _key(event: Sample) -> tuple[object, ...]:
    labels = frozenset(event.series.items())
    return event.side, event.sign, labels


def _counters(
    series: Mapping[tuple[object, ...], _Collected], known: TargetHistory
) -> SloSeries:
    sides: dict[str, list[Signed]] = {side: [] for side in SIDES}
    for key, collected in series.items():
        pairs = tuple(sorted(collected.values.items()))
        counter = Series(labels=collected.labels, samples=pairs)
        sides[str(key[0])].append((collected.sign, counter))
    return SloSeries(bad=tuple(sides["bad"]), total=tuple(sides["total"]), known=known)


def _spacing(counters: Mapping[str, SloSeries]) -> float:
    """Return the usual distance of two samples in the longest series."""
    every = [
        series
        for some in counters.values()
        for side in SIDES
        for _, series in some.side(side)
    ]
    longest = max(every, key=lambda series: len(series.samples), default=None)
    return 0.0 if longest is None else spacing([at for at, _ in longest.samples])
