"""What each family of faults does on a target: one driver per family."""

from typing import Protocol

from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance


class FaultDriver(Protocol):
    """One family of faults; the methods are those of the port `Target`."""

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo; change nothing that can be felt."""

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target."""

    def verify(self, request: FaultRequest, victim: Instance, undo: Undo, /) -> Proof:
        """Return whether it is really there."""

    def undo(self, undo: Undo) -> Undone:
        """Undo and confirm."""
