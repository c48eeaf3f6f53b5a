"""Letting go of a target: its marks and its lock, when all is undone."""

from contextlib import suppress
from typing import TYPE_CHECKING

from gameday.errors import GamedayError
from gameday.targets.marking import Lockable, Marked

if TYPE_CHECKING:
    from gameday.ports import Target


def let_go(target: "Target", run: str) -> None:
    """Let go of a target whose faults are all undone; the ledger closes its own.

    Removes what was prepared for faults that never came, or that ended by
    themselves. Where the target does not answer the lock stays, stale with our end.
    """
    with suppress(GamedayError):
        if isinstance(target, Marked):
            target.sweep(run)
        if isinstance(target, Lockable):
            target.release(run)
