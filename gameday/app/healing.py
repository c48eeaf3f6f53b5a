"""Undo what the ledger holds; end runs from another terminal."""

import contextlib
import os
import signal
from collections.abc import Sequence

from gameday.errors import UsageError
from gameday.ledger.book import Ledger
from gameday.ledger.entries import Healed, RunEntry
from gameday.ledger.heal import heal
from gameday.ledger.home import home, ledger_path
from gameday.ports import Clock


def heal_all(clock: Clock, run: str | None) -> Sequence[Healed]:
    """Undo what dead runs left open (or one named run); return each with its fate."""
    from gameday.targets import open_target

    ledger = Ledger(ledger_path(home()), clock)
    if run is not None and ledger.run(run) is None:
        raise UsageError(f"the ledger knows no run {run!r}")
    healed: list[Healed] = []
    for name in dict.fromkeys(one.run for one in ledger.open_faults(run=run)):
        entry = ledger.run(name)
        if entry is not None and entry.closed is None and entry.process.alive:
            continue
        healed += heal(
            ledger, lambda url: open_target(url, clock), clock, run=name, by="heal"
        )
        if all(one.undone.ok for one in healed if one.fault.run == name):
            ledger.close_run(name)
    return healed


def running(clock: Clock) -> list[RunEntry]:
    """Return the runs that hold a target and whose process lives."""
    ledger = Ledger(ledger_path(home()), clock)
    return [one for one in ledger.open_runs() if one.process.alive]


def stop(entry: RunEntry) -> None:
    """Ask a run to end; it undoes everything itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(entry.process.pid, signal.SIGTERM)
