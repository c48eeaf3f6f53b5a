"""What an SLO counted in a step: raw samples, aligned to scrapes."""

from dataclasses import dataclass

from gameday.checks.step import StepRun
from gameday.model.counting import Counted
from gameday.model.quantity import show_instant
from gameday.model.slo import Slo

_REACH = 2.0  # scrapes by which the samples may end before the step


@dataclass(frozen=True, slots=True)
class Spent:
    """Bad and all events from the fault's start to the step's end.

    `missing` says why they could not be counted.
    """

    bad: Counted = Counted()  # noqa: RUF009 - frozen
    total: Counted = Counted()  # noqa: RUF009 - frozen
    missing: str = ""

    def show(self) -> dict[str, object]:
        """Return the counts as evidence, with the interval that they belong to."""
        return {
            "bad": self.bad.value,
            "total": self.total.value,
            "may_be_missing": self.bad.unknown,
            "since": show_instant(self.total.since),
            "until": show_instant(self.total.until),
            "counter_resets": self.total.resets,
            "series_born": self.total.born + self.bad.born,
        }


def spent_in(step: StepRun, slo: Slo) -> Spent:
    """Return what an SLO counted in a step whose fault was injected; counted once."""
    if slo.name not in step.counted:
        step.counted[slo.name] = _count(step, slo)
    found: Spent = step.counted[slo.name]
    return found


def _count(step: StepRun, slo: Slo) -> Spent:
    run = step.run
    start = run.clocks.theirs("prometheus", step.start or 0.0)
    end = run.clocks.theirs("prometheus", step.end)
    gap = run.gap(step.start or 0.0, step.end, "prometheus")
    if gap:
        return Spent(missing=gap)
    counters = run.samples.of(slo.name)
    first, last = counters.first, counters.last
    if first is None or last is None or not counters.total:
        return Spent(missing=f"no samples of {slo.name} were read")
    if first > start:
        return Spent(missing=f"the samples of {slo.name} begin after the fault")
    if last + _REACH * run.scrape_interval < end:
        reach = show_instant(last)
        return Spent(missing=f"the samples of {slo.name} reach only to {reach}")
    until = min(end, last)
    total = counters.count("total", start, until)
    if total.value <= 0:
        return Spent(missing=f"{slo.name} counted no events at all")
    return Spent(bad=counters.count("bad", start, until), total=total)
