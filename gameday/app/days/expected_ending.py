"""How a run would end before it touches anything: for the plan, and for the run.

One place decides, so that "would go on" is a promise: the same words, and the same
exit code, as the run's own refusal. The hypothesis is asked, and the guardrails are
looked at, as the run does at its gate.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from gameday.app.observing.run_observers import RunObservers
from gameday.errors import GamedayError
from gameday.ledger.extension_env import extension_environment
from gameday.ledger.held import why_held_by_another
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.events import Hypothesis
from gameday.model.verdict import Ending
from gameday.plans.spoiled import Before, spoiled, why_nothing_to_learn
from gameday.runner.engine.jobs import Job
from gameday.runner.guardrail_monitor import Guard, GuardrailMonitor
from gameday.runner.readiness import (
    GATE_PATIENCE,
    LOOKS,
    PROBE_EVERY,
    breached,
    unsteady,
    why_blind,
)
from gameday.runner.run_end import RunStopped

if TYPE_CHECKING:
    from gameday.app.days.make_plan import Prepared
    from gameday.model.plan import Plan
    from gameday.ports import Clock, Observer
    from gameday.runner.engine.fork_server import Tell

_SAMPLES = 60.0  # seconds of samples that a guardrail may look back over


class HypothesisProber(Protocol):
    """A process that looks at a hypothesis again and again."""

    def release(self) -> None:
        """Have it end."""

    def wait(self, seconds: float) -> bool:
        """Wait for its end; true when it has ended."""

    def kill(self) -> None:
        """End it now."""


class Probers(Protocol):
    """Who starts such a process."""

    def prober(self, job: Job, every: float, tell: "Tell") -> HypothesisProber:
        """Start looking at a hypothesis every so many seconds."""


def expected_ending(
    prepared: "Prepared", clock: "Clock", probers: Probers
) -> RunStopped | None:
    """Return how a run of this plan would be refused now; None: it would go on."""
    plan, target = prepared.plan, prepared.target
    if plan.refusals or target is None:
        return refused_plan(plan)
    try:
        path = ledger_path()
        ledger = Ledger(path, clock) if Path(path).exists() else None
        held = why_held_by_another(ledger, target)
        observers = RunObservers(plan, clock).observers(target)
    except GamedayError as error:
        return RunStopped(Ending.REFUSED, str(error), conclusive=True)
    if held:
        return RunStopped(Ending.REFUSED, held, conclusive=True)
    why = _unseen(plan, observers) or spoiled_from_the_start(plan)
    if why is not None:
        return why
    with ThreadPoolExecutor(max_workers=1) as beside:  # both only look
        unsteady_now = beside.submit(_not_steady, plan, target.url, probers)
        breach = _breached(plan, clock)
        return unsteady_now.result() or breach


def environment(url: str, seed: int) -> dict[str, str]:
    """Return the environment in which the experiments of a target are played."""
    return {
        **extension_environment(url, os.environ),
        "GAMEDAY_HOME": home(),
        "GAMEDAY_TARGET": url,
        "GAMEDAY_SEED": str(seed),
        "PATH": os.environ.get("PATH", ""),
    }


def refused_plan(plan: "Plan") -> RunStopped:
    """Return the end of a run whose plan is refused."""
    return RunStopped(Ending.REFUSED, "; ".join(plan.refusals), conclusive=True)


def spoiled_from_the_start(plan: "Plan") -> RunStopped | None:
    """Return the end where no alert promise of the first step can be answered."""
    step = plan.scenario.steps[0]
    before = Before(
        standing=plan.monitoring.standing,
        monitoring=plan.monitoring,
        planned=plan.step(step.name),
        instances=plan.instances,
    )
    why = why_nothing_to_learn(step, spoiled(step, before))
    return RunStopped(Ending.REFUSED, why) if why else None


def _unseen(plan: "Plan", observers: Sequence["Observer"]) -> RunStopped | None:
    try:
        why = why_blind(observers)
    finally:
        for observer in observers:
            observer.stop()
    step = plan.scenario.steps[0].name
    return RunStopped(Ending.REFUSED, f"step {step}: {why}") if why else None


def _not_steady(plan: "Plan", url: str, probers: Probers) -> RunStopped | None:
    """Return the end where the first step's hypothesis does not hold now."""
    step = plan.scenario.steps[0]
    if not step.experiment.has_hypothesis:
        return None
    looks: SimpleQueue[Hypothesis | None] = SimpleQueue()

    def on_message(message: str, fields: Mapping[str, Any]) -> None:
        if message == "hypothesis":
            looks.put(Hypothesis(step=step.name, phase="before", **fields))
        elif message == "gone":
            looks.put(None)

    where = environment(url, plan.seed)
    job = Job(
        document=step.experiment.document,
        environment={**where, "GAMEDAY_STEP": step.name},
    )
    prober = probers.prober(job, PROBE_EVERY, on_message)
    try:
        why = unsteady(_best(looks))
    finally:
        prober.release()
        if not prober.wait(1.0):
            prober.kill()
    return RunStopped(Ending.REFUSED, f"step {step.name}: {why}") if why else None


def _best(looks: "SimpleQueue[Hypothesis | None]") -> Hypothesis | None:
    """Return the first look that holds, or the last of as many as the gate allows."""
    seen: Hypothesis | None = None
    for _ in range(LOOKS):
        try:
            look = looks.get(timeout=GATE_PATIENCE)
        except Empty:
            return seen
        if look is None or look.ok is True:
            return look or seen
        seen = look
    return seen


def _breached(plan: "Plan", clock: "Clock") -> RunStopped | None:
    """Return the end of the run if a guardrail is breached now.

    What an expression shows once the scenario's load has begun cannot be known before
    the load, nor what an SLO without samples will show.
    """
    run_observers = RunObservers(plan, clock)
    guards = _without_load(run_observers.guards(), plan)
    if not guards:
        return None
    prometheus = run_observers.prometheus()
    followed = any(guard.rail.slo or guard.rail.alert for guard in guards)
    try:
        if prometheus is not None and followed:
            prometheus.look_once(clock.now() - _SAMPLES)
        told = [
            guard
            for guard in guards
            if not guard.rail.slo or guard.look().state != "unanswerable"
        ]
        return breached(
            [GuardrailMonitor(guard, clock, lambda _: None) for guard in told]
        )
    finally:
        if prometheus is not None:
            prometheus.stop()


def _without_load(guards: Iterable[Guard], plan: "Plan") -> list[Guard]:
    """Return the guardrails that say the same without the scenario's load."""
    loaded = plan.scenario.load is not None
    return [guard for guard in guards if not (guard.rail.promql and loaded)]
