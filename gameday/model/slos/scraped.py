"""What the scrapes of one target tell together: when, of its resets, of its traffic.

A process that begins again takes all of its counters with it, so a reset is the
target's and not a series': a series may come back higher than it was, or not at all.
It is found on the target's total (the series that count every event), and holds for
all of the target's series:

* one fell, all fell together, and what the others show now can have come since: a
  reset, surely; so it is where the process is known to have begun anew;
* one fell and together they rose, or one vanished while the target was scraped on:
  perhaps. What did not fall may have gone on;
* what the others show is more than a scrape's traffic: only those that fell were
  reset, as with an exporter that counts for several processes.
"""

import bisect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.slos.slo import Pair, Series

Target = tuple[str, str]  # job, instance: what one scrape reads
Pairs = Sequence[Pair]

_ROUNDED = 0.002  # seconds by which two stamps of one scrape may differ
_PLAUSIBLE = 2.0  # times the busiest traffic that may have come since a reset
_VANISHED = 3  # scrapes without a series that show it to be gone, not read late


@frozen(kw_only=False)
class Reset:
    """A target's counters began again between two scrapes; `sure`: no doubt of it."""

    before: float
    at: float
    sure: bool = True


@frozen
class Scraped:
    """One target: its scrapes' times, its resets, its busiest traffic (events/s).

    `first`: when it is first known to have been scraped, also without these series.
    `began`: when what answers its first scrape began, None where nobody knows.
    """

    times: tuple[float, ...] = ()
    resets: tuple[Reset, ...] = ()
    interval: float = 0.0
    rate: float = 0.0
    first: float = float("inf")
    began: float | None = None

    @property
    def traffic(self) -> float:
        """The most events that one scrape of it shows: what a reset may lose."""
        return self.rate * self.interval

    def reset_in(self, before: float, at: float) -> Reset | None:
        """Return the reset between two samples of a series; a sure one first."""
        if not self.resets:  # nearly always, and asked for every sample
            return None
        inside = [reset for reset in self.resets if before < reset.at <= at]
        sure = (reset for reset in inside if reset.sure)
        return next(sure, inside[0] if inside else None)


@frozen
class TargetHistory:
    """What else is known of targets: first scraped when, begun when, and how often.

    `processes`: a target's processes, each as the scrape that first showed it and its
    beginning. `came_up`: when instances came up in the run, by name; it may be in a
    target's labels. All on the clock of the samples.
    """

    scraped: Mapping[Target, float] = field(default_factory=dict)
    processes: Mapping[Target, tuple[Pair, ...]] = field(default_factory=dict)
    came_up: Mapping[str, float] = field(default_factory=dict)


NOTHING = TargetHistory()


def target_of(series: Series) -> Target:
    """Return the scrape target that a series comes from."""
    return series.labels.get("job", ""), series.labels.get("instance", "")


def read_targets(
    totals: Iterable[Series],
    others: Iterable[Series] = (),
    known: TargetHistory = NOTHING,
) -> dict[Target, Scraped]:
    """Return the targets of series; `totals` count all events, `others` some."""
    by_target: dict[Target, tuple[list[Pairs], list[Pairs]]] = {}
    came_up: dict[Target, float] = {}
    for side, several in enumerate((totals, others)):
        for series in several:
            pairs = series.numbers
            if pairs:
                sides = by_target.setdefault(target_of(series), ([], []))
                sides[side].append(pairs)
                came_up |= _start_times(series, known)
    targets = {
        target: _scraped(
            total or other, [*total, *other], known, (target, came_up.get(target))
        )
        for target, (total, other) in by_target.items()
    }
    return _with_rates(targets)


def spacing(times: Sequence[float]) -> float:
    """Return the usual (median) distance of two scrapes; 0 where there is only one."""
    distances = sorted(b - a for a, b in itertools.pairwise(times))
    return distances[len(distances) // 2] if distances else 0.0


def _start_times(series: Series, known: TargetHistory) -> dict[Target, float]:
    """Return when the instance came up that a label of a series names."""
    if not known.came_up:
        return {}
    host = series.labels.get("instance", "").rpartition(":")[0]
    for name in (host, *series.labels.values()):
        if name in known.came_up:
            return {target_of(series): known.came_up[name]}
    return {}


def _scraped(
    totals: list[Pairs],
    every: list[Pairs],
    known: TargetHistory,
    whose: tuple[Target, float | None],
) -> Scraped:
    target, came_up = whose
    times = sorted({at for pairs in every for at, _ in pairs})
    processes = sorted(known.processes.get(target, ()))
    rate = _busiest(totals)
    resets = _resets(totals, times, [at for at, _ in processes[1:]], rate)
    return Scraped(
        times=tuple(times),
        resets=tuple(resets),
        interval=spacing(times),
        rate=rate,
        first=min(times[0], known.scraped.get(target, times[0])),
        began=_beginning(processes, came_up),
    )


def _beginning(processes: Sequence[Pair], came_up: float | None) -> float | None:
    """Return when a target's first process began at the latest that is sure.

    A process stamps by its node's clock, which nobody has compared: one that began
    after the scrape that showed it says nothing, and of two witnesses the older one is
    believed.
    """
    known = [] if came_up is None else [came_up]
    known += [began for at, began in processes[:1] if began <= at + _ROUNDED]
    return min(known, default=None)


def _with_rates(targets: dict[Target, Scraped]) -> dict[Target, Scraped]:
    """Give a target whose traffic nobody has seen the busiest one's, and interval."""
    rate = max((target.rate for target in targets.values()), default=0.0)
    interval = max((target.interval for target in targets.values()), default=0.0)
    return {
        target: scraped
        if scraped.rate and scraped.interval
        else Scraped(
            times=scraped.times,
            resets=scraped.resets,
            interval=scraped.interval or interval,
            rate=scraped.rate or rate,
            first=scraped.first,
            began=scraped.began,
        )
        for target, scraped in targets.items()
    }


def _busiest(totals: Iterable[Pairs]) -> float:
    """Return the most events per second that the totals show between two scrapes."""
    rates: dict[tuple[float, float], float] = {}
    for pairs in totals:
        for (before, old), (at, new) in itertools.pairwise(pairs):
            if new > old:
                cell = (before, at)
                rates[cell] = rates.get(cell, 0.0) + (new - old) / (at - before)
    return max(rates.values(), default=0.0)


def _resets(
    totals: list[Pairs], times: Sequence[float], anew: Sequence[float], rate: float
) -> list[Reset]:
    """Return a target's resets, in order; `anew`: the first scrapes of processes."""
    suspects = {**_vanished(totals, times), **_falls(totals, times)}
    resets: dict[float, Reset] = {}
    for at, before in suspects.items():
        reset = _reset(totals, before, at, rate)
        if reset is not None:
            resets[at] = reset
    for when in anew:
        place = bisect.bisect_left(times, when - _ROUNDED)
        if 0 < place < len(times):
            resets[times[place]] = Reset(times[place - 1], times[place])
    return [resets[at] for at in sorted(resets)]


def _falls(totals: list[Pairs], times: Sequence[float]) -> dict[float, float]:
    """Return the scrapes at which a total fell, each with the scrape before.

    A series that was away for some scrapes fell at the first of these.
    """
    return {
        times[bisect.bisect_right(times, before)]: before
        for pairs in totals
        for (before, old), (_, new) in itertools.pairwise(pairs)
        if new < old
    }


def _vanished(totals: list[Pairs], times: Sequence[float]) -> dict[float, float]:
    """Return the scrapes at which a total with events was gone for good.

    A scrape does not count if the target itself was gone, or if the total was only read
    late.
    """
    vanished: dict[float, float] = {}
    for pairs in totals:
        last, value = pairs[-1]
        place = bisect.bisect_right(times, last)
        if value > 0 and len(times) - place >= _VANISHED:
            vanished[times[place]] = last
    return vanished


def _reset(totals: list[Pairs], before: float, at: float, rate: float) -> Reset | None:
    """Return the target's reset at a scrape; None where only single series fell."""
    change = others = 0.0
    vanished = True
    for pairs in totals:
        place = bisect.bisect_left(pairs, (at, float("-inf")))
        if place == 0:
            continue  # born later
        old = pairs[place - 1][1]
        new = pairs[place][1] if place < len(pairs) else 0.0
        change += new - old
        others += new if new >= old else 0.0
        vanished = vanished and not (place < len(pairs) and new < old)
    possible = _PLAUSIBLE * rate * (at - before)
    if rate and others > possible:
        return None
    return Reset(before, at, sure=change < 0 and not vanished)
