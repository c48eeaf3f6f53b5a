"""An event as a line for a person; most events deserve none."""

from collections.abc import Callable, Mapping

from gameday.model.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    Blind,
    Drifted,
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Guardrail,
    Hypothesis,
    Metric,
    Note,
    Page,
    Phase,
    Recovered,
    RuleFailed,
    Scrape,
    Sees,
    Skipped,
    UndoFailed,
)
from gameday.model.timeline import Event
from gameday.runner.run_state import RunState

_PHASES = {
    "warmup": "warming up: load and observers start",
    "gate": "gate: does the hypothesis hold, does everybody see?",
    "fault": "injecting",
    "hold": "holding",
    "undo": "undoing",
    "aftermath": "aftermath: does everything come back?",
    "settle": "settling before the next step",
}


def line_for(event: Event, run_state: RunState) -> str:
    """Return the event's line; empty for what would be noise."""
    build = _LINES.get(event.kind)
    return build(event, run_state) if build else ""


def _phase(event: Event, _run_state: RunState) -> str:
    if event["phase"] not in _PHASES:
        return ""
    step = f"[{event['step']}] " if event["step"] else ""
    return step + _PHASES[event["phase"]]


def _fault(event: Event, _run_state: RunState) -> str:
    return f"fault {event['fault']} on {event['instance']} starts"


def _biting_text(event: Event, _run_state: RunState) -> str:
    mark = "it bites" if event["bites"] else "IT DOES NOT BITE"
    return f"{mark}: {event['because']}"


def _ended_text(event: Event, run_state: RunState) -> str:
    start = run_state.faults.get(event["id"])
    what = f"{start['fault']} on {start['instance']}" if start else "a fault"
    if event["ok"]:
        return f"fault {what} is over (by {event['by'] or 'the run'})"
    return f"FAULT {what} IS STILL THERE: {event['because']}"


def _alert(event: Event, _run_state: RunState) -> str:
    labels = {k: v for k, v in event["labels"].items() if k != "alertname"}
    inner = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
    state = event.kind.removeprefix("alert_")
    return f"alert {event['alert']}{{{inner}}} {state}"


def _page(event: Event, _run_state: RunState) -> str:
    names = {alert["labels"].get("alertname", "?") for alert in event["alerts"]}
    return f"page at {event['receiver']}: {', '.join(sorted(names))} {event['status']}"


def _hypothesis(event: Event, run_state: RunState) -> str:
    """Only a change is news."""
    before = run_state.told_hypothesis
    run_state.told_hypothesis = event["ok"]
    if before == event["ok"]:
        return ""
    words = {
        True: "the hypothesis holds",
        False: "the hypothesis does not hold",
        None: "the hypothesis could not be told",
    }
    return words[event["ok"]]


def _metric(event: Event, run_state: RunState) -> str:
    """Only a change is news, or that it does not hold at the first look."""
    before = run_state.metrics.get(event["promql"], [])[:-1]
    was = before[-1]["ok"] if before else True
    if event["ok"] == was:
        return ""
    words = {True: "holds again", False: "does not hold", None: "cannot be told"}
    value = "" if event.get("value") is None else f": {event['value']:g}"
    return f"metric {event['promql']} {words[event['ok']]}{value}"


def _scrape(event: Event, run_state: RunState) -> str:
    if run_state.phase in ("", "warmup"):
        return ""
    state = "up" if event["up"] else "down"
    return f"scrape target {event['job']}/{event['instance']} is {state}"


def _guardrail(event: Event, _run_state: RunState) -> str:
    if event["state"] == "ok":
        return ""
    return f"guardrail {event['name']} {event['state']}: {event['because']}"


def _drift(event: Event, _run_state: RunState) -> str:
    before, after = event["before"] or "nothing", event["after"] or "nothing"
    what = "changed by the platform" if event.get("platform") else "drift"
    return f"{what}: {event['instance']}: {event['key']}: {before} -> {after}"


def _recovered(event: Event, _run_state: RunState) -> str:
    what = f"{event['what']}, left by run {event['run']}"
    if event["ok"]:
        return f"healed {what}: {event['because']}"
    return f"STILL BROKEN: {what}: {event['because']}; by hand: {event['by_hand']}"


_LINES: Mapping[str, Callable[[Event, RunState], str]] = {
    Phase.kind: _phase,
    FaultStarted.kind: _fault,
    FaultBiting.kind: _biting_text,
    FaultFailed.kind: lambda e, _b: f"fault {e['fault']} FAILED: {e['because']}",
    FaultEnded.kind: _ended_text,
    AlertPending.kind: _alert,
    AlertFiring.kind: _alert,
    AlertResolved.kind: _alert,
    Page.kind: _page,
    Hypothesis.kind: _hypothesis,
    Metric.kind: _metric,
    Scrape.kind: _scrape,
    Guardrail.kind: _guardrail,
    Blind.kind: lambda e, _b: f"cannot see {e['source']}: {e['because']}",
    Sees.kind: lambda e, _b: f"sees {e['source']} again",
    RuleFailed.kind: lambda e, _b: f"rule {e['alert'] or e['group']}: {e['because']}",
    UndoFailed.kind: lambda e, _b: f"UNDO FAILED on {e['instance']}: {e['because']}",
    Drifted.kind: _drift,
    Recovered.kind: _recovered,
    Skipped.kind: lambda e, _b: f"step {e['step']} is skipped: {e['because']}",
    Note.kind: lambda e, _b: str(e["text"]),
}
