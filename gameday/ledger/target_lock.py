"""One game day per target, across users and machines: the lock in the target itself.

The ledger's own lock comes first and covers one user on one machine. A stale lock is
known by the death of its holder, never by its age; whether a process on another
machine lives cannot be told, so that a person is asked to find out.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.errors import TargetHeld
from gameday.ledger.entries import RecoveredFault
from gameday.ledger.held import held_text
from gameday.ledger.ledger import Ledger, holder_text
from gameday.ledger.recovery import Tell, opener, recover_dead, recover_marked
from gameday.ledger.watchdog.launcher import WatchdogHandle, start_watchdog
from gameday.model.quantity import show_instant
from gameday.targets.ownership import Holder, holder_here

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget

_TRIES = 3
Emit = Callable[[RecoveredFault], None]


def take(  # noqa: PLR0913 - who takes what, and who is told
    ledger: Ledger,
    target: "OpenTarget",
    run: str,
    scenario: str,
    clock: "Clock",
    *,
    tell: Tell = lambda _: None,
    emit: Emit = lambda _: None,
) -> WatchdogHandle:
    """Take a target for a run, in the ledger and where it can be in the target.

    What dead runs have left is undone under the lock: each is emitted with its fate.
    Returns the run's watchdog. TargetHeld, saying who has it, where another has the
    target, or where something of a dead run stays broken; nothing is held or watched
    then.
    """
    ledger.open_run(run, target.url, scenario, recovers=True)
    with ThreadPoolExecutor(max_workers=1) as beside:  # each takes some 30 ms
        started = beside.submit(start_watchdog, run, str(Path(ledger.path).parent))
        try:
            _recover(ledger, target, clock, tell, emit)
            holder = holder_here(run, scenario, show_instant(clock.now()))
            _take(target, holder, clock, emit)
            return started.result()
        except BaseException:
            ledger.close_run(run)  # the watchdog goes with it
            if started.exception() is None:
                started.result().close()
            raise


def _recover(
    ledger: Ledger, target: "OpenTarget", clock: "Clock", tell: Tell, emit: Emit
) -> None:
    """Undo what dead runs of this ledger have left; TargetHeld if something remains."""
    opened = opener(clock, target)
    for recovered in recover_dead(ledger, target.url, opened, clock, tell):
        emit(recovered)
    for dead in ledger.dead_runs(target.url):
        raise TargetHeld(holder_text(dead, dead=True))


def _take(target: "OpenTarget", mine: Holder, clock: "Clock", emit: Emit) -> None:
    lock = target.lock
    if lock is None:
        return
    other, why = None, ""
    for _ in range(_TRIES):
        other = lock.hold(mine)
        if other is None:
            return
        if other.alive is not False:
            break
        why = _why_not_freed(target, other, clock, emit)
        if why:
            break
        lock.release(other.run)
    raise TargetHeld(held_text(target, other or Holder(run="?"), why))


def _why_not_freed(
    target: "OpenTarget", dead: Holder, clock: "Clock", emit: Emit
) -> str:
    """Undo what a dead holder left; return why something remains, or empty."""
    recoveries = recover_marked(target, dead, clock)
    for recovered in recoveries:
        if recovered.left.unread is None:
            emit(
                RecoveredFault(
                    run=dead.run, what=recovered.left.what, undone=recovered.undone
                )
            )
    broken = [recovered for recovered in recoveries if not recovered.undone.ok]
    unread = [
        recovered.left.what for recovered in broken if recovered.left.unread is not None
    ]
    if len(broken) > len(unread):
        return "it died and left faults behind"
    if not unread:
        return ""
    places = ", ".join(unread)
    hidden = f"may have left faults where this account may not look ({places})"
    return f"it died, and {hidden}; with an account that may"
