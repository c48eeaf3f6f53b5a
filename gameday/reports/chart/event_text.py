"""Events as sentences, and which of them tell the story of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.model.timeline import Event, Timeline
from gameday.reports import cluster
from gameday.reports.wording import labels_text, one_line, short_seconds

# Seen every second, or said again elsewhere: curves and ticks show them.
_BULK = frozenset(
    {
        "sample",
        "load",
        "metric",
        "observed",
        "evaluations",
        "clock",
        "probe",
        "window",
    }
)
_KEY = frozenset(
    {
        "fault_started",
        "fault_biting",
        "fault_failed",
        "fault_ended",
        "undo_failed",
        "recovered",
        "alert_pending",
        "alert_firing",
        "alert_resolved",
        "alert_cleared",
        "alert_at_start",
        "skipped",
        "suppressed",
        "page",
        "rule_failed",
        "blind",
        "sees",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSentence:
    """One event as a sentence. `tone`: bad, good, unsure or plain; `what`: its kind."""

    at: float
    what: str
    text: str
    tone: str = "plain"


def all_moments(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return every event that is not bulk as a moment, and how many were left off."""
    events = [e for e in timeline if e.kind not in _BULK or _is_bad_probe(e)]
    events = _of_the_run(events, timeline)
    events = cluster.without_asides(events, timeline)
    return [moment(e) for e in events[:limit]], max(0, len(events) - limit)


def _of_the_run(events: list[Event], timeline: Timeline) -> list[Event]:
    """Return the events from the warm-up on: what was before is another story."""
    begun = timeline.of("run_started", "phase")
    return [e for e in events if not begun or e.at >= begun[0].at]


def key_moments(timeline: Timeline, limit: int) -> tuple[list[EventSentence], int]:
    """Return the moments that tell the story, and how many were left off."""
    events = [e for e in timeline if e.kind in _KEY] + _changes(timeline)
    events += cluster.first_warnings(timeline)
    events = _of_the_run(events, timeline)
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
        "instance", "workload", "guardrail", "hypothesis", "metric", "scrape"
    ):
        fields = {
            "instance": ("instance", "up", True),
            "workload": ("workload", "available", True),
            "guardrail": ("name", "state", "ok"),
            "hypothesis": ("step", "ok", True),
            "metric": ("promql", "ok", True),
            "scrape": ("instance", "up", True),
        }
        name, state, normal = fields[event.kind]
        key = (event.kind, str(event.get(name)))
        if last.get(key, normal) != event.get(state):
            kept.append(event)
        last[key] = event.get(state)
    return kept


def _is_bad_probe(event: Event) -> bool:
    return event.kind == "probe" and event.get("ok") is not True


def _tone(event: Event) -> str:
    if event.kind in ("undo_failed", "fault_failed", "alert_firing"):
        return "bad"
    unsure = ("blind", "rule_failed", "suppressed", "alert_at_start")
    if event.kind in unsure or cluster.is_warning(event):
        return "unsure"
    if event.kind in ("alert_resolved", "alert_cleared", "sees"):
        return "good"
    for name in ("ok", "up", "bites", "available"):
        if name in event.fields:
            return {True: "good", False: "bad"}.get(event[name], "unsure")
    if event.kind == "guardrail":
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


def _truth(value: object, yes: str, no: str) -> str:
    return {True: yes, False: no}.get(value, "could not be told")  # type: ignore[call-overload,no-any-return]


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    "run_started": lambda e: f"run {e.get('run', '')} of {e.get('scenario', '')}",
    "run_ended": lambda e: f"the run ended: {e.get('ending', '')}{_why(e)}",
    "phase": lambda e: f"phase {e.get('phase', '')} {e.get('step') or ''}",
    "fault_started": _fault_started,
    "fault_biting": lambda e: (
        f"fault {e.get('id', '')} "
        f"{_truth(e.get('bites'), 'bites', 'does not bite')}{_why(e)}"
    ),
    "fault_failed": lambda e: (
        f"{e.get('fault', 'a fault')} was not injected on {e.get('instance', '?')}"
        f"{_why(e)}"
    ),
    "fault_ended": _fault_ended,
    "undo_failed": _undo_failed,
    "recovered": _recovered,
    "activity": lambda e: (
        f"{e.get('type', 'activity')} {e.get('name', '')}: {e.get('status', '')}"
        f"{_why(e)}"
    ),
    "engine": lambda e: f"the engine ended: {e.get('status', '')}{_why(e)}",
    "probe": lambda e: (
        f"probe {e.get('name', '')} ({e.get('phase', '')}) "
        f"{_truth(e.get('ok'), 'holds', 'deviates')}{_why(e)}"
    ),
    "hypothesis": lambda e: (
        f"steady state ({e.get('phase', '')}) "
        f"{_truth(e.get('ok'), 'holds', 'deviates')}{_why(e)}"
    ),
    "instance": lambda e: (
        f"{e.get('instance', '?')} is {e.get('state', '')} {e.get('health') or ''}"
    ),
    "workload": cluster.workload_words,
    "cluster_event": cluster.event_words,
    "alert_pending": lambda e: f"{_alert(e)} is pending",
    "alert_firing": lambda e: f"{_alert(e)} fires",
    "alert_resolved": lambda e: f"{_alert(e)} is resolved",
    "alert_cleared": lambda e: f"{_alert(e)} is no longer pending; it never fired",
    "alert_at_start": lambda e: f"{_alert(e)} was {e.get('state', '')} already",
    "suppressed": lambda e: (
        f"{_alert(e)} is suppressed by {e.get('by', '')} {e.get('detail') or ''}"
    ),
    "page": _page,
    "routed": lambda e: (
        f"Alertmanager routes {_alert(e)} to "
        f"{', '.join(str(receiver) for receiver in e.get('receivers') or ())}"
    ),
    "scrape": lambda e: (
        f"scrape of {e.get('job', '')} {e.get('instance', '')} "
        f"{_truth(e.get('up'), 'succeeds', 'fails')}"
    ),
    "rule_failed": lambda e: (
        f"rule group {e.get('group', '')} {e.get('alert') or ''} was not evaluated"
        f"{_why(e)}"
    ),
    "blind": lambda e: f"{e.get('source', '')} cannot be seen from here on{_why(e)}",
    "sees": lambda e: f"{e.get('source', '')} is seen again",
    "guardrail": lambda e: (
        f"guardrail {e.get('name', '')} is {e.get('state', '')}{_why(e)}"
    ),
    "skipped": lambda e: f"step {e.get('step', '')} is skipped{_why(e)}",
    "undone_later": lambda e: (
        f"the fault of the dead run is over, by {e.get('by') or 'the ledger'}{_why(e)}"
    ),
    "metric": lambda e: (
        f"metric {e.get('promql', '')} "
        f"{_truth(e.get('ok'), 'holds', 'does not hold')}{_why(e)}"
    ),
    "drift": lambda e: (
        f"{'changed by the platform' if e.get('platform') else 'drift'}: "
        f"{e.get('instance', '?')}: {e.get('key', '')}: "
        f"{e.get('before') or 'nothing'} becomes {e.get('after') or 'nothing'}"
    ),
    "note": lambda e: f"note: {e.get('text', '')}",
}
