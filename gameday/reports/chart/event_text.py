"""Which events tell the story of a run, as sentences."""

from collections.abc import Iterable
from typing import Any

from gameday.frozen import frozen
from gameday.model.events import (
    AlertAtStart,
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertResolved,
    Blind,
    ClockCompared,
    ClusterEvent,
    Evaluations,
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
    Observed,
    Page,
    Phase,
    Probe,
    Recovered,
    RuleFailed,
    RunStarted,
    Sample,
    Scrape,
    Sees,
    Skipped,
    Suppressed,
    UndoFailed,
    Window,
    WorkloadChanged,
)
from gameday.model.timeline import Timeline
from gameday.reports.chart.sentences import sentence
from gameday.reports.wording import one_line

# Seen every second, or said again elsewhere: curves and ticks show them.
_BULK = Sample | Load | Metric | Observed | Evaluations | ClockCompared | Probe | Window
_OF_FAULTS = FaultStarted | FaultBiting | FaultFailed | FaultEnded | UndoFailed
_OF_ALERTS = AlertChange | AlertAtStart | Suppressed | Page | RuleFailed
_KEY = _OF_FAULTS | _OF_ALERTS | Recovered | Skipped | Blind | Sees


@frozen
class EventSentence:
    """One event as a sentence. `tone`: bad, good, unsure or plain; `what`: its kind."""

    at: float
    what: str
    text: str
    tone: str = "plain"


def all_sentences(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return every event that is not bulk as a moment, and how many were left off."""
    events = [e for e in timeline if not isinstance(e, _BULK) or _is_bad_probe(e)]
    events = _since_warm_up(events, timeline)
    events = _without_asides(events, timeline)
    return [moment(e) for e in events[:limit]], max(0, len(events) - limit)


def _since_warm_up(events: list[Event], timeline: Timeline) -> list[Event]:
    """Return the events from the warm-up on: what was before is another story."""
    begun = timeline.of(RunStarted, Phase)
    return [e for e in events if not begun or e.at >= begun[0].at]


def key_sentences(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return the moments that tell the story, and how many were left off."""
    events = [e for e in timeline if isinstance(e, _KEY)] + _changes(timeline)
    events += _first_warnings(timeline)
    events = _since_warm_up(events, timeline)
    events.sort(key=lambda e: e.at)
    return [moment(e) for e in events[:limit]], max(0, len(events) - limit)


def moment(event: Event) -> EventSentence:
    """Return one event as a sentence; an unknown kind shows its fields."""
    return EventSentence(
        at=event.at, what=event.kind, text=one_line(sentence(event)), tone=_tone(event)
    )


def _changes(timeline: Timeline) -> list[Event]:
    """Return only the changes of what is reported again and again."""
    kept: list[Event] = []
    last: dict[tuple[str, str], Any] = {}
    for event in timeline.of(
        InstanceChanged, WorkloadChanged, Guardrail, Hypothesis, Metric, Scrape
    ):
        name, state, normal = _state_of(event)
        key = (event.kind, name)
        if last.get(key, normal) != state:
            kept.append(event)
        last[key] = state
    return kept


def _state_of(event: Event) -> tuple[str, object, object]:
    """Return whose state an event tells, the state, and what it normally is."""
    match event:
        case InstanceChanged() | Scrape():
            return event.instance, event.up, True
        case WorkloadChanged():
            return event.workload, event.available, True
        case Guardrail():
            return event.name, event.state, "ok"
        case Hypothesis():
            return event.step, event.ok, True
        case Metric():
            return event.promql, event.ok, True
    raise AssertionError(event.kind)


def _is_bad_probe(event: Event) -> bool:
    return isinstance(event, Probe) and event.ok is not True


def _tone(event: Event) -> str:
    if isinstance(event, UndoFailed | FaultFailed | AlertFiring):
        return "bad"
    unsure = isinstance(event, Blind | RuleFailed | Suppressed | AlertAtStart)
    if unsure or _is_warning(event):
        return "unsure"
    if isinstance(event, AlertResolved | AlertCleared | Sees):
        return "good"
    known = event.fields
    for name in ("ok", "up", "bites", "available"):
        if name in known:
            return {True: "good", False: "bad"}.get(known[name], "unsure")
    if isinstance(event, Guardrail):
        return {"ok": "good", "breached": "bad"}.get(event.state, "unsure")
    return "plain"


def _is_warning(event: Event) -> bool:
    """Return whether the cluster warned of something."""
    return isinstance(event, ClusterEvent) and event.type == "Warning"


def _without_asides(events: Iterable[Event], timeline: Timeline) -> list[Event]:
    """Return the events without what the cluster said of what nobody hit.

    Its warnings stay.
    """
    hit = {e.service for e in timeline.of(FaultStarted)} - {""}
    return [
        e
        for e in events
        if not isinstance(e, ClusterEvent) or _is_warning(e) or e.service in hit
    ]


def _first_warnings(timeline: Timeline) -> list[ClusterEvent]:
    """Return each of the cluster's warnings once."""
    first: dict[tuple[str, str], ClusterEvent] = {}
    for event in timeline.of(ClusterEvent):
        if _is_warning(event):
            first.setdefault((event.reason, event.object), event)
    return list(first.values())
