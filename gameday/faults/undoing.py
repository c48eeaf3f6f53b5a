"""The rollback of every experiment: undo what it has open."""

from collections.abc import Mapping
from typing import Any

from gameday.errors import UndoFailed
from gameday.faults.context import CLOCK, WATCHDOGS, FaultContext, fault_context
from gameday.ledger.entries import Healed
from gameday.ledger.heal import heal
from gameday.ledger.recovery import recover, recover_dead
from gameday.model.quantity import show_instant


def undo_all(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Undo this experiment's faults; under plain `chaos run` close its run as well."""
    mine = fault_context(configuration)
    healed = _undone(mine)
    left = [
        f"{healing.fault.victim.name}: {healing.undone.found}; "
        f"by hand: {healing.undone.by_hand}"
        for healing in healed
        if not healing.undone.ok
    ]
    if mine.own:
        left += [
            f"{recovered.what}, left by run {recovered.run}: {recovered.undone.found}; "
            f"by hand: {recovered.undone.by_hand}"
            for recovered in recover_dead(
                mine.ledger, mine.target.url, mine.opener, CLOCK
            )
            if not recovered.undone.ok
        ]
    if left:
        watchdog = WATCHDOGS.get(mine.run)
        goes_on = f". {watchdog.announcement}" if watchdog else ""
        raise UndoFailed("still broken: " + "; ".join(left) + goes_on)
    return {
        "target": mine.target.url,
        "undone": [
            {
                "fault": healing.fault.kind,
                "instance": healing.fault.victim.name,
                "found": healing.undone.found,
                "at": show_instant(healing.at),
            }
            for healing in healed
        ],
    }


def _undone(mine: FaultContext) -> list[Healed]:
    """Undo the faults of a step; of an experiment that has a run of its own, all."""
    if mine.own:
        return recover(
            mine.ledger, mine.run, mine.opener, CLOCK, by="rollback", ended_cleanly=True
        )
    left_open = mine.ledger.open_faults(run=mine.run)
    its = [fault for fault in left_open if fault.step == mine.step]
    return heal(mine.ledger, mine.opener, CLOCK, its, by="rollback")
