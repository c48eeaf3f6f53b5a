"""What the load itself counted, whether it kept its rate, and which SLOs see it.

It kept its rate where at least 95 % of the intended requests were sent and at
most half of them started over 10 ms late (a late start changes no count).
"""

from collections.abc import Collection, Mapping

from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import Feeds, Load
from gameday.model.experiment import Experiment
from gameday.model.slos.slo import Slo
from gameday.model.timeline import Timeline

KEPT = 0.95
LATE = 0.5


@frozen(kw_only=False)
class LoadCount:
    """The requests of a time: sent, failed, and the share that started late."""

    sent: float = 0.0
    failed: float = 0.0
    late: float = 0.0
    seconds: float = 0.0


def fed_at_warm_up(timeline: Timeline) -> Collection[str] | None:
    """Return the SLOs that were found to see the load; None: nobody recorded it."""
    told = timeline.of(Feeds)
    return None if not told else {str(name) for name in told[-1].slos}


def sees_load(run: Run, slo: Slo) -> bool:
    """Whether an SLO counts the load's requests; without any record, yes."""
    load = run.plan.scenario.load
    if load is None or not load.url:
        return False
    if load.feeds:
        return slo.name in {_name(run, feed) for feed in load.feeds}
    fed = fed_at_warm_up(run.timeline)
    return fed is None or slo.name in fed


def lasted(run: Run) -> tuple[float, float] | None:
    """Return from when to when the load ran; None where nobody recorded it."""
    return lasted_in(run.timeline)


def lasted_in(timeline: Timeline) -> tuple[float, float] | None:
    """Return from when to when a load ran; None where nobody recorded it."""
    told = timeline.of(Load)
    if not told:
        return None
    return float(told[0].since), float(told[-1].until)


def _name(run: Run, written: str) -> str:
    slo = run.plan.scenario.slo(written)
    return written if slo is None else slo.name


def http_probes(experiment: Experiment) -> set[str]:
    """Return the names of a hypothesis' HTTP probes: requests of gameday's own."""
    hypothesis = experiment.document.get("steady-state-hypothesis")
    probes = hypothesis.get("probes") if isinstance(hypothesis, Mapping) else None
    return {
        str(probe.get("name"))
        for probe in probes or ()
        if isinstance(probe, Mapping)
        and isinstance(probe.get("provider"), Mapping)
        and probe["provider"].get("type") == "http"
    }


def seconds_of_load(step: StepRun, start: float, end: float) -> list[Load]:
    """Return the seconds of the load that lie in a time, or reach into it."""
    return [
        event
        for event in step.run.timeline.of(Load)
        if event.since < end and event.until > start
    ]


def sent_in(step: StepRun) -> LoadCount:
    """Return what the load counted from the fault's start to the step's end."""
    start = step.start or 0.0
    return step.once(LoadCount, lambda: sent_during(step, start, step.end))


def sent_during(step: StepRun, start: float, end: float) -> LoadCount:
    """Return what the load counted between two times, by whole seconds of it."""
    events = seconds_of_load(step, start, end)
    sent = sum(float(event.sent) for event in events)
    late = sum(event.late * float(event.sent) for event in events)
    return LoadCount(
        sent=sent,
        failed=sum(float(event.failed) for event in events),
        late=late / sent if sent else 0.0,
        seconds=sum(event.until - event.since for event in events),
    )


def slack(step: StepRun) -> str:
    """Return why the load did not keep its rate in a step; empty when it did."""
    load, start = step.run.plan.scenario.load, step.start
    if load is None or not load.url or start is None:
        return ""
    for blind in step.run.observer_coverage.blind.get("load", []):
        if blind.since < step.end and blind.until > start:
            return f"the load was not running all the time: {blind.because}"
    counted = sent_in(step)
    intended = load.rate * counted.seconds
    if not intended or counted.seconds + 2.0 < step.end - start:
        return "the load was not recorded all through the step"
    if counted.sent < KEPT * intended:
        share = round(100 * counted.sent / intended)
        return f"the load could not keep its rate: it sent {share}% of its requests"
    if counted.late > LATE:
        share = round(100 * counted.late)
        return f"the load could not keep its rate: {share}% of its requests were late"
    return ""
