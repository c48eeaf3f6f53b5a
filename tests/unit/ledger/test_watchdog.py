"""The watchdog outlives whatever goes wrong while it looks on."""

import os
import sqlite3
import threading
from pathlib import Path

from gameday.ledger.aftercare import undo_all
from gameday.ledger.book import Ledger
from gameday.ledger.watchdog import DONE, Watchdog
from gameday.model.fault import FaultState
from gameday.targets.procfs import identify
from tests.unit.ledger.fake import URL, HandClock, entry

LOOKS = 2.0  # seconds: several looks of the watchdog


def garbled(folder: Path) -> str:
    """Return a ledger with an overdue fault whose undo cannot be read any more."""
    path = str(folder / "ledger.db")
    ledger = Ledger(path, HandClock())
    ledger.open_run("r1", URL)
    ledger.move(ledger.begin(entry("web-1")), FaultState.INJECTING)
    ledger.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE faults SET undo = 'cut off'")
    db.close()
    return path


def test_an_undo_that_breaks_does_not_end_the_watch(tmp_path: Path) -> None:
    theirs, ours = os.pipe()
    path = garbled(tmp_path)

    def watch() -> None:
        Watchdog("r1", path, identify(), theirs).watch()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    watching.join(LOOKS)
    assert watching.is_alive()
    os.write(ours, DONE)
    watching.join(10.0)
    assert not watching.is_alive()
    for end in (theirs, ours):
        os.close(end)


def test_an_undo_that_breaks_is_tried_again_after_the_run_is_dead(
    tmp_path: Path,
) -> None:
    assert undo_all(garbled(tmp_path), "r1", HandClock()) is False


def test_a_ledger_that_cannot_be_written_hinders_no_undo(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.db")
    ledger = Ledger(path, HandClock())
    ledger.open_run("r1", URL)
    ledger.move(ledger.begin(entry("web-1")), FaultState.INJECTING)
    ledger.close()
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF ended ON runs"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    db.close()
    assert undo_all(path, "r1", HandClock()) is False  # there is no such engine
    states = [one.state for one in ledger.transitions("r1")]
    ledger.close()
    assert FaultState.UNDOING in states
