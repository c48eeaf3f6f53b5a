"""A stored run whose process died: what the ledger knows of it answers `undone`."""

import json
from pathlib import Path

import pytest

from gameday.app.judging import judge_stored
from gameday.clock import SystemClock
from gameday.ledger.book import Ledger
from gameday.ledger.home import ledger_path
from gameday.model.faults.fault import FaultState
from gameday.model.timeline import event
from gameday.model.verdict import Ending, Outcome
from gameday.store.history import Record
from gameday.store.plans import to_json
from tests.builders import answer, at, plan, step
from tests.unit.ledger.fake import URL, entry


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))
    made = Ledger(ledger_path(), SystemClock())
    made.open_run("r1", URL)
    return made


def record(number: int, name: str) -> Record:
    """Return the record of a run that was killed while its fault held."""
    about = {"step": name, "id": str(number), "instance": "web-1", "service": "web"}
    events = [
        event(at(0), "run_started", run="r1", scenario="x"),
        event(at(10), "fault_started", fault="process.stop", **about),
        event(at(10.2), "fault_biting", bites=True, because="gone", **about),
    ]
    lines = tuple(json.dumps(one.to_json()) for one in events)
    text = to_json(plan(step(name=name)))
    return Record(run="r1", plan=text, lines=lines, where="r1")


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (FaultState.UNDONE, Outcome.PASS),
        (FaultState.FAILED, Outcome.FAIL),
        (None, Outcome.INCONCLUSIVE),
    ],
)
def test_undone_after_a_kill_is_answered_by_the_ledger(
    ledger: Ledger, state: FaultState | None, outcome: Outcome
) -> None:
    given = entry("web-1")
    number = ledger.begin(given)
    ledger.move(number, FaultState.INJECTING)
    ledger.move(number, FaultState.BITING)
    if state is not None:
        ledger.move(number, FaultState.UNDOING, by="watchdog")
        ledger.move(number, state, note="started again", by="watchdog")
    stored = judge_stored(record(number, given.step))
    assert stored.verdict.ending is Ending.CRASHED
    assert answer(stored.verdict, "undone").outcome is outcome
    ledger.close()
