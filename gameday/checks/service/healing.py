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
    ended = _ends(step, begun)
    if ended and ended[0].by in BY_ITSELF:
        return _NEVER
    acts = [*_phases_of_undo(step), *_stops_by_guardrails(step)]
    interventions = [at for at in acts if at >= begun.at]
    if begun.duration:
        interventions.append(begun.at + begun.duration)
    interventions += [_hand_of(ending, acts, begun.at) for ending in ended]
    return max(begun.at, min(interventions, default=_NEVER))


def _phases_of_undo(step: StepRun) -> list[float]:
    return [event.at for event in step.events(Phase) if event.phase == "undo"]


def _stops_by_guardrails(step: StepRun) -> list[float]:
    return [
        event.at
        for event in step.run.timeline.of(Guardrail)
        if event.state == "breached"
    ]


def _hand_of(ending: FaultEnded, acts: Sequence[float], since: float) -> float:
    """Return when the undo that ended a fault may have begun, at the earliest."""
    seen = any(since <= at <= ending.at for at in acts)
    if ending.by in _WITHOUT_A_PHASE and not seen:
        return ending.at - _UNDO_TAKES
    return ending.at


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
    last = min(intervention, step.end)
    changes = [change for change in changes_of(step, begun) if change.at <= last]
    looping = _is_loop(changes, until)
    since = _up_since(changes, _NEVER if looping else until)
    if since is not None or looping:
        return since
    if _went_down_after_its_end(step, begun, until):
        return None  # it was up for a moment, and is not
    ended = [event for event in _ends(step, begun) if event.by in BY_ITSELF]
    return ended[0] if ended and ended[0].at <= intervention else None


def _up_since(
    changes: Sequence[InstanceChanged], until: float
) -> InstanceChanged | None:
    """Return the change since which an instance is up: at a time, or first after it."""
    since: InstanceChanged | None = None
    for change in changes:
        if change.at > until and since is not None:
            break
        since = (since or change) if change.up else None
    return since


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


def _ends(step: StepRun, begun: FaultStarted) -> list[FaultEnded]:
    return [event for event in step.events(FaultEnded) if event.id == begun.id]


def _went_down_after_its_end(step: StepRun, begun: FaultStarted, until: float) -> bool:
    ended = min((event.at for event in _ends(step, begun)), default=_NEVER)
    return any(
        ended < change.at <= until and not change.up
        for change in changes_of(step, begun)
    )
