"""A plan: a scenario with everything resolved; nothing left to decide."""

from collections.abc import Mapping
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing
from gameday.model.alerting.relabel import RelabelRule
from gameday.model.alerting.standing import Standing
from gameday.model.faults.fault import FaultRequest
from gameday.model.scenario import Scenario
from gameday.model.target import Instance


@frozen
class PlannedFault:
    """One fault of a step with its victims; chosen with the plan's seed.

    `refusal` says why the target cannot do it (empty: it can), `how` in what way
    it does, `holds_deadline` whether it ends by itself inside the target.
    """

    request: FaultRequest
    victims: tuple[Instance, ...]
    found: int  # instances of the service that were there to choose from
    duration: float  # seconds, the longest it may last
    how: str = ""
    refusal: str = ""
    holds_deadline: bool = False


@frozen
class PlannedStep:
    """One step with its faults resolved and its longest hold and aftermath (s)."""

    name: str
    faults: tuple[PlannedFault, ...]
    hold_at_most: float
    aftermath_at_most: float


@frozen
class Timing:
    """When one promise can come true by the rules' own arithmetic.

    Seconds from the question's own start. `state`: ok, not_guaranteed,
    cannot_be_kept, not_checked.
    """

    step: str
    subject: str
    question: str
    promised: float
    earliest: float | None
    latest: float | None
    state: str
    because: str
    line: int | None = None


@frozen
class ScrapeJob:
    """One scrape job of Prometheus; times in seconds, the slowest of its targets."""

    name: str
    interval: float
    timeout: float


@frozen
class Monitoring:
    """What the observers said of themselves when the plan was made.

    `rules`: every alerting rule that Prometheus has; None: not readable.
    `all_rules`: whether it evaluates no other ones, as far as is known. `recorded`:
    its recording rules. `scrape_interval`: seconds, the longest of those
    that matter to the alerts here; `slo_interval`: to the SLOs. `unknown_metrics`:
    names that count bad events and that Prometheus has never seen, and selectors of
    good events' buckets of which it has none. `jobs`: every
    scrape job; `feeds`: by metric, the jobs that have it, where Prometheus was asked.
    `external_labels`, `relabels`: what Prometheus does to alerts on their way. `at`:
    when this was read; `live`: of running systems, so that the game day begins then.
    `prometheus_version`, `alertmanager_version`: as they report them.
    """

    rules: tuple[AlertRule, ...] | None = None
    all_rules: bool = True
    recorded: tuple[RecordingRule, ...] = ()
    jobs: tuple[ScrapeJob, ...] = ()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    external_labels: Mapping[str, str] = field(default_factory=dict)
    relabels: tuple[RelabelRule, ...] = ()
    at: float | None = None
    live: bool = False
    routing: Routing | None = None
    scrape_interval: float | None = None
    scrape_timeout: float | None = None
    slo_interval: float | None = None
    unknown_metrics: tuple[str, ...] = ()
    evaluation_interval: float | None = None
    prometheus_version: str = ""
    alertmanager_version: str = ""
    problems: tuple[str, ...] = ()  # what could not be read, and why
    metrics: Mapping[str, str] = field(default_factory=dict)  # promised: what they say
    standing: Standing = field(default_factory=Standing)


@frozen
class Plan:
    """A scenario, resolved against the live target and the live observers."""

    scenario: Scenario
    steps: tuple[PlannedStep, ...]
    instances: tuple[Instance, ...]
    monitoring: Monitoring
    timings: tuple[Timing, ...] = ()
    seed: int = 0
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def other_warnings(self) -> tuple[str, ...]:
        """The warnings that no timing tells already."""
        told = tuple(
            f"{timing.step}: {timing.subject} {timing.question}: "
            for timing in self.timings
        )
        return tuple(
            warning for warning in self.warnings if not warning.startswith(told)
        )

    def step(self, name: str) -> PlannedStep:
        """Return the step of that name; KeyError when there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)
