"""The gate: every answer passes through it, and doubt is consulted there.

A check answers from what was seen. Here all that the timeline records as doubt on the
question's chain, from the fault's start to the moment that decided, makes the answer
inconclusive where the table says that it could have changed it, a pass as well as a
fail.
"""

from collections.abc import Iterator
from dataclasses import replace

from gameday.checks.doubts.doubt_table import chain_of
from gameday.checks.doubts.recorded_doubt import COLLECTORS
from gameday.checks.question import Answer, Question, unknown
from gameday.checks.record.doubt import (
    Doubt,
    DoubtKind,
    DoubtSpan,
    Link,
    QuestionChain,
    Turns,
)
from gameday.checks.step import StepRun
from gameday.model.verdict import Outcome

_FIRST = (Link.FAULT, Link.BEFORE)
# What no observation can make up for, whenever it was made.
_BARRING = (DoubtKind.NOT_INJECTED, DoubtKind.NO_BITE, DoubtKind.ALREADY)


def answer_ruled_out(step: StepRun, question: Question) -> Answer | None:
    """Return the answer where none can be looked for; None: let the check look."""
    chain = chain_of(step.run.plan.scenario, question)
    span = DoubtSpan(step.start or 0.0, step.end)
    links = tuple(link for link in chain.links if link in _FIRST)
    for doubt in _doubts(step, question, links, span):
        if doubt.kind in _BARRING and Turns.BOTH in chain.turns[doubt.kind]:
            return unknown(doubt.because)
    return None


def answer_with_doubt(step: StepRun, question: Question, answer: Answer) -> Answer:
    """Return the answer as sure as it is: inconclusive where doubt may change it."""
    if answer.outcome is Outcome.INCONCLUSIVE:
        return answer
    chain = chain_of(step.run.plan.scenario, question)
    for doubt in doubts(step, question, answer):
        if chain.may_change(doubt.kind, answer.outcome):
            return answer.unsure(doubt.because)
        answer = _earlier(step, chain, doubt, answer)
    return answer.doubted(_why_may_not_have_lasted(step, question, answer))


def doubts(step: StepRun, question: Question, answer: Answer) -> Iterator[Doubt]:
    """Yield all doubt on a question's chain in the time that its answer rests on."""
    chain = chain_of(step.run.plan.scenario, question)
    start = step.start or 0.0 if answer.since is None else answer.since
    end = step.end if answer.decided is None else answer.decided
    yield from _doubts(step, question, chain.links, DoubtSpan(start, end))


def _why_may_not_have_lasted(step: StepRun, question: Question, answer: Answer) -> str:
    """Return what hides whether a pass stayed one as long as it had to; empty: nothing.

    What can only have been earlier until it was seen may have broken off after that.
    """
    since, until = answer.decided, answer.lasts_until
    if answer.outcome is not Outcome.PASS or since is None or until is None:
        return ""
    chain = chain_of(step.run.plan.scenario, question)
    if since >= until:
        return ""
    for doubt in _doubts(step, question, chain.links, DoubtSpan(since, until)):
        if chain.turns[doubt.kind] & (Turns.PASS | Turns.BROKEN):
            return doubt.because
    return ""


def _doubts(
    step: StepRun, question: Question, links: tuple[Link, ...], span: DoubtSpan
) -> Iterator[Doubt]:
    for link in links:
        yield from COLLECTORS[link](step, question, span)


def _earlier(
    step: StepRun, chain: QuestionChain, doubt: Doubt, answer: Answer
) -> Answer:
    """Widen the error of a time that may have been earlier, unseen."""
    if Turns.EARLIER not in chain.turns[doubt.kind] or answer.measured is None:
        return answer
    since = max(0.0, (doubt.since or 0.0) - (step.start or 0.0))
    missed = max(0.0, answer.measured - since)
    evidence = {**answer.evidence, "may_be_earlier": doubt.because}
    error = max(answer.error or 0.0, missed)
    return replace(answer, error=error, evidence=evidence)
