"""The end of a run: who goes on watching while anything is broken."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.app.days.run import Session, exit_code, give_back, put_back
from gameday.clock import SystemClock
from gameday.errors import StoreError
from gameday.ledger.ledger import Ledger
from gameday.ledger.watchdog.launcher import WatchdogHandle
from gameday.ledger.watchdog.watchdog import DONE
from gameday.model.events import Event
from gameday.model.faults.fault import FaultState
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.runner.drive import Drive
from tests.unit.ledger.fake import URL, FakeTarget, entry, instance
from tests.unit.runner.world import World, plan

CLOCK = SystemClock()


class AtTheEnd:
    """A run at its end: its ledger, and the watchdog's side of the pipe."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(str(folder / "ledger.db"), CLOCK)
        self.ledger.open_run("r1", URL)
        self.pipe, ours = os.pipe()
        self.handle = WatchdogHandle(ours)
        world = World()
        self.target = FakeTarget([instance("web-1")])
        self.session = Session(
            run="r1",
            plan=plan(),
            target=self.target,
            store=world,  # type: ignore[arg-type]
            clock=world.clock,
            screen=world,
        )

    def heard(self) -> bytes:
        """Give the target back; return what the watchdog hears."""
        give_back(self.session, self.ledger, self.handle)
        return os.read(self.pipe, 8)

    @property
    def closed(self) -> bool:
        run = self.ledger.run("r1")
        return run is not None and run.closed is not None


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[AtTheEnd]:
    made = AtTheEnd(tmp_path)
    yield made
    made.ledger.close()
    made.handle.abandon()
    os.close(made.pipe)


def test_where_nothing_is_broken_the_watchdog_may_go(ending: AtTheEnd) -> None:
    assert ending.heard() == DONE
    assert ending.closed
    assert ending.session.broken == []


def test_a_fault_that_nobody_undid_is_undone_at_the_end(ending: AtTheEnd) -> None:
    fault = ending.ledger.begin(entry("web-1"))
    ending.ledger.move(fault, FaultState.INJECTING)
    ending.target.broken.add("web-1")
    assert ending.heard() == DONE
    assert ending.target.broken == set()
    assert ending.closed


def test_a_fault_that_cannot_be_undone_keeps_the_watchdog_and_is_named(
    ending: AtTheEnd,
) -> None:
    fault = ending.ledger.begin(entry("web-1"))
    ending.ledger.move(fault, FaultState.INJECTING)
    ending.target.undo_failures = 99
    assert ending.heard() == b""
    assert not ending.closed
    (left,) = ending.session.broken
    assert "process.stop on web-1" in left


def test_a_ledger_that_cannot_be_read_keeps_the_watchdog(ending: AtTheEnd) -> None:
    ending.ledger.close()
    for file in Path(ending.ledger.path).parent.iterdir():
        file.write_bytes(b"not a database, surely not" * 50)
    assert ending.heard() == b""
    (left,) = ending.session.broken
    assert "gameday heal" in left


def test_what_is_known_to_be_broken_is_left_to_the_watchdog(ending: AtTheEnd) -> None:
    ending.session.broken.append("web-1: start it by hand")
    assert ending.heard() == b""
    assert not ending.closed
    assert ending.session.broken == ["web-1: start it by hand"]


class FullStore(World):
    """A world whose disk is full once the fault has begun."""

    def append(self, recorded: Event) -> None:
        super().append(recorded)
        if recorded.kind == "fault_started":
            raise StoreError("no space left on device")


def test_a_disk_that_is_full_ends_the_run_as_crashed_and_all_is_put_back() -> None:
    world = FullStore()
    drive = Drive(plan(), world.dependencies())
    with pytest.raises(StoreError):
        drive.run()
    assert not world.ledger.open
    session = Session(
        run="r1",
        plan=plan(),
        target=FakeTarget([instance("web-1")]),
        store=world,  # type: ignore[arg-type]
        clock=world.clock,
        screen=world,
    )
    assert put_back(session) == "; process.stop on web-1 had begun and was put back"


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL])
@pytest.mark.parametrize(("broken", "code"), [((), 3), (("web-1",), 5)])
def test_a_run_that_crashed_ends_with_3_or_with_5_where_something_is_broken(
    outcome: Outcome, broken: tuple[str, ...], code: int
) -> None:
    finding = Finding(
        step="s", check="c", subject="x", question="q", outcome=outcome, because="."
    )
    verdict = Verdict(
        run="r1",
        scenario="x",
        started=0.0,
        ended=1.0,
        ending=Ending.CRASHED,
        findings=(finding,),
        broken=broken,
    )
    assert exit_code(verdict, refusal=False) == code
