"""One game day per target, across users and machines: the lock in the target itself.

The ledger's own lock comes first and covers one user on one machine. A stale lock is
known by the death of its holder, never by its age; whether a process on another
machine lives cannot be told, so that a person is asked to find out.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.errors import TargetHeld
from gameday.ledger.book import Ledger
from gameday.ledger.guard import Handle, start_watchdog
from gameday.ledger.lost import undo_marked
from gameday.model.quantity import show_instant
from gameday.targets.marking import Holder, Lockable, Marked, holder_here

if TYPE_CHECKING:
    from gameday.ports import Clock, Target

_TRIES = 3


def take(
    ledger: Ledger, target: "Target", run: str, scenario: str, clock: "Clock"
) -> Handle:
    """Take a target for a run, in the ledger and where it can be in the target.

    Returns the run's watchdog. TargetHeld, saying who has it, where another has the
    target; nothing is held or watched then.
    """
    ledger.open_run(run, target.url, scenario)
    with ThreadPoolExecutor(max_workers=1) as beside:  # each takes some 30 ms
        started = beside.submit(start_watchdog, run, str(Path(ledger.path).parent))
        try:
            _take(target, holder_here(run, scenario, show_instant(clock.now())), clock)
            return started.result()
        except BaseException:
            ledger.close_run(run)  # the watchdog goes with it
            if started.exception() is None:
                started.result().close()
            raise


def _take(target: "Target", mine: Holder, clock: "Clock") -> None:
    if not isinstance(target, Lockable):
        return
    other = None
    for _ in range(_TRIES):
        other = target.hold(mine)
        if other is None:
            return
        if other.alive is not False:
            break
        if isinstance(target, Marked):
            broken = [
                o for o in undo_marked(target, clock, other.run) if not o.undone.ok
            ]
            if broken:
                break
        target.release(other.run)
    raise TargetHeld(_held(target, other or Holder(run="?")))


def _held(target: "Target", other: Holder) -> str:
    what = f"run {other.run}" + (f" ({other.scenario})" if other.scenario else "")
    who = f"{other.user}@{other.host}, process {other.process.pid}"
    said = f"{target.url} is held by {what} of {who}, since {other.since}"
    if other.alive or not isinstance(target, Lockable):
        return said
    if other.alive is False:
        return f"{said}; it died and left faults behind: `{target.how_to_free()}`"
    return (
        f"{said}; whether that still runs cannot be told from here. When it surely "
        f"does not: `{target.how_to_free()}`"
    )
