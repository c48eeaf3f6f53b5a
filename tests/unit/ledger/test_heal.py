"""Heal: newest first, patiently, and honest about what stays broken."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gameday.errors import StoreError, TargetNotFound
from gameday.ledger.entries import Healed
from gameday.ledger.heal import ABSENCE, ATTEMPTS, heal
from gameday.ledger.ledger import Ledger
from gameday.model.faults.fault import FaultState, Undo, Undone
from gameday.targets.opened import OpenTarget
from tests.unit.ledger.fake import URL, FakeTarget, HandClock, entry, instance


class World:
    """A ledger with an open run, a target, and a clock."""

    def __init__(self, path: Path) -> None:
        self.clock = HandClock()
        self.ledger = Ledger(str(path / "ledger.db"), self.clock)
        self.ledger.open_run("r1", URL)
        self.target = FakeTarget([instance("web-1"), instance("web-2")])
        self.target.clock = self.clock

    def break_(self, name: str, *states: FaultState) -> int:
        fault = self.ledger.begin(entry(name))
        for state in states or (FaultState.INJECTING, FaultState.BITING):
            self.ledger.move(fault, state)
        self.target.broken.add(name)
        return fault

    def open(self, _url: str) -> OpenTarget:
        return self.target

    def heal(self) -> list[bool]:
        open_faults = self.ledger.open_faults(run="r1")
        healed = heal(self.ledger, self.open, self.clock, open_faults, by="heal")
        return [healing.undone.ok for healing in healed]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_all_is_undone_and_written_down(world: World) -> None:
    world.break_("web-1")
    world.break_("web-2")
    assert world.heal() == [True, True]
    assert world.target.broken == set()
    assert world.ledger.open_faults() == []
    last = world.ledger.transitions("r1")[-1]
    assert (last.state, last.by) == (FaultState.UNDONE, "heal")
    assert last.note == "was down; started"
    assert world.clock.slept == []


def test_healing_twice_does_nothing_the_second_time(world: World) -> None:
    world.break_("web-1")
    world.heal()
    before = list(world.target.calls)
    assert world.heal() == []
    assert world.target.calls == before


def test_faults_of_one_instance_are_undone_newest_first(world: World) -> None:
    first, second = world.break_("web-1"), world.break_("web-1")
    world.heal()
    ends = [
        transition.fault
        for transition in world.ledger.transitions("r1")
        if transition.state is FaultState.UNDONE
    ]
    assert ends == [second, first]


def test_an_undo_that_fails_three_times_and_then_works(world: World) -> None:
    world.break_("web-1")
    world.target.undo_failures = 3
    assert world.heal() == [True]
    assert world.clock.slept == [0.1, 0.2, 0.4]


def test_an_undo_that_never_works_says_what_to_do_by_hand(world: World) -> None:
    world.break_("web-1")
    world.target.undo_failures = 99
    assert world.heal() == [False]
    assert world.target.calls == [("undo", "web-1")] * ATTEMPTS
    (left,) = world.ledger.open_faults()
    assert left.state is FaultState.FAILED
    last = world.ledger.transitions("r1")[-1]
    assert (last.by_hand, last.note) == ("docker start", "the engine is busy")
    world.target.undo_failures = 0
    assert world.heal() == [True]


@pytest.mark.parametrize(
    "states",
    [
        (FaultState.INJECTING,),
        (FaultState.INJECTING, FaultState.UNDOING),  # a healer has died over it
        (FaultState.INJECTING, FaultState.UNDOING, FaultState.FAILED),
    ],
)
def test_a_call_that_was_under_way_is_undone_again_after_a_moment(
    world: World, states: tuple[FaultState, ...]
) -> None:
    world.break_("web-1", *states)
    world.target.broken.clear()
    world.clock.while_asleep = lambda: world.target.broken.add("web-1")
    assert world.heal() == [True]
    assert world.target.broken == set()
    assert world.target.calls == [("undo", "web-1")] * 2


def test_a_target_that_cannot_be_reached_leaves_its_faults_open(world: World) -> None:
    world.break_("web-1")

    def gone(_url: str) -> OpenTarget:
        raise TargetNotFound("the engine does not answer")

    open_faults = world.ledger.open_faults()
    (healed,) = heal(world.ledger, gone, world.clock, open_faults)
    assert not healed.undone.ok
    assert "gameday heal" in healed.undone.by_hand
    assert len(world.ledger.open_faults()) == 1


def test_a_target_that_does_not_answer_is_waited_for(world: World) -> None:
    world.break_("web-1")
    world.target.away_until = world.clock.at + ABSENCE - 5
    assert world.heal() == [True]
    assert len(world.clock.slept) > ATTEMPTS


def test_a_target_that_stays_away_is_given_up(world: World) -> None:
    world.break_("web-1")
    began = world.clock.at
    world.target.away_until = began + 10 * ABSENCE
    assert world.heal() == [False]
    assert ABSENCE <= world.clock.at - began < 2 * ABSENCE


class FullLedger(Ledger):
    """A ledger on a disk that is full."""

    def move(self, *given: object, **named: object) -> bool:
        del given, named
        raise StoreError("the disk is full")


def test_a_ledger_that_cannot_be_written_stops_no_undo(
    world: World, tmp_path: Path
) -> None:
    world.break_("web-1")
    full = FullLedger(str(tmp_path / "ledger.db"), world.clock)
    (healed,) = heal(full, world.open, world.clock, full.open_faults())
    assert healed.undone.ok
    assert world.target.broken == set()


def test_whoever_waits_is_told_of_each(world: World) -> None:
    world.break_("web-1")
    world.break_("web-2")
    told: list[Healed] = []
    open_faults = world.ledger.open_faults()
    heal(world.ledger, world.open, world.clock, open_faults, emit=told.append)
    assert sorted(undone.fault.victim.name for undone in told) == ["web-1", "web-2"]


# What breaks in a way that nobody foresaw -----------------------------------------


@dataclass
class Garbled(FakeTarget):
    """A target whose answers about one instance cannot be read."""

    garbled: str = "web-1"

    def undo(self, undo: Undo) -> Undone:
        if undo.instance == self.garbled:
            return Undone(**json.loads("<html>bad gateway"))
        return super().undo(undo)


def test_an_answer_that_nobody_can_read_stops_no_other_undo(world: World) -> None:
    world.target = Garbled(world.target.found)
    for name in ("web-1", "web-2"):
        world.break_(name)
    world.break_("web-1")
    assert world.heal() == [False, True, False]
    assert world.target.broken == {"web-1"}
    history = world.ledger.transitions("r1")
    for failed in [fault for fault in history if fault.state is FaultState.FAILED]:
        assert "JSONDecodeError" in failed.note
        assert "gameday heal" in failed.by_hand
    world.target.garbled = ""
    assert world.heal() == [True, True]


def test_a_target_that_cannot_even_be_opened_stops_no_other_undo(
    world: World,
) -> None:
    far = "docker://far"
    undo = replace(entry("web-2").undo, target=far)
    for planned in (entry("web-1"), entry("web-2", undo=undo)):
        fault = world.ledger.begin(planned)
        world.ledger.move(fault, FaultState.INJECTING)

    def opener(url: str) -> OpenTarget:
        if url == far:
            raise KeyError("current-context")
        return world.target

    open_faults = world.ledger.open_faults()
    healed = heal(world.ledger, opener, world.clock, open_faults)
    assert [healing.undone.ok for healing in healed] == [False, True]
    assert "KeyError" in healed[0].undone.found


# A fault that had ended early -----------------------------------------------------


@dataclass
class Ended(FakeTarget):
    """A target in which every fault was found to be over already."""

    def undo(self, undo: Undo) -> Undone:
        return replace(super().undo(undo), early="its helper had died")


def early(world: World) -> list[str]:
    return [
        str(transition.extra.get("early", ""))
        for transition in world.ledger.transitions("r1")
        if transition.state is FaultState.UNDONE
    ]


def test_a_fault_that_had_ended_early_is_written_down_as_such(world: World) -> None:
    world.target = Ended(world.target.found)
    world.break_("web-1")
    world.heal()
    assert early(world) == ["its helper had died"]


@pytest.mark.parametrize(("after", "said"), [(0.0, "its helper had died"), (60.0, "")])
def test_what_another_ends_as_its_time_is_over_did_not_end_early(
    world: World, after: float, said: str
) -> None:
    world.target = Ended(world.target.found)
    fault = world.break_("web-1")
    world.clock.at += after
    world.ledger.move(fault, FaultState.UNDOING, by="deadline")
    world.heal()
    assert early(world) == [said]


def test_a_fault_that_is_found_over_at_its_deadline_ended_early(world: World) -> None:
    world.target = Ended(world.target.found)
    world.break_("web-1")
    world.clock.at += 60.0
    world.heal()
    assert early(world) == ["its helper had died"]
