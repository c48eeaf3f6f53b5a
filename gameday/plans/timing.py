"""The lint of a scenario's promises: which can be kept, by the rules' arithmetic.

`check` and `plan` both ask here, the one with what files say, the other with what
runs. The arithmetic is gameday.model.timing.alert_timing; what stands in a page's way
is gameday.plans.paging.
"""

from collections.abc import Iterable, Sequence

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.plan import Monitoring, Timing
from gameday.model.promise import Since, made
from gameday.model.quantity import show_duration
from gameday.model.scenario import OF_ALERT, AlertPromise, Scenario, Step
from gameday.model.timing.alert_path import rules_for
from gameday.model.timing.alert_timing import (
    DelayRange,
    fires,
    page_ends,
    pages,
    resets,
)
from gameday.plans.paging import PagingDoubt, doubts, page_doubts, unheard_receivers

_ORDER = ("cannot_be_kept", "not_guaranteed", "not_checked", "ok")


@frozen(kw_only=False)
class _Asked:
    """One question about one promise."""

    step: Step
    promise: AlertPromise
    question: str
    pager: bool = False  # whether pages are observed

    @property
    def promised(self) -> float:
        """The promised time in seconds; 0 where the question has none."""
        return float(getattr(self.promise, self.question)) if self.is_timed else 0.0

    @property
    def is_timed(self) -> bool:
        """Whether it asks for a time: who is told is asked without one."""
        return OF_ALERT[self.question].since is not None

    def answer(
        self, state: str, because: str, span: DelayRange | None = None
    ) -> Timing:
        """Return the lint's answer."""
        return Timing(
            step=self.step.name,
            subject=self.promise.alert,
            question=self.question,
            promised=self.promised,
            earliest=None if span is None else round(span.earliest, 3),
            latest=None if span is None else _finite(span.latest),
            state=state,
            because=because,
            line=self.promise.line,
        )


def timings(scenario: Scenario, monitoring: Monitoring) -> tuple[Timing, ...]:
    """Return the lint of every promise of the scenario."""
    pager = scenario.observe.pages is not None
    return tuple(
        _lint(_Asked(step, promise, question, pager), monitoring)
        for step in scenario.steps
        for promise in step.expect.alerts
        for question in _in_order(promise)
    )


def _in_order(promise: AlertPromise) -> list[str]:
    """Return the questions of a promise, those without a time last."""
    questions = [question for question, _ in made(promise, OF_ALERT)]
    return sorted(questions, key=lambda question: OF_ALERT[question].since is None)


def _lint(asked: _Asked, monitoring: Monitoring) -> Timing:
    if monitoring.rules is None:
        return asked.answer("not_checked", "the rules are not known")
    rules = rules_for(asked.promise, monitoring.rules)
    if not rules:
        return asked.answer(*_missing(asked.promise.alert, monitoring))
    against = [*doubts(asked.promise, rules)]
    if OF_ALERT[asked.question].of_pages:
        against += page_doubts(
            asked.step, asked.promise, asked.question, rules, monitoring
        )
        against += unheard_receivers(asked.promise, monitoring) if asked.pager else ()
    if not asked.is_timed:
        return _page_timing(asked, against, monitoring)
    span = _span([_spans(asked, rule, monitoring) for rule in rules])
    state, words = _timed(asked, span)
    for doubt in against:
        if _ORDER.index(doubt.state) < _ORDER.index(state):
            state, words = doubt.state, doubt.because
    if len(rules) > 1:
        words += f"; {len(rules)} rules fit this promise"
    return asked.answer(state, words, None if span.unknown else span)


def _spans(asked: _Asked, rule: AlertRule, monitoring: Monitoring) -> DelayRange:
    promise = OF_ALERT[asked.question]
    if promise.of_pages:
        way = pages if promise.since is Since.START else page_ends
        return way(asked.promise, rule, monitoring)
    return (fires if promise.since is Since.START else resets)(rule, monitoring)


def _span(spans: Sequence[DelayRange]) -> DelayRange:
    """Return the span of a promise that any of several rules may keep."""
    return DelayRange(
        min(span.earliest for span in spans),
        max(span.latest for span in spans),
        why=tuple(dict.fromkeys(reason for span in spans for reason in span.why)),
        unknown=next((span.unknown for span in spans if span.unknown), ""),
        looks=tuple(sorted({back for span in spans for back in span.looks})),
    )


def _timed(asked: _Asked, span: DelayRange) -> tuple[str, str]:
    """Return state and words by the times alone."""
    if span.unknown:
        return "not_checked", span.unknown
    early, promised = _duration_text(span.earliest), show_duration(asked.promised)
    if span.earliest > asked.promised + 1e-9:
        words = f"at the earliest {early} is possible, {promised} is promised"
        return "cannot_be_kept", words
    if _finite(span.latest) is None:
        reason = "; ".join(span.why)
        words = f"from {early} on is possible, {promised} is promised; how late "
        return "not_guaranteed", f"{words}cannot be told: {reason}"
    late = _duration_text(span.latest)
    words = f"between {early} and {late} is possible, {promised} is promised"
    if span.looks:
        back = ", ".join(map(show_duration, span.looks))
        words += f"; the expression looks back over {back}"
    kept = span.latest <= asked.promised + 1e-9
    return ("ok" if kept else "not_guaranteed"), words


def _page_timing(
    asked: _Asked, against: Iterable[PagingDoubt], monitoring: Monitoring
) -> Timing:
    if monitoring.routing is None:
        return asked.answer("not_checked", "the routes are not known")
    worst_first = sorted(against, key=lambda doubt: _ORDER.index(doubt.state))
    if worst_first:
        return asked.answer(worst_first[0].state, worst_first[0].because)
    named = " and ".join(map(repr, asked.promise.reaches))
    return asked.answer("ok", f"routed to {named}")


def _duration_text(seconds: float) -> str:
    return show_duration(seconds) if seconds else "0"


def _missing(alert: str, monitoring: Monitoring) -> tuple[str, str]:
    """Return state and words where no rule is the promised one."""
    named = any(rule.name == alert for rule in monitoring.rules or ())
    if monitoring.all_rules or named:
        return "cannot_be_kept", f"no alert rule is named {alert!r} with these labels"
    return "not_guaranteed", (
        f"no alert rule is named {alert!r} in the files given; it may be evaluated "
        "elsewhere"
    )


def _finite(seconds: float) -> float | None:
    return None if seconds == float("inf") else round(seconds, 3)
