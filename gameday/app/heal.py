"""Undo what the ledger holds; end runs from another terminal."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.errors import TargetNotFound, UsageError
from gameday.frozen import frozen
from gameday.ledger.entries import FaultEntry, Healed, RunEntry
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import (
    HealedOrphan,
    free,
    opener,
    recover,
    sweep_rules_of,
    undo_marked,
)
from gameday.model.faults.fault import FaultState, Undone

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget, TargetLock, TargetMarks
    from gameday.targets.ownership import Holder

STOP_PATIENCE = 60.0  # seconds for running game days to undo everything


def heal_all(clock: "Clock", run: str | None) -> list[Healed]:
    """Undo what dead runs left open (or one named run); return each with its fate."""
    ledger = Ledger(ledger_path(home()), clock)
    if run is not None and ledger.run(run) is None:
        raise UsageError(f"the ledger knows no run {run!r}")
    healed: list[Healed] = []
    held = [
        open_run.run for open_run in ledger.open_runs() if run in (None, open_run.run)
    ]
    for name in dict.fromkeys([*_faulty(ledger, run), *held]):
        entry = ledger.run(name)
        if entry is None or (entry.closed is None and entry.process.alive):
            continue
        healed += recover(ledger, name, opener(clock), clock, by="heal")
    return healed


def undo_line(word: str, what: str, undone: Undone) -> str:
    """Return what became of something to undo, as people are told it.

    `word`: what is said of it where it is undone.
    """
    if undone.ok or not undone.by_hand:
        return f"{word if undone.ok else 'BROKEN'}  {what}: {undone.found}"
    return f"BROKEN  {what}: {undone.found}\n        by hand: {undone.by_hand}"


def note_by_hand(clock: "Clock", run: str) -> list[FaultEntry]:
    """Take a person's word that all a dead run left has been undone; return it."""
    ledger = Ledger(ledger_path(home()), clock)
    entry = ledger.run(run)
    if entry is None:
        raise UsageError(f"the ledger knows no run {run!r}")
    if entry.closed is None and entry.process.alive:
        raise UsageError(f"run {run} is going on; `gameday stop` ends it")
    open_faults = ledger.open_faults(run=run)
    for fault in open_faults:
        ledger.move(fault.id, FaultState.UNDOING, by="hand")
        ledger.move(fault.id, FaultState.UNDONE, by="hand", note="undone by hand")
    recover(ledger, run, opener(clock), clock, by="hand")
    return open_faults


def _faulty(ledger: Ledger, run: str | None) -> list[str]:
    return [fault.run for fault in ledger.open_faults(run=run)]


@frozen
class MarkedHeal:
    """What `gameday heal` found in a target by its marks, and what became of it.

    `lock`: what was done with the lock. `going_on`: who holds the target and lives, so
    that it was left alone. `unseen`: places that this account may not read, where by
    all that is known nothing is.
    """

    found: Sequence[HealedOrphan] = ()
    unseen: Sequence[HealedOrphan] = ()
    lock: str = ""
    going_on: str = ""

    @property
    def all_undone(self) -> bool:
        """Whether nothing of what was found is still there."""
        return all(orphan.undone.ok for orphan in self.found)


def heal_marked(
    target_url: str,
    clock: "Clock",
    *,
    wait: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> MarkedHeal:
    """Undo what carries gameday's marks in a target, though no ledger knows it.

    Runs that are going on are left alone. `wait`: until the heartbeat of the lock's
    holder shows whether that lives, where nothing else does. TargetNotFound where
    there is no such target.
    """
    target, marks, lock = _opened(target_url, clock)
    holder = _decided_holder(lock, wait=wait, tell=tell)
    alive = holder if holder is not None and holder.alive is True else None
    going_on = [entry.run for entry in running(clock)]
    if alive is not None:
        going_on.append(alive.run)
    orphans = undo_marked(target, clock, but=going_on)
    if not going_on:
        orphans += sweep_rules_of(marks)
    if not orphans and holder is None and (gone := marks.why_gone()):
        raise TargetNotFound(gone)
    marked = _marked(orphans, holder)
    if alive:
        return replace(marked, going_on=_held_text(target_url, alive, wait=wait))
    if holder is None or not marked.all_undone:
        return marked
    return replace(marked, lock=free(lock, holder))


def _opened(
    target_url: str, clock: "Clock"
) -> "tuple[OpenTarget, TargetMarks, TargetLock]":
    from gameday.targets import open_target

    target = open_target(target_url, clock)
    if target.marks is None or target.lock is None:
        raise UsageError(f"{target_url} holds no marks; `gameday heal` has the ledger")
    return target, target.marks, target.lock


def _decided_holder(
    lock: "TargetLock", *, wait: bool, tell: Callable[[str], None]
) -> "Holder | None":
    """Return who has the lock of a target, once it shows whether that lives."""
    from gameday.targets.ownership import DECIDED

    holder = lock.holder(wait=False)
    if not wait or holder is None or holder.expired is None or holder.known_here:
        return holder
    tell(
        f"run {holder.run} of {holder.user}@{holder.host} holds the lock; waiting for "
        f"its heartbeat ({DECIDED:g} s at most; `--no-wait` goes by the last one)"
    )
    return lock.holder(decide=True)


def _marked(orphans: Sequence[HealedOrphan], holder: "Holder | None") -> MarkedHeal:
    """Return what was found, apart from the places where nothing can be."""
    return MarkedHeal(
        found=[orphan for orphan in orphans if _counts(orphan, holder)],
        unseen=[orphan for orphan in orphans if not _counts(orphan, holder)],
    )


def _counts(orphan: HealedOrphan, holder: "Holder | None") -> bool:
    """Whether it bears on what is broken: all but a place where nothing can be.

    Every fault needs more rights than to read, so that nobody left any where he could
    not look; and a run holds its target until all it left is undone.
    """
    if orphan.left.unread is None:
        return True
    return holder is not None and orphan.left.place not in holder.unseen


def _held_text(target_url: str, holder: "Holder", *, wait: bool) -> str:
    who = f"run {holder.run} of {holder.user}@{holder.host}"
    sure = "" if wait or holder.known_here else ", by its last heartbeat"
    return (
        f"{target_url} is held by {who}, which is going on{sure}; it is left alone: "
        "`gameday stop` there ends it"
    )


def running(clock: "Clock") -> list[RunEntry]:
    """Return the runs that hold a target and whose process lives."""
    ledger = Ledger(ledger_path(home()), clock)
    return [run for run in ledger.open_runs() if run.process.alive]


def running_with_faults(clock: "Clock", run: str | None) -> list[RunEntry]:
    """Return the runs that `heal` leaves alone with something broken (or that one)."""
    ledger = Ledger(ledger_path(home()), clock)
    return [
        entry
        for entry in running(clock)
        if run == entry.run or (run is None and ledger.open_faults(run=entry.run))
    ]


def dead_with_faults(clock: "Clock") -> list[RunEntry]:
    """Return the runs whose process is dead and that have left faults behind."""
    ledger = Ledger(ledger_path(home()), clock)
    alive = {entry.run for entry in running(clock)}
    left = {fault.run for fault in ledger.open_faults()} - alive
    return [entry for name in sorted(left) if (entry := ledger.run(name)) is not None]


def stop(
    entries: Sequence[RunEntry], because: str, clock: "Clock"
) -> Iterator[tuple[RunEntry, bool]]:
    """Ask the runs to end, all at once; yield each with whether it is all undone."""
    ledger = Ledger(ledger_path(home()), clock)
    for entry in entries:
        write_reason(entry.run, because)
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry.process.pid, signal.SIGTERM)
    until = clock.monotonic() + STOP_PATIENCE
    for entry in entries:
        while not _is_ended(ledger, entry) and clock.monotonic() < until:
            clock.sleep(0.02)
        yield entry, _is_ended(ledger, entry)


def _is_ended(ledger: Ledger, entry: RunEntry) -> bool:
    """Whether nothing is broken and nothing begins any more; reports may still come."""
    now = ledger.run(entry.run)
    ended = now is None or now.closed is not None or now.ended is not None
    return (ended or not entry.process.alive) and not ledger.open_faults(run=entry.run)


def write_reason(run: str, because: str) -> None:
    """Keep why a run is ended, for its report."""
    folder = Path(home()) / "stops"
    folder.mkdir(exist_ok=True)
    (folder / run).write_text(because, encoding="utf-8")


def pop_reason(run: str) -> str:
    """Return why a run was ended, once; empty where nobody said."""
    path = Path(home()) / "stops" / run
    try:
        because = path.read_text(encoding="utf-8")
        path.unlink()
    except OSError:
        return ""
    return because
