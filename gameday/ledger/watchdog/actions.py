"""What the watchdog does when it has to act: all of a dead run, or what is overdue."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.errors import GamedayError
from gameday.ledger import foreign
from gameday.ledger.entries import FaultEntry
from gameday.ledger.heal import Opener, heal
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import opener, recover, release_target

if TYPE_CHECKING:
    from gameday.ports import Clock

# Seconds after a run's death in which other extensions' rollbacks are played. Later
# they would go over what people have set since; `gameday heal` still plays them.
FOREIGN_PATIENCE = 60.0


class DeadRunRecovery:
    """The recovery of one dead run, tried again and again.

    It keeps in memory what was open, so that it can go on where the ledger is deleted;
    and it never makes a new ledger.
    """

    def __init__(
        self, path: str, run: str, clock: "Clock", opened: Opener | None = None
    ) -> None:
        self._opened = opened or opener(clock)
        self._path = path
        self._run = run
        self._clock = clock
        self._until = clock.now() + FOREIGN_PATIENCE
        self._open: dict[int, FaultEntry] = {}
        self._target = ""

    def attempt(self) -> bool:
        """Recover the run; return whether nothing is left that could be done.

        Never raises: whoever calls tries again.
        """
        ledger = Ledger(self._path, self._clock, create=False)
        try:
            if self._is_known(ledger):
                return self._recovered(ledger) or self._is_gone()
            return self._from_memory(ledger) or self._is_gone()
        except Exception:  # noqa: BLE001 - the promised hour of retries goes on
            return self._is_gone()
        finally:
            ledger.close()

    def _is_known(self, ledger: Ledger) -> bool:
        """Whether there is a ledger still, and the run in it."""
        if not Path(self._path).exists():
            return False
        entry = ledger.run(self._run)
        if entry is not None:
            self._target = entry.target
        return entry is not None

    def _recovered(self, ledger: Ledger) -> bool:
        left = ledger.open_faults(run=self._run)
        self._open = {fault.id: fault for fault in left}
        recover(
            ledger,
            self._run,
            self._opened,
            self._clock,
            by="watchdog",
            insist=True,
            play_foreign=self._may_play_rollbacks,
        )
        left = ledger.open_faults(run=self._run)
        self._open = {fault.id: fault for fault in left}
        return not self._open_faults

    def _from_memory(self, ledger: Ledger) -> bool:
        """Undo what was open when the ledger could last be read."""
        if self._open_faults:
            # Nothing can be written down any more; `heal` goes on all the same.
            done = heal(
                ledger, self._opened, self._clock, self._open_faults, by="watchdog"
            )
            for healed in done:
                if healed.undone.ok:
                    self._open.pop(healed.fault.id, None)
            if not self._open:
                with suppress(GamedayError):
                    release_target(self._opened(self._target), self._run)
        return not self._open_faults

    @property
    def _may_play_rollbacks(self) -> bool:
        return self._clock.now() < self._until

    @property
    def _open_faults(self) -> list[FaultEntry]:
        """The open faults that may still be undone from here."""
        return [
            fault
            for fault in self._open.values()
            if fault.undo.verb != foreign.VERB or self._may_play_rollbacks
        ]

    def _is_gone(self) -> bool:
        """Whether the target itself says that it does not exist any more."""
        try:
            marks = self._opened(self._target).marks
            return marks is not None and bool(marks.why_gone())
        except Exception:  # noqa: BLE001 - who does not answer is not gone
            return False


def end_overdue(path: str, run: str, clock: "Clock") -> None:
    """Undo what has lasted longer than it may; the run itself goes on."""
    ledger = Ledger(path, clock, create=False)
    try:
        now = clock.now()
        overdue = [fault for fault in ledger.open_faults(run=run) if fault.until <= now]
        if overdue:
            heal(ledger, opener(clock), clock, overdue, by="deadline")
    finally:
        ledger.close()
