"""The run's page in the ledger: which victims a later step has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.ledger.entries import FaultEntry
from gameday.ledger.ledger import Ledger
from gameday.model.events import FaultEnded
from gameday.model.faults.fault import FaultState, Undo
from gameday.model.faults.request import parse_request
from gameday.model.target import Instance
from gameday.runner.run_ledger import RunLedger
from gameday.targets.procfs import identify

CLOCK = SystemClock()
RUN = "r1"
REQUEST = parse_request("process.stop", {"service": "web"})


def pod(name: str, uid: str) -> Instance:
    return Instance(service="web", name=name, identity={"id": uid})


def hit(
    ledger: Ledger, victim: Instance, extra: Mapping[str, Any] | None = None
) -> None:
    """Have the run's first step hit a victim, and undo it."""
    undo = Undo(target="t", verb="v", instance=victim.name, identity=victim.identity)
    entry = FaultEntry(
        run=RUN,
        step="first",
        kind="process.stop",
        victim=victim,
        arguments={},
        duration=60.0,
        until=CLOCK.now() + 60.0,
        undo=undo,
        mark="m",
        by=identify(),
    )
    number = ledger.begin(entry)
    for state in (FaultState.INJECTING, FaultState.BITING):
        ledger.move(number, state)
    ledger.move(number, FaultState.UNDONE, extra=extra)


def booked(tmp_path: Path, now: list[Instance]) -> tuple[Ledger, RunLedger]:
    ledger = Ledger(str(tmp_path / "ledger.db"), CLOCK)
    ledger.open_run(RUN, "t", "scenario")
    run_ledger = RunLedger(ledger, RUN, list, lambda: now)
    run_ledger.plan_fault("second", 0, REQUEST, [pod("web-2", "old")], 60.0)
    return ledger, run_ledger


@pytest.mark.parametrize(
    ("replaced", "planned_again"),
    [
        pytest.param(pod("web-2", "old"), "new", id="by the run"),
        pytest.param(pod("web-1", "a"), "old", id="by somebody else"),
    ],
)
def test_a_victim_is_looked_up_again_by_its_number_where_the_run_replaced_it(
    tmp_path: Path, replaced: Instance, planned_again: str
) -> None:
    ledger, run_ledger = booked(tmp_path, [pod("web-1", "a"), pod("web-2", "new")])
    hit(ledger, replaced)
    run_ledger.new_events()
    run_ledger.plan_again("second")
    planned = ledger.claim(RUN, "second", REQUEST)
    assert planned is not None
    assert [victim.identity["id"] for victim in planned.victims] == [planned_again]


@pytest.mark.parametrize("early", ["its helper had died", ""])
def test_a_fault_that_had_ended_early_is_told_as_such(
    tmp_path: Path, early: str
) -> None:
    ledger, run_ledger = booked(tmp_path, [])
    hit(ledger, pod("web-1", "a"), extra={"early": early} if early else {})
    (ended,) = [
        event for event in run_ledger.new_events() if isinstance(event, FaultEnded)
    ]
    assert ended.early == early
