"""The verdict on a recorded run under today's rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gameday.checks.judge import findings_of
from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import AlertFiring, AlertResolved
from gameday.model.plan import Plan
from gameday.model.quantity import show_instant
from gameday.model.scenario import OF_ALERT
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome, Verdict, worst
from gameday.replays.censor import Censor, unsure
from gameday.replays.story import ReplayedAlert, TodaysRules, plan_of, timeline_of

REPLAYED = (*OF_ALERT, "stays_firing", "no_other_alerts")


@frozen
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
            unsure(replace(finding, measured=None, error=None, evidence={}), because)
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
    for finding in findings_of(run):
        if finding.question in REPLAYED:
            censor = Censor(steps[finding.step], today, plan, timeline)
            findings.append(censor.read(finding))
    return Replayed(
        recorded=recorded,
        findings=tuple(findings),
        others=_others(recorded),
        rung=today.rung,
    )


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
        life, firing = alert.life, alert.firing
        if firing is not None:
            yield "replayed", life.rule.name, life.labels, firing, alert.ended
