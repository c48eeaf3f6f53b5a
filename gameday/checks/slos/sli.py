"""An SLI after a fault: scrape by scrape, and since when it is within bounds.

Only the SLI's own scrapes count, on a grid as wide as the interval of its slowest
target: how often other targets are scraped does not matter for it.
"""

import bisect
from collections.abc import Sequence
from typing import NamedTuple

from gameday.checks.record.samples import SloSeries
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import Load
from gameday.model.slos.counting import births, increases, is_skewed
from gameday.model.slos.scraped import Scraped, target_of
from gameday.model.slos.slo import Slo

WINDOW = 5  # scrapes that are looked at together
FEW = 1.0  # a single bad event says nothing in so short a window
_STRIKES = 2.0  # seconds in which a fault strikes: what it takes with it came before
EMPTY = 3  # scrapes in a row without any event: nobody was served
EXPECTED = 10.0  # events in that time; below it the silence means nothing


@frozen
class Sli:
    """How an SLI came back: `recovered_after` seconds after the fault's end.

    `recovered` is false where it was out at the last scrape. The truth is at most
    `below` earlier and `above` later.
    """

    slo: str
    events: float
    bad: float
    recovered: bool
    recovered_after: float
    below: float
    above: float = 0.0

    def show(self) -> dict[str, object]:
        """Return it as evidence."""
        return {
            "events_after": self.events,
            "bad_after": self.bad,
            "recovered": self.recovered,
            "recovered_after_s": round(self.recovered_after, 3),
        }


class _Seen(NamedTuple):
    """Events that one scrape showed: they came after `before`, at the latest at `at`.

    `lost`: others may have come in that time of which nothing was seen.
    """

    before: float
    at: float
    events: float
    lost: bool = False


@frozen
class _Scrapes:
    """What an SLI's scrapes after the fault's end showed.

    Slot `i` is the time from `edges[i]` to `edges[i + 1]`. `out`: the slots from which
    on the SLI is out; `lost`: the increases beside which events may have been lost.
    """

    edges: Sequence[float]
    interval: float
    bad: Sequence[_Seen]
    bad_by_slot: Sequence[float]
    total_by_slot: Sequence[float]
    out: Sequence[int]
    lost: Sequence[_Seen]


def read_sli(step: StepRun, slo: Slo, end: float, until: float = float("inf")) -> Sli:
    """Return how an SLI came back after the fault's end, and stayed so until `until`.

    Failures after `until` do not belong to this recovery.
    """
    clocks = step.run.clocks
    seen = step.once((_Scrapes, slo.name, end), lambda: _read_scrapes(step, slo, end))
    due = clocks.to_source_clock("prometheus", until)
    out, open_ = _begun_by(due, seen.edges, seen.out, seen.bad)
    after, below = _recovery_time(seen.edges, out, seen.bad)
    if open_:  # its first scrape shows what came before or after the time was over
        sure, _ = _recovery_time(seen.edges, out[: -len(open_)], seen.bad)
        below = max(below, after - sure)
    unsure = clocks.error("prometheus", end)
    return Sli(
        slo=slo.name,
        events=sum(seen.total_by_slot),
        bad=sum(seen.bad_by_slot),
        recovered=not out or out[-1] < len(seen.edges) - 2,
        recovered_after=after,
        below=below + (unsure if out else 0.0),
        above=_unseen_delay(seen, after) + unsure,
    )


def _read_scrapes(step: StepRun, slo: Slo, end: float) -> _Scrapes:
    """Return what an SLI's scrapes showed after the fault's end."""
    run = step.run
    counters = run.samples.of(slo.name)
    interval = counters.interval or run.scrape_interval or 1.0
    start = run.clocks.to_source_clock("prometheus", end)
    edges = _edges(step, counters, start, interval)
    seen = {side: _scrape_values(counters, side, start) for side in ("bad", "total")}
    bad, total = (_per_slot(seen[side], edges) for side in ("bad", "total"))
    out = _slots_out(slo, counters, edges, (bad, total))
    if _rate(counters, start) * interval * EMPTY >= EXPECTED:
        out = sorted({*out, *_empty_slots(total)})
    begun = run.clocks.to_source_clock("prometheus", step.start or end)
    lost = [
        increase
        for increase in (*seen["bad"], *seen["total"])
        if increase.lost and increase.before > begun + _STRIKES
    ]
    return _Scrapes(
        edges=edges,
        interval=interval,
        bad=seen["bad"],
        bad_by_slot=bad,
        total_by_slot=total,
        out=out,
        lost=lost,
    )


def back_for_users(step: StepRun, slo: Slo, sli: Sli, end: float) -> float:
    """Return when the load's users had the last burst of failures behind them.

    In seconds after the fault's end, and only where the SLI did not count them: 0
    otherwise. Looked at as an SLI is, second by second.
    """
    told = [event for event in step.run.timeline.of(Load) if event.since >= end]
    told = [second for second in told if second.until <= step.end]
    failed = sum(float(second.failed) for second in told)
    if failed - sli.bad <= FEW:
        return 0.0
    bad = [float(second.failed) for second in told]
    sent = [float(second.sent) for second in told]
    out = _windows_out(slo, bad, sent)
    return float(told[out[-1]].until) - end if out else 0.0


def _edges(
    step: StepRun, counters: SloSeries, start: float, interval: float
) -> list[float]:
    """Return the edges of the slots, one scrape of the slowest target each."""
    over = step.run.clocks.to_source_clock("prometheus", step.end)
    last = min(over, counters.last or start)
    slots = max(1, int((last - start) / interval + 1e-6))
    edges = [start + interval * index for index in range(slots)]
    return [*edges, max(last, edges[-1] + interval)]


def _slots_out(
    slo: Slo,
    counters: SloSeries,
    edges: Sequence[float],
    sides: tuple[Sequence[float], Sequence[float]],
) -> list[int]:
    """Return the slots from which on the SLI is out of its objective."""
    bad, total = sides
    out = _windows_out(slo, bad, total)
    if not is_skewed(counters.bad):
        return out
    return [moment for moment in out if _is_surely_out(slo, counters, edges, moment)]


def _windows_out(slo: Slo, bad: Sequence[float], total: Sequence[float]) -> list[int]:
    """Return the slots that begin a window with too many bad events.

    At the record's end a window is cut off: what is too many for the slots that are
    left counts where it is too many for the last whole window as well.
    """

    def is_out_from(slot: int) -> bool:
        window = slice(slot, slot + WINDOW)
        return _is_slot_out(slo, sum(bad[window]), sum(total[window]))

    last_whole = max(0, len(bad) - WINDOW)
    out_at_the_end = is_out_from(last_whole)
    return [
        slot
        for slot in range(len(bad))
        if is_out_from(slot) and (slot <= last_whole or out_at_the_end)
    ]


def _is_slot_out(slo: Slo, bad: float, total: float) -> bool:
    return bad > FEW and bad > slo.tolerated * total


def _is_surely_out(
    slo: Slo, counters: SloSeries, edges: Sequence[float], index: int
) -> bool:
    """Whether a difference of several targets is out by more than their skew."""
    span = edges[index], edges[min(index + WINDOW, len(edges) - 1)]
    bad, total = (counters.count(side, *span) for side in ("bad", "total"))
    return _is_slot_out(slo, bad.value - bad.surplus, total.value)


def _empty_slots(total: Sequence[float]) -> list[int]:
    """Return the slots that lie in a long enough run of empty ones."""
    empty: list[int] = []
    run: list[int] = []
    for index, events in enumerate([*total, 1.0]):
        if events <= 0:
            run.append(index)
            continue
        empty += run if len(run) >= EMPTY else []
        run = []
    return empty


def _begun_by(
    due: float, edges: Sequence[float], out: Sequence[int], bad: Sequence[_Seen]
) -> tuple[list[int], list[int]]:
    """Return the slots of the bursts that had begun by then; and of those that may.

    The slots of a burst follow each other; it begins with its first bad event, or,
    where nobody was served, with its first slot. What was out from the fault's end on
    had begun.
    """
    kept: list[int] = []
    for burst in _bursts(out):
        if burst[0] == 0:
            kept += burst
            continue
        since, to = edges[burst[0]], edges[burst[-1] + 1]
        shown = [
            increase
            for increase in bad
            if increase.events > 0 and since < increase.at <= to
        ]
        first = min(shown, key=lambda increase: increase.at, default=None)
        if (since if first is None else first.before) >= due:
            break
        kept += burst
        if first is not None and first.at > due:
            return kept, burst
    return kept, []


def _bursts(out: Sequence[int]) -> list[list[int]]:
    """Return slots that follow each other together."""
    bursts: list[list[int]] = []
    for slot in out:
        if bursts and slot == bursts[-1][-1] + 1:
            bursts[-1].append(slot)
        else:
            bursts.append([slot])
    return bursts


def _recovery_time(
    edges: Sequence[float], out: Sequence[int], bad: Sequence[_Seen]
) -> tuple[float, float]:
    """Return how long after the fault's end the last burst was over, and its error.

    It was over by the last scrape that shows a bad event of it, and after the scrape
    before that one; a silence was over with the slot that ends it.
    """
    if not out:
        return 0.0, 0.0
    begin, end = edges[out[-1]], edges[out[-1] + 1]
    showing = [
        increase for increase in bad if increase.events and begin < increase.at <= end
    ]
    if not showing:
        return end - edges[0], end - begin
    latest = max(showing, key=lambda increase: increase.at)
    after = latest.at - edges[0]
    return after, min(after, latest.at - latest.before)


def _unseen_delay(seen: _Scrapes, after: float) -> float:
    """Return how much later bad events may have come of which nothing was seen."""
    recovered = seen.edges[0] + after
    latest = (
        min(increase.at, increase.before + seen.interval) - recovered
        for increase in seen.lost
    )
    return max(0.0, max(latest, default=0.0))


def _scrape_values(counters: SloSeries, side: str, start: float) -> list[_Seen]:
    """Return what each scrape after the start showed, minus terms as negative."""
    seen: list[_Seen] = []
    for sign, series in counters.side(side):
        target = counters.targets.get(target_of(series), Scraped())
        from_zero = births(series, target, start)
        low = bisect.bisect_right(series.numbers, (start, float("inf"))) - 1
        later = series.numbers[max(0, low) :]
        # Bad events may have come before the series' first sample, unseen.
        hidden = side == "bad" and not from_zero and sign * _first_value(later) > 0
        for increase in increases(later, from_zero=from_zero, target=target):
            before, at = increase.before, increase.at
            if increase.first:
                before = _scrape_before(target, at)
                lost = hidden and at > start
            else:
                lost = increase.fell or increase.reset
            if increase.events or lost:
                seen.append(_Seen(before, at, sign * increase.events, lost))
    return seen


def _first_value(numbers: Sequence[tuple[float, float]]) -> float:
    return numbers[0][1] if numbers else 0.0


def _scrape_before(target: Scraped, at: float) -> float:
    place = bisect.bisect_left(target.times, at)
    return target.times[place - 1] if place else at - target.interval


def _per_slot(seen: Sequence[_Seen], edges: Sequence[float]) -> list[float]:
    """Return the events of each slot: those first seen in its scrape."""
    slots = [0.0] * (len(edges) - 1)
    for increase in seen:
        index = bisect.bisect_left(edges, increase.at) - 1
        if 0 <= index < len(slots):
            slots[index] += increase.events
    return slots


def _rate(counters: SloSeries, until: float) -> float:
    """Return the events per second up to the fault's end."""
    first = counters.first
    if first is None or first >= until:
        return 0.0
    return counters.rate("total", first, until)
