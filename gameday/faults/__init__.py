"""Edge. What experiments call: gameday's faults, one module a family, and `undo`."""

from typing import Any

__all__ = ["undo"]


def undo(configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Undo every fault that this experiment has open, newest first.

    Idempotent. UndoFailed, with what a person must do, while something stays broken.
    """
    from gameday.faults.flow import undo_all

    return undo_all(configuration)
