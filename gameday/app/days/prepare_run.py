"""From a scenario to the plan of a system in which no dead run has left a fault."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.app.days.make_plan import Prepared, prepare
from gameday.app.heal import undo_line
from gameday.errors import GamedayError
from gameday.ledger.entries import RecoveredFault
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import opener, recover_dead, recover_marked

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget

Tell = Callable[[str], None]


def prepare_run(
    scenario: "Scenario", clock: "Clock", seed: int | None, tell: Tell
) -> Prepared:
    """Heal the faults that dead runs have left, then plan.

    A plan that was made before would count those faults as the normal state. Faults
    that only the lock in the target knows of are looked for when the plan is refused,
    because asking the target takes time that other plans need not spend.
    """
    recovered = heal_known_runs(scenario.target.url, clock, tell)
    prepared = prepare(scenario, clock, seed)
    if prepared.plan.refusals and prepared.target is not None:
        held = heal_dead_holder(prepared.target, clock, tell)
        if held:
            prepared = prepare(scenario, clock, seed)
            recovered += held
    return replace(prepared, recovered=tuple(recovered))


def heal_known_runs(
    target_url: str, clock: "Clock", tell: Tell
) -> list[RecoveredFault]:
    """Undo what dead runs of this ledger have left; return each fault and its outcome.

    A fault that cannot be undone now is left to the run: the run tries again once it
    holds the target, and is refused if that fails too.
    """
    path = ledger_path()
    if not Path(path).exists():
        return []
    with contextlib.suppress(GamedayError):
        ledger = Ledger(path, clock)
        recovered = recover_dead(ledger, target_url, opener(clock), clock, tell)
        return _announced(recovered, tell)
    return []


def heal_dead_holder(
    target: "OpenTarget", clock: "Clock", tell: Tell
) -> list[RecoveredFault]:
    """Undo what a dead holder has left in a target; return each fault and its outcome.

    For a holder whose ledger is lost, or whose machine is gone. What could not be
    undone is named by the next refusal.
    """
    if target.marks is None or target.lock is None:
        return []
    with contextlib.suppress(GamedayError):
        holder = target.lock.holder()
        if holder is None or holder.alive is not False:
            return []
        recovered = [
            RecoveredFault(
                run=holder.run, what=recovered.left.what, undone=recovered.undone
            )
            for recovered in recover_marked(target, holder, clock)
            if recovered.left.unread is None  # a place may hold anybody's
        ]
        return _announced(recovered, tell)
    return []


def _announced(recovered: list[RecoveredFault], tell: Tell) -> list[RecoveredFault]:
    for recovery in recovered:
        tell(
            undo_line(
                "healed",
                f"{recovery.what}, left by run {recovery.run}",
                recovery.undone,
            )
        )
    return recovered
