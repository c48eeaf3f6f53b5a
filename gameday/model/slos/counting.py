"""Exact counts of events from raw counter samples, aligned to scrapes.

Not `increase()`: that misses the birth of a series and extrapolates. Here a
series counts the sum of its deltas from the last sample at or before `start` to
the first sample at or after `end`; after a reset of its target (see `scraped`) a
value counts whole. Deltas first, sums after. The count is insensitive to the
padding; a ratio belongs to `since`..`until`.

What a count may be off by is never smaller than what may have been missed: one
scrape of the target's traffic at each reset and at its end; the first value of a
series whose target nobody had scraped before; and for a difference of counters of
several targets the traffic of the time between their scrapes.
"""

import bisect
import operator
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import NamedTuple

from gameday.frozen import frozen
from gameday.model.slos.scraped import Scraped, Target, read_targets, target_of
from gameday.model.slos.slo import Pair, Series

Signed = tuple[float, Series]
_LATE = 1.5  # scrapes by which a target may be behind the others


@frozen
class Counted:
    """How many events, in which scrape-aligned interval, and how surely.

    The truth lies in value - surplus .. value + unknown. `unknown`: the most events
    that may be missing; `surplus`: the most that may be too many. `born`: how many
    series began inside the interval.
    """

    value: float = 0.0
    since: float = 0.0
    until: float = 0.0
    unknown: float = 0.0
    surplus: float = 0.0
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
            surplus=self.surplus + other.surplus,
            resets=self.resets + other.resets,
            born=self.born + other.born,
        )

    def __neg__(self) -> "Counted":
        """Return the count to take away: what it lacks is then too many."""
        return replace(
            self, value=-self.value, unknown=self.surplus, surplus=self.unknown
        )

    def __sub__(self, other: "Counted") -> "Counted":
        return self + -other


class Increase(NamedTuple):
    """What one sample adds: events in `before`..`at`; `doubt`: perhaps less by that.

    `first`: it is the series' first sample, and `events` its whole value. `fell`: it is
    less than the one before. `reset`: its target is known to have begun to count anew.
    """

    before: float
    at: float
    events: float
    doubt: float = 0.0
    first: bool = False
    fell: bool = False
    reset: bool = False


def count(
    series: Sequence[Series],
    start: float,
    end: float,
    *,
    witnesses: Sequence[Series] = (),
) -> Counted:
    """Return the events that the series counted between `start` and `end`.

    `witnesses` are the counters of all events of the same targets, by which resets
    and traffic are known; without any the series speak for themselves.
    """
    targets = read_targets(witnesses or series, series if witnesses else ())
    return count_signed([(1.0, counter) for counter in series], start, end, targets)


def count_signed(
    signed: Iterable[Signed],
    start: float,
    end: float,
    targets: Mapping[Target, Scraped],
    unborn: Collection[Target] = (),
) -> Counted:
    """Return the sum of signed counters between two times, and how surely.

    `unborn`: targets that may have counted something although they show no series of
    it, since a reset took it before any scrape.
    """
    total = Counted()
    read = max(
        (target.times[-1] for target in targets.values() if target.times), default=end
    )
    by_target: dict[Target, list[Signed]] = {}
    for sign, series in signed:
        by_target.setdefault(target_of(series), []).append((sign, series))
    for target, mine in by_target.items():
        window = _Window(start, end, read, targets.get(target, Scraped()))
        total += _of_target(mine, window)
    for target in set(unborn) & targets.keys() - by_target.keys():
        lost = _possible_loss(_Window(start, end, read, targets[target]), ())
        total = replace(total, unknown=total.unknown + lost)
    return _skewed(total, by_target, (start, end), targets)


def increases(
    pairs: Iterable[Pair], *, from_zero: bool, target: Scraped | None = None
) -> Iterator[Increase]:
    """Return what each sample of a series adds.

    The first sample adds its whole value when the series is known to have been
    born at zero, nothing otherwise.
    """
    resets = target if target is not None and target.resets else None
    before = previous = None
    for at, value in pairs:
        if before is None or previous is None:
            yield Increase(at, at, value if from_zero else 0.0, first=True)
        elif value < previous:
            yield Increase(before, at, value, fell=True)
        elif resets is None or (reset := resets.reset_in(before, at)) is None:
            yield Increase(before, at, value - previous)
        else:
            doubt = 0.0 if reset.sure else previous
            yield Increase(before, at, value, doubt=doubt, reset=True)
        before, previous = at, value


def births(series: Series, target: Scraped, start: float) -> bool:
    """Whether a series that begins after `start` is known to have begun at zero.

    Its target was scraped before without it, or its process is younger than the
    scrape before.
    """
    pairs = series.numbers
    if not pairs or pairs[0][0] <= start:
        return False
    if target.first < pairs[0][0]:
        return True
    return target.began is not None and target.began >= start - target.interval


def is_skewed(signed: Iterable[Signed]) -> bool:
    """Whether this takes counters away that another target's scrapes tell."""
    plus: set[Target] = set()
    minus: set[Target] = set()
    for sign, series in signed:
        (plus if sign > 0 else minus).add(target_of(series))
    return bool(plus) and bool(minus - plus)


@frozen(kw_only=False)
class _Window:
    """What is asked of one target's series."""

    start: float
    end: float
    read: float  # up to when any target was read
    target: Scraped
    last: float = field(init=False)  # the scrape that ends it

    def __post_init__(self) -> None:
        times = self.target.times
        high = bisect.bisect_left(times, self.end)
        last = times[high] if high < len(times) else self.end
        object.__setattr__(self, "last", last)


def _of_target(signed: list[Signed], window: _Window) -> Counted:
    """Return what one target counted; what a reset lost, it lost of all its series."""
    total = Counted()
    fell: set[float] = set()
    older = 0.0  # what was counted before anybody looked, or not: nobody knows
    for sign, series in signed:
        counted = _of_series(series, window)
        if counted.counted.until:
            total += counted.counted if sign > 0 else -counted.counted
            older += sign * counted.older
            fell |= counted.fell
    if not total.until:
        return total
    missing = _possible_loss(window, fell)
    taken = all(sign < 0 for sign, _ in signed)  # what is missing is then too many
    return replace(
        total,
        unknown=total.unknown + max(0.0, older) + (0.0 if taken else missing),
        surplus=total.surplus + max(0.0, -older) + (missing if taken else 0.0),
        resets=len(_resets(window) | fell),
    )


def _resets(window: _Window) -> set[float]:
    """Return the scrapes of a window at which its target had begun anew."""
    return {
        reset.at
        for reset in window.target.resets
        if window.start < reset.at and reset.before < window.end
    }


def _possible_loss(window: _Window, fell: Iterable[float]) -> float:
    """Return what resets, also of single series that fell, and the end may take."""
    resets = _resets(window) | set(fell)
    return window.target.traffic * len(resets) + _loss_at_end(window)


def _loss_at_end(window: _Window) -> float:
    """Return what may be missing of a target whose last scrape came before the end."""
    target = window.target
    last = target.times[-1] if target.times else window.end
    if last >= window.end or last + target.interval <= window.start:
        return 0.0
    read_late = window.read - last < _LATE * target.interval
    most = window.end - last if read_late else target.interval
    return target.rate * min(window.end - last, most)


@frozen
class _OfSeries:
    """What one series counted, and the scrapes at which it fell.

    `older`: the first value of one that is not known to have begun at zero.
    """

    counted: Counted = Counted()
    fell: frozenset[float] = frozenset()
    older: float = 0.0


def _of_series(series: Series, window: _Window) -> _OfSeries:
    pairs = series.numbers
    low = bisect.bisect_right(pairs, (window.start, float("inf"))) - 1
    until = max(window.end, window.last)
    if not pairs or (low < 0 and pairs[0][0] > until):
        return _OfSeries()  # born after the interval
    born = low < 0
    from_zero = births(series, window.target, window.start)
    high = bisect.bisect_left(pairs, (window.end, float("-inf")))
    inside = pairs[max(low, 0) : high + 1]
    older = pairs[0][1] if born and not from_zero else 0.0
    if _only_rises(inside, window.target):
        counted = Counted(
            value=_increase(inside, from_zero=from_zero),
            since=inside[0][0],
            until=inside[-1][0],
            born=int(born),
        )
        return _OfSeries(counted=counted, older=older)
    steps = list(increases(inside, from_zero=from_zero, target=window.target))
    counted = Counted(
        value=sum(step.events for step in steps),
        since=steps[0].at,
        until=steps[-1].at,
        surplus=sum(step.doubt for step in steps),
        born=int(born),
    )
    return _OfSeries(counted=counted, fell=_falls(steps, window.target), older=older)


def _falls(steps: Iterable[Increase], target: Scraped) -> frozenset[float]:
    """Return when a series fell though its target was not seen to begin anew."""
    return frozenset(
        step.at
        for step in steps
        if step.fell and target.reset_in(step.before, step.at) is None
    )


def _only_rises(pairs: Sequence[Pair], target: Scraped) -> bool:
    """Whether nothing began anew, so that the two ends tell all there is to tell."""
    values = [value for _, value in pairs]
    return not target.resets and all(map(operator.le, values, values[1:]))


def _increase(pairs: Sequence[Pair], *, from_zero: bool) -> float:
    last, first = pairs[-1][1], pairs[0][1]
    return last if from_zero else last - first


# --- counters of several targets ---


def _skewed(
    total: Counted,
    by_target: Mapping[Target, list[Signed]],
    span: tuple[float, float],
    targets: Mapping[Target, Scraped],
) -> Counted:
    """Add what the skew of the targets' scrapes leaves open of a difference.

    Each target is counted up to its own scrapes, before the start and after the end.
    What the difference counted there, at the rates seen around, is no event.
    """
    if not is_skewed([pair for mine in by_target.values() for pair in mine]):
        return total
    low = high = 0.0
    for target, mine in by_target.items():
        if len({sign > 0 for sign, _ in mine}) > 1:
            continue  # one scrape tells both
        for sign, series in mine:
            pads = _pads(series, span, targets.get(target, Scraped()))
            least, most = (pads[0], pads[1]) if sign > 0 else (-pads[1], -pads[0])
            low, high = low + least, high + most
    return replace(
        total,
        surplus=total.surplus + max(0.0, high),
        unknown=total.unknown + max(0.0, -low),
    )


def _pads(
    series: Series, span: tuple[float, float], target: Scraped
) -> tuple[float, float]:
    """Return the least and the most that a series counted outside of a span."""
    start, end = span
    born = births(series, target, start)
    steps = list(increases(series.numbers, from_zero=born, target=target))
    before = _part(steps, start, after=False)
    after = _part(steps, end, after=True)
    return before[0] + after[0], before[1] + after[1]


def _part(
    steps: Sequence[Increase], edge: float, *, after: bool
) -> tuple[float, float]:
    """Return the least and the most of the scrape that holds `edge`, on one side."""
    place = bisect.bisect_left(steps, edge, key=lambda part: part.at)
    if place >= len(steps) or not steps[place].before < edge < steps[place].at:
        return 0.0, 0.0
    cell = steps[place]
    seconds = cell.at - edge if after else edge - cell.before
    rates = [
        step.events / (step.at - step.before)
        for step in steps[max(0, place - 1) : place + 2]
        if step.at > step.before
    ]
    most = cell.events
    return min(most, min(rates) * seconds), min(most, max(rates) * seconds)
