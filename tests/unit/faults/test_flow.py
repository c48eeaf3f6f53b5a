"""The way from a call to a biting fault, on a target made of dictionaries."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gameday.clock import SystemClock
from gameday.errors import CannotFault, FaultFailed, TargetNotFound
from gameday.faults.context import FaultContext
from gameday.faults.flow import inject_for
from gameday.ledger.entries import PlannedVictims
from gameday.ledger.ledger import Ledger
from gameday.model.faults.fault import FaultState
from gameday.model.faults.request import parse_request
from gameday.targets.ownership import Holder
from tests.unit.ledger.fake import URL, FakeTarget, instance

S = FaultState
Make = Callable[..., FaultContext]


@pytest.fixture
def target() -> FakeTarget:
    return FakeTarget([instance(f"web-{n}") for n in (1, 2, 3)])


@pytest.fixture
def mine(tmp_path: Path, target: FakeTarget) -> FaultContext:
    ledger = Ledger(str(tmp_path / "ledger.db"), SystemClock())
    ledger.open_run("r1", URL)
    return FaultContext(
        run="r1", step="s", target=target, seed="7", ledger=ledger, own=False
    )


def plan(mine: FaultContext, *victims: str, **given: object) -> dict[str, object]:
    arguments = {"service": "web", "count": len(victims), **given}
    mine.ledger.plan_fault(
        PlannedVictims(
            run=mine.run,
            step=mine.step,
            ordinal=0,
            request=parse_request("process.stop", arguments),
            victims=tuple(instance(name) for name in victims),
            duration=45.0,
        )
    )
    return arguments


def states(mine: FaultContext) -> list[FaultState]:
    return [transition.state for transition in mine.ledger.transitions(mine.run)]


def test_the_planned_victims_are_hit_and_proven(
    mine: FaultContext, target: FakeTarget
) -> None:
    given = plan(mine, "web-1", "web-3")
    answer = inject_for(mine, "process.stop", given)
    assert target.broken == {"web-1", "web-3"}
    assert [hit["instance"] for hit in answer["hits"]] == ["web-1", "web-3"]
    assert all(hit["proof"]["bites"] for hit in answer["hits"])
    assert json.loads(json.dumps(answer)) == answer
    faults = mine.ledger.open_faults()
    assert {fault.state for fault in faults} == {S.BITING}
    assert {fault.duration for fault in faults} == {45.0}
    assert {round(fault.until - fault.at) for fault in faults} == {45}


def test_it_is_written_down_before_the_target_feels_it(
    mine: FaultContext, target: FakeTarget
) -> None:
    seen: list[list[FaultState]] = []
    target.on_inject = lambda _: seen.append(
        [fault.state for fault in Ledger(mine.ledger.path, SystemClock()).open_faults()]
    )
    inject_for(mine, "process.stop", plan(mine, "web-2"))
    assert seen == [[S.INJECTING]]


def test_a_fault_without_teeth_is_recorded_as_such(
    mine: FaultContext, target: FakeTarget
) -> None:
    target.ineffective = True
    answer = inject_for(mine, "process.stop", plan(mine, "web-2"))
    assert answer["hits"][0]["proof"]["bites"] is False
    last = mine.ledger.transitions("r1")[-1]
    assert last.state is S.BITING
    assert last.proof is not None
    assert last.proof["bites"] is False


def test_what_failed_half_way_is_taken_back(
    mine: FaultContext, target: FakeTarget
) -> None:
    target.bad_injection = "web-3"
    with pytest.raises(FaultFailed, match="web-3: the engine hung up"):
        inject_for(mine, "process.stop", plan(mine, "web-1", "web-3"))
    assert target.broken == set()
    assert mine.ledger.open_faults() == []


def test_a_victim_that_was_replaced_is_not_touched(
    mine: FaultContext, target: FakeTarget
) -> None:
    given = plan(mine, "web-1")
    target.found[0] = instance("web-1", container="another")
    with pytest.raises(FaultFailed, match="web-1 was replaced"):
        inject_for(mine, "process.stop", given)
    assert target.calls == []


def test_a_fault_that_is_not_in_the_plan_is_not_injected(
    mine: FaultContext, target: FakeTarget
) -> None:
    plan(mine, "web-1")
    with pytest.raises(FaultFailed, match="not in the plan"):
        inject_for(mine, "process.stop", {"service": "web", "count": 3})
    assert target.calls == []


def test_after_the_end_of_the_run_nothing_is_injected(
    mine: FaultContext, target: FakeTarget
) -> None:
    given = plan(mine, "web-1")
    mine.ledger.end_run("r1")
    with pytest.raises(FaultFailed, match="over"):
        inject_for(mine, "process.stop", given)
    assert ("inject", "web-1") not in target.calls
    assert ("undo", "web-1") in target.calls  # what was prepared is cleared away


def test_what_somebody_undid_meanwhile_is_undone_again(
    mine: FaultContext, target: FakeTarget
) -> None:
    def healer(_: str) -> None:
        (fault,) = mine.ledger.open_faults()
        mine.ledger.move(fault.id, S.UNDONE, by="heal")

    target.on_inject = healer
    with pytest.raises(FaultFailed, match="undone meanwhile"):
        inject_for(mine, "process.stop", plan(mine, "web-1"))
    assert target.broken == set()
    assert states(mine)[-1] is S.UNDONE


def test_what_the_target_cannot_do_is_refused_where_no_plan_has(
    mine: FaultContext,
) -> None:
    with pytest.raises(CannotFault, match="network"):
        inject_for(replace(mine, own=True), "network.partition", {"service": "web"})


def test_wrong_arguments_are_a_failure_in_words(mine: FaultContext) -> None:
    with pytest.raises(FaultFailed, match="requires service"):
        inject_for(mine, "process.stop", {})


def test_a_target_that_is_gone_is_said_so(
    mine: FaultContext, target: FakeTarget
) -> None:
    target.found.clear()
    with pytest.raises(TargetNotFound):
        inject_for(mine, "process.stop", {"service": "web"})


# A target that another has taken --------------------------------------------------


@dataclass
class Locked(FakeTarget):
    """A target with a lock."""

    held_by: Holder | None = None
    gone: str = ""

    @property
    def lock(self) -> "Locked":
        return self

    def hold(self, holder: Holder) -> Holder | None:
        del holder
        return self.held_by

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        del wait, decide
        return self.held_by

    def release(self, run: str) -> None:
        del run

    def why_lost(self) -> str:
        return self.gone

    def free_command(self) -> str:
        return ""


@pytest.mark.parametrize(
    ("holder", "gone", "why"),
    [
        (Holder(run="r2", user="eve", host="far"), "", "run r2 of eve@far has taken"),
        (Holder(run="r1"), "its Lease was deleted", "its Lease was deleted"),
    ],
)
def test_on_a_target_that_another_has_taken_nothing_is_injected(
    mine: FaultContext, target: FakeTarget, holder: Holder, gone: str, why: str
) -> None:
    taken = Locked(target.found, held_by=holder, gone=gone)
    mine = replace(mine, target=taken)
    with pytest.raises(FaultFailed, match=why):
        inject_for(mine, "process.stop", plan(mine, "web-1"))
    assert ("inject", "web-1") not in taken.calls
    assert ("undo", "web-1") in taken.calls  # what was prepared is cleared away
    assert mine.ledger.open_faults() == []


@pytest.mark.parametrize("holder", [Holder(run="r1"), Holder(run=""), None])
def test_on_a_target_that_nobody_else_has_it_is_injected(
    mine: FaultContext, target: FakeTarget, holder: Holder | None
) -> None:
    mine = replace(mine, target=Locked(target.found, held_by=holder))
    assert inject_for(mine, "process.stop", plan(mine, "web-1"))["hits"]
