"""Whether the fault bites, and is undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
        because = step.why_absent or "nothing was injected into this service"
        evidence = {"may_have_begun": True} if step.may_have_begun else {}
        return unknown(because, evidence=evidence)
    endings = _endings(step, begun)
    ended = {"ended": [_show_end(event) for event in endings.confirmed]}
    if not endings.open:
        because = f"every fault is confirmed to be gone ({endings.how()})"
        return passed(because, evidence=ended)
    names, run = ", ".join(endings.open.values()), step.run
    reasons = [*endings.problems(), *run.broken]
    if not reasons and not run.complete:
        cut = f"the record of the run ends at {show_instant(run.last)}"
        return unknown(f"{cut}, before the fault on {names} ended", evidence=ended)
    # Each try says it again.
    why = "; ".join(dict.fromkeys(reasons)) or "nobody confirmed that it ended"
    return failed(f"the fault on {names} was not undone: {why}", evidence=ended)


@dataclass(frozen=True)
class _Endings:
    """How the faults on a service ended, and the tries to undo them that failed."""

    instances: Mapping[str, str]  # which instance each fault, by its id, had hit
    ends: Sequence[FaultEnd]
    failed_tries: Sequence[UndoFailed]

    @cached_property
    def confirmed(self) -> list[FaultEnd]:
        return [event for event in self.ends if event.ok]

    @cached_property
    def open(self) -> dict[str, str]:
        """The faults of which nobody confirmed that they are gone."""
        gone = {event.id for event in self.confirmed}
        return {id_: name for id_, name in self.instances.items() if id_ not in gone}

    def how(self) -> str:
        """Return how each fault went, as who confirmed it said."""
        how = {self.instances[event.id]: event.because for event in self.confirmed}
        return "; ".join(
            f"{name}: {because or 'gone'}" for name, because in sorted(how.items())
        )

    def problems(self) -> list[str]:
        """Return what stood in the way of the undo of those still open, in time."""
        reports: list[FaultEnd | UndoFailed] = [*self.ends, *self.failed_tries]
        reports.sort(key=lambda report: report.at)
        return [_problem(report) for report in reports if report.id in self.open]


def _endings(step: StepRun, begun: Sequence[FaultStarted]) -> _Endings:
    instances = {start.id: start.instance for start in begun}
    return _Endings(
        instances=instances,
        ends=[event for event in step.events(FaultEnd) if event.id in instances],
        failed_tries=[
            event for event in step.events(UndoFailed) if event.id in instances
        ],
    )


def _show_end(event: FaultEnd) -> dict[str, str]:
    by, found = event.by, event.because
    return {"at": show_instant(event.at), "by": by, "found": found}


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
