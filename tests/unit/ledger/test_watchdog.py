"""The watchdog outlives whatever goes wrong while it looks on."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.ledger import foreign
from gameday.ledger.ledger import Ledger
from gameday.ledger.watchdog.actions import FOREIGN_PATIENCE, DeadRunRecovery
from gameday.ledger.watchdog.launcher import start_watchdog
from gameday.ledger.watchdog.watchdog import DONE, Watchdog
from gameday.model.faults.fault import FaultState
from gameday.targets.procfs import identify
from tests.unit.ledger.fake import URL, HandClock, entry, instance
from tests.unit.ledger.test_ledger import dead_pid
from tests.unit.ledger.test_recovery import Marking

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
    assert DeadRunRecovery(garbled(tmp_path), "r1", HandClock()).attempt() is False


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
    care = DeadRunRecovery(path, "r1", HandClock())
    assert care.attempt() is False  # there is no such engine
    states = [transition.state for transition in ledger.transitions("r1")]
    ledger.close()
    assert FaultState.UNDOING in states


# After an undo that did not succeed ----------------------------------------------


class Broken:
    """A dead run whose fault cannot be undone, and the watchdog's care for it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.db"
        self.clock = HandClock()
        self.ledger = Ledger(str(self.path), self.clock)
        self.ledger.open_run("dead", URL, pid=dead_pid())
        self.target = Marking([instance("web-1")])
        self.care = DeadRunRecovery(
            str(self.path), "dead", self.clock, lambda _: self.target
        )

    def breaks(self, **changes: object) -> int:
        fault = self.ledger.begin(entry("web-1", run="dead", **changes))
        for state in (FaultState.INJECTING, FaultState.BITING):
            self.ledger.move(fault, state)
        self.target.broken.add("web-1")
        self.target.undo_failures = 10_000
        return fault

    def lose_the_ledger(self) -> None:
        self.ledger.close()
        for file in self.path.parent.glob("ledger.db*"):
            file.unlink()


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    made = Broken(tmp_path)
    yield made
    made.ledger.close()


def test_it_goes_on_until_all_is_undone(broken: Broken) -> None:
    broken.breaks()
    assert not broken.care.attempt()
    broken.target.undo_failures = 0
    assert broken.care.attempt()
    assert broken.target.broken == set()


def test_it_ends_with_its_ledger_once_nothing_that_it_remembers_is_open(
    broken: Broken,
) -> None:
    broken.breaks()
    assert not broken.care.attempt()
    broken.lose_the_ledger()
    assert not broken.care.attempt()
    broken.target.undo_failures = 0
    assert broken.care.attempt()
    assert broken.target.broken == set()
    assert broken.target.steps[-1] == "release dead"
    assert not broken.path.exists()


def test_it_ends_with_a_ledger_of_which_it_remembers_nothing(broken: Broken) -> None:
    broken.lose_the_ledger()
    assert broken.care.attempt()
    assert not broken.path.exists()


def test_it_ends_with_its_target(broken: Broken) -> None:
    broken.breaks()
    assert not broken.care.attempt()
    broken.target.gone_because = "no such project"
    assert broken.care.attempt()


def test_a_target_that_does_not_answer_is_not_gone(broken: Broken) -> None:
    broken.breaks()
    broken.target.unreachable = True
    assert not broken.care.attempt()


def test_it_plays_no_foreign_rollback_after_its_time(broken: Broken) -> None:
    undo = replace(entry().undo, verb=foreign.VERB, arguments={"names": ["back"]})
    fault = broken.breaks(undo=undo, kind=foreign.KIND)
    broken.clock.at += FOREIGN_PATIENCE + 1.0
    assert broken.care.attempt()  # nothing is left that it may do
    left = broken.ledger.fault(fault)
    assert left is not None
    assert left.state is FaultState.BITING  # for `gameday heal`
    run = broken.ledger.run("dead")
    assert run is not None
    assert run.closed is None


def test_it_is_announced_by_its_process(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "ledger.db"), HandClock())
    ledger.open_run("r1", URL)
    handle = start_watchdog("r1", str(tmp_path))
    try:
        words = Path(f"/proc/{handle.pid}/cmdline").read_text()
        assert "gameday.ledger.watchdog.watchdog" in words
        assert f"process {handle.pid}" in handle.announcement
        assert f"`kill {handle.pid}`" in handle.announcement
        assert "1h" in handle.announcement
    finally:
        ledger.close_run("r1")
        handle.close()
        ledger.close()
