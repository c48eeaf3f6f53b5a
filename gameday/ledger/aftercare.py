"""What the watchdog does when it has to act: all of a dead run, or what is overdue."""

from typing import TYPE_CHECKING

from gameday.ledger.book import Ledger
from gameday.ledger.heal import heal
from gameday.ledger.recovery import opener, recover

if TYPE_CHECKING:
    from gameday.ports import Clock


def undo_all(path: str, run: str, clock: "Clock") -> bool:
    """Recover a dead run; return whether nothing of it is left.

    Never raises: whoever calls tries again.
    """
    ledger = Ledger(path, clock)
    try:
        recover(ledger, run, opener(clock), clock, by="watchdog", insist=True)
        return not ledger.open_faults(run=run)
    except Exception:  # noqa: BLE001 - the promised hour of retries goes on
        return False
    finally:
        ledger.close()


def end_overdue(path: str, run: str, clock: "Clock") -> None:
    """Undo what has lasted longer than it may; the run itself goes on."""
    ledger = Ledger(path, clock)
    try:
        now = clock.now()
        overdue = [one for one in ledger.open_faults(run=run) if one.until <= now]
        if overdue:
            heal(ledger, opener(clock), clock, overdue, by="deadline")
    finally:
        ledger.close()
