"""The runs of this user on this machine, those that go on among them."""

from collections.abc import Iterator
from dataclasses import replace

from gameday.clock import SystemClock
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.store.history import History, RunListing


def entries() -> Iterator[RunListing]:
    """Yield every run, oldest first; `ending` is running while its process lives."""
    ledger = Ledger(ledger_path(home()), SystemClock())
    alive = {run.run for run in ledger.open_runs() if run.process.alive}
    for entry in History(home()).entries():
        going = entry.ending == "crashed" and entry.run in alive
        yield replace(entry, ending="running", outcome="") if going else entry
