"""What the actions of other extensions did, as far as it could be seen.

Nobody proves that such an action bites, so what changed in the target and what its
users noticed while it was at work has to show it; or, where the target cannot, a probe
that the step names.
"""

from collections.abc import Iterator
from typing import TypeVar

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.step import StepRun
from gameday.model.events import (
    Activity,
    ClusterEvent,
    Event,
    Hypothesis,
    Probe,
    WorkloadChanged,
)
from gameday.model.quantity import show_instant

_Kind = TypeVar("_Kind", bound=Event)
_BY_THEMSELVES = ("job/", "cronjob/", "horizontalpodautoscaler/")
_FEW = 5  # effects that evidence shows


def effects(step: StepRun) -> list[str]:
    """Return what began while the step's foreign actions were at work.

    Where the step names a probe that shows it, what that probe said.
    """
    if step.step.bites:
        return list(_times_probed(step))[:_FEW]
    effects_seen = (
        *_instances(step),
        *_workloads(step),
        *_cluster_events(step),
        *_deviations(step),
        *_alerts(step),
        *_bad_events(step),
    )
    return list(dict.fromkeys(effects_seen))[:_FEW]


def ineffective(step: StepRun) -> str:
    """Return why the foreign actions are not known to bite; empty: they do."""
    foreign = step.step.experiment.foreign
    if not foreign or step.start is None or effects(step):
        return ""
    if step.step.bites:
        return _why_not_shown(step)
    return f"nothing was seen to change while {_names(step)} was at work"


def _times_probed(step: StepRun) -> Iterator[str]:
    """Yield when the probe that the step names showed the effect.

    A probe of the method does by an answer within its tolerance, one of the
    hypothesis by one outside of it.
    """
    name = step.step.bites
    for event in _of_method(step):
        if event.ok is True:
            yield f"the probe {name!r} shows it at {show_instant(event.at)}"
    for look in _of_hypothesis(step):
        if look.ok is False:
            yield f"the probe {name!r} deviated at {show_instant(look.at)}"


def _why_not_shown(step: StepRun) -> str:
    name = step.step.bites
    asked: list[Activity | Probe] = [*_of_method(step), *_of_hypothesis(step)]
    if not asked:
        return f"the probe {name!r}, which is to show that they bite, was never asked"
    if all(event.ok is None for event in asked):
        why = asked[-1].because or "it gave no answer that could be judged"
        return f"the probe {name!r}, which is to show that they bite, failed: {why}"
    return f"the probe {name!r} does not show that {_names(step)} bit"


def _names(step: StepRun) -> str:
    return ", ".join(step.step.experiment.foreign)


def _of_method(step: StepRun) -> list[Activity]:
    """Return the answers of the named probe where it is one of the method."""
    return [
        event
        for event in step.events(Activity)
        if (event.name, event.type) == (step.step.bites, "probe")
        and event.phase == "method"
    ]


def _of_hypothesis(step: StepRun) -> list[Probe]:
    """Return the looks at the named probe of the hypothesis during the fault."""
    return [
        event
        for event in step.events(Probe)
        if event.name == step.step.bites and event.phase == "during"
    ]


def _instances(step: StepRun) -> Iterator[str]:
    for change in step.changed:
        yield f"{change.instance} was {change.state} at {show_instant(change.at)}"


def _workloads(step: StepRun) -> Iterator[str]:
    scaled = any(
        happened.object.startswith("horizontalpodautoscaler/")
        for happened in _events_during_actions(step, ClusterEvent)
    )
    before: dict[str, WorkloadChanged] = {}
    for event in step.run.timeline.of(WorkloadChanged):
        was = before.get(event.workload)
        if event.at < (step.start or 0.0):
            before[event.workload] = event
        elif was is not None and event.at <= _until(step):
            fewer = event.ready < was.ready and was.available
            other = event.wanted != was.wanted and not scaled
            if fewer or other:
                ready = f"{event.ready} of {event.wanted} replicas ready"
                yield f"{event.workload} had {ready} at {show_instant(event.at)}"


def _cluster_events(step: StepRun) -> Iterator[str]:
    for happened in _events_during_actions(step, ClusterEvent):
        own = happened.object.startswith(_BY_THEMSELVES)
        if happened.service and not own:
            when = show_instant(happened.at)
            yield f"{happened.object}: {happened.reason} at {when}"


def _deviations(step: StepRun) -> Iterator[str]:
    for event in step.events(Hypothesis):
        inside = (step.start or 0.0) <= event.at <= _until(step)
        if inside and event.ok is False:
            yield f"the hypothesis deviated at {show_instant(event.at)}"
            return


def _alerts(step: StepRun) -> Iterator[str]:
    for promise in step.step.expect.alerts:
        promised = PromisedAlert.of(step, promise)
        fired = [
            episode
            for episode in promised.fired
            if (episode.firing or 0.0) <= _until(step)
        ]
        if fired and not promised.why_unanswerable:
            yield f"{promised.name} fired at {show_instant(fired[0].firing or 0.0)}"


def _bad_events(step: StepRun) -> Iterator[str]:
    run, start = step.run, step.start or 0.0
    since = run.clocks.to_source_clock("prometheus", start)
    until = run.clocks.to_source_clock("prometheus", _until(step))
    for slo in run.plan.scenario.slos:
        counters = run.samples.of(slo.name)
        first = counters.first
        if first is None or counters.count("bad", first, since).value > 0:
            continue
        bad = counters.count("bad", since, until).value
        if bad > 0:
            yield f"{slo.name} counted {bad:g} bad events"


def _events_during_actions(step: StepRun, kind: type[_Kind]) -> list[_Kind]:
    return step.run.timeline.between(step.start or 0.0, _until(step), kind)


def _until(step: StepRun) -> float:
    return step.end if step.fault_end is None else step.fault_end
