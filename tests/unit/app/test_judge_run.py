"""A stored run whose process died: what the ledger knows of it answers `undone`."""

import json
from pathlib import Path

import pytest

from gameday.app.judge_run import judge_stored
from gameday.clock import SystemClock
from gameday.errors import StoreError
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.events import event
from gameday.model.faults.fault import FaultState
from gameday.model.verdict import Ending, Outcome
from gameday.store.history import Record
from gameday.store.plans import to_json
from tests.builders import answer, at, fault, plan, step, timeline
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
    lines = tuple(json.dumps(recorded.to_json()) for recorded in events)
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


# --- records that are not as a run wrote them ---


def altered(kind: str, **changes: object) -> Record:
    """Return a healthy run's record of which the first such event is another."""
    told = [recorded.to_json() for recorded in timeline(fault())]
    line = next(line for line in told if line["kind"] == kind)
    line |= changes
    for name in [name for name, value in changes.items() if value is ...]:
        del line[name]
    lines = tuple(json.dumps(line) for line in told)
    return Record(run="r-1", plan=to_json(plan(step())), lines=lines, where="r-1")


@pytest.mark.usefixtures("ledger")
def test_what_an_event_lacks_is_said_in_a_sentence() -> None:
    finding = answer(judge_stored(altered("fault_biting", bites=...)).verdict, "bites")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.because == (
        "The event fault_biting of 2026-01-01T00:00:10.200Z has no 'bites': the "
        "timeline is not as a run wrote it."
    )


@pytest.mark.usefixtures("ledger")
def test_a_run_that_does_not_say_who_it_was_is_judged() -> None:
    verdict = judge_stored(altered("run_started", run=...)).verdict
    assert verdict.run == "r-1"


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("ending", ["over", None, ...])
def test_a_run_that_ended_in_no_known_way_is_refused_in_a_sentence(
    ending: object,
) -> None:
    with pytest.raises(StoreError, match="is not as a run wrote it"):
        judge_stored(altered("run_ended", ending=ending))
