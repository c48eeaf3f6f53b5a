"""How a run would end before it touches anything: for the plan, and for the run.

One place decides, so that "would go on" is a promise: the same words, and the same
exit code, as the run's own refusal.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.app.looking import Eyesight
from gameday.errors import GamedayError
from gameday.ledger.book import Ledger
from gameday.ledger.hold import held_by_another
from gameday.ledger.home import ledger_path
from gameday.model.verdict import Ending
from gameday.plans.spoiled import Before, nothing_left, spoiled
from gameday.runner.gate import blind
from gameday.runner.stop import Stop

if TYPE_CHECKING:
    from gameday.app.planning import Prepared
    from gameday.model.plan import Plan
    from gameday.ports import Clock, Observer


def foresee(prepared: "Prepared", clock: "Clock") -> Stop | None:
    """Return how a run of this plan would be refused now; None: it would go on."""
    plan = prepared.plan
    if plan.refusals:
        return refused_plan(plan)
    try:
        path = ledger_path()
        ledger = Ledger(path, clock) if Path(path).exists() else None
        held = held_by_another(ledger, prepared.target)
        observers = Eyesight(plan, clock).observers(prepared.target)
    except GamedayError as error:
        return Stop(Ending.REFUSED, str(error), conclusive=True)
    if held:
        return Stop(Ending.REFUSED, held, conclusive=True)
    return _unseen(plan, observers) or spoiled_from_the_start(plan)


def refused_plan(plan: "Plan") -> Stop:
    """Return the end of a run whose plan is refused."""
    return Stop(Ending.REFUSED, "; ".join(plan.refusals), conclusive=True)


def spoiled_from_the_start(plan: "Plan") -> Stop | None:
    """Return the end where no alert promise of the first step can be answered."""
    step = plan.scenario.steps[0]
    before = Before(
        standing=plan.eyes.standing,
        eyes=plan.eyes,
        planned=plan.step(step.name),
        instances=plan.instances,
    )
    why = nothing_left(step, spoiled(step, before))
    return Stop(Ending.REFUSED, why) if why else None


def _unseen(plan: "Plan", observers: Sequence["Observer"]) -> Stop | None:
    try:
        why = blind(observers)
    finally:
        for observer in observers:
            observer.stop()
    step = plan.scenario.steps[0].name
    return Stop(Ending.REFUSED, f"step {step}: {why}") if why else None
