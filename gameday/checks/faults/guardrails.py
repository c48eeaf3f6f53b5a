"""Guardrails that were breached, or could not be watched: a finding each."""

from collections.abc import Iterator

from gameday.checks.question import Answer, Question, failed, finding, unknown
from gameday.checks.run import Run
from gameday.model.events import Guardrail, Phase
from gameday.model.quantity import show_instant
from gameday.model.verdict import Ending, Finding


def guardrails(run: Run) -> list[Finding]:
    """Return a finding for each guardrail that was breached or nobody could watch.

    The first breach counts; one that could be watched again in time is none.
    """
    told: dict[str, Guardrail] = {}
    for event in run.timeline.of(Guardrail):
        name = event.name
        if name not in told or told[name].state != "breached":
            told[name] = event
    return [_finding(run, event) for event in told.values() if event.state != "ok"]


def _finding(run: Run, event: Guardrail) -> Finding:
    question = Question(
        step=_step_at(run, event.at),
        check="guardrail",
        subject=event.name,
        question="holds",
    )
    return finding(question, _answer(run, event))


def _answer(run: Run, event: Guardrail) -> Answer:
    evidence = {
        "at": show_instant(event.at),
        "state": event.state,
        "value": event.value,
        "limit": event.limit,
    }
    why = event.because
    if event.state != "breached" or event.answered is False:
        said = f"the guardrail could not be watched: {why}"
        return unknown(said, evidence=evidence)
    if run.ending is Ending.REFUSED:
        said = f"the guardrail was breached before the fault: {why}"
        return unknown(said, evidence=evidence)
    return failed(f"the guardrail was breached: {why}", evidence=evidence)


def _step_at(run: Run, at: float) -> str:
    return next(reversed(list(_steps_before(run, at))), "")


def _steps_before(run: Run, at: float) -> Iterator[str]:
    for phase in run.timeline.of(Phase):
        if phase.at <= at and phase.step:
            yield phase.step
