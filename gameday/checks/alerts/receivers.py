"""A promise about several receivers: each is asked, and the last one decides."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps

from gameday.checks.question import Answer, Question
from gameday.checks.step import StepRun
from gameday.model.verdict import worst

Check = Callable[[StepRun, Question], Answer]


def of_each_receiver(check: Check) -> Check:
    """Return the check that asks about each promised receiver by itself."""

    @wraps(check)
    def asked(step: StepRun, question: Question) -> Answer:
        alert = question.alert
        promises = [] if alert is None else alert.for_each_receiver()
        if len(promises) < 2:  # noqa: PLR2004 - one receiver, or any
            return check(step, question)
        answers = {
            str(promise.receiver): check(step, replace(question, alert=promise))
            for promise in promises
        }
        evidence = {name: dict(answer.evidence) for name, answer in answers.items()}
        return replace(_worst_answer(list(answers.values())), evidence=evidence)

    return asked


def _worst_answer(answers: Sequence[Answer]) -> Answer:
    """Return one answer: the worst outcome, and the latest time of all."""
    outcome = worst(answer.outcome for answer in answers)
    reasons = [answer.because for answer in answers if answer.outcome is outcome]
    slowest = max(answers, key=lambda answer: answer.measured or 0.0)
    if any(answer.measured is None for answer in answers):
        slowest = replace(slowest, measured=None, error=None)
    decided = [answer.decided for answer in answers if answer.decided is not None]
    settled = len(decided) == len(answers)
    said = "; ".join(dict.fromkeys(reason.removesuffix(".") for reason in reasons))
    return replace(
        slowest,
        outcome=outcome,
        because=said,
        decided=max(decided) if settled else None,
    )
