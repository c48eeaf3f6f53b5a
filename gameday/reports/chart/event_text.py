"""Events as sentences, and which of them tell the story of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.model.events import (
    Activity,
    AlertAtStart,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
    Blind,
    ClockCompared,
    ClusterEvent,
    Drifted,
    Engine,
    Evaluations,
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Guardrail,
    Hypothesis,
    InstanceChanged,
    Load,
    Metric,
    Note,
    Observed,
    Page,
    Phase,
    Probe,
    Recovered,
    Routed,
    RuleFailed,
    RunEnded,
    RunStarted,
    Sample,
    Scrape,
    Sees,
    Skipped,
    Suppressed,
    UndoFailed,
    UndoneLater,
    Window,
    WorkloadChanged,
)
from gameday.model.timeline import Event, Timeline
from gameday.reports import cluster
from gameday.reports.wording import labels_text, one_line, short_seconds

# Seen every second, or said again elsewhere: curves and ticks show them.
_BULK = frozenset(
    {
        Sample.kind,
        Load.kind,
        Metric.kind,
        Observed.kind,
        Evaluations.kind,
        ClockCompared.kind,
        Probe.kind,
        Window.kind,
    }
)
_KEY = frozenset(
    {
        FaultStarted.kind,
        FaultBiting.kind,
        FaultFailed.kind,
        FaultEnded.kind,
        UndoFailed.kind,
        Recovered.kind,
        AlertPending.kind,
        AlertFiring.kind,
        AlertResolved.kind,
        AlertCleared.kind,
        AlertAtStart.kind,
        Skipped.kind,
        Suppressed.kind,
        Page.kind,
        RuleFailed.kind,
        Blind.kind,
        Sees.kind,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSentence:
    """One event as a sentence. `tone`: bad, good, unsure or plain; `what`: its kind."""

    at: float
    what: str
    text: str
    tone: str = "plain"


def all_sentences(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return every event that is not bulk as a moment, and how many were left off."""
    events = [e for e in timeline if e.kind not in _BULK or _is_bad_probe(e)]
    events = _since_warm_up(events, timeline)
    events = cluster.without_asides(events, timeline)
    return [moment(e) for e in events[:limit]], max(0, len(events) - limit)


def _since_warm_up(events: list[Event], timeline: Timeline) -> list[Event]:
    """Return the events from the warm-up on: what was before is another story."""
    begun = timeline.of(RunStarted, Phase)
    return [e for e in events if not begun or e.at >= begun[0].at]


def key_sentences(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return the moments that tell the story, and how many were left off."""
    events = [e for e in timeline if e.kind in _KEY] + _changes(timeline)
    events += cluster.first_warnings(timeline)
    events = _since_warm_up(events, timeline)
    events.sort(key=lambda e: e.at)
    return [moment(e) for e in events[:limit]], max(0, len(events) - limit)


def moment(event: Event) -> EventSentence:
    """Return one event as a sentence; an unknown kind shows its fields."""
    say = _SENTENCES.get(event.kind, _fields)
    return EventSentence(
        at=event.at, what=event.kind, text=one_line(say(event)), tone=_tone(event)
    )


def _changes(timeline: Timeline) -> list[Event]:
    """Return only the changes of what is reported again and again."""
    kept: list[Event] = []
    last: dict[tuple[str, str], Any] = {}
    for event in timeline.of(
        InstanceChanged, WorkloadChanged, Guardrail, Hypothesis, Metric, Scrape
    ):
        fields = {
            InstanceChanged.kind: ("instance", "up", True),
            WorkloadChanged.kind: ("workload", "available", True),
            Guardrail.kind: ("name", "state", "ok"),
            Hypothesis.kind: ("step", "ok", True),
            Metric.kind: ("promql", "ok", True),
            Scrape.kind: ("instance", "up", True),
        }
        name, state, normal = fields[event.kind]
        key = (event.kind, str(event.get(name)))
        if last.get(key, normal) != event.get(state):
            kept.append(event)
        last[key] = event.get(state)
    return kept


def _is_bad_probe(event: Event) -> bool:
    return event.is_a(Probe) and event.get("ok") is not True


def _tone(event: Event) -> str:
    if event.is_a(UndoFailed, FaultFailed, AlertFiring):
        return "bad"
    unsure = event.is_a(Blind, RuleFailed, Suppressed, AlertAtStart)
    if unsure or cluster.is_warning(event):
        return "unsure"
    if event.is_a(AlertResolved, AlertCleared, Sees):
        return "good"
    for name in ("ok", "up", "bites", "available"):
        if name in event.fields:
            return {True: "good", False: "bad"}.get(event[name], "unsure")
    if event.is_a(Guardrail):
        return {"ok": "good", "breached": "bad"}.get(str(event.get("state")), "unsure")
    return "plain"


def _fields(event: Event) -> str:
    shown = ", ".join(f"{key} {value}" for key, value in event.fields.items())
    return f"{event.kind.replace('_', ' ')}: {shown}"


def _why(event: Event) -> str:
    return f": {event['because']}" if event.get("because") else ""


def _alert(event: Event) -> str:
    name = str(event.get("alert", ""))
    return f"{name}{labels_text(event.get('labels'), name=name)}"


def _fault_started(event: Event) -> str:
    given = event.get("arguments") or {}
    shown = ", ".join(f"{key} {value}" for key, value in given.items())
    most = event.get("duration")
    bound = f", for {short_seconds(most)} at most" if most else ""
    return (
        f"{event.get('fault', 'a fault')} hits {event.get('instance', '?')}"
        f"{f' ({shown})' if shown else ''}{bound}"
    )


def _fault_ended(event: Event) -> str:
    state = "is undone" if event.get("ok", True) else "is NOT undone"
    hand = f"; by hand: {event['by_hand']}" if event.get("by_hand") else ""
    return f"fault {event.get('id', '')} {state}, by {event.get('by')}{_why(event)}" + (
        hand
    )


def _undo_failed(event: Event) -> str:
    hand = f"; by hand: {event['by_hand']}" if event.get("by_hand") else ""
    return f"the undo on {event.get('instance', '?')} failed{_why(event)}{hand}"


def _recovered(event: Event) -> str:
    state = "was undone before this run" if event.get("ok") else "is NOT undone"
    hand = f"; by hand: {event['by_hand']}" if event.get("by_hand") else ""
    what = f"{event.get('what', '?')}, left by run {event.get('run', '?')},"
    return f"{what} {state}{_why(event)}{hand}"


def _page(event: Event) -> str:
    alerts = event.get("alerts") or ()
    names = [
        str((alert.get("labels") or {}).get("alertname", "an alert"))
        for alert in alerts
        if isinstance(alert, Mapping)
    ]
    about = ", ".join(dict.fromkeys(names)) or "an alert not named"
    return (
        f"page to {event.get('receiver', '?')} ({event.get('vendor', '?')}): "
        f"{about} {event.get('status', '')}"
    )


def _yes_or_no(value: object, yes: str, no: str) -> str:
    return {True: yes, False: no}.get(value, "could not be told")  # type: ignore[call-overload,no-any-return]


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    RunStarted.kind: lambda e: f"run {e.get('run', '')} of {e.get('scenario', '')}",
    RunEnded.kind: lambda e: f"the run ended: {e.get('ending', '')}{_why(e)}",
    Phase.kind: lambda e: f"phase {e.get('phase', '')} {e.get('step') or ''}",
    FaultStarted.kind: _fault_started,
    FaultBiting.kind: lambda e: (
        f"fault {e.get('id', '')} "
        f"{_yes_or_no(e.get('bites'), 'bites', 'does not bite')}{_why(e)}"
    ),
    FaultFailed.kind: lambda e: (
        f"{e.get('fault', 'a fault')} was not injected on {e.get('instance', '?')}"
        f"{_why(e)}"
    ),
    FaultEnded.kind: _fault_ended,
    UndoFailed.kind: _undo_failed,
    Recovered.kind: _recovered,
    Activity.kind: lambda e: (
        f"{e.get('type', 'activity')} {e.get('name', '')}: {e.get('status', '')}"
        f"{_why(e)}"
    ),
    Engine.kind: lambda e: f"the engine ended: {e.get('status', '')}{_why(e)}",
    Probe.kind: lambda e: (
        f"probe {e.get('name', '')} ({e.get('phase', '')}) "
        f"{_yes_or_no(e.get('ok'), 'holds', 'deviates')}{_why(e)}"
    ),
    Hypothesis.kind: lambda e: (
        f"steady state ({e.get('phase', '')}) "
        f"{_yes_or_no(e.get('ok'), 'holds', 'deviates')}{_why(e)}"
    ),
    InstanceChanged.kind: lambda e: (
        f"{e.get('instance', '?')} is {e.get('state', '')} {e.get('health') or ''}"
    ),
    WorkloadChanged.kind: cluster.workload_words,
    ClusterEvent.kind: cluster.event_words,
    AlertPending.kind: lambda e: f"{_alert(e)} is pending",
    AlertFiring.kind: lambda e: f"{_alert(e)} fires",
    AlertResolved.kind: lambda e: f"{_alert(e)} is resolved",
    AlertCleared.kind: lambda e: f"{_alert(e)} is no longer pending; it never fired",
    AlertAtStart.kind: lambda e: f"{_alert(e)} was {e.get('state', '')} already",
    Suppressed.kind: lambda e: (
        f"{_alert(e)} is suppressed by {e.get('by', '')} {e.get('detail') or ''}"
    ),
    Page.kind: _page,
    Routed.kind: lambda e: (
        f"Alertmanager routes {_alert(e)} to "
        f"{', '.join(str(receiver) for receiver in e.get('receivers') or ())}"
    ),
    Scrape.kind: lambda e: (
        f"scrape of {e.get('job', '')} {e.get('instance', '')} "
        f"{_yes_or_no(e.get('up'), 'succeeds', 'fails')}"
    ),
    RuleFailed.kind: lambda e: (
        f"rule group {e.get('group', '')} {e.get('alert') or ''} was not evaluated"
        f"{_why(e)}"
    ),
    Blind.kind: lambda e: f"{e.get('source', '')} cannot be seen from here on{_why(e)}",
    Sees.kind: lambda e: f"{e.get('source', '')} is seen again",
    Guardrail.kind: lambda e: (
        f"guardrail {e.get('name', '')} is {e.get('state', '')}{_why(e)}"
    ),
    Skipped.kind: lambda e: f"step {e.get('step', '')} is skipped{_why(e)}",
    UndoneLater.kind: lambda e: (
        f"the fault of the dead run is over, by {e.get('by') or 'the ledger'}{_why(e)}"
    ),
    Metric.kind: lambda e: (
        f"metric {e.get('promql', '')} "
        f"{_yes_or_no(e.get('ok'), 'holds', 'does not hold')}{_why(e)}"
    ),
    Drifted.kind: lambda e: (
        f"{'changed by the platform' if e.get('platform') else 'drift'}: "
        f"{e.get('instance', '?')}: {e.get('key', '')}: "
        f"{e.get('before') or 'nothing'} becomes {e.get('after') or 'nothing'}"
    ),
    Note.kind: lambda e: f"note: {e.get('text', '')}",
}
