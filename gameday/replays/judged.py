"""The verdict on a recorded run under today's rules, and where the record ends.

A record is censored: the fault ended when it did. What today's rules would have said
had it gone on is answered only where that follows from their own arithmetic.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gameday.checks.compose import compose
from gameday.checks.record.observer_coverage import SLACK
from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.model.events import AlertFiring, AlertResolved, Page
from gameday.model.plan import Plan
from gameday.model.quantity import keeps, show_duration, show_instant
from gameday.model.scenario import OF_ALERT, AlertPromise
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome, Verdict, worst
from gameday.replays.machine import would_fire
from gameday.replays.story import (
    ReplayedAlert,
    TodaysRules,
    labels_sent,
    plan_of,
    timeline_of,
)

REPLAYED = (*OF_ALERT, "stays_firing", "no_other_alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One run under today's rules: findings, the replayed ones apart from the rest.

    `recorded`: the run's own verdict.
    """

    recorded: Verdict
    findings: tuple[Finding, ...]
    others: tuple[Finding, ...]
    rung: tuple[ReplayedAlert, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of what was replayed."""
        return worst(finding.outcome for finding in self.findings)


def unanswered(recorded: Verdict, because: str) -> Replayed:
    """Return a run of which nothing can be said, each question for this reason."""
    return Replayed(
        recorded=recorded,
        findings=tuple(
            _unsure(replace(finding, measured=None, error=None, evidence={}), because)
            for finding in recorded.findings
            if finding.question in REPLAYED
        ),
        others=_others(recorded),
    )


def _others(recorded: Verdict) -> tuple[Finding, ...]:
    return tuple(
        finding for finding in recorded.findings if finding.question not in REPLAYED
    )


def judged(
    plan: Plan, timeline: Timeline, recorded: Verdict, today: TodaysRules
) -> Replayed:
    """Return the verdict on a run as it would have been under today's rules."""
    run = Run(
        plan=plan_of(plan, today),
        timeline=timeline_of(plan, timeline, today),
        ending=recorded.ending,
        because=recorded.because,
        broken=recorded.broken,
    )
    steps = {step.name: StepRun(run=run, step=step) for step in run.plan.scenario.steps}
    findings = []
    for finding in compose(run):
        if finding.question in REPLAYED:
            censor = _Censor(steps[finding.step], today, plan)
            findings.append(censor.read(finding))
    return Replayed(
        recorded=recorded,
        findings=tuple(findings),
        others=_others(recorded),
        rung=today.rung,
    )


@dataclass(frozen=True)
class _Censor:
    """Says where an answer would need what was not recorded."""

    step: StepRun
    today: TodaysRules
    plan: Plan

    def read(self, finding: Finding) -> Finding:
        """Return the finding, as sure as the record makes it."""
        if finding.question == "no_other_alerts":
            return self._others(finding)
        promise = self._promise(finding)
        why = self._unknown(promise)
        if why:
            return _unsure(finding, why)
        finding = self._late(finding)
        if self.step.start is None or finding.outcome is Outcome.PASS:
            return finding
        return self._missing(finding, promise)

    def _late(self, finding: Finding) -> Finding:
        """Widen the error of a page that may have missed its flush by a hair."""
        shown = list(_pages(finding.evidence))
        late = max(
            (
                page.late
                for page in self.step.run.timeline.of(Page)
                if (show_instant(page.at), page.receiver) in shown
            ),
            default=0.0,
        )
        if finding.measured is None or not late:
            return finding
        error = (finding.error or 0.0) + late
        corrected = replace(finding, error=round(error, 3))
        limit = finding.promised
        unsure = limit is not None and not keeps(finding.measured + error, limit)
        if corrected.outcome is Outcome.PASS and unsure:
            return _unsure(corrected, "the page may have come one group_interval later")
        return corrected

    def _missing(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Return what the rules' own arithmetic says of what did not come."""
        if not self._fired(promise):
            return self._silent(finding, promise)
        if finding.question == "pages_within" and finding.measured is None:
            return self._no_page(finding, promise)
        if finding.question == "resets_within" and finding.measured is None:
            return self._no_end(finding, promise)
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
        if finding.outcome is not Outcome.PASS or not self.today.unknown:
            return finding
        place, why = next(iter(self.today.unknown.items()))
        return _unsure(
            finding, f"{self.today.rules[place].name} is not replayed: {why}"
        )

    def _unknown(self, promise: AlertPromise) -> str:
        """Return why a rule that the promise may be about cannot be replayed."""
        for place, why in self.today.unknown.items():
            rule = self.today.rules[place]
            if rule.name == promise.alert and rule.may_have(promise.labels):
                return f"{rule.name} cannot be replayed: {why}"
        return ""

    def _lives_since_fault(self, promise: AlertPromise) -> Iterator[ReplayedAlert]:
        """Yield the promise's lives that began with the fault."""
        start = self._to_prometheus_clock(self.step.start or 0.0)
        for rung in self.today.rung:
            active = rung.life.active / 1000 + rung.slots.offset
            if active >= start and promise.fits(rung.life.labels):
                yield rung

    def _to_prometheus_clock(self, at: float) -> float:
        return self.step.run.clocks.to_source_clock("prometheus", at)

    def _fired(self, promise: AlertPromise) -> list[ReplayedAlert]:
        return [
            rung
            for rung in self._lives_since_fault(promise)
            if rung.life.firing is not None
        ]

    def _silent(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for an alert that stayed silent: a held fault might have met it."""
        start, end = self.step.start or 0.0, self.step.fault_end
        limit = promise.fires_within
        if limit is None:
            limit = promise.pages_within
        if limit is None or end is None or self.step.heals_itself:
            return finding
        if finding.outcome is Outcome.INCONCLUSIVE and "undone" not in finding.because:
            return finding
        deadline = start + limit
        if end + SLACK >= deadline:
            return finding
        earliest, said = self._could_fire(promise, end)
        if earliest > deadline:
            return _failed(finding, f"{said}, later than promised")
        ended = show_instant(end)
        return _unsure(
            finding,
            f"the fault ended at {ended}, {show_duration(round(deadline - end, 3))} "
            f"before the time of {promise.alert} was over; {said}",
        )

    def _could_fire(self, promise: AlertPromise, end: float) -> tuple[float, str]:
        """Return when it could have fired at the earliest, had the fault gone on."""
        start = self.step.start or 0.0
        pending = [
            would_fire(rung.life, rung.slots.interval) / 1000 + rung.slots.offset
            for rung in self._lives_since_fault(promise)
            if rung.life.active / 1000 + rung.slots.offset
            <= self._to_prometheus_clock(end)
        ]
        offset = self._to_prometheus_clock(end) - end
        if pending:
            at = min(pending) - offset
            said = f"its expression was true, and it fires {_after(at, start)}"
            return at, said
        holds = [rule.hold for rule in self.today.rules if rule.name == promise.alert]
        at = end + min(holds, default=0.0)
        said = (
            f"its expression was never true, so it fires {_after(at, start)} or later"
        )
        return at, said

    def _no_page(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for a page that did not come: it may not have been due in its time."""
        limit, routing = promise.pages_within, self.today.routing
        start = self.step.start or 0.0
        if limit is None or routing is None:
            return finding
        due = []
        for rung in self._fired(promise):
            labels = labels_sent(self.plan, rung.life)
            if labels is None:
                return _unsure(
                    finding,
                    "what is done to the alert's labels on the way is not known",
                )
            fires = (rung.life.firing or 0) / 1000 + rung.slots.offset
            due += [
                self.step.run.clocks.to_our_clock("prometheus", fires)
                + path[-1].group_wait
                for path in routing.route.paths(labels)
                if path[-1].receiver in (promise.reaches or (path[-1].receiver,))
            ]
        if due and min(due) > start + limit:
            said = f"its first page is due {_after(min(due), start)}"
            return _failed(finding, f"{said}, later than promised")
        return finding

    def _no_end(self, finding: Finding, promise: AlertPromise) -> Finding:
        """Answer for an alert that goes on: by its own rule it may end too late."""
        limit, end = promise.resets_within, self.step.fault_end
        if limit is None or end is None:
            return finding
        for rung in self._fired(promise):
            life = rung.life
            if life.ended is not None or life.absent is None:
                continue
            ends = life.absent / 1000 + rung.slots.offset + life.rule.keep_firing
            if self.step.run.clocks.to_our_clock("prometheus", ends) > end + limit:
                keep = show_duration(life.rule.keep_firing)
                return _failed(
                    finding, f"{promise.alert} goes on for {keep} (keep_firing_for)"
                )
        return finding


def _pages(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield when each page of a finding came, and where."""
    for value in evidence.values():
        if isinstance(value, Mapping) and "received" in value:
            yield value["received"], value["receiver"]
        elif isinstance(value, Mapping):  # of each promised receiver
            yield from _pages(value)


def _after(at: float, start: float) -> str:
    return f"{show_duration(round(max(0.0, at - start), 3))} after the fault began"


def _unsure(finding: Finding, because: str) -> Finding:
    said = because if because.endswith(".") else f"{because}."
    said = said[:1].upper() + said[1:] if said.startswith(("the ", "its ")) else said
    return replace(finding, outcome=Outcome.INCONCLUSIVE, because=said)


def _failed(finding: Finding, because: str) -> Finding:
    return replace(_unsure(finding, because), outcome=Outcome.FAIL)


def compared(
    timeline: Timeline, rung: Sequence[ReplayedAlert], since: float
) -> list[Mapping[str, object]]:
    """Return each alert that began to fire, then or under today's rules.

    `since`: the first fault's start, on Prometheus' clock; what fired before is older
    than what was recorded.
    """
    rows: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, object]] = {}
    counts: dict[object, int] = {}
    for side, name, labels, firing, ended in (
        *_recorded(timeline),
        *_replayed(rung),
    ):
        if firing < since:
            continue
        key = (name, tuple(sorted({**labels, "alertname": name}.items())))
        number = counts.get((side, key), 0)
        counts[side, key] = number + 1
        row = rows.setdefault((*key, number), {"alert": name, "labels": dict(labels)})
        row[side] = {
            "firing": show_instant(firing),
            "resolved": None if ended is None else show_instant(ended),
        }
    return [rows[key] for key in sorted(rows)]


_Fired = tuple[str, str, Mapping[str, str], float, float | None]


def _recorded(timeline: Timeline) -> Iterator[_Fired]:
    ends = timeline.of(AlertResolved)
    for event in timeline.of(AlertFiring):
        end = next(
            (
                other.at
                for other in ends
                if other.labels == event.labels and other.at >= event.at
            ),
            None,
        )
        yield "recorded", event.alert, event.labels, event.at, end


def _replayed(rung: Sequence[ReplayedAlert]) -> Iterator[_Fired]:
    for alert in sorted(rung, key=lambda alert: alert.life.firing or 0):
        life, offset = alert.life, alert.slots.offset
        if life.firing is not None:
            ended = None if life.ended is None else life.ended / 1000 + offset
            fired = life.firing / 1000 + offset
            yield "replayed", life.rule.name, life.labels, fired, ended
