"""Undo what the ledger holds; end runs from another terminal."""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from gameday.errors import UsageError
from gameday.ledger.book import Ledger
from gameday.ledger.entries import Healed, RunEntry
from gameday.ledger.heal import end_injectors, heal
from gameday.ledger.home import home, ledger_path
from gameday.ports import Clock

STOP_PATIENCE = 60.0  # seconds for running game days to undo everything


def undo_run(ledger: Ledger, run: str, clock: Clock, by: str) -> list[Healed]:
    """Undo what one run holds open; return each fault with its fate."""
    from gameday.targets import open_target

    entries = ledger.open_faults(run=run)
    return heal(ledger, lambda url: open_target(url, clock), clock, entries, by=by)


def heal_the_dead(ledger: Ledger, target_url: str, clock: Clock) -> list[Healed]:
    """Undo what runs that died have left in a target; let go of their locks."""
    healed: list[Healed] = []
    for dead in ledger.stale(target_url):
        end_injectors(ledger.open_faults(run=dead.run))
        found = undo_run(ledger, dead.run, clock, "heal")
        if all(one.undone.ok for one in found):
            ledger.close_run(dead.run)
        healed += found
    return healed


def heal_all(clock: Clock, run: str | None) -> list[Healed]:
    """Undo what dead runs left open (or one named run); return each with its fate."""
    ledger = Ledger(ledger_path(home()), clock)
    if run is not None and ledger.run(run) is None:
        raise UsageError(f"the ledger knows no run {run!r}")
    healed: list[Healed] = []
    for name in dict.fromkeys(one.run for one in ledger.open_faults(run=run)):
        entry = ledger.run(name)
        if entry is not None and entry.closed is None and entry.process.alive:
            continue
        end_injectors(ledger.open_faults(run=name))
        found = undo_run(ledger, name, clock, "heal")
        if all(one.undone.ok for one in found):
            ledger.close_run(name)
        healed += found
    return healed


def running(clock: Clock) -> list[RunEntry]:
    """Return the runs that hold a target and whose process lives."""
    ledger = Ledger(ledger_path(home()), clock)
    return [one for one in ledger.open_runs() if one.process.alive]


def stop(
    entries: Sequence[RunEntry], because: str, clock: Clock
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
    now = ledger.run(entry.run)
    gone = now is None or now.closed is not None or not entry.process.alive
    return gone and not ledger.open_faults(run=entry.run)


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
