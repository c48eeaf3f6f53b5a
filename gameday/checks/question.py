"""Questions, and the answers that checks give them."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from gameday.frozen import frozen
from gameday.model.promise import RATIO, SECONDS
from gameday.model.quantity import keeps, show_duration
from gameday.model.scenario import AlertPromise, MetricPromise
from gameday.model.slos.slo import Slo
from gameday.model.verdict import Finding, Outcome

_ORDINARY = frozenset(
    ("a", "every", "it", "no", "nobody", "nothing", "the", "there", "up", "users")
)
_DIGITS = {SECONDS: 3, RATIO: 9}


@frozen
class Question:
    """One question of a step; `alert`, `slo` or `metric` is what it is about."""

    step: str
    check: str
    subject: str
    question: str
    promised: float | None = None
    unit: str = ""
    alert: AlertPromise | None = None
    slo: Slo | None = None
    metric: MetricPromise | None = None
    workload: str = ""  # of a cluster: deployment/web


@frozen
class Answer:
    """What a check found. `decided`: when the answer was settled (s since the epoch).

    `measured` and `error` are in the question's unit. Whatever disturbs the step
    after `decided` cannot change the answer; None: the end of the step. Nor does what
    observers missed before `since`; None: the fault's start. `lasts_until`: up to when
    what passed has to stay so, which what nobody saw after `decided` leaves open.
    """

    outcome: Outcome
    because: str
    measured: float | None = None
    error: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    decided: float | None = None
    since: float | None = None
    lasts_until: float | None = None

    def unsure(self, because: str) -> "Answer":
        """Return the same measurement, inconclusive for this reason."""
        said = f"{because} ({_without_stop(self.because)})" if self.because else because
        return replace(self, outcome=Outcome.INCONCLUSIVE, because=said)

    def doubted(self, why: str) -> "Answer":
        """Return the same, inconclusive where there is a doubt; empty: none."""
        return self.unsure(why) if why else self


def passed(because: str, **rest: Any) -> Answer:
    """Return the answer that the promise was kept."""
    return Answer(outcome=Outcome.PASS, because=because, **rest)


def failed(because: str, **rest: Any) -> Answer:
    """Return the answer that the promise was broken."""
    return Answer(outcome=Outcome.FAIL, because=because, **rest)


def unknown(because: str, **rest: Any) -> Answer:
    """Return the answer that could not be found."""
    return Answer(outcome=Outcome.INCONCLUSIVE, because=because, **rest)


@frozen
class Measurement:
    """A time that was measured: `what` happened `measured` seconds after `origin`.

    The truth lies in measured - below .. measured + error. `what` reads like
    "Foo fired", `origin` like "the fault began".
    """

    what: str
    origin: str
    measured: float
    error: float = 0.0
    below: float | None = None
    decided: float | None = None
    since: float | None = None
    lasts_until: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def within(question: Question, measurement: Measurement) -> Answer:
    """Compare a measured time with the promise; a tie inside the error is inconclusive.

    A time that is too long was decided at the moment when the promised time was over.
    """
    promised = question.promised or 0.0
    measured = round(measurement.measured, 3)
    below = measurement.error if measurement.below is None else measurement.below
    when = f"{show_duration(measured)} after {measurement.origin}"
    said = f"{measurement.what} {when}; promised within {show_duration(promised)}."
    answer = Answer(
        outcome=Outcome.PASS,
        because=said,
        measured=measured,
        error=max(measurement.error, below),
        evidence=measurement.evidence,
        decided=measurement.decided,
        since=measurement.since,
        lasts_until=measurement.lasts_until,
    )
    if keeps(measured + measurement.error, promised):
        return answer
    if not keeps(measured - below, promised):
        late = measurement.measured - promised
        decided = None if measurement.decided is None else measurement.decided - late
        return replace(answer, outcome=Outcome.FAIL, decided=decided)
    exact = show_duration(max(measurement.error, below))
    return answer.unsure(
        f"the measurement is only exact to {exact}, "
        "too coarse to say on which side of the promise it lies"
    )


def last_of(answers: Sequence[Answer]) -> Answer:
    """Return the answer that counts: the worst, and of equally bad ones the latest.

    An answer about something that never came back counts as the latest of all.
    """
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)
    return min(
        answers,
        key=lambda answer: (
            order.index(answer.outcome),
            float("-inf") if answer.measured is None else -answer.measured,
        ),
    )


def finding(question: Question, answer: Answer) -> Finding:
    """Return the finding: the question with its answer, rounded for good."""
    digits = _DIGITS.get(question.unit, 9)
    return Finding(
        step=question.step,
        check=question.check,
        subject=question.subject,
        question=question.question,
        outcome=answer.outcome,
        because=_sentence(answer.because),
        measured=_rounded(answer.measured, digits),
        error=_rounded(answer.error, digits),
        promised=_rounded(question.promised, digits),
        unit=question.unit,
        evidence=dict(answer.evidence),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0  # no -0.0


def _without_stop(text: str) -> str:
    return text.removesuffix(".")


def _sentence(text: str) -> str:
    first = text.partition(" ")[0]
    said = text[:1].upper() + text[1:] if first in _ORDINARY else text  # not a name
    return said if said.endswith((".", "!", "?")) else said + "."
