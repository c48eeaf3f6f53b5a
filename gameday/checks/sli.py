"""An SLI after a fault: scrape by scrape, and since when it is within bounds."""

import bisect
from dataclasses import dataclass

from gameday.checks.samples import Counters
from gameday.checks.step import StepRun
from gameday.model.counting import increases, scraped_at, target_of
from gameday.model.slo import Slo

WINDOW = 5  # scrapes that are looked at together
FEW = 1.0  # a single bad event says nothing in so short a window
EMPTY = 3  # scrapes in a row without any event: nobody was served
EXPECTED = 10.0  # events in that time; below it the silence means nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sli:
    """How an SLI came back: `recovered_after` seconds after the fault's end.

    `recovered` is false where it was out at the last scrape; `error`: the measured
    time is at most that much later than the truth.
    """

    slo: str
    events: float
    bad: float
    recovered: bool
    recovered_after: float
    error: float

    def show(self) -> dict[str, object]:
        """Return it as evidence."""
        return {
            "events_after": self.events,
            "bad_after": self.bad,
            "recovered": self.recovered,
            "recovered_after_s": round(self.recovered_after, 3),
        }


def read_sli(step: StepRun, slo: Slo, end: float) -> Sli:
    """Return how an SLI came back after the fault's end."""
    run = step.run
    interval = run.scrape_interval or 1.0
    start = run.clocks.theirs("prometheus", end)
    counters = run.samples.of(slo.name)
    last = min(run.clocks.theirs("prometheus", step.end), counters.last or start)
    slots = max(1, int((last - start) / interval + 1e-6))
    edges = [start + interval * index for index in range(slots + 1)]
    bad = _per_slot(counters, "bad", edges)
    total = _per_slot(counters, "total", edges)
    out = [
        index
        for index in range(slots)
        if _is_out(slo, bad[index : index + WINDOW], total[index : index + WINDOW])
    ]
    if _rate(counters, start) * interval * EMPTY >= EXPECTED:
        out = sorted({*out, *_empty(total)})
    after = 0.0 if not out else interval * (out[-1] + 1)
    return Sli(
        slo=slo.name,
        events=sum(total),
        bad=sum(bad),
        recovered=not out or out[-1] < slots - 1,
        recovered_after=after,
        error=interval if out else 0.0,
    )


def _is_out(slo: Slo, bad: list[float], total: list[float]) -> bool:
    return sum(bad) > max(FEW, slo.budget * sum(total))


def _empty(total: list[float]) -> list[int]:
    """Return the slots that lie in a long enough run of empty ones."""
    found: list[int] = []
    run: list[int] = []
    for index, events in enumerate([*total, 1.0]):
        if events <= 0:
            run.append(index)
            continue
        found += run if len(run) >= EMPTY else []
        run = []
    return found


def _per_slot(counters: Counters, side: str, edges: list[float]) -> list[float]:
    """Return the events of each slot: those first seen in its scrape."""
    signed = counters.bad if side == "bad" else counters.total
    known = scraped_at(counters.series, edges[0])
    slots = [0.0] * (len(edges) - 1)
    for sign, series in signed:
        for at, delta in increases(series, from_zero=target_of(series) in known):
            index = bisect.bisect_left(edges, at) - 1
            if 0 <= index < len(slots):
                slots[index] += sign * delta
    return slots


def _rate(counters: Counters, until: float) -> float:
    """Return the events per second up to the fault's end."""
    first = counters.first
    if first is None or first >= until:
        return 0.0
    counted = counters.count("total", first, until)
    return counted.value / max(counted.until - counted.since, 1e-9)
