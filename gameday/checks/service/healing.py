"""Whether instances heal by themselves: up for good before anything intervenes."""

from collections.abc import Sequence
from itertools import pairwise

from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    last_of,
    unknown,
    within,
)
from gameday.checks.step import BY_ITSELF, StepRun
from gameday.model.events import (
    FaultEnded,
    FaultStarted,
    Guardrail,
    InstanceChanged,
    Phase,
)
from gameday.model.quantity import show_duration, show_instant
from gameday.model.verdict import Outcome

# What an undo may take before it is confirmed, where nothing says when it began.
_UNDO_TAKES = 10.0
_NEVER = float("inf")
_WITHOUT_A_PHASE = ("heal", "watchdog")


def heals_within(step: StepRun, question: Question) -> Answer:
    """Fault begins -> the instance is back without anybody's hand."""
    begun = [
        event
        for event in step.events(FaultStarted)
        if event.service == question.subject
    ]
    if not begun:
        return unknown("nothing was injected into this service")
    return last_of([_healed(step, question, start) for start in begun])


def _healed(step: StepRun, question: Question, begun: FaultStarted) -> Answer:
    name = begun.instance
    deadline = begun.at + (question.promised or 0.0)
    intervention = _first_intervention(step, begun)
    back = _back_event(step, begun, min(intervention, deadline), intervention)
    if back is not None:
        answer = within(
            question,
            Measurement(
                what=f"{name} was back by itself",
                origin="the fault began",
                measured=max(0.0, back.at - begun.at),
                error=back.error if isinstance(back, InstanceChanged) else 0.0,
                decided=back.at,
                lasts_until=min(deadline, step.end),
                evidence={"instance": name, "by": "self"},
            ),
        )
        seen = [change for change in changes_of(step, begun) if change.at <= step.end]
        fell = _may_have_been_down(seen, deadline)
        return (
            answer.unsure(fell) if fell and answer.outcome is Outcome.PASS else answer
        )
    if intervention <= step.end and intervention < deadline:
        left = show_duration(round(deadline - intervention, 3))
        said = f"the fault on {name} was undone {left} before its time was over"
        return unknown(f"{said}, so nobody knows whether it would have healed")
    said = f"{name} was not back by itself when its time was over"
    return failed(said, evidence={"instance": name}, decided=deadline)


def _first_intervention(step: StepRun, begun: FaultStarted) -> float:
    """Return when gameday first acted on the instance; infinity: it never did.

    It never did on one whose fault ended by itself, as the ledger knows.
    """
    ended = [event for event in step.events(FaultEnded) if event.id == begun.id]
    if ended and ended[0].by in BY_ITSELF:
        return _NEVER
    undo = [event.at for event in step.events(Phase) if event.phase == "undo"]
    stops = [
        event.at
        for event in step.run.timeline.of(Guardrail)
        if event.state == "breached"
    ]
    interventions = [at for at in (*undo, *stops) if at >= begun.at]
    if begun.duration:
        interventions.append(begun.at + begun.duration)
    for ending in ended:
        known = [at for at in (*undo, *stops) if begun.at <= at <= ending.at]
        unseen = ending.by in _WITHOUT_A_PHASE and not known
        interventions.append(ending.at - _UNDO_TAKES if unseen else ending.at)
    return max(begun.at, min(interventions, default=_NEVER))


def _back_event(
    step: StepRun, begun: FaultStarted, until: float, intervention: float
) -> InstanceChanged | FaultEnded | None:
    """Return the event since which an instance is up, up to the end of its time.

    Where it is down at the end of its time: its first recovery after that and before
    gameday acted. An instance that went down again, or more than once, may just happen
    to be up at the end of its time, so it is watched beyond that. A recovery between
    two looks has one event only, whose stamp is as exact as the looks are close; it
    counts where it may have happened late enough.
    """
    since: InstanceChanged | None = None
    last = min(intervention, step.end)
    changes = [change for change in changes_of(step, begun) if change.at <= last]
    looping = _is_loop(changes, until)
    for change in changes:
        if change.at > until and since is not None and not looping:
            break
        since = (since or change) if change.up else None
    if since is not None or looping:
        return since
    if any(
        change.at <= until and not change.up for change in _after_its_end(step, begun)
    ):
        return None  # it was up for a moment, and is not
    ended = [
        event
        for event in step.events(FaultEnded)
        if event.id == begun.id and event.by in BY_ITSELF
    ]
    return ended[0] if ended and ended[0].at <= intervention else None


def _falls(changes: Sequence[InstanceChanged]) -> list[InstanceChanged]:
    """Return when an instance that was up went down again."""
    return [
        change for before, change in pairwise(changes) if before.up and not change.up
    ]


def _is_loop(changes: Sequence[InstanceChanged], until: float) -> bool:
    """Return whether an instance came back and went down within its time, or again."""
    falls = _falls(changes)
    return len(falls) > 1 or any(fall.at <= until for fall in falls)


def _may_have_been_down(changes: Sequence[InstanceChanged], deadline: float) -> str:
    """Return that a late look saw it down, maybe within its time; empty: none did."""
    for fall in _falls(changes):
        late = float(fall.error or 0.0)
        if fall.at - late <= deadline < fall.at:
            seen = show_instant(fall.at)
            return f"it was seen down again at {seen}, up to {show_duration(late)} late"
    return ""


def changes_of(step: StepRun, begun: FaultStarted) -> list[InstanceChanged]:
    """Return the changes of an instance since its fault began."""
    return [
        change
        for change in step.run.instance_changes
        if change.instance == begun.instance and change.at + change.error > begun.at
    ]


def _after_its_end(step: StepRun, begun: FaultStarted) -> list[InstanceChanged]:
    ended = [event.at for event in step.events(FaultEnded) if event.id == begun.id]
    first = min(ended, default=_NEVER)
    return [change for change in changes_of(step, begun) if change.at > first]
