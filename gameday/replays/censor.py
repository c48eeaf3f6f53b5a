"""Where an answer under today's rules would need what was not recorded.

A record is censored: the fault ended when it did. What today's rules would have said
had it gone on is answered only where that follows from their own arithmetic.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gameday.checks.record.observer_coverage import SLACK
from gameday.checks.step import StepRun
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import Page
from gameday.model.plan import Plan
from gameday.model.promise import Since
from gameday.model.quantity import keeps, show_duration, show_instant
from gameday.model.scenario import OF_ALERT, AlertPromise
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome
from gameday.replays.machine import would_fire
from gameday.replays.story import (
    ReplayedAlert,
    TodaysRules,
    labels_sent,
    lost_on_the_way,
    pages_if_held,
    pages_later,
)

OF_PAGES = [name for name, made in OF_ALERT.items() if made.of_pages]
# What fails where no alert comes.
NEVER_COME = [name for name, made in OF_ALERT.items() if made.since is not Since.END]
AN_HOUR = 3600.0  # seconds: how far a page is looked for without a time of its own


@dataclass(frozen=True)
class Censor:
    """Says where an answer would need what was not recorded.

    `told`: the run's timeline as it was recorded.
    """

    step: StepRun
    today: TodaysRules
    plan: Plan
    told: Timeline

    def read(self, finding: Finding) -> Finding:
        """Return the finding, as sure as the record makes it."""
        if finding.question == "no_other_alerts":
            return self._others(finding)
        promise = self._promise(finding)
        why = self._unknown(promise)
        if why:
            return unsure(finding, why)
        finding = self._late(finding)
        if self.step.start is None or finding.outcome is Outcome.PASS:
            return finding
        return self._missing(finding, promise)

    def _late(self, finding: Finding) -> Finding:
        """Widen the error of a page that may have missed its flush by a hair."""
        pages = self._pages_of(finding)
        why = next((page.doubt for page in pages if page.doubt), "")
        if why and finding.outcome is Outcome.PASS:
            return unsure(finding, why)
        late = max((page.late for page in pages), default=0.0)
        if finding.measured is None or not late:
            return finding
        error = (finding.error or 0.0) + late
        corrected = replace(finding, error=round(error, 3))
        limit = finding.promised
        open_ = limit is not None and not keeps(finding.measured + error, limit)
        if corrected.outcome is Outcome.PASS and open_:
            return unsure(corrected, "the page may have come one group_interval later")
        return corrected

    def _pages_of(self, finding: Finding) -> list[Page]:
        """Return the pages that a finding shows."""
        shown = list(_pages(finding.evidence))
        return [
            page
            for page in self.step.run.timeline.of(Page)
            if (show_instant(page.at), page.receiver) in shown
        ]

    def _missing(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Return what the rules' own arithmetic says of what did not come."""
        fired = self._fired(promise)
        if not fired:
            return self._silent(finding, promise)
        if finding.question in OF_PAGES and any(
            lost_on_the_way(self.plan, rung.life) for rung in fired
        ):
            return unsure(
                finding, "what is done to the alert's labels on the way is not known"
            )
        if finding.question in ("reaches", "pages_within") and not finding.measured:
            return self._no_page(finding, promise)
        if finding.question == "page_resolves_within" and finding.measured is None:
            return self._no_last_page(finding, promise)
        if finding.question == "resets_within" and finding.measured is None:
            return self._goes_on(finding, promise, promise.resets_within)
        return finding

    def _promise(self, finding: Finding) -> AlertPromise:
        promises = self.step.step.expect.alerts
        named = [
            promise
            for promise in promises
            if promise.subject(promises) == finding.subject
        ]
        return named[0]

    def _others(self, finding: Finding) -> Finding:
        if finding.outcome is not Outcome.PASS:
            return finding
        for place, why in self.today.unknown.items():
            if self._counts(self.today.rules[place]):
                name = self.today.rules[place].name
                return unsure(finding, f"{name} is not replayed: {why}")
        for place, why in self.today.perhaps.items():
            rule = self.today.rules[place]
            if self._counts(rule) and not self._is_promised(rule):
                return unsure(finding, f"{rule.name} may have rung: {why}")
        return finding

    def _counts(self, rule: AlertRule) -> bool:
        """Whether an alert of a rule may be one that nobody promised."""
        asked = self.step.step.expect.no_other_alerts
        return rule.name not in asked.except_ and rule.may_have(asked.matching)

    def _is_promised(self, rule: AlertRule) -> bool:
        return any(
            promise.alert == rule.name and rule.may_have(promise.labels)
            for promise in self.step.step.expect.alerts
        )

    def _rules(self, promise: AlertPromise) -> dict[int, AlertRule]:
        """Return today's rules that may make the promised alert, by their place."""
        return {
            place: rule
            for place, rule in enumerate(self.today.rules)
            if rule.name == promise.alert and rule.may_have(promise.labels)
        }

    def _unknown(self, promise: AlertPromise) -> str:
        """Return why a rule that the promise may be about cannot be replayed."""
        rules = self._rules(promise)
        for place, why in self.today.unknown.items():
            if place in rules:
                return f"{rules[place].name} cannot be replayed: {why}"
        if not rules and self._was_elsewhere(promise):
            return f"{promise.alert} came from elsewhere, whose rules are not replayed"
        return ""

    def _was_elsewhere(self, promise: AlertPromise) -> bool:
        """Whether the promised alert was paged without a rule that was recorded."""
        rules = self.plan.monitoring.rules or ()
        if any(rule.name == promise.alert for rule in rules):
            return False
        return any(
            entry.get("labels", {}).get("alertname") == promise.alert
            for page in self.told.of(Page)
            for entry in page.alerts
        )

    def _lives_since_fault(self, promise: AlertPromise) -> Iterator[ReplayedAlert]:
        """Yield the promise's lives that began with the fault."""
        start = self._to_prometheus_clock(self.step.start or 0.0)
        for rung in self.today.rung:
            if rung.active >= start and promise.fits(rung.life.labels):
                yield rung

    def _to_prometheus_clock(self, at: float) -> float:
        return self.step.run.clocks.to_source_clock("prometheus", at)

    def _to_our_clock(self, at: float) -> float:
        return self.step.run.clocks.to_our_clock("prometheus", at)

    def _fired(self, promise: AlertPromise) -> list[ReplayedAlert]:
        return [
            rung
            for rung in self._lives_since_fault(promise)
            if rung.life.firing is not None
        ]

    def _silent(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for an alert that stayed silent."""
        rules = self._rules(promise)
        if not rules:
            return _without_rule(finding, promise)
        never = [self.today.never.get(place, "") for place in rules]
        if all(never) and finding.question in NEVER_COME:
            return failed(finding, f"{promise.alert} cannot fire: {never[0]}")
        phases = [self.today.perhaps[p] for p in rules if p in self.today.perhaps]
        limit = _limit(finding, promise)
        if phases and finding.outcome is Outcome.FAIL:
            return self._at_another_phase(finding, rules, limit, phases[0])
        if limit is None or self.step.heals_itself or _is_doubted(finding):
            return finding
        return self._ended_first(finding, promise, limit)

    def _ended_first(
        self, finding: Finding, promise: AlertPromise, limit: float
    ) -> Finding:
        """Answer for an alert that a fault that was held longer might have caused."""
        end = self.step.fault_end
        deadline = (self.step.start or 0.0) + limit
        if end is None or end + SLACK >= deadline:
            return finding
        earliest, said = self._could_fire(promise, end)
        if earliest > deadline:
            return failed(finding, f"{said}, later than promised")
        ended = show_instant(end)
        return unsure(
            finding,
            f"the fault ended at {ended}, {show_duration(round(deadline - end, 3))} "
            f"before the time of {promise.alert} was over; {said}",
        )

    def _at_another_phase(
        self,
        finding: Finding,
        rules: Mapping[int, AlertRule],
        limit: float | None,
        why: str,
    ) -> Finding:
        """Answer for an alert whose group may be evaluated at any time."""
        holds = [_held(rule) for rule in rules.values()]
        if limit is not None and min(holds) > limit:
            said = show_duration(min(holds))
            return failed(finding, f"its `for` takes {said} of evaluations")
        return unsure(finding, f"{finding.subject} may have rung: {why}")

    def _could_fire(self, promise: AlertPromise, end: float) -> tuple[float, str]:
        """Return when it could have fired at the earliest, had the fault gone on."""
        start = self.step.start or 0.0
        theirs = self._to_prometheus_clock(end)
        true = [
            rung for rung in self._lives_since_fault(promise) if rung.active <= theirs
        ]
        pending = [
            rung.slots.seconds(would_fire(rung.life, rung.slots.interval))
            for rung in true
            if rung.ended is None or rung.ended >= theirs
        ]
        if pending:
            at = min(pending) - (theirs - end)
            said = f"its expression was true, and it fires {_after(at, start)}"
            return at, said
        at = end + min(rule.hold for rule in self._rules(promise).values())
        was = "not true when the fault ended" if true else "never true"
        return at, f"its expression was {was}, so it fires {_after(at, start)} or later"

    def _no_page(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for a page that did not come: it may not have been due in its time."""
        start, end = self.step.start or 0.0, self.step.fault_end
        limit = promise.pages_within
        due = self._first_pages_if_held(promise)
        receivers = promise.reaches or tuple(due)[:1]
        if not receivers or any(name not in due for name in receivers):
            return finding
        comes = max(due[name] for name in receivers)
        if limit is not None and comes > start + limit:
            said = f"its first page is due {_after(comes, start)}"
            return failed(finding, f"{said}, later than promised")
        if end is None or comes <= end or self.step.heals_itself:
            return finding
        return unsure(
            finding,
            f"the fault ended at {show_instant(end)}, before its page was due "
            f"({_after(comes, start)})",
        )

    def _first_pages_if_held(self, promise: AlertPromise) -> dict[str, float]:
        """Return when each receiver is first paged, had the fault been held."""
        start, end = self.step.start or 0.0, self.step.fault_end
        wanted = self._sent_labels(promise)
        held = pages_if_held(
            self.plan,
            self.told,
            self.today,
            self._to_prometheus_clock(start if end is None else end),
            self._to_prometheus_clock(start + AN_HOUR + (promise.pages_within or 0.0)),
        )
        due: dict[str, float] = {}
        for page in held:
            keys = {frozenset(entry["labels"].items()) for entry in page.alerts}
            if page.status == "firing" and keys & wanted:
                due.setdefault(page.receiver, self._to_our_clock(page.at))
        return due

    def _sent_labels(self, promise: AlertPromise) -> set[frozenset[tuple[str, str]]]:
        """Return the promised alerts that fired, as Alertmanager has their labels."""
        return {
            frozenset((labels_sent(self.plan, rung.life) or {}).items())
            for rung in self._fired(promise)
        }

    def _no_last_page(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for the end of a page that came after the record: it may be late."""
        end, limit = self.step.fault_end, promise.page_resolves_within
        if end is None or limit is None or finding.outcome is Outcome.FAIL:
            return finding
        if any(rung.life.ended is None for rung in self._fired(promise)):
            return self._goes_on(finding, promise, limit)
        deadline = self._to_prometheus_clock(end + limit)
        until = deadline + AN_HOUR
        due = self._last_pages(promise, until)
        last = max(due, default=0.0)
        if math.isinf(last):
            return failed(finding, f"No page says that {promise.alert} is over")
        if last > deadline:
            when = show_duration(round(self._to_our_clock(last) - end, 3))
            said = f"the page that says so is due {when} after the fault ended"
            return failed(finding, f"{said}, later than promised")
        return finding

    def _last_pages(self, promise: AlertPromise, until: float) -> list[float]:
        """Return when each receiver hears of each alert's end; infinite: never."""
        wanted = self._sent_labels(promise)
        heard: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for page in pages_later(self.plan, self.told, self.today, until):
            for entry in page.alerts:
                alert = frozenset(entry["labels"].items())
                if alert in wanted and page.receiver in (
                    promise.reaches or (page.receiver,)
                ):
                    over = page.at if entry["status"] == "resolved" else math.inf
                    heard[page.receiver, alert] = over
        return list(heard.values())

    def _goes_on(
        self, finding: Finding, promise: AlertPromise, limit: float | None
    ) -> Finding:
        """Answer for an alert that goes on: by its own rule it may end too late."""
        end = self.step.fault_end
        if limit is None or end is None:
            return finding
        for rung in self._fired(promise):
            life = rung.life
            if life.ended is not None or life.absent is None:
                continue
            ends = rung.slots.seconds(life.absent) + life.rule.keep_firing
            if self._to_our_clock(ends) > end + limit:
                keep = show_duration(life.rule.keep_firing)
                return failed(
                    finding, f"{promise.alert} goes on for {keep} (keep_firing_for)"
                )
        return finding


def _without_rule(finding: Finding, promise: AlertPromise) -> Finding:
    """Answer for an alert that no rule of today makes."""
    if finding.outcome is Outcome.FAIL or finding.question not in NEVER_COME:
        return finding
    why = f"No rule makes {promise.alert} with the promised labels"
    return failed(finding, why)


def _is_doubted(finding: Finding) -> bool:
    """Whether it is inconclusive for another reason than that its time was cut off."""
    if finding.outcome is not Outcome.INCONCLUSIVE:
        return False
    return (
        "undone" not in finding.because and "The step was over" not in finding.because
    )


def _limit(finding: Finding, promise: AlertPromise) -> float | None:
    """Return until when an answer had to come, from the fault's start (s)."""
    limits = [promise.fires_within, promise.pages_within]
    if finding.question in ("reaches", "pages_within"):
        limits.reverse()
    return next((limit for limit in limits if limit is not None), None)


def _held(rule: AlertRule) -> float:
    """Return a rule's `for`, rounded up to its evaluations (s)."""
    interval = rule.interval or 60.0
    return math.ceil(rule.hold / interval) * interval


def _pages(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield when each page of a finding came, and where."""
    for value in evidence.values():
        if isinstance(value, Mapping) and "received" in value:
            yield value["received"], value["receiver"]
        elif isinstance(value, Mapping):  # of each promised receiver
            yield from _pages(value)


def _after(at: float, start: float) -> str:
    return f"{show_duration(round(max(0.0, at - start), 3))} after the fault began"


def unsure(finding: Finding, because: str) -> Finding:
    """Return a finding that is inconclusive, for this reason."""
    said = because if because.endswith(".") else f"{because}."
    said = said[:1].upper() + said[1:] if said.startswith(("the ", "its ")) else said
    return replace(finding, outcome=Outcome.INCONCLUSIVE, because=said)


def failed(finding: Finding, because: str) -> Finding:
    """Return a finding that failed, for this reason."""
    return replace(unsure(finding, because), outcome=Outcome.FAIL)
