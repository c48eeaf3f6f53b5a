"""A dead run is recovered in one way, whoever does it, and its target is free then."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gameday.errors import FaultFailed, TargetHeld, TargetNotFound
from gameday.ledger.entries import RecoveredFault
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import recover, recover_dead
from gameday.ledger.target_lock import take
from gameday.model.faults.fault import FaultState, Undo
from gameday.targets.opened import OpenTarget
from gameday.targets.ownership import Holder, Leftover
from gameday.targets.procfs import identify
from tests.unit.ledger.fake import URL, FakeTarget, HandClock, entry, instance
from tests.unit.ledger.test_ledger import dead_pid

S = FaultState


@dataclass
class Marking(FakeTarget):
    """A target that holds marks and a lock, and tells in which order it was asked."""

    steps: list[str] = field(default_factory=list)
    held_by: Holder | None = None
    gone_because: str = ""
    unreachable: bool = False

    @property
    def lock(self) -> "Marking":
        return self

    @property
    def marks(self) -> "Marking":
        return self

    def sweep(self, run: str) -> int:
        self.steps.append(f"sweep {run}")
        return 0

    def forget(self, undo: Undo) -> None:
        self.steps.append(f"forget {undo.instance}")

    def leftovers(self) -> list[Leftover]:
        return []

    def drop(self, left: Leftover) -> None:
        del left

    def sweep_rules(self) -> list[tuple[str, int]]:
        return []

    def hold(self, holder: Holder) -> Holder | None:
        if self.held_by is None:
            self.held_by = holder
            return None
        return self.held_by

    def why_gone(self) -> str:
        if self.unreachable:
            raise TargetNotFound("nobody answers")
        return self.gone_because

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        del wait, decide
        return self.held_by

    def release(self, run: str) -> None:
        self.steps.append(f"release {run}")
        if self.held_by is not None and self.held_by.run == run:
            self.held_by = None

    def why_lost(self) -> str:
        return ""

    def free_command(self) -> str:
        return "gameday heal"


class Scene:
    """A run that died over a fault while a process of it was injecting another."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.ledger = Ledger(str(folder / "ledger.db"), self.clock)
        self.target = Marking([instance("web-1"), instance("web-2")])
        self.ledger.open_run("dead", URL, pid=dead_pid())
        held = self.ledger.begin(entry("web-1", run="dead"))
        for state in (S.INJECTING, S.BITING):
            self.ledger.move(held, state)
        self.target.broken.add("web-1")
        self.injector = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"]
        )
        injecting = entry("web-2", run="dead", by=identify(self.injector.pid))
        self.ledger.move(self.ledger.begin(injecting), S.INJECTING)

    def opened(self, _url: str) -> OpenTarget:
        return self.target

    def is_recovered(self) -> bool:
        run = self.ledger.run("dead")
        assert run is not None
        ended = run.ended is not None and run.closed is not None
        left = self.ledger.open_faults(run="dead")
        return ended and not left and not self.target.broken


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.injector.kill()
    made.injector.wait()
    made.ledger.close()


def test_it_ends_the_run_and_its_injectors_before_it_undoes(scene: Scene) -> None:
    healed = recover(scene.ledger, "dead", scene.opened, scene.clock, by="heal")
    assert scene.injector.wait(10.0) != 0
    assert [healing.undone.ok for healing in healed] == [True, True]
    assert scene.is_recovered()
    with pytest.raises(FaultFailed, match="is over"):
        scene.ledger.begin(entry("web-1", run="dead"))


def test_what_was_in_the_making_is_swept_after_a_moment(scene: Scene) -> None:
    recover(scene.ledger, "dead", scene.opened, scene.clock, by="heal")
    swept = scene.target.steps[-3:]
    assert swept == ["sweep dead", "sweep dead", "release dead"]
    assert scene.clock.slept[-1] == pytest.approx(0.3)


def test_nothing_of_a_calm_end_is_waited_for(scene: Scene) -> None:
    opened = scene.opened
    recover(scene.ledger, "dead", opened, scene.clock, by="heal", ended_cleanly=True)
    assert scene.target.steps[-2:] == ["sweep dead", "release dead"]


def test_a_run_that_left_something_broken_keeps_its_target(scene: Scene) -> None:
    scene.target.undo_failures = 10_000
    healed = recover(scene.ledger, "dead", scene.opened, scene.clock, by="heal")
    assert [healing.undone.ok for healing in healed] == [False, False]
    assert "release dead" not in scene.target.steps
    run = scene.ledger.run("dead")
    assert run is not None
    assert run.closed is None


def test_who_tries_again_keeps_the_run_while_its_target_does_not_answer(
    scene: Scene,
) -> None:
    recover(scene.ledger, "dead", scene.opened, scene.clock, by="heal")
    scene.ledger.open_run("next", URL, pid=dead_pid())

    def away(_url: str) -> OpenTarget:
        raise TargetNotFound("nobody answers")

    with pytest.raises(TargetNotFound):
        recover(scene.ledger, "next", away, scene.clock, by="watchdog", insist=True)
    assert [run.run for run in scene.ledger.open_runs()] == ["next"]
    recover(scene.ledger, "next", away, scene.clock, by="heal")
    assert scene.ledger.open_runs() == []


def test_several_may_be_at_it_at_once(scene: Scene) -> None:
    recover(scene.ledger, "dead", scene.opened, scene.clock, by="watchdog")
    recover(scene.ledger, "dead", scene.opened, scene.clock, by="heal")
    assert recover_dead(scene.ledger, URL, scene.opened, scene.clock) == []
    assert scene.is_recovered()


# Taking a target that a dead run had ----------------------------------------------


def test_who_takes_a_target_recovers_the_dead_under_its_own_lock(scene: Scene) -> None:
    holders: list[str] = []

    def looked(_run: str) -> None:
        holder = scene.ledger.holder(URL)
        holders.append(holder.run if holder else "")

    told: list[str] = []
    emitted: list[RecoveredFault] = []
    scene.clock.while_asleep = lambda: looked("")
    handle = take(
        scene.ledger,
        scene.target,
        "next",
        "checkout",
        scene.clock,
        tell=told.append,
        emit=emitted.append,
    )
    try:
        assert scene.is_recovered()
        assert scene.injector.wait(10.0) != 0
        assert set(holders) == {"next"}
        assert told == ["run dead died; undoing what it has left"]
        assert {
            (recovered.run, recovered.what, recovered.undone.ok)
            for recovered in emitted
        } == {
            ("dead", "process.stop on web-1", True),
            ("dead", "process.stop on web-2", True),
        }
        assert scene.target.held_by is not None
        assert scene.target.held_by.run == "next"
    finally:
        scene.ledger.close_run("next")
        handle.close()


def test_nobody_takes_a_target_in_which_something_stays_broken(scene: Scene) -> None:
    scene.target.undo_failures = 10_000
    emitted: list[RecoveredFault] = []
    with pytest.raises(TargetHeld, match=r"run dead .* died and left faults behind"):
        take(
            scene.ledger,
            scene.target,
            "next",
            "checkout",
            scene.clock,
            emit=emitted.append,
        )
    assert [recovery_event.undone.ok for recovery_event in emitted] == [False, False]
    assert scene.ledger.open_runs() == []
    assert [run.run for run in scene.ledger.dead_runs(URL)] == ["dead"]
    scene.target.undo_failures = 0
    recovered = recover_dead(scene.ledger, URL, scene.opened, scene.clock)
    assert all(recovery.undone.ok for recovery in recovered)
    assert scene.is_recovered()
