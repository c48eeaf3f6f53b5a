"""The ledger: locks, plans, and what may follow what in a fault's life."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gameday.errors import FaultFailed, StoreError, TargetHeld
from gameday.ledger.entries import PlannedVictims
from gameday.ledger.ledger import Ledger
from gameday.model.faults.fault import FaultRequest, FaultState, Selection
from tests.unit.ledger.fake import URL, HandClock, entry, instance

S = FaultState


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ledger.db")


@pytest.fixture
def ledger(path: str) -> Ledger:
    return Ledger(path, HandClock())


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def planned(ordinal: int, kind: str, service: str, victim: str) -> PlannedVictims:
    request = FaultRequest(
        kind=kind,
        selection=Selection(service=service, count=1),
        arguments={"peers": ("db", "cache")},
    )
    return PlannedVictims(
        run="r1",
        step="s",
        ordinal=ordinal,
        request=request,
        victims=(instance(victim),),
        duration=90.0,
    )


# Locks --------------------------------------------------------------------------------


def test_a_second_run_on_a_target_is_refused_and_told_who_has_it(path: str) -> None:
    Ledger(path, HandClock(0.0)).open_run("r1", URL, "checkout")
    with pytest.raises(TargetHeld) as refused:
        Ledger(path, HandClock()).open_run("r2", URL, "other")
    text = str(refused.value)
    assert "run r1 (checkout)" in text
    assert f"process {os.getpid()}" in text
    assert "since 1970-01-01T00:00:00.000Z" in text


def test_another_target_is_free_and_so_is_one_that_was_let_go(ledger: Ledger) -> None:
    ledger.open_run("r1", URL)
    ledger.open_run("r2", "docker://other")
    ledger.close_run("r1")
    assert ledger.holder(URL) is None
    ledger.open_run("r3", URL)
    assert [run.run for run in ledger.open_runs()] == ["r2", "r3"]


def test_the_lock_of_a_dead_run_is_taken_over(ledger: Ledger) -> None:
    ledger.open_run("r1", URL, pid=dead_pid())
    assert [run.run for run in ledger.dead_runs(URL)] == ["r1"]
    ledger.open_run("r2", URL)
    holder = ledger.holder(URL)
    assert holder is not None
    assert holder.run == "r2"


def test_a_dead_run_with_open_faults_keeps_its_lock_until_healed(
    ledger: Ledger,
) -> None:
    ledger.open_run("r1", URL, pid=dead_pid())
    fault = ledger.begin(entry())
    with pytest.raises(TargetHeld, match="gameday heal"):
        ledger.open_run("r2", URL)
    ledger.move(fault, S.UNDONE)
    ledger.open_run("r2", URL)


def test_a_closed_run_that_left_a_fault_is_stale_once_it_is_dead(
    ledger: Ledger,
) -> None:
    ledger.open_run("r1", URL, pid=dead_pid())
    ledger.begin(entry())
    ledger.close_run("r1")
    assert [run.run for run in ledger.dead_runs(URL)] == ["r1"]


# Plans --------------------------------------------------------------------------------


def test_equal_faults_are_claimed_in_order_and_once_each(ledger: Ledger) -> None:
    first = planned(0, "process.stop", "web", "web-1")
    second = planned(1, "process.stop", "web", "web-2")
    other = planned(2, "network.partition", "web", "web-3")
    for fault in (second, other, first):
        ledger.plan_fault(fault)
    assert ledger.claim("r1", "s", first.request) == first
    assert ledger.claim("r1", "s", first.request) == second
    assert ledger.claim("r1", "s", first.request) is None
    assert ledger.claim("r1", "s", other.request) == other


def test_a_fault_of_another_selection_step_or_run_is_not_planned(
    ledger: Ledger,
) -> None:
    first = planned(0, "process.stop", "web", "web-1")
    ledger.plan_fault(first)
    wider = FaultRequest(
        kind="process.stop", selection=Selection(service="web", count=2)
    )
    assert ledger.claim("r1", "s", wider) is None
    assert ledger.claim("r1", "t", first.request) is None
    assert ledger.claim("r2", "s", first.request) is None


# Faults -------------------------------------------------------------------------------


def test_what_was_written_is_there_for_another_process(path: str) -> None:
    ledger = Ledger(path, HandClock())
    ledger.open_run("r1", URL)
    fault = ledger.begin(entry())
    ledger.move(fault, S.INJECTING, 1001.5)
    proof = {"bites": True, "because": "gone", "evidence": {"pid": 0}}
    ledger.move(fault, S.BITING, 1002.0, note="gone", extra={"proof": proof})
    (fault_read,) = Ledger(path, HandClock()).open_faults(target=URL)
    assert fault_read.undo == entry().undo
    assert (fault_read.state, fault_read.at, fault_read.until) == (
        S.BITING,
        1002.0,
        1060.0,
    )
    steps = Ledger(path, HandClock()).transitions("r1")
    assert [(step.state, step.at) for step in steps] == [
        (S.PLANNED, 1000.0),
        (S.INJECTING, 1001.5),
        (S.BITING, 1002.0),
    ]
    assert steps[2].proof == proof
    assert steps[2].instance == "web-1"
    assert Ledger(path, HandClock()).transitions("r1", steps[1].number) == steps[2:]


def test_nothing_follows_the_end_of_a_fault(ledger: Ledger) -> None:
    ledger.open_run("r1", URL)
    fault = ledger.begin(entry())
    assert ledger.move(fault, S.INJECTING)
    assert ledger.move(fault, S.UNDONE)
    for state in S:
        assert not ledger.move(fault, state)
    assert ledger.open_faults() == []
    assert len(ledger.transitions("r1")) == 3


def test_a_fault_that_could_not_be_undone_stays_open(ledger: Ledger) -> None:
    ledger.open_run("r1", URL)
    fault = ledger.begin(entry())
    for state in (S.INJECTING, S.UNDOING, S.FAILED):
        assert ledger.move(fault, state, by_hand="docker start web")
    assert [open_fault.state for open_fault in ledger.open_faults()] == [S.FAILED]
    assert ledger.move(fault, S.UNDOING)
    assert ledger.move(fault, S.UNDONE)


def test_faults_come_newest_first(ledger: Ledger) -> None:
    ledger.open_run("r1", URL)
    ids = [ledger.begin(entry(f"web-{n}")) for n in (1, 2, 3)]
    assert [fault.id for fault in ledger.open_faults(run="r1")] == ids[::-1]


def test_a_run_that_is_over_injects_nothing_more(ledger: Ledger) -> None:
    ledger.open_run("r1", URL)
    waiting = ledger.begin(entry())
    ledger.end_run("r1")
    with pytest.raises(FaultFailed, match="over"):
        ledger.begin(entry("web-2"))
    assert not ledger.move(waiting, S.INJECTING)
    assert ledger.move(waiting, S.UNDONE)


def test_a_run_that_was_never_opened_injects_nothing(ledger: Ledger) -> None:
    with pytest.raises(FaultFailed, match="over"):
        ledger.begin(entry(run="nobody"))


# The file -----------------------------------------------------------------------------


def test_the_file_is_the_users_own_and_fully_synchronous(path: str) -> None:
    Ledger(path, HandClock()).open_run("r1", URL)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(path)) as database:
        mode = database.execute("PRAGMA journal_mode").fetchone()[0]
    assert mode == "wal"


@pytest.mark.parametrize("content", [b"not a database, surely not" * 50, None])
def test_a_file_that_is_no_ledger_is_said_so(path: str, content: bytes | None) -> None:
    if content is None:
        Path(path).mkdir()
    else:
        Path(path).write_bytes(content)
    with pytest.raises(StoreError, match="ledger"):
        Ledger(path, HandClock()).open_runs()


def test_the_ledger_of_another_version_is_left_alone(path: str) -> None:
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(StoreError, match="another version"):
        Ledger(path, HandClock()).open_runs()


def test_a_ledger_works_on_both_sides_of_a_fork(path: str) -> None:
    ledger = Ledger(path, HandClock())
    ledger.open_run("r1", URL)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            ledger.begin(entry())
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ledger.begin(entry("web-2"))
    assert len(ledger.open_faults()) == 2
