"""The rollback of every experiment: undo what it has open."""

from collections.abc import Mapping
from typing import Any

from gameday.errors import UndoFailed
from gameday.faults.belonging import CLOCK, belonging, clear_stale
from gameday.ledger.heal import heal
from gameday.ledger.release import let_go
from gameday.model.quantity import show_instant


def undo_all(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Undo this experiment's faults; under plain `chaos run` close its run as well."""
    mine = belonging(configuration)
    found = mine.ledger.open_faults(run=mine.run)
    if not mine.own:
        found = [one for one in found if one.step == mine.step]
    healed = heal(mine.ledger, mine.opener, CLOCK, found, by="rollback")
    left = [
        f"{one.fault.victim.name}: {one.undone.found}; by hand: {one.undone.by_hand}"
        for one in healed
        if not one.undone.ok
    ]
    if mine.own:
        left += clear_stale(mine)
        if not left:
            let_go(mine.target, mine.run)
            mine.ledger.close_run(mine.run)
    if left:
        raise UndoFailed("still broken: " + "; ".join(left))
    return {
        "target": mine.target.url,
        "undone": [
            {
                "fault": one.fault.kind,
                "instance": one.fault.victim.name,
                "found": one.undone.found,
                "at": show_instant(one.at),
            }
            for one in healed
        ],
    }
