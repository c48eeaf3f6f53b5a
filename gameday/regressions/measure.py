"""What of a run is compared: each measured question, with what decides it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.frozen import frozen
from gameday.model.plan import Plan, Timing
from gameday.model.promise import Since
from gameday.model.scenario import PROMISES
from gameday.model.timing.phase import Grid, Phases
from gameday.model.verdict import Finding, Outcome, Verdict
from gameday.regressions.settings import promise_of, promises_of, settings

# The questions whose answer is a number; less is better in all of them.
MEASURED = tuple(name for name, promise in PROMISES.items() if promise.unit)
Family = tuple[str, str, str]  # a scenario, a kind of target and a testbed
TESTBED = "testbed"  # the label of a scenario that says where it was run


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MeasureKey:
    """What makes two measurements ones of the same thing."""

    scenario: str
    target: str  # its kind: docker, kubernetes, local
    testbed: str
    step: str
    question: str
    subject: str

    @property
    def family(self) -> Family:
        """What is tried together: all measures of a scenario at one place."""
        return self.scenario, self.target, self.testbed


@frozen
class RunSample:
    """What one run measured, in the measure's unit.

    `waited`: how much of it is due to where the change fell between scrapes and
    evaluations, in seconds, which repeat after `period`; None: not known. `scrape`,
    `evaluation`: seconds from the change to the first of them; both repeat after their
    intervals. `besides`: how long it may have waited for more than these, at most.
    """

    run: str
    measured: float
    error: float = 0.0
    waited: float | None = None
    period: float | None = None
    scrape: float | None = None
    scrape_interval: float | None = None
    evaluation: float | None = None
    evaluation_interval: float | None = None
    besides: float | None = None

    @property
    def phases(self) -> Phases | None:
        """The scrapes and evaluations since the change; None: not known."""
        if (
            self.scrape is None
            or self.evaluation is None
            or not self.scrape_interval
            or not self.evaluation_interval
        ):
            return None
        return Phases(
            Grid(self.scrape, self.scrape_interval),
            Grid(self.evaluation, self.evaluation_interval),
        )


@frozen
class Measure:
    """One measured question; `settings`: what decides it, by name.

    `earliest`, `latest`: when it can come true by the rules' own arithmetic, in
    seconds; between them only the phases of scrapes and evaluations decide. None: not
    known. `generation`: the versions of what was asked.
    """

    key: MeasureKey
    unit: str
    promised: float | None = None
    earliest: float | None = None
    latest: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    generation: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[RunSample, ...] = ()


@frozen
class RunMeasure:
    """A measure as one run had it, and how its question was answered."""

    measure: Measure
    outcome: Outcome
    because: str


def family_of(plan: Plan, verdict: Verdict, testbed: str = "") -> Family:
    """Return the family of all that a run measured."""
    scenario = plan.scenario
    testbed = testbed or scenario.labels.get(TESTBED, "")
    return verdict.scenario, scenario.target.kind, testbed


def observed(plan: Plan, verdict: Verdict, testbed: str = "") -> list[RunMeasure]:
    """Return what a run measured; a question without an answer has no sample."""
    scenario, target, testbed = family_of(plan, verdict, testbed)
    generation = {
        "Prometheus": plan.monitoring.prometheus_version,
        "Alertmanager": plan.monitoring.alertmanager_version,
    }
    run_measures = []
    for finding in verdict.findings:
        if finding.question not in MEASURED:
            continue
        key = MeasureKey(
            scenario=scenario,
            target=target,
            testbed=testbed,
            step=finding.step,
            question=finding.question,
            subject=finding.subject,
        )
        timing = _timing(plan, finding)
        measure = Measure(
            key=key,
            unit=finding.unit,
            promised=finding.promised,
            earliest=timing.earliest if timing else None,
            latest=timing.latest if timing else None,
            settings=dict(settings(plan, finding)),
            generation={name: text for name, text in generation.items() if text},
            samples=_samples(plan, verdict, finding),
        )
        run_measures.append(
            RunMeasure(
                measure=measure, outcome=finding.outcome, because=finding.because
            )
        )
    return run_measures


def _samples(plan: Plan, verdict: Verdict, finding: Finding) -> tuple[RunSample, ...]:
    if finding.measured is None or finding.outcome is Outcome.INCONCLUSIVE:
        return ()
    sample = RunSample(
        run=verdict.run,
        measured=finding.measured,
        error=finding.error or 0.0,
        **_phase(plan, verdict, finding),
    )
    return (sample,)


# A page comes when the alert has changed; the phase is that of the change.
_PHASE_OF = {
    "fires_within": "fires_within",
    "pages_within": "fires_within",
    "resets_within": "resets_within",
    "page_resolves_within": "resets_within",
}


def _phase(plan: Plan, verdict: Verdict, finding: Finding) -> dict[str, float]:
    """Return what the phase added to a time; empty where it is unknown, or has none.

    A page that may also have waited for its group's next notification has a second
    phase, which nothing tells: the first is subtracted all the same, since the page
    follows its alert. The end of a page comes when the group is next told of, however
    long before that the alert was resolved.
    """
    question = _PHASE_OF.get(finding.question)
    for other in verdict.findings:
        of_same = (other.step, other.subject) == (finding.step, finding.subject)
        if not of_same or other.question != question:
            continue
        told = other.evidence.get("phase") or {}
        phase = {name: float(told[name]) for name in _TOLD if name in told}
        besides = _range(plan, finding) - _range(plan, other)
        if other is finding or not phase or besides <= _EQUAL:
            return phase
        follows = PROMISES[finding.question].since is Since.START
        known = follows and math.isfinite(besides)
        return {**phase, "besides": round(besides, 3)} if known else {}
    return {}


def _range(plan: Plan, finding: Finding) -> float:
    """Return the seconds between the earliest and the latest possible time."""
    timing = _timing(plan, finding)
    if timing is None or timing.earliest is None or timing.latest is None:
        return math.inf
    return timing.latest - timing.earliest


_EQUAL = 0.001  # seconds: what the arithmetic rounds
_TOLD = (
    *("waited", "period"),
    *("scrape", "scrape_interval", "evaluation", "evaluation_interval"),
)


def _timing(plan: Plan, finding: Finding) -> Timing | None:
    """Return the arithmetic of a promise; of several of its name, by their order."""
    name = finding.subject.partition("{")[0]
    timings = [
        timing
        for timing in plan.timings
        if (timing.step, timing.subject, timing.question)
        == (finding.step, name, finding.question)
    ]
    if len(timings) == 1:
        return timings[0]
    promises = [
        promise
        for promise in promises_of(plan, finding.step)
        if promise.alert == name and getattr(promise, finding.question) is not None
    ]
    promise = promise_of(plan, finding)
    if promise not in promises or len(promises) != len(timings):
        return None
    return timings[promises.index(promise)]
