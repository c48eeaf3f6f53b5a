"""The gate: everybody sees, the hypothesis holds, no guardrail is breached."""

from collections.abc import Sequence

from gameday.model.events import Hypothesis
from gameday.model.plan import Plan
from gameday.model.scenario import Step
from gameday.model.verdict import Ending
from gameday.plans.spoiled import Before, spoiled, why_nothing_to_learn
from gameday.ports import Observer
from gameday.runner.conditions import PendingCondition
from gameday.runner.event_loop import EventLoop
from gameday.runner.guardrail_monitor import GuardrailMonitor
from gameday.runner.run_stopped import RunStopped

GATE_PATIENCE = 20.0  # seconds for the hypothesis to be answered
SIGHT_PATIENCE = 8.0  # seconds for observers; a fresh Prometheus needs some 5
LOOKS = 3  # a system that has just been started may need a moment


def pass_gate(
    loop: EventLoop, step: Step, watches: Sequence[GuardrailMonitor], *, first: bool
) -> None:
    """Return when the fault may be injected; RunStopped where it may not."""
    why = _wait_for_observers(loop)
    if not why and step.experiment.has_hypothesis:
        why = _hypothesis(loop)
    if why:
        kind = Ending.REFUSED if first else Ending.FINISHED
        raise RunStopped(kind, f"step {step.name}: {why}")
    if first:
        breach = breached(watches)
        if breach is not None:
            raise breach
        for watch in watches:
            watch.start()


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


def is_worth_its_fault(loop: EventLoop, plan: Plan, step: Step, *, first: bool) -> bool:
    """Return whether the step can still prove one of its promises.

    Raises RunStopped if it cannot and it is the first step. A promise that is spoiled
    by what fires already is not waited for.
    """
    before = Before(
        standing=loop.dependencies.standing(),
        monitoring=plan.monitoring,
        planned=plan.step(step.name),
        instances=plan.instances,
    )
    spoiled_promises = spoiled(step, before)
    loop.run_state.spoiled = {step.name: spoiled_promises}
    for spoiled_promise in spoiled_promises:
        loop.note(f"{step.name}: {spoiled_promise.because}")
    why = why_nothing_to_learn(step, spoiled_promises)
    if not why or loop.dependencies.anyway:
        return True
    if first:
        raise RunStopped(Ending.REFUSED, why)
    loop.skip(step.name, why)
    return False


def _wait_for_observers(loop: EventLoop) -> str:
    until = loop.now + SIGHT_PATIENCE
    while True:
        why = why_blind(loop.dependencies.observers)
        if not why or loop.now >= until:
            return why
        pause = min(until, loop.now + 0.5)
        loop.pause(f"everybody to see ({why.partition('; ')[0]})", pause)


def _hypothesis(loop: EventLoop) -> str:
    run_state, until = loop.run_state, loop.now + GATE_PATIENCE

    def holds() -> list[PendingCondition]:
        seen = run_state.hypothesis
        kept = seen is not None and seen.ok is True
        return [PendingCondition(what="the hypothesis to hold", until=until, kept=kept)]

    loop.wait(holds, or_else=lambda: run_state.hypotheses >= LOOKS)
    return unsteady(run_state.hypothesis)


def unsteady(seen: Hypothesis | None) -> str:
    """Return why a look at the hypothesis does not let the fault begin; or empty."""
    if seen is None:
        return "the steady-state hypothesis gave no answer"
    if seen.ok is not True:
        state = "does not hold" if seen.ok is False else "could not be told"
        because = f": {seen.because}" if seen.because else ""
        return f"the steady-state hypothesis {state}{because}"
    return ""
