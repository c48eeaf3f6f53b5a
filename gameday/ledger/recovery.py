"""The one recovery of a run: what it left broken is undone, then its target let go.

Whoever ends a run comes here: `gameday heal`, the next run on the same target (of
`gameday run` or of plain `chaos run`), the run's watchdog, and the run itself at its
end. Several may be at it at once: every step of it is idempotent. Where the ledger is
lost, the marks in the target tell what was left.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gameday.errors import GamedayError, StoreError
from gameday.frozen import frozen
from gameday.ledger import foreign
from gameday.ledger.entries import Healed, RecoveredFault
from gameday.ledger.heal import SETTLE, Opener, end_injectors, heal, undo_with_retries
from gameday.ledger.ledger import Ledger
from gameday.model.faults.fault import Undone
from gameday.targets import open_target
from gameday.targets.ownership import Holder, Leftover

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget, TargetLock, TargetMarks

Tell = Callable[[str], None]


def opener(clock: "Clock", at_hand: "OpenTarget | None" = None) -> Opener:
    """Return what opens targets; the one at hand where its URL is asked for."""

    def opened(url: str) -> "OpenTarget":
        if at_hand is not None and at_hand.url == url:
            return at_hand
        return open_target(url, clock)

    return opened


def recover(  # noqa: PLR0913 - who recovers what, how
    ledger: Ledger,
    run: str,
    opened: Opener,
    clock: "Clock",
    *,
    by: str,
    ended_cleanly: bool = False,
    insist: bool = False,
    play_foreign: bool = True,
) -> list[Healed]:
    """End a run, undo what it has open, let its target go; return each fault's fate.

    In this order: none of its faults may begin any more; processes that may still
    inject are ended; what is open is undone; what it was just preparing is swept; the
    lock is released; the run is closed. While anything is broken it keeps its target.

    `ended_cleanly`: none of its processes was killed, so that nothing can be in the
    making. `insist`: a target that does not answer now keeps the run open
    (GamedayError), for a caller that tries again; else its lock stays behind, stale.
    `play_foreign`: other extensions' rollbacks too, which would go over what people
    have set since.
    """
    with suppress(StoreError):  # the disk is full: all the more to undo
        ledger.end_run(run)
    left = ledger.open_faults(run=run)
    end_injectors(left)
    if not play_foreign:
        left = [fault for fault in left if fault.undo.verb != foreign.VERB]
    healed = heal(ledger, opened, clock, left, by=by) if left else []
    if ledger.open_faults(run=run):
        return healed
    entry = ledger.run(run)
    if entry is None:
        return healed
    try:
        target = opened(entry.target)
        if target.marks is not None and not ended_cleanly:
            target.marks.sweep(run)
            clock.sleep(SETTLE)  # what was being made when the run died is there now
        release_target(target, run)
    except GamedayError:
        if insist:
            raise
    ledger.close_run(run)
    return healed


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


def recover_dead(
    ledger: Ledger,
    target_url: str,
    opened: Opener,
    clock: "Clock",
    tell: Tell = lambda _: None,
) -> list[RecoveredFault]:
    """Recover every dead run of a target; return what they had left, and its fate.

    Tells of each before, since a target that does not answer is waited for.
    """
    recovered: list[RecoveredFault] = []
    for dead in ledger.dead_runs(target_url):
        if ledger.open_faults(run=dead.run):
            tell(f"run {dead.run} died; undoing what it has left")
        recovered += [
            RecoveredFault(
                run=dead.run,
                what=f"{healed.fault.kind} on {healed.fault.victim.name}",
                undone=healed.undone,
            )
            for healed in recover(ledger, dead.run, opened, clock, by="heal")
        ]
    return recovered


@frozen
class HealedOrphan:
    """Something that was found by its mark, and what became of it."""

    left: Leftover
    undone: Undone


def undo_marked(
    target: "OpenTarget",
    clock: "Clock",
    run: str | None = None,
    but: Sequence[str] = (),
) -> list[HealedOrphan]:
    """Undo what carries a mark (of one run; not those in `but`), newest first.

    A place that could not be read may hold faults of any run: it is listed as not
    undone.
    """
    marks = target.marks
    if marks is None:
        return []
    recovered = []
    for left in marks.leftovers():
        if left.unread is not None:
            recovered.append(HealedOrphan(left=left, undone=left.unread))
            continue
        if run not in (None, left.run) or left.run in but:
            continue
        undone = Undone(ok=True, found="removed")
        if left.undo is not None:
            undone = undo_with_retries(target.undo, left.undo, clock)
        if undone.ok:
            marks.drop(left)
        recovered.append(HealedOrphan(left=left, undone=undone))
    return recovered


def recover_marked(
    target: "OpenTarget", dead: Holder, clock: "Clock"
) -> list[HealedOrphan]:
    """Undo what a dead holder left in a target, as its marks alone tell; say how.

    For a holder whose ledger is lost, or on another machine. A place that may not be
    read here is among it, unless the holder could not read it either: every fault
    needs more rights than to read, so that it left nothing there.
    """
    recoveries = undo_marked(target, clock, dead.run)
    return [
        recovered for recovered in recoveries if recovered.left.place not in dead.unseen
    ]


def sweep_rules_of(marks: "TargetMarks") -> list[HealedOrphan]:
    """Remove rules that no helper holds any more."""
    return [
        HealedOrphan(
            left=Leftover(
                run="", what=f"rules on {instance}", undo=None, place=instance
            ),
            undone=Undone(ok=True, found=f"{number} removed"),
        )
        for instance, number in marks.sweep_rules()
    ]


def free(lock: "TargetLock", dead: Holder) -> str:
    """Free the lock of a dead holder; return what was done, in words."""
    lock.release(dead.run)
    return f"freed: it was held by run {dead.run} of {dead.user}@{dead.host}"
