"""What a running game day knows so far: the latest of everything, by event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TypeVar

from gameday.checks.pages.groups import groups_of
from gameday.checks.pages.titles import title_of
from gameday.checks.record.naming import Directory
from gameday.checks.record.victims import Victims, nodes_hit
from gameday.model.alerting.alert import Routing
from gameday.model.events import (
    AlertChange,
    AlertFiring,
    AlertResolved,
    Blind,
    ClockCompared,
    Event,
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Guardrail,
    Hypothesis,
    InstanceChanged,
    Load,
    Metric,
    Page,
    Phase,
    Probe,
    Sample,
    Sees,
    StepEvent,
    WorkloadChanged,
)
from gameday.model.scenario import AlertPromise
from gameday.model.target import Instance
from gameday.plans.spoiled import Spoiled
from gameday.runner.recovery import SliNow

Key = tuple[tuple[str, str], ...]
Labels = Mapping[str, str]
_WARM = ("", "warmup", "gate")
_WARMING = Sample | Load | Probe | ClockCompared
_Kind = TypeVar("_Kind", bound=StepEvent)


def key_of(labels: Mapping[str, str]) -> Key:
    """Return labels as something that can be a key."""
    return tuple(sorted(labels.items()))


@dataclass(slots=True)
class AlertNow:
    """The state of one alert: its labels, and when it last changed."""

    labels: Mapping[str, str]
    state: str = "inactive"
    at: float = 0.0
    starts: float = 0.0
    fired_at: float | None = None
    resolved_at: float | None = None

    def was_firing_at(self, when: float) -> bool:
        """Return whether it had begun to fire by then, and not ended."""
        begun = self.fired_at is not None and self.fired_at <= when
        return begun and not self.had_ended_at(when)

    def had_ended_at(self, when: float) -> bool:
        """Return whether it was over by then."""
        return self.resolved_at is not None and self.resolved_at <= when


@dataclass(slots=True)
class RunState:
    """Updated by every event, in order of arrival; driver and live view read it."""

    step: str = ""
    phase: str = ""
    phase_at: float = 0.0
    alerts: dict[Key, AlertNow] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    hypothesis: Hypothesis | None = None
    hypotheses: int = 0
    looks: list[Hypothesis] = field(default_factory=list)  # at the step's hypothesis
    instances: dict[str, InstanceChanged] = field(default_factory=dict)
    workloads: dict[str, list[WorkloadChanged]] = field(default_factory=dict)
    faults: dict[str, FaultStarted] = field(
        default_factory=dict
    )  # by id: fault_started
    ended: dict[str, FaultEnded] = field(default_factory=dict)
    bites: dict[str, FaultBiting] = field(default_factory=dict)
    failed: list[FaultFailed] = field(default_factory=list)
    blind: dict[str, str] = field(default_factory=dict)
    guards: dict[str, Guardrail] = field(default_factory=dict)
    load: Load | None = None
    samples: list[Sample] = field(default_factory=list)
    warm_up: list[Event] = field(default_factory=list)  # what tells whom the load feeds
    metrics: dict[str, list[Metric]] = field(default_factory=dict)  # looks, by PromQL
    slis: Mapping[str, SliNow] = field(default_factory=dict)
    told_hypothesis: str | bool | None = ""  # what the screen said last
    alone: frozenset[str] = frozenset()  # steps in which only other extensions act
    directory: Directory = field(
        default_factory=Directory
    )  # the target's instances, by their names
    routing: Routing | None = None  # Alertmanager's routes, where they are known
    begun: dict[tuple[str, str], float] = field(default_factory=dict)  # step, phase
    spoiled: Mapping[str, Sequence[Spoiled]] = field(default_factory=dict)  # by step
    recovered: bool = False  # the driver's own look at the SLIs since the fault's end

    def see(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, _WARMING) and self.phase in _WARM:
            self.warm_up.append(event)
        _take(event, self)

    def of_step(self, events: Mapping[str, _Kind], step: str) -> list[_Kind]:
        """Return those of the step, in order of time."""
        return sorted(
            (event for event in events.values() if event.step == step),
            key=lambda event: event.at,
        )

    def fault_started(self, step: str) -> float | None:
        """Return when the step's first fault started.

        What other extensions do is not seen to start: their phase stands for it.
        """
        if step in self.alone:
            return self.begun.get((step, "fault"))
        started = self.of_step(self.faults, step)
        return started[0].at if started else None

    def fault_ended(self, step: str) -> float | None:
        """Return when the step's last fault ended; None while any holds."""
        if step in self.alone:
            return self.begun.get((step, "aftermath"))
        started = self.of_step(self.faults, step)
        ends = [self.ended.get(fault.id) for fault in started]
        times = [end.at for end in ends if end is not None]
        return max(times) if times and len(times) == len(started) else None

    def is_spoiled(self, promise: AlertPromise, *, pages: bool = False) -> bool:
        """Return whether nothing can be learned of a promise any more; of its pages."""
        return any(
            spoiled.promise == promise and (spoiled.wholly or pages)
            for spoiled in self.spoiled.get(self.step, ())
        )

    def victims(self, step: str) -> Victims:
        """Return the instances that the step's faults hit."""
        faults = self.of_step(self.faults, step)
        names = {event.instance: event for event in faults}
        kinds: dict[str, list[str]] = {}
        for event in faults:
            kinds.setdefault(event.instance, []).append(event.fault)
        known = {instance.name: instance for instance in self.directory.instances}
        hit = tuple(
            known.get(name) or Instance(service=event.service, name=name, identity={})
            for name, event in names.items()
        )
        return Victims(self.directory, hit, frozenset(nodes_hit(kinds, hit)))

    def fired(self, promise: AlertPromise, since: float) -> list[AlertNow]:
        """Return the promised alerts that have fired since then."""
        return [
            alert
            for alert in self.alerts.values()
            if promise.fits(alert.labels)
            and alert.fired_at is not None
            and alert.fired_at >= since
        ]

    def paged_alerts(
        self, promise: AlertPromise, status: str, receiver: str | None, since: float
    ) -> list[Mapping[str, str]]:
        """Return the labels of the promised alerts that pages told of since then."""
        return [
            labels
            for page in self.pages
            if page.at >= since and receiver in (None, page.receiver)
            for labels in self._alerts_of_page(page, status)
            if promise.fits(labels)
        ]

    def _alerts_of_page(self, page: Page, status: str) -> Iterable[Mapping[str, str]]:
        """Return the labels of the alerts of which a page tells this."""
        if page.alerts:
            told = (entry for entry in page.alerts if entry.get("status") == status)
            return [entry["labels"] for entry in told]
        if page.status != status:
            return []
        alerts = self._alerts_with(status, page.at)
        return alerts_by_title(page, alerts, self.routing)

    def _alerts_with(self, status: str, at: float) -> list[Mapping[str, str]]:
        """Return the labels of the alerts that were firing at a time, or had ended."""
        known = [alert for alert in self.alerts.values() if alert.fired_at is not None]
        if status == "firing":
            return [alert.labels for alert in known if alert.was_firing_at(at)]
        return [alert.labels for alert in known if alert.had_ended_at(at)]


def alerts_by_title(
    page: Page, alerts: Iterable[Labels], routing: Routing | None
) -> list[Labels]:
    """Return the alerts that a message without labels reports.

    The title is compared exactly with Alertmanager's default one. An unclear message
    reports no alert here: the judge decides later, from the whole record. `alerts`: all
    that were firing when the message was sent; for a message of an end, all that had
    ended.
    """
    groups: dict[Key, list[Labels]] = {}
    for labels in alerts:
        for group in groups_of(labels, routing):
            if group.receiver == page.receiver:
                groups.setdefault(key_of(group.labels), []).append(labels)
    firing = page.status == "firing"
    matching = [
        members
        for key, members in groups.items()
        if _title(dict(key), members, firing=firing) in page.titles
    ]
    return matching[0] if len(matching) == 1 else []


def _title(group: Labels, members: Sequence[Labels], *, firing: bool) -> str:
    return title_of(group, members, ()) if firing else title_of(group, (), members)


@singledispatch
def _take(event: Event, run_state: RunState) -> None:
    """Take in what an event tells; most kinds tell nothing of the state."""


@_take.register
def _(event: Phase, run_state: RunState) -> None:
    run_state.phase, run_state.phase_at = event.phase, event.at
    run_state.step = event.step
    run_state.begun.setdefault((run_state.step, run_state.phase), event.at)
    if event.phase == "gate":
        run_state.hypothesis, run_state.hypotheses = None, 0
        run_state.looks.clear()


@_take.register
def _(event: AlertChange, run_state: RunState) -> None:
    labels = event.labels
    alert = run_state.alerts.setdefault(key_of(labels), AlertNow(labels=labels))
    alert.at, alert.starts = event.at, event.starts or event.at
    alert.state = event.state
    if isinstance(event, AlertFiring):
        alert.fired_at, alert.resolved_at = event.at, None
    if isinstance(event, AlertResolved):
        alert.resolved_at = event.at


@_take.register
def _(event: Page, run_state: RunState) -> None:
    run_state.pages.append(event)


@_take.register
def _(event: Hypothesis, run_state: RunState) -> None:
    run_state.hypothesis = event
    run_state.hypotheses += 1
    run_state.looks.append(event)


@_take.register
def _(event: InstanceChanged, run_state: RunState) -> None:
    run_state.instances[event.instance] = event


@_take.register
def _(event: WorkloadChanged, run_state: RunState) -> None:
    run_state.workloads.setdefault(event.workload, []).append(event)


@_take.register
def _(event: FaultStarted, run_state: RunState) -> None:
    run_state.faults[event.id] = event


@_take.register
def _(event: FaultEnded, run_state: RunState) -> None:
    run_state.ended[event.id] = event


@_take.register
def _(event: FaultBiting, run_state: RunState) -> None:
    run_state.bites[event.id] = event


@_take.register
def _(event: FaultFailed, run_state: RunState) -> None:
    run_state.failed.append(event)


@_take.register
def _(event: Blind, run_state: RunState) -> None:
    run_state.blind[event.source] = event.because


@_take.register
def _(event: Sees, run_state: RunState) -> None:
    run_state.blind.pop(event.source, None)


@_take.register
def _(event: Guardrail, run_state: RunState) -> None:
    run_state.guards[event.name] = event


@_take.register
def _(event: Load, run_state: RunState) -> None:
    run_state.load = event


@_take.register
def _(event: Metric, run_state: RunState) -> None:
    run_state.metrics.setdefault(event.promql, []).append(event)


@_take.register
def _(event: Sample, run_state: RunState) -> None:
    run_state.samples.append(event)
