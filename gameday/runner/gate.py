"""The gate: everybody sees, the hypothesis holds, no guardrail is breached."""

from collections.abc import Sequence

from gameday.model.plan import Plan
from gameday.model.scenario import Step
from gameday.model.verdict import Ending
from gameday.plans.spoiled import Before, spoiled, why_nothing_to_learn
from gameday.runner.conditions import PendingCondition
from gameday.runner.event_loop import EventLoop
from gameday.runner.guardrail_monitor import GuardrailMonitor
from gameday.runner.readiness import GATE_PATIENCE, LOOKS, breached, unsteady, why_blind
from gameday.runner.run_end import RunStopped

SIGHT_PATIENCE = 8.0  # seconds for observers; a fresh Prometheus needs some 5


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
