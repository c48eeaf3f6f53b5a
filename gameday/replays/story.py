"""A recorded run's timeline with other alerts in it: those of today's rules.

Everything else stays as it was recorded. Prometheus evaluates all that was recorded, so
that what its rules did then (a failed evaluation, a reload) is taken out; that it was
restarted is not, since samples are missing for that time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from gameday.checks.pages.mutes import MutingSilence, read_silences
from gameday.checks.record.clocks import Clocks, read_clocks
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing
from gameday.model.alerting.known_labels import KnownLabels
from gameday.model.alerting.relabel import Relabelled, sent
from gameday.model.events import (
    AlertAtStart,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
    ClockCompared,
    Evaluations,
    Event,
    FaultStarted,
    Page,
    PageRefused,
    Phase,
    Routed,
    RuleFailed,
    Suppressed,
    Unsuppressed,
)
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.replays import machine, notify
from gameday.replays.machine import Life, Slots
from gameday.replays.notify import Firing, NotifyContext

PAGE_ERROR = 1.0  # seconds: what lies between an evaluation and a page
_REPLACED = (
    *(AlertPending, AlertFiring, AlertResolved, AlertCleared, AlertAtStart),
    *(Suppressed, Unsuppressed, Routed, Evaluations, Page, PageRefused),
)


@frozen
class ReplayedAlert:
    """A life of an alert under today's rules, with its group's evaluations."""

    life: Life
    slots: Slots

    @property
    def active(self) -> float:
        """When its expression became true, on Prometheus' clock (s)."""
        return self.slots.seconds(self.life.active)

    @property
    def firing(self) -> float | None:
        """When it fired; None: it did not."""
        return (
            None if self.life.firing is None else self.slots.seconds(self.life.firing)
        )

    @property
    def ended(self) -> float | None:
        """When it ended; None: not while it was recorded."""
        return None if self.life.ended is None else self.slots.seconds(self.life.ended)


@frozen
class TodaysRules:
    """Today's rules and routes, and what they make of the record.

    `unknown`: by a rule's place in `rules`, why it cannot be replayed; `never`: why it
    can never fire; `perhaps`: why it may ring though it does not here. `moved`: seconds
    by which the time that time intervals see is moved. `until`: the record's end.
    """

    rules: tuple[AlertRule, ...]
    recorded: tuple[RecordingRule, ...] = ()
    routing: Routing | None = None
    rung: tuple[ReplayedAlert, ...] = ()
    unknown: dict[int, str]
    never: Mapping[int, str] = field(default_factory=dict)
    perhaps: Mapping[int, str] = field(default_factory=dict)
    until: float
    moved: float = 0.0


def plan_of(plan: Plan, today: TodaysRules) -> Plan:
    """Return the plan as it would be with today's rules and routes."""
    monitoring = replace(
        plan.monitoring,
        rules=today.rules,
        recorded=today.recorded,
        routing=today.routing,
    )
    return replace(plan, monitoring=monitoring)


def timeline_of(plan: Plan, timeline: Timeline, today: TodaysRules) -> Timeline:
    """Return the timeline as it would have been."""
    clocks = read_clocks(timeline)
    kept = [old for old in timeline if not _is_replaced(old)]
    alerts = [
        told for rung in today.rung for told in machine.events_of(rung.life, rung.slots)
    ]
    return Timeline(
        [
            *kept,
            *alerts,
            *_at_start(timeline, clocks, today),
            *_evaluations(timeline, today),
            *_pager_clock(timeline),
            *_sent(plan, timeline, today),
        ]
    )


def _is_replaced(recorded: Event) -> bool:
    if isinstance(recorded, RuleFailed):
        return recorded.what != "restarted"
    pager = isinstance(recorded, ClockCompared) and recorded.source == "pager"
    return pager or isinstance(recorded, _REPLACED)


def faults_of(timeline: Timeline) -> Iterator[tuple[str, float]]:
    """Yield each step with the time at which its fault began."""
    begun: dict[str, float] = {}
    for fault in timeline.of(FaultStarted):
        begun.setdefault(fault.step, fault.at)
    for phase in timeline.of(Phase):
        if phase.phase == "fault" and phase.step:
            begun.setdefault(phase.step, phase.at)
    yield from begun.items()


def _at_start(
    timeline: Timeline, clocks: Clocks, today: TodaysRules
) -> Iterator[Event]:
    """Yield the alerts that were there already when a fault began."""
    for step, at in faults_of(timeline):
        theirs = clocks.to_source_clock("prometheus", at)
        for rung in today.rung:
            ended = rung.ended
            if rung.active > theirs or (ended is not None and ended <= theirs):
                continue
            fired = rung.firing is not None and rung.firing <= theirs
            yield AlertAtStart(
                at=at,
                step=step,
                alert=rung.life.rule.name,
                labels=dict(rung.life.labels),
                state="firing" if fired else "pending",
            )


def _evaluations(timeline: Timeline, today: TodaysRules) -> Iterator[Event]:
    """Yield that every group was evaluated up to each time at which that was told."""
    groups = {(rule.group, rule.file, rule.interval) for rule in today.rules}
    groups |= {(rule.group, rule.file, rule.interval) for rule in today.recorded}
    for at in sorted({evaluations.at for evaluations in timeline.of(Evaluations)}):
        for group, file, interval in sorted(groups, key=str):
            yield Evaluations(
                at=at,
                group=group,
                file=file,
                interval=interval or 0.0,
                last=at,
            )


def _pager_clock(timeline: Timeline) -> Iterator[Event]:
    """Yield what the replayed pages' clock is: Prometheus', not as exact."""
    for clock in timeline.of(ClockCompared):
        if clock.source == "prometheus":
            error = max(PAGE_ERROR, float(clock.error))
            yield ClockCompared(
                at=clock.at,
                source="pager",
                offset=clock.offset,
                error=error,
            )


def _sent(plan: Plan, timeline: Timeline, today: TodaysRules) -> list[Event]:
    if today.routing is None:
        return []
    told = _context(today.routing, timeline, today)
    return notify.events_of(_firings(plan, today.rung), told)


def pages_if_held(
    plan: Plan, timeline: Timeline, today: TodaysRules, end: float, until: float
) -> list[Page]:
    """Return the pages until a time, had what rang when the fault ended gone on.

    `end`: of the fault, `until`: both on Prometheus' clock.
    """
    if today.routing is None:
        return []
    firings = [
        replace(firing, ends=notify.FOREVER) if firing.ends >= end else firing
        for firing in _firings(plan, today.rung)
    ]
    told = replace(_context(today.routing, timeline, today), until=until)
    return [sent for sent in notify.events_of(firings, told) if isinstance(sent, Page)]


def pages_later(
    plan: Plan, timeline: Timeline, today: TodaysRules, until: float
) -> list[Page]:
    """Return the pages until a time after the record, should nothing else ring."""
    if today.routing is None:
        return []
    told = replace(_context(today.routing, timeline, today), until=until)
    events = notify.events_of(_firings(plan, today.rung), told)
    return [sent for sent in events if isinstance(sent, Page)]


def _context(routing: Routing, timeline: Timeline, today: TodaysRules) -> NotifyContext:
    return NotifyContext(
        routing=routing,
        until=today.until,
        moved=today.moved,
        silences=tuple(_silences(timeline)),
    )


def _silences(timeline: Timeline) -> Iterator[MutingSilence]:
    """Yield the silences by Prometheus' clock, as all that is replayed."""
    clocks = read_clocks(timeline)
    for silence in read_silences(timeline, clocks):
        since, until = (
            clocks.to_source_clock("prometheus", instant)
            for instant in (silence.since, silence.until)
        )
        yield replace(silence, since=since, until=until)


def _firings(plan: Plan, rung: Sequence[ReplayedAlert]) -> Iterable[Firing]:
    for alert in rung:
        labels, firing = labels_sent(plan, alert.life), alert.firing
        if firing is None or labels is None:
            continue
        ends = notify.FOREVER if alert.ended is None else round(alert.ended, 3)
        yield Firing(labels=labels, fires=round(firing, 3), ends=ends)


def labels_sent(plan: Plan, life: Life) -> dict[str, str] | None:
    """Return an alert's labels as Alertmanager hears them.

    None: it does not hear of it, or what is done to them on the way is not known.
    """
    heard = _labels_received(plan, life)
    if heard.dropped is not False or _is_in_part(heard):
        return None
    return {name: text for name, text in heard.labels.values.items() if text}


def lost_on_the_way(plan: Plan, life: Life) -> bool:
    """Whether it is not known what Alertmanager hears of an alert."""
    heard = _labels_received(plan, life)
    return heard.dropped is None or (heard.dropped is False and _is_in_part(heard))


def _labels_received(plan: Plan, life: Life) -> Relabelled:
    monitoring = plan.monitoring
    known = KnownLabels(dict(life.labels), others=False)
    return sent(known, monitoring.external_labels, monitoring.relabels)


def _is_in_part(heard: Relabelled) -> bool:
    return any(text is None for text in heard.labels.values.values())
