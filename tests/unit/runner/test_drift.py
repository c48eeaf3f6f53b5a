"""Drift: looked for beside the run, told before its end, never in its way."""

from dataclasses import replace
from queue import SimpleQueue

import pytest

from gameday.errors import TargetNotFound
from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.fingerprint import Fingerprint
from gameday.model.verdict import Ending
from gameday.runner.dependencies import Told
from gameday.runner.drift import in_thread, within_namespaces
from gameday.runner.drive import Drive
from tests.unit.runner.world import World, plan

SAME: Fingerprint = {"web-1": {"State": "running"}}
DOWN: Fingerprint = {"web-1": {"State": "stopped"}}


class Eye:
    """Tells what it is given, one after the other, each after a while."""

    def __init__(
        self, world: World, *told: Fingerprint | str, takes: float = 0.1
    ) -> None:
        self.world = world
        self.takes = takes
        self.looks: list[float] = []
        self._told = list(told)

    def __call__(self, tell: Told) -> None:
        """Look once; the last answer is given again and again."""
        self.looks.append(self.world.clock.now())
        fingerprint = self._told.pop(0) if len(self._told) > 1 else self._told[0]
        self.world.clock.at(self.takes, lambda: tell(fingerprint))


def run(world: World, eye: Eye | None) -> Drive:
    drive = Drive(plan(), world.dependencies(fingerprint=eye))
    drive.run()
    return drive


def prints(world: World) -> list[tuple[str, str]]:
    return [(event.when, event.because) for event in world.of("fingerprint")]


def test_it_is_taken_before_the_first_fault_and_after_the_last_undo() -> None:
    world = World()
    eye = Eye(world, SAME)
    run(world, eye)
    assert prints(world) == [("before", ""), ("after", "")]
    assert world.of("drift") == []
    (start,), (end,) = world.of("fault_started"), world.of("fault_ended")
    assert eye.looks[0] < start.at < end.at < eye.looks[1]
    assert [event.instances for event in world.of("fingerprint")] == [1, 1]


def test_a_quick_look_delays_nothing() -> None:
    with_eye, blind = World(), World()
    run(with_eye, Eye(with_eye, SAME, takes=1.5))
    run(blind, None)
    (a,), (b,) = with_eye.of("fault_started"), blind.of("fault_started")
    assert a.at == pytest.approx(b.at, abs=0.001)


def test_the_first_fault_waits_for_a_slow_look() -> None:
    world = World()
    run(world, Eye(world, SAME, takes=6.0))
    (start,) = world.of("fault_started")
    before = world.of("fingerprint")[0]
    assert before.at <= start.at
    assert before.because == ""


def test_a_look_that_never_ends_is_given_up() -> None:
    world = World()
    run(world, Eye(world, SAME, takes=1000.0))
    assert prints(world) == [("before", "the target was too slow to tell")]
    assert world.of("fault_ended")


def test_what_differs_is_told_once_it_will_not_come_right() -> None:
    world = World()
    eye = Eye(world, SAME, DOWN)
    run(world, eye)
    (drift,) = world.of("drift")
    assert dict(drift.fields) == {
        "step": "",
        "instance": "web-1",
        "key": "State",
        "before": "running",
        "after": "stopped",
    }
    assert 2.5 <= eye.looks[-1] - eye.looks[1] <= 3.1


def test_what_comes_right_by_itself_is_no_drift() -> None:
    world = World()
    run(world, Eye(world, SAME, DOWN, DOWN, SAME))
    assert world.of("drift") == []
    assert prints(world) == [("before", ""), ("after", "")]


def test_a_target_that_does_not_answer_is_told() -> None:
    world = World()
    run(world, Eye(world, SAME, "nobody is there"))
    assert prints(world) == [("before", ""), ("after", "nobody is there")]
    other = World()
    run(other, Eye(other, "nobody is there"))
    assert prints(other) == [("before", "nobody is there")]


def test_a_run_that_is_stopped_is_looked_at_too_but_not_for_long() -> None:
    world = World()
    drive = Drive(plan(), world.dependencies(fingerprint=Eye(world, SAME, takes=2.5)))
    world.clock.at(5.0, lambda: drive.loop.stop(Ending.OPERATOR, "enough"))
    assert drive.run().ending is Ending.OPERATOR
    assert prints(world) == [("before", ""), ("after", "")]
    other = World()
    eye = Eye(other, SAME)
    drive = Drive(plan(), other.dependencies(fingerprint=eye))

    def slow() -> None:
        eye.takes = 1000.0
        drive.loop.stop(Ending.OPERATOR, "enough")

    other.clock.at(4.0, slow)
    drive.run()
    assert prints(other)[1] == ("after", "the target was too slow to tell")
    assert other.clock.now() - eye.looks[1] <= 3.2


def test_a_run_that_ends_before_the_first_fault_is_not_looked_at_again() -> None:
    world = World()
    eye = Eye(world, SAME)
    drive = Drive(plan(), world.dependencies(fingerprint=eye))
    world.clock.at(1.0, lambda: drive.loop.stop(Ending.OPERATOR, "enough"))
    drive.run()
    assert len(eye.looks) == 1
    assert prints(world) == []


def test_only_the_first_step_takes_the_first_look() -> None:
    world = World()
    eye = Eye(world, SAME)
    Drive(plan(steps=2), world.dependencies(fingerprint=eye)).run()
    assert [when for when, _ in prints(world)] == ["before", "after"]


def test_a_thread_tells_what_it_found_or_why_not() -> None:
    told: SimpleQueue[Fingerprint | str] = SimpleQueue()

    def nobody() -> Fingerprint:
        raise TargetNotFound("nobody is there")

    in_thread(lambda: SAME)(told.put)
    assert told.get(timeout=5) == SAME
    in_thread(nobody)(told.put)
    assert told.get(timeout=5) == "nobody is there"


def test_only_network_faults_need_a_look_inside() -> None:
    asked = plan()
    assert within_namespaces(asked) == []
    (planned,) = asked.steps
    request = FaultRequest(
        kind="network.delay", selection=Selection(service="web", count=1)
    )
    fault = replace(planned.faults[0], request=request)
    changed = replace(asked, steps=(replace(planned, faults=(fault, fault)),))
    assert within_namespaces(changed) == ["web-1"]
