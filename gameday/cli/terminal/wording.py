"""An event as a line for a person; most events deserve none."""

from functools import singledispatch

from gameday.model.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    Blind,
    Drifted,
    Event,
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


@singledispatch
def line_for(event: Event, run_state: RunState) -> str:
    """Return the event's line; empty for what would be noise."""
    del event, run_state
    return ""


@line_for.register
def _(event: Phase, _run_state: RunState) -> str:
    if event.phase not in _PHASES:
        return ""
    step = f"[{event.step}] " if event.step else ""
    return step + _PHASES[event.phase]


@line_for.register
def _(event: FaultStarted, _run_state: RunState) -> str:
    return f"fault {event.fault} on {event.instance} starts"


@line_for.register
def _(event: FaultBiting, _run_state: RunState) -> str:
    mark = "it bites" if event.bites else "IT DOES NOT BITE"
    return f"{mark}: {event.because}"


@line_for.register
def _(event: FaultEnded, run_state: RunState) -> str:
    start = run_state.faults.get(event.id)
    what = f"{start.fault} on {start.instance}" if start else "a fault"
    if event.ok:
        return f"fault {what} is over (by {event.by or 'the run'})"
    return f"FAULT {what} IS STILL THERE: {event.because}"


@line_for.register
def _(event: AlertPending | AlertFiring | AlertResolved, _run_state: RunState) -> str:
    labels = {k: v for k, v in event.labels.items() if k != "alertname"}
    inner = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"alert {event.alert}{{{inner}}} {event.state}"


@line_for.register
def _(event: Page, _run_state: RunState) -> str:
    names = {alert["labels"].get("alertname", "?") for alert in event.alerts}
    return f"page at {event.receiver}: {', '.join(sorted(names))} {event.status}"


@line_for.register
def _(event: Hypothesis, run_state: RunState) -> str:
    """Only a change is news."""
    before = run_state.told_hypothesis
    run_state.told_hypothesis = event.ok
    if before == event.ok:
        return ""
    words = {
        True: "the hypothesis holds",
        False: "the hypothesis does not hold",
        None: "the hypothesis could not be told",
    }
    return words[event.ok]


@line_for.register
def _(event: Metric, run_state: RunState) -> str:
    """Only a change is news, or that it does not hold at the first look."""
    before = run_state.metrics.get(event.promql, [])[:-1]
    was = before[-1].ok if before else True
    if event.ok == was:
        return ""
    words = {True: "holds again", False: "does not hold", None: "cannot be told"}
    value = "" if event.value is None else f": {event.value:g}"
    return f"metric {event.promql} {words[event.ok]}{value}"


@line_for.register
def _(event: Scrape, run_state: RunState) -> str:
    if run_state.phase in ("", "warmup"):
        return ""
    state = "up" if event.up else "down"
    return f"scrape target {event.job}/{event.instance} is {state}"


@line_for.register
def _(event: Guardrail, _run_state: RunState) -> str:
    if event.state == "ok":
        return ""
    return f"guardrail {event.name} {event.state}: {event.because}"


@line_for.register
def _(event: Drifted, _run_state: RunState) -> str:
    before, after = event.before or "nothing", event.after or "nothing"
    what = "changed by the platform" if event.platform else "drift"
    return f"{what}: {event.instance}: {event.key}: {before} -> {after}"


@line_for.register
def _(event: Recovered, _run_state: RunState) -> str:
    what = f"{event.what}, left by run {event.run}"
    if event.ok:
        return f"healed {what}: {event.because}"
    return f"STILL BROKEN: {what}: {event.because}; by hand: {event.by_hand}"


@line_for.register
def _(event: FaultFailed, _run_state: RunState) -> str:
    return f"fault {event.fault} FAILED: {event.because}"


@line_for.register
def _(event: Blind, _run_state: RunState) -> str:
    return f"cannot see {event.source}: {event.because}"


@line_for.register
def _(event: Sees, _run_state: RunState) -> str:
    return f"sees {event.source} again"


@line_for.register
def _(event: RuleFailed, _run_state: RunState) -> str:
    return f"rule {event.alert or event.group}: {event.because}"


@line_for.register
def _(event: UndoFailed, _run_state: RunState) -> str:
    return f"UNDO FAILED on {event.instance}: {event.because}"


@line_for.register
def _(event: Skipped, _run_state: RunState) -> str:
    return f"step {event.step} is skipped: {event.because}"


@line_for.register
def _(event: Note, _run_state: RunState) -> str:
    return event.text
