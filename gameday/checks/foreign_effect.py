"""What the actions of other extensions did, as far as it could be seen.

Nobody proves that such an action bites, so what changed in the target and what its
users noticed while it was at work has to show it.
"""

from collections.abc import Iterator

from gameday.checks.promise import Promised
from gameday.checks.step import StepRun
from gameday.model.quantity import show_instant
from gameday.model.timeline import Event

_BY_THEMSELVES = ("job/", "cronjob/", "horizontalpodautoscaler/")
_FEW = 5  # effects that evidence shows


def effects(step: StepRun) -> list[str]:
    """Return what began while the step's foreign actions were at work."""
    found = (
        *_instances(step),
        *_workloads(step),
        *_cluster_events(step),
        *_deviations(step),
        *_alerts(step),
        *_bad_events(step),
    )
    return list(dict.fromkeys(found))[:_FEW]


def toothless(step: StepRun) -> str:
    """Return why the foreign actions are not known to bite; empty: they do."""
    foreign = step.step.experiment.foreign
    if not foreign or step.start is None or effects(step):
        return ""
    return f"nothing was seen to change while {', '.join(foreign)} was at work"


def _instances(step: StepRun) -> Iterator[str]:
    for one in step.changed:
        yield f"{one['instance']} was {one['state']} at {show_instant(one.at)}"


def _workloads(step: StepRun) -> Iterator[str]:
    scaled = any(
        str(one["object"]).startswith("horizontalpodautoscaler/")
        for one in _while_at_work(step, "cluster_event")
    )
    before: dict[str, Event] = {}
    for event in step.run.timeline.of("workload"):
        was = before.get(event["workload"])
        if event.at < (step.start or 0.0):
            before[event["workload"]] = event
        elif was is not None and event.at <= _until(step):
            fewer = event["ready"] < was["ready"] and was["available"]
            other = event["wanted"] != was["wanted"] and not scaled
            if fewer or other:
                ready = f"{event['ready']} of {event['wanted']} replicas ready"
                yield f"{event['workload']} had {ready} at {show_instant(event.at)}"


def _cluster_events(step: StepRun) -> Iterator[str]:
    for one in _while_at_work(step, "cluster_event"):
        own = str(one["object"]).startswith(_BY_THEMSELVES)
        if one.get("service") and not own:
            yield f"{one['object']}: {one['reason']} at {show_instant(one.at)}"


def _deviations(step: StepRun) -> Iterator[str]:
    for event in step.events("hypothesis"):
        inside = (step.start or 0.0) <= event.at <= _until(step)
        if inside and event["ok"] is False:
            yield f"the hypothesis deviated at {show_instant(event.at)}"
            return


def _alerts(step: StepRun) -> Iterator[str]:
    for promise in step.step.expect.alerts:
        promised = Promised(step=step, promise=promise)
        fired = [one for one in promised.fired if (one.firing or 0.0) <= _until(step)]
        if fired and not promised.spoiled:
            yield f"{promised.name} fired at {show_instant(fired[0].firing or 0.0)}"


def _bad_events(step: StepRun) -> Iterator[str]:
    run, start = step.run, step.start or 0.0
    since = run.clocks.theirs("prometheus", start)
    until = run.clocks.theirs("prometheus", _until(step))
    for slo in run.plan.scenario.slos:
        counters = run.samples.of(slo.name)
        first = counters.first
        if first is None or counters.count("bad", first, since).value > 0:
            continue
        bad = counters.count("bad", since, until).value
        if bad > 0:
            yield f"{slo.name} counted {bad:g} bad events"


def _while_at_work(step: StepRun, kind: str) -> list[Event]:
    return step.run.timeline.between(step.start or 0.0, _until(step), kind)


def _until(step: StepRun) -> float:
    return step.end if step.fault_end is None else step.fault_end
