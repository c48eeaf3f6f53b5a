"""A small Prometheus and a small Alertmanager, for times that can be checked.

One target is scraped; its gauge `bad` is 1 while the fault holds and its counter
`errors_total` counts a second of it as one. Rules are evaluated at their groups' own
phases, in order, at a query offset. Written from Prometheus' and Alertmanager's
documented behaviour, without a look at what gameday computes.
"""

import bisect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LOOKBACK = 300.0


@dataclass(frozen=True)
class Series:
    """Samples in order: when they are of, when they are there, and their values."""

    stamps: list[float] = field(default_factory=list)
    there: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, stamp: float, there: float, value: float) -> None:
        """Take a sample."""
        self.stamps.append(stamp)
        self.there.append(there)
        self.values.append(value)

    def between(
        self, since: float, until: float, now: float
    ) -> list[tuple[float, float]]:
        """Return the samples in (since, until] that are there now."""
        low = bisect.bisect_right(self.stamps, since)
        high = bisect.bisect_right(self.stamps, until)
        return [
            (self.stamps[at], self.values[at])
            for at in range(low, high)
            if self.there[at] <= now
        ]


World = dict[str, Series]


@dataclass(frozen=True)
class Metric:
    """An instant selector."""

    name: str
    offset: float = 0.0

    def text(self) -> str:
        """Return it as PromQL."""
        return self.name + (f" offset {self.offset:g}s" if self.offset else "")

    def at(self, world: World, when: float, now: float) -> float | None:
        """Return its value, of what is there now."""
        seen = when - self.offset
        samples = world[self.name].between(seen - LOOKBACK, seen, now)
        return samples[-1][1] if samples else None

    def range(self, world: World, when: float, now: float, back: float) -> list[float]:
        """Return the values in a range before."""
        seen = when - self.offset
        return [v for _, v in world[self.name].between(seen - back, seen, now)]


@dataclass(frozen=True)
class OverTime:
    """A function over a range of a series, or over a subquery (`step`)."""

    function: str
    inner: "Expression"
    back: float
    step: float = 0.0

    def text(self) -> str:
        """Return it as PromQL."""
        if self.step:
            inside = f"({self.inner.text()})[{self.back:g}s:{self.step:g}s]"
        else:
            assert isinstance(self.inner, Metric)
            bare = Metric(self.inner.name).text()
            offset = self.inner.offset
            inside = f"{bare}[{self.back:g}s]" + (
                f" offset {offset:g}s" if offset else ""
            )
        return f"{self.function}({inside})"

    def at(self, world: World, when: float, now: float) -> float | None:
        """Return its value, of what is there now."""
        if self.step:
            first = math.floor((when - self.back) / self.step) + 1
            last = math.floor(when / self.step)
            told = [
                self.inner.at(world, at * self.step, now)
                for at in range(first, last + 1)
            ]
            values = [value for value in told if value is not None]
        else:
            assert isinstance(self.inner, Metric)
            values = self.inner.range(world, when, now, self.back)
        if self.function == "rate":
            return self._rate(values)
        return _OVER_TIME[self.function](values) if values else None

    def _rate(self, values: list[float]) -> float | None:
        """Return more than 0 where it counts on; the number itself does not matter."""
        return values[-1] - values[0] if len(values) > 1 else None


_OVER_TIME: dict[str, Callable[[list[float]], float]] = {
    "max_over_time": max,
    "min_over_time": min,
    "avg_over_time": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True)
class Both:
    """Two conditions joined by `and`, as burn rates over two windows are."""

    left: "Expression"
    right: "Expression"

    def text(self) -> str:
        """Return it as PromQL."""
        return f"({self.left.text()} > 0 and {self.right.text()} > 0)"

    def at(self, world: World, when: float, now: float) -> float | None:
        """Return the left value where both are above 0."""
        values = [side.at(world, when, now) for side in (self.left, self.right)]
        return (
            values[0]
            if all(value is not None and value > 0 for value in values)
            else None
        )


Expression = Metric | OverTime | Both


@dataclass(frozen=True, kw_only=True)
class Group:
    """A rule group: when it is evaluated, and what it records, in order."""

    interval: float
    phase: float
    offset: float = 0.0

    def slots(self, until: float, since: float = 0.0) -> Iterator[float]:
        """Yield when it is evaluated."""
        at = since + self.phase * self.interval
        while at <= until:
            yield at
            at += self.interval


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """A scrape job's target: interval, phase (0 to 1), how long an answer takes."""

    interval: float
    phase: float
    took: float


@dataclass(frozen=True, kw_only=True)
class Fault:
    """When the system is faulty."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether it is there at an instant."""
        return self.start <= at < self.end

    def seconds(self, at: float) -> float:
        """Return how long it has been there."""
        return min(max(0.0, at - self.start), self.end - self.start)


def scraped(scrape: Scrape, fault: Fault, until: float) -> World:
    """Return what the target's scrapes leave."""
    world = {"bad": Series(), "errors_total": Series()}
    at = scrape.phase * scrape.interval
    while at <= until:
        there = at + scrape.took
        world["bad"].add(at, there, float(fault.holds(at)))
        world["errors_total"].add(at, there, fault.seconds(at))
        at += scrape.interval
    return world


def record(
    world: World, name: str, rule: Expression, group: Group, until: float
) -> None:
    """Add what a recording rule writes; it stamps its samples by the query offset."""
    world[name] = Series()
    for slot in group.slots(until):
        value = rule.at(world, slot - group.offset, slot)
        if value is not None:
            world[name].add(slot - group.offset, slot, value)


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """An alert rule: it holds while its expression is above the threshold."""

    rule: Expression
    above: float
    group: Group
    hold: float = 0.0
    keep: float = 0.0
    behind: float = 0.0  # it sees recorded samples of its own slot only later

    def text(self) -> str:
        """Return its expression."""
        return f"{self.rule.text()} > {self.above:g}"

    def episodes(self, world: World, until: float) -> list[tuple[float, float]]:
        """Return when it fires and resets (infinite: not yet)."""
        lives: list[tuple[float, float]] = []
        active = gone = fired = math.inf
        for slot in self.group.slots(until):
            value = self.rule.at(world, slot - self.group.offset, slot - self.behind)
            if value is not None and value > self.above:
                active, gone = min(active, slot), math.inf
                if fired == math.inf and slot - active >= self.hold - 1e-9:
                    fired = slot
            elif fired == math.inf:
                active = math.inf
            else:
                gone = min(gone, slot)
                if slot - gone >= self.keep - 1e-9:
                    lives.append((fired, slot))
                    active = gone = fired = math.inf
        return [*lives, (fired, math.inf)] if fired != math.inf else lives


@dataclass(frozen=True, kw_only=True)
class Notifying:
    """Alertmanager's group of the alert: new, or kept alive by others."""

    wait: float
    interval: float
    alive: bool
    phase: float  # of a live group's ticks, 0 to 1

    def page(self, fired: float) -> float:
        """Return when the first notification is sent."""
        if not self.alive:
            return fired + self.wait
        ticks = math.floor(fired / self.interval - self.phase) + 1
        return (ticks + self.phase) * self.interval

    def end(self, fired: float, resolved: float) -> float:
        """Return when the end is told: at the next tick of the group."""
        first = self.page(fired)
        ticks = max(0, math.ceil((resolved - first) / self.interval - 1e-9))
        return first + ticks * self.interval
