"""Whether a promised alert's page reaches its receiver, in time, and resolves.

Where the scenario has no pages, Alertmanager's own routing answers `reaches`. Of
several promised receivers each is asked, and the last one decides. Doubts that the
timeline records on a page's way are asked by the gate (`checks.gate`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps

from gameday.checks.alerts.alert_fires import never_fired
from gameday.checks.alerts.deadlines import over_too_soon, page_deadline
from gameday.checks.alerts.notifications import Notifications
from gameday.checks.alerts.promised_alert import PromisedAlert, promise_of
from gameday.checks.pages.matching import Match
from gameday.checks.pages.pages import Page
from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    passed,
    unknown,
    within,
)
from gameday.checks.record.clocks import instant
from gameday.checks.step import Check, StepRun
from gameday.model.events import Routed
from gameday.model.quantity import show_instant
from gameday.model.verdict import Outcome, worst


def reaches(step: StepRun, question: Question) -> Answer:
    """Some page about the alert, firing, arrived at the promised receiver."""
    promised = promise_of(step, question)
    wanted = str(promised.promise.receiver)
    deadline = page_deadline(promised)
    if promised.why_unanswerable:
        return unknown(promised.why_unanswerable)
    notified = Notifications.of(promised)
    if "pager" not in step.run.sources:
        if promised.is_silent:
            return never_fired(promised, deadline)
        return _routed(notified, wanted, deadline)
    page = notified.first(wanted)
    if page is None:
        return _missing(notified, wanted, deadline)
    said = f"{promised.name} reached {wanted} at {show_instant(page.stamp)}"
    return passed(said, evidence=_page_evidence(notified, page), decided=page.at)


def pages_within(step: StepRun, question: Question) -> Answer:
    """Fault begins -> notification received, by the pager's own clock."""
    promised = promise_of(step, question)
    wanted = promised.promise.receiver
    deadline = promised.start + (question.promised or 0.0)
    if promised.why_unanswerable:
        return unknown(promised.why_unanswerable)
    if "pager" not in step.run.sources:
        return unknown("the scenario observes no pages, so their times are not known")
    notified = Notifications.of(promised)
    page = notified.first(wanted)
    if page is None:
        return _missing(notified, wanted, deadline)
    return within(
        question,
        Measurement(
            what=f"{promised.name}'s page arrived at {page.receiver}",
            origin="the fault began",
            measured=page.at - promised.start,
            error=step.run.clocks.stamp_error("pager", page.stamp) + step.fault_error,
            decided=page.at,
            evidence=_page_evidence(notified, page),
        ),
    )


def page_resolves_within(step: StepRun, question: Question) -> Answer:
    """Fault ends -> the receiver hears that the alert is over."""
    promised = promise_of(step, question)
    end = step.fault_end
    if promised.why_unanswerable or end is None:
        return unknown(promised.why_unanswerable or "the fault was not seen to end")
    if "pager" not in step.run.sources:
        return unknown("the scenario observes no pages, so their times are not known")
    notified = Notifications.of(promised)
    wanted = promised.promise.receiver
    if notified.first(wanted) is None:
        said = f"{notified.why_no_page(wanted)}, so none could resolve"
        return unknown(notified.why_unobservable(wanted) or said)
    deadline = end + (question.promised or 0.0)
    page = notified.resolved(wanted)
    if page is None:
        return _unresolved(notified, wanted, deadline)
    return within(
        question,
        Measurement(
            what=f"{page.receiver} heard that {promised.name} was over",
            origin="the fault ended",
            measured=max(0.0, page.at - end),
            error=step.run.clocks.stamp_error("pager", page.stamp) + step.fault_error,
            decided=max(page.at, end),
            evidence=_page_evidence(notified, page),
        ),
    )


def _page_evidence(notified: Notifications, page: Page) -> dict[str, object]:
    """Return a page as evidence, and how it was told whose it is."""
    return {"page": page.show(), "told_by": notified.matched_by(page)}


def _missing(notified: Notifications, wanted: str | None, deadline: float) -> Answer:
    """Answer for a page that never arrived at the promised receiver."""
    promised = notified.promised
    if not notified.readings and promised.is_silent:
        return _never_rang(notified, wanted, deadline)
    said = notified.why_no_page(wanted)
    others = notified.other_receivers(wanted)
    held = notified.muted_by
    evidence = {"reached": others, "held_back": held}
    if held or (others and not notified.has_paged(wanted)):
        deadline = _answered_at(promised, deadline)
    answer = failed(said, evidence=evidence, decided=deadline)
    return answer.doubted(
        ("" if held else notified.why_unobservable(wanted))
        or notified.firing_elsewhere_before(deadline)
        or notified.why_page_unmatched(wanted, deadline)
        or ("" if held or others else over_too_soon(promised, deadline))
    )


def _answered_at(promised: PromisedAlert, deadline: float) -> float:
    """Return when the system itself had answered: nothing more is to be waited for."""
    return min(deadline, promised.step.end)


def _never_rang(notified: Notifications, wanted: str | None, deadline: float) -> Answer:
    """Answer for a page of an alert that never fired, as far as anybody saw."""
    promised = notified.promised
    answer = never_fired(promised, deadline)
    if answer.outcome is not Outcome.FAIL:
        return answer
    elsewhere = notified.firing_elsewhere_before(deadline)
    if elsewhere or promised.evaluated_here:
        return answer.doubted(elsewhere)
    # Evaluated elsewhere it may have rung in a page that names no alert.
    return answer.doubted(notified.why_page_unmatched(wanted, deadline))


def _unresolved(notified: Notifications, wanted: str | None, deadline: float) -> Answer:
    promised = notified.promised
    where = "the receiver" if wanted is None else wanted
    said = f"{where} never heard that {promised.name} was over"
    if notified.muted_by:
        said += f"; it was held back by {notified.muted_by}"
    evidence = {"held_back": notified.muted_by}
    answer = failed(said, evidence=evidence, decided=deadline)
    return answer.doubted(notified.why_end_unmatched(wanted, promised.start, deadline))


def _routed(notified: Notifications, wanted: str, deadline: float) -> Answer:
    """Answer `reaches` from the receivers that Alertmanager itself named."""
    promised = notified.promised
    routings = _Routings(promised)
    receivers, since = routings.receivers, routings.since(wanted)
    evidence = {"routed": receivers, "by": "Alertmanager's own routing"}
    held = notified.muted_by
    if since is not None and not held:
        # Up to when it was to be told of, something may have held it back.
        told_by = max(since, min(deadline, promised.step.end))
        said = f"Alertmanager routed {promised.name} to {wanted}"
        return passed(
            f"{said}; no pages are observed",
            evidence=evidence,
            decided=told_by,
        )
    said = f"Alertmanager did not route {promised.name} to {wanted}"
    if held:
        said = f"{promised.name} was held back by {held}"
    elif receivers:
        said += f", but to {', '.join(receivers)}"
    if held or receivers:
        deadline = _answered_at(promised, deadline)
    answer = failed(said, evidence=evidence, decided=deadline)
    return answer.doubted(routings.why_unclear(wanted))


@dataclass(frozen=True)
class _Routings:
    """The routings of one promised alert in its step."""

    promised: PromisedAlert

    @cached_property
    def receivers(self) -> list[str]:
        """The receivers that Alertmanager's own routing named."""
        return sorted({name for event in self._of_promise for name in event.receivers})

    def since(self, receiver: str) -> float | None:
        """Return since when every victim's alert was routed there; None: one is not."""
        victims, firsts = self.promised.step.victims, dict[str, float]()
        for event in self._of_promise:
            identity = self._match(event).identity
            sets = [event.labels, *([identity.labels] if identity else [])]
            whose = frozenset[str]().union(*map(victims.of, sets))
            for victim in (whose & self.promised.required) or {""}:
                if receiver in event.receivers:
                    firsts.setdefault(victim, event.at)
        if not firsts or self.promised.promise.victims == "any":
            return min(firsts.values(), default=None)
        told_apart = "" not in firsts
        if told_apart and not self.promised.required <= firsts.keys():
            return None
        return max(firsts.values())

    def why_unclear(self, receiver: str) -> str:
        """Return why what was routed there may have been this alert; empty: none."""
        for event in self.promised.step.run.timeline.of(Routed):
            match = self._match(event)
            possible = self.promised.identities & set(match.identities)
            inside = self.promised.start <= event.at <= self.promised.step.end
            if possible and not match.sure and inside and receiver in event.receivers:
                return f"it cannot be told whether what went to {receiver} was it"
        return ""

    @cached_property
    def _of_promise(self) -> list[Routed]:
        """The step's events about the promise's alerts."""
        start, end = self.promised.start, self.promised.step.end
        events = self.promised.step.run.timeline.between(start, end, Routed)
        return [
            event
            for event in events
            if self.promised.is_about(
                self._match(event).identity, _routed_alert(event)[0]
            )
        ]

    def _match(self, event: Routed) -> Match:
        """Return which alert was routed."""
        return self.promised.step.run.matching.match(*_routed_alert(event))


def _routed_alert(event: Routed) -> tuple[Mapping[str, str], float | None]:
    """Return the labels of an alert that was routed, and since when it fired."""
    return {**event.labels, "alertname": event.alert}, instant(event.starts)


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
