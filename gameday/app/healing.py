"""Undo what the ledger holds; end runs from another terminal."""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gameday.errors import UsageError
from gameday.ledger.book import Ledger
from gameday.ledger.entries import FaultEntry, Healed, RunEntry
from gameday.ledger.home import home, ledger_path
from gameday.ledger.recovery import opener, recover
from gameday.model.fault import FaultState, Undone

if TYPE_CHECKING:
    from gameday.ledger.lost import Found
    from gameday.ports import Clock

STOP_PATIENCE = 60.0  # seconds for running game days to undo everything


def heal_all(clock: "Clock", run: str | None) -> list[Healed]:
    """Undo what dead runs left open (or one named run); return each with its fate."""
    ledger = Ledger(ledger_path(home()), clock)
    if run is not None and ledger.run(run) is None:
        raise UsageError(f"the ledger knows no run {run!r}")
    healed: list[Healed] = []
    held = [one.run for one in ledger.open_runs() if run in (None, one.run)]
    for name in dict.fromkeys([*_faulty(ledger, run), *held]):
        entry = ledger.run(name)
        if entry is None or (entry.closed is None and entry.process.alive):
            continue
        healed += recover(ledger, name, opener(clock), clock, by="heal")
    return healed


def fate(word: str, what: str, undone: Undone) -> str:
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
    found = ledger.open_faults(run=run)
    for one in found:
        ledger.move(one.id, FaultState.UNDOING, by="hand")
        ledger.move(one.id, FaultState.UNDONE, by="hand", note="undone by hand")
    recover(ledger, run, opener(clock), clock, by="hand")
    return found


def _faulty(ledger: Ledger, run: str | None) -> list[str]:
    return [fault.run for fault in ledger.open_faults(run=run)]


def heal_marked(
    target_url: str, clock: "Clock", *, wait: bool = True
) -> "tuple[list[Found], str]":
    """Undo what carries gameday's marks in a target, though no ledger knows it.

    Returns each with its fate, and what became of the lock. Runs that are going on
    on this machine are left alone. `wait`: for a heartbeat of the lock's holder.
    """
    from gameday.ledger.lost import free, swept, undo_marked
    from gameday.targets import open_target
    from gameday.targets.marking import Lockable, Marked

    target = open_target(target_url, clock)
    if not isinstance(target, Marked) or not isinstance(target, Lockable):
        raise UsageError(f"{target_url} holds no marks; `gameday heal` has the ledger")
    holder = target.held(wait=wait)
    going_on = [one.run for one in running(clock)]
    if holder is not None and holder.alive:
        going_on.append(holder.run)
    found = undo_marked(target, clock, but=going_on)
    if not going_on:
        found += swept(target)
    if any(not one.undone.ok for one in found):
        return found, ""
    return found, free(target, wait=wait)


def running(clock: "Clock") -> list[RunEntry]:
    """Return the runs that hold a target and whose process lives."""
    ledger = Ledger(ledger_path(home()), clock)
    return [run for run in ledger.open_runs() if run.process.alive]


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
        while not _over(ledger, entry) and clock.monotonic() < until:
            clock.sleep(0.02)
        yield entry, _over(ledger, entry)


def _over(ledger: Ledger, entry: RunEntry) -> bool:
    """Whether nothing is broken and nothing begins any more; reports may still come."""
    now = ledger.run(entry.run)
    ended = now is None or now.closed is not None or now.ended is not None
    return (ended or not entry.process.alive) and not ledger.open_faults(run=entry.run)


def write_reason(run: str, because: str) -> None:
    """Keep why a run is ended, for its report."""
    folder = Path(home()) / "stops"
    folder.mkdir(exist_ok=True)
    (folder / run).write_text(because, encoding="utf-8")


def take_reason(run: str) -> str:
    """Return why a run was ended, once; empty where nobody said."""
    path = Path(home()) / "stops" / run
    try:
        because = path.read_text(encoding="utf-8")
        path.unlink()
    except OSError:
        return ""
    return because
