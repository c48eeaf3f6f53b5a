"""From a scenario to the plan of a system in which no dead run has left a fault."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.app.healing import fate, heal_the_dead
from gameday.app.planning import Prepared, prepare
from gameday.errors import GamedayError
from gameday.ledger.book import Ledger
from gameday.ledger.home import ledger_path

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario
    from gameday.ports import Clock, Target

Tell = Callable[[str], None]


def ready(
    scenario: "Scenario", clock: "Clock", seed: int | None, tell: Tell
) -> Prepared:
    """Plan, once what dead runs have left is undone; else it would be planned with.

    What only the lock in the target knows of is looked for where a plan is refused,
    perhaps over just that: it costs questions that other plans need not wait for.
    """
    _heal_known(scenario.target.url, clock, tell)
    prepared = prepare(scenario, clock, seed)
    if prepared.plan.refusals and heal_held(prepared.target, clock, tell):
        return prepare(scenario, clock, seed)
    return prepared


def _heal_known(target_url: str, clock: "Clock", tell: Tell) -> None:
    """Undo what dead runs of this ledger have left.

    What cannot be undone now is left to the run, which tries again, under its lock,
    and says so.
    """
    path = ledger_path()
    if not Path(path).exists():
        return
    with contextlib.suppress(GamedayError):
        for one in heal_the_dead(Ledger(path, clock), target_url, clock, tell):
            what = f"{one.fault.kind} on {one.fault.victim.name}"
            tell(fate("healed", _left_by(what, one.fault.run), one.undone))


def heal_held(target: "Target", clock: "Clock", tell: Tell) -> bool:
    """Undo what a dead holder has left in a target; return whether there was any.

    For a holder whose ledger is lost, or on a machine that is gone. What is not undone
    is named by the next refusal.
    """
    from gameday.ledger.lost import undo_marked
    from gameday.targets.marking import Lockable, Marked

    if not isinstance(target, Marked) or not isinstance(target, Lockable):
        return False
    with contextlib.suppress(GamedayError):
        holder = target.held()
        if holder is None or holder.alive is not False:
            return False
        found = undo_marked(target, clock, holder.run)
        its = [one for one in found if one.left.unread is None]  # a place: anybody's
        for one in its:
            tell(fate("healed", _left_by(one.left.what, holder.run), one.undone))
        return bool(its)
    return False


def _left_by(what: str, run: str) -> str:
    return f"{what}, left by run {run}"
