"""What the watchdog does when it has to act: all of a dead run, or what is overdue."""

from contextlib import suppress
from typing import TYPE_CHECKING

from gameday.errors import StoreError
from gameday.ledger.book import Ledger
from gameday.ledger.heal import SETTLE, end_injectors, heal
from gameday.ledger.release import let_go
from gameday.targets import open_target
from gameday.targets.marking import Marked

if TYPE_CHECKING:
    from gameday.ports import Clock, Target


def undo_all(path: str, run: str, clock: "Clock") -> bool:
    """Undo all that a dead run left open; return whether nothing is left.

    Never raises: whoever calls tries again.
    """
    ledger = Ledger(path, clock)
    try:
        with suppress(StoreError):  # full: all the more to undo
            ledger.end_run(run)
        _heal(ledger, run, clock, by="watchdog")
        if ledger.open_faults(run=run):
            return False
        _clear(ledger, run, clock)
        ledger.close_run(run)
    except Exception:  # noqa: BLE001 - the promised hour of retries goes on
        return False
    else:
        return True
    finally:
        ledger.close()


def end_overdue(path: str, run: str, clock: "Clock") -> None:
    """Undo what has lasted longer than it may; the run itself goes on."""
    ledger = Ledger(path, clock)
    try:
        _heal(ledger, run, clock, by="deadline")
    finally:
        ledger.close()


def _clear(ledger: Ledger, run: str, clock: "Clock") -> None:
    entry = ledger.run(run)
    if entry is None:
        return
    target = open_target(entry.target, clock)
    if isinstance(target, Marked):
        target.sweep(run)
        clock.sleep(SETTLE)  # what was being made when the run died is there now
    let_go(target, run)


def _heal(ledger: Ledger, run: str, clock: "Clock", by: str) -> None:
    def opener(url: str) -> "Target":
        return open_target(url, clock)

    found = ledger.open_faults(run=run)
    if by == "deadline":
        found = [one for one in found if one.until <= clock.now()]
    else:
        end_injectors(found)
    if found:
        heal(ledger, opener, clock, found, by=by)
