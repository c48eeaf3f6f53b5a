"""The gate: everybody sees, the hypothesis holds, no guardrail is breached.

At the first one it is also found out, and written down, whom the load feeds.
"""

from collections.abc import Sequence

from gameday.checks.record.clocks import read_clocks
from gameday.model.events import Feeds, Probe
from gameday.model.plan import Plan
from gameday.model.scenario import Step
from gameday.model.timeline import Timeline
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


def note_whom_the_load_feeds(loop: EventLoop, plan: Plan, step: Step) -> None:
    """Record which SLOs see the load, where the scenario does not say so."""
    scenario, now = plan.scenario, loop.now
    load = scenario.load
    if load is None or not load.url or load.feeds or not scenario.slos:
        return
    from gameday.checks.slos.feeding import find_fed
    from gameday.checks.slos.load import http_probes

    ours = http_probes(step.experiment)
    seen = Timeline(
        event
        for event in loop.run_state.warm_up
        if not isinstance(event, Probe) or event.name in ours
    )
    offset = read_clocks(seen).to_source_clock("prometheus", now) - now
    fed = find_fed(scenario.slos, load, seen, offset)
    loop.put(Feeds(at=now, slos=list(fed.slos), because=fed.because))
    if not fed.slos:
        loop.note(
            f"no SLO is known to count the load's requests ({fed.because}); "
            "name those that do: load: {feeds: [SLO]}"
        )


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
