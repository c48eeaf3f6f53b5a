"""What an SLO counted in a step: raw samples, aligned to scrapes."""

from dataclasses import replace

from gameday.checks.record.samples import SloSeries
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.quantity import show_instant
from gameday.model.slos.counting import Counted
from gameday.model.slos.selector import missing_bucket, never_seen
from gameday.model.slos.slo import Slo

_REACH = 2.0  # scrapes by which the samples may end before the step
_UNSURE = 1.0  # seconds; what a clock is off by more than that may move events


@frozen(kw_only=False)
class Spent:
    """Bad and all events from the fault's start to the step's end.

    `missing` says why they could not be counted to the end; what was counted up to
    then stands beside it.
    """

    bad: Counted = Counted()
    total: Counted = Counted()
    missing: str = ""

    def show(self) -> dict[str, object]:
        """Return the counts as evidence, with the interval that they belong to."""
        return {
            "bad": self.bad.value,
            "total": self.total.value,
            "may_be_missing": round(self.bad.unknown, 3),
            "may_be_too_many": round(self.bad.surplus, 3),
            "since": show_instant(self.total.since),
            "until": show_instant(self.total.until),
            "counter_resets": self.total.resets,
            "series_born": self.total.born + self.bad.born,
        }


def spent_in(step: StepRun, slo: Slo) -> Spent:
    """Return what an SLO counted in a step whose fault was injected; counted once."""
    return step.once((Spent, slo.name), lambda: _count(step, slo))


def _count(step: StepRun, slo: Slo) -> Spent:
    run = step.run
    start = run.clocks.to_source_clock("prometheus", step.start or 0.0)
    end = run.clocks.to_source_clock("prometheus", step.end)
    counters = run.samples.of(slo.name)
    missing = (
        _missing(slo, counters, start)
        or _never_seen_metric(step, slo, counters)
        or missing_bucket(slo, [series for sign, series in counters.bad if sign < 0])
    )
    if missing:
        return Spent(missing=missing)
    total = counters.count("total", start, end)
    if total.value <= 0:
        return Spent(missing=f"{slo.name} counted no events at all")
    bad = _moved(step, counters, counters.count("bad", start, end), (start, end))
    if bad.value + bad.unknown < 0:
        more = f"{-bad.value:g} more good events than events"
        return Spent(missing=f"{slo.name} counted {more}: its counters do not fit")
    short = _short(step, slo, counters, end)
    return Spent(bad=_not_negative(bad), total=total, missing=short)


def _missing(slo: Slo, counters: SloSeries, start: float) -> str:
    """Return why an SLO's samples do not tell of a fault; empty when they do."""
    if counters.first is None or not counters.total:
        return f"no samples of {slo.name} were read"
    if counters.first > start:
        return f"the samples of {slo.name} begin after the fault"
    return ""


def _short(step: StepRun, slo: Slo, counters: SloSeries, end: float) -> str:
    """Return that an SLO's samples end before the step does; empty: they do not."""
    last = counters.last or 0.0
    if last + _REACH * (counters.interval or step.run.scrape_interval) < end:
        reach = show_instant(last)
        return f"the samples of {slo.name} reach only to {reach}"
    return ""


def _never_seen_metric(step: StepRun, slo: Slo, counters: SloSeries) -> str:
    """Return which metric of bad events nobody has ever seen; empty: they are seen."""
    if any(sign > 0 for sign, _ in counters.bad):
        return ""
    return never_seen(slo, step.run.plan.monitoring.unknown_metrics)


def _moved(
    step: StepRun, counters: SloSeries, bad: Counted, span: tuple[float, float]
) -> Counted:
    """Add what lies between where a clock that stepped may put the step's ends."""
    start, end = span
    clocks = step.run.clocks
    early = clocks.error("prometheus", step.start or 0.0)
    late = clocks.error("prometheus", step.end)
    if max(early, late) <= _UNSURE:
        return bad
    most = counters.count("bad", start - early, end + late)
    least = Counted()
    if start + early < end - late:
        least = counters.count("bad", start + early, end - late)
    return replace(
        bad,
        unknown=max(bad.unknown, most.value + most.unknown - bad.value),
        surplus=max(bad.surplus, bad.value - least.value + least.surplus),
    )


def _not_negative(bad: Counted) -> Counted:
    """Return a difference that came out below nothing as nothing."""
    if bad.value >= 0:
        return bad
    return replace(bad, value=0.0, unknown=bad.unknown + bad.value, surplus=0.0)
