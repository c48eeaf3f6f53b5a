"""Letting go of a target: its marks and its lock, when all is undone."""

from contextlib import suppress
from typing import TYPE_CHECKING

from gameday.errors import GamedayError

if TYPE_CHECKING:
    from gameday.targets.opened import OpenTarget


def release_target(target: "OpenTarget", run: str) -> None:
    """Let go of a target whose faults are all undone; the ledger closes its own.

    Removes what was prepared for faults that never came, or that ended by
    themselves. Where the target does not answer the lock stays, stale with our end.
    """
    with suppress(GamedayError):
        if target.marks is not None:
            target.marks.sweep(run)
        if target.lock is not None:
            target.lock.release(run)
