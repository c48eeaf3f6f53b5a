"""Whether a workload of a cluster is available again: its replicas and its endpoints.

Available: the controllers have seen its newest spec, as many replicas as it wants are
ready and current. Its endpoints are back where every Service that selects its pods
has as many ready ones as before the fault. Measured is the end of the last time when
it was not so.
"""

from collections.abc import Sequence

from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    unknown,
    within,
)
from gameday.checks.step import StepRun
from gameday.model.events import ClusterEvent, WorkloadChanged
from gameday.model.events.target import is_fully_available, workload_at


def available_within(step: StepRun, question: Question) -> Answer:
    """Fault ends -> the workload available again, and its endpoints back."""
    name, start, end = question.workload, step.start, step.undone_since
    if start is None or end is None:
        return unknown("the fault was not seen to end")
    events = step.run.timeline.of(WorkloadChanged)
    states = [event for event in events if event.workload == name]
    was, since = workload_at(states, start), _known_from(states, end, step.end)
    if was is None or not since:
        return unknown(f"nobody had seen {name} when the fault began")
    if not was.available:
        return unknown(f"{name} was not available when the fault began: {_show(was)}")
    first = _first_for_good(since, was)
    if first == len(since):
        return _still_unavailable(step, question, since[-1], was)
    if step.fault_end is None:
        return unknown("the fault was not seen to end")
    back = since[first]
    return within(
        question,
        Measurement(
            what=f"{name} was available again, with all its endpoints,",
            origin="the fault ended",
            measured=max(0.0, back.at - end),
            below=float(back.error or 0.0) if first else 0.0,
            decided=max(end, back.at),
            since=end,
            evidence=_evidence(back, was),
        ),
    )


def _known_from(
    states: Sequence[WorkloadChanged], since: float, until: float
) -> list[WorkloadChanged]:
    """Return how a workload was at a time, and each change of it after that."""
    at_first = workload_at(states, since)
    if at_first is None:
        return []
    return [at_first, *(state for state in states if since < state.at <= until)]


def _first_for_good(since: Sequence[WorkloadChanged], was: WorkloadChanged) -> int:
    """Return from which state on a workload is as it was; its length: from none."""
    out = [n for n, state in enumerate(since) if not is_fully_available(state, was)]
    return out[-1] + 1 if out else 0


def _still_unavailable(
    step: StepRun, question: Question, now: WorkloadChanged, was: WorkloadChanged
) -> Answer:
    name, evidence = question.workload, _evidence(now, was)
    if now.available and now.wanted < was.wanted:
        said = f"{name} wants {now.wanted} replicas, not {was.wanted} as before"
        return unknown(f"{said}: somebody else scaled it", evidence=evidence)
    end = step.undone_since or 0.0
    deadline = end + (question.promised or 0.0)
    said = f"{name} was not available again when its time was over: {_show(now)}"
    short = [
        f"{name} has {now.endpoints.get(name, 0)} of {ready} ready endpoints"
        for name, ready in sorted(was.endpoints.items())
        if now.endpoints.get(name, 0) < ready
    ]
    because = "; ".join([said, *short, *_unscheduled(step, end)])
    return failed(because, decided=deadline, since=end, evidence=evidence)


def _unscheduled(step: StepRun, since: float) -> list[str]:
    """Return why the scheduler has no place for a pod, as it said last."""
    told = [
        event
        for event in step.run.timeline.between(since, step.end, ClusterEvent)
        if event.reason == "FailedScheduling" and event.service in step.services
    ]
    return [f"{told[-1].object}: {told[-1].message}"] if told else []


def _show(event: WorkloadChanged) -> str:
    return f"{event.ready} of {event.wanted} replicas are ready"


def _evidence(now: WorkloadChanged, was: WorkloadChanged) -> dict[str, object]:
    return {"before": _counts(was), "after": _counts(now)}


def _counts(told: WorkloadChanged) -> dict[str, object]:
    return {"wanted": told.wanted, "ready": told.ready, "endpoints": told.endpoints}
