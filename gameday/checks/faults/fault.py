"""Whether the fault bites, and is undone."""

from gameday.checks.faults.foreign_effect import effects, ineffective
from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.step import StepRun
from gameday.model.events import (
    FaultBiting,
    FaultEnd,
    FaultStarted,
    UndoFailed,
)
from gameday.model.quantity import show_instant


def fault_bites(step: StepRun, question: Question) -> Answer:
    """Every fault on the service was proven to be there, and held."""
    if question.subject not in step.services:
        return _foreign_bites(step)
    begun = _begun(step, question.subject)
    if step.why_absent or not begun:
        return unknown(step.why_absent or "nothing was injected into this service")
    proofs = {event.id: event for event in step.events(FaultBiting)}
    evidence = {"faults": [_show(start, proofs.get(start.id)) for start in begun]}
    for start in begun:
        proof = proofs.get(start.id)
        if proof is None:
            because = f"there is no proof that the fault on {start.instance} bit"
            return unknown(because, evidence=evidence)
        if not proof.bites:
            because = f"the fault on {start.instance} did not bite"
            said = f"{because}: {proof.because}"
            return unknown(said, evidence=evidence)
        if early := step.ended_early(start):
            return unknown(early, evidence=evidence)
    hit = ", ".join(start.instance for start in begun)
    return passed(f"{begun[0].fault} is proven to bite on {hit}", evidence=evidence)


def _foreign_bites(step: StepRun) -> Answer:
    """What other extensions' actions did was seen."""
    if step.why_absent:
        return unknown(step.why_absent)
    why = ineffective(step)
    if why:
        return unknown(why)
    seen = effects(step)
    said = f"the actions of other extensions bite: {seen[0]}"
    return passed(said, evidence={"effects": seen})


def undone(step: StepRun, question: Question) -> Answer:
    """Every fault on the service was confirmed to be gone."""
    begun = _begun(step, question.subject)
    if not begun:
        said = step.why_absent or "nothing was injected into this service"
        evidence = {"may_have_begun": True} if step.may_have_begun else {}
        return unknown(said, evidence=evidence)
    mine = {start.id: start.instance for start in begun}
    ends = [e for e in step.events(FaultEnd) if e.id in mine]
    tries = [e for e in step.events(UndoFailed) if e.id in mine]
    over = [e for e in ends if e.ok]
    ended = [_end(e) for e in over]
    left = {key: name for key, name in mine.items() if key not in _ids(over)}
    if not left:
        ended_by_id = {mine[e.id]: e.because or "gone" for e in over}
        how = "; ".join(f"{name}: {what}" for name, what in sorted(ended_by_id.items()))
        said = f"every fault is confirmed to be gone ({how})"
        return passed(said, evidence={"ended": ended})
    names = ", ".join(left.values())
    told: list[FaultEnd | UndoFailed] = [*ends, *tries]
    told.sort(key=lambda e: e.at)
    problems = [_problem(e) for e in told if e.id in left]
    if not problems and not step.run.broken and not step.run.complete:
        cut = f"the record of the run ends at {show_instant(step.run.last)}"
        said = f"{cut}, before the fault on {names} ended"
        return unknown(said, evidence={"ended": ended})
    reasons = dict.fromkeys([*problems, *step.run.broken])  # each try says it again
    why = "; ".join(reasons) or "nobody confirmed that it ended"
    said = f"the fault on {names} was not undone: {why}"
    return failed(said, evidence={"ended": ended})


def _end(event: FaultEnd) -> dict[str, str]:
    by, found = event.by, event.because
    return {"at": show_instant(event.at), "by": by, "found": found}


def _ids(events: list[FaultEnd]) -> set[str]:
    return {event.id for event in events}


def _problem(event: FaultEnd | UndoFailed) -> str:
    because, by_hand = event.because, event.by_hand
    return (
        f"{because}. By hand: {by_hand}" if because and by_hand else because or by_hand
    )


def _begun(step: StepRun, service: str) -> list[FaultStarted]:
    return [event for event in step.events(FaultStarted) if event.service == service]


def _show(begun: FaultStarted, proof: FaultBiting | None) -> dict[str, object]:
    return {
        "fault": begun.fault,
        "instance": begun.instance,
        "began": show_instant(begun.at),
        "proof": "" if proof is None else proof.because,
        "evidence": {} if proof is None else proof.evidence,
    }
