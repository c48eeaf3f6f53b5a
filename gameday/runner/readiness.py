"""What must hold before a fault: each look by itself, for the gate and for a plan."""

from collections.abc import Sequence

from gameday.model.events import Hypothesis
from gameday.model.verdict import Ending
from gameday.ports import Observer
from gameday.runner.guardrail_monitor import GuardrailMonitor
from gameday.runner.run_end import RunStopped

PROBE_EVERY = 0.5  # seconds between looks at the hypothesis
GATE_PATIENCE = 20.0  # seconds for the hypothesis to be answered
LOOKS = 3  # a system that has just been started may need a moment


def breached(watches: Sequence[GuardrailMonitor]) -> RunStopped | None:
    """Look at each guardrail once; return the end where one is breached already."""
    for watch in watches:
        state, because = watch.once()
        if state == "breached":
            why = f"guardrail {watch.guard.rail.name} is already breached: {because}"
            return RunStopped(Ending.REFUSED, why, conclusive=True)
    return None


def why_blind(observers: Sequence[Observer]) -> str:
    """Return which observers cannot see right now, and why; empty: all can."""
    reasons = (
        f"{observer.source}: {why}"
        for observer in observers
        if (why := observer.probe())
    )
    return "; ".join(dict.fromkeys(reasons))


def unsteady(seen: Hypothesis | None) -> str:
    """Return why a look at the hypothesis does not let the fault begin; or empty."""
    if seen is None:
        return "the steady-state hypothesis gave no answer"
    if seen.ok is not True:
        state = "does not hold" if seen.ok is False else "could not be told"
        because = f": {seen.because}" if seen.because else ""
        return f"the steady-state hypothesis {state}{because}"
    return ""
