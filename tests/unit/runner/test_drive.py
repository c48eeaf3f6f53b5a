"""The driver: phases in order, and everything undone however a run ends."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest

from gameday.errors import GamedayError
from gameday.model.alerting.standing import Standing, StandingAlert
from gameday.model.events import Event, event
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.scenario import AlertPromise, Expect, Guardrail
from gameday.model.verdict import Ending
from gameday.observers.guard import Observation
from gameday.ports import Emit
from gameday.runner.dependencies import RunDependencies
from gameday.runner.drive import Drive
from gameday.runner.engine.fork_server import Tell
from gameday.runner.engine.jobs import Job
from gameday.runner.guardrail_monitor import Guard
from gameday.runner.run_end import RunStopped
from gameday.runner.run_state import RunState
from tests.unit.runner.world import START, FakeChild, FakeObserver, World, plan


def phases(world: World) -> list[str]:
    return [phase.phase for phase in world.of("phase")]


def alert(at: float, kind: str) -> object:
    labels = {"alertname": "Down"}
    return event(at, kind, alert="Down", labels=labels, starts=at, error=0.0)


def test_a_run_goes_through_the_phases_in_order() -> None:
    world = World()
    end = Drive(plan(), world.dependencies()).run()
    assert end.ending is Ending.FINISHED
    assert phases(world) == [
        "warmup",
        "gate",
        "fault",
        "hold",
        "undo",
        "aftermath",
        "done",
    ]
    assert not world.ledger.open


def test_the_warm_up_lasts_two_scrapes() -> None:
    world = World()
    Drive(plan(), world.dependencies()).run()
    warm, gate = world.of("phase")[:2]
    assert gate.at - warm.at == pytest.approx(2.0, abs=0.1)


def test_the_hold_counts_from_the_fault() -> None:
    world = World()
    Drive(plan(hold=5.0), world.dependencies()).run()
    (start,) = world.of("fault_started")
    undo = next(phase for phase in world.of("phase") if phase.phase == "undo")
    assert undo.at - start.at == pytest.approx(5.0, abs=0.11)


def test_without_a_hold_it_lasts_until_the_promise_is_kept() -> None:
    world = World()
    observer = FakeObserver()
    promise = AlertPromise(alert="Down", fires_within=20.0)
    drive = Drive(
        plan(Expect(alerts=(promise,)), hold=None), world.dependencies([observer])
    )
    world.clock.at(9.0, lambda: drive.put(alert(world.clock.now(), "alert_firing")))  # type: ignore[arg-type]
    drive.run()
    undo = next(phase for phase in world.of("phase") if phase.phase == "undo")
    assert undo.at - START == pytest.approx(9.0, abs=0.2)


def test_without_a_hold_it_lasts_no_longer_than_the_promise() -> None:
    world = World()
    promise = AlertPromise(alert="Down", fires_within=20.0)
    Drive(plan(Expect(alerts=(promise,)), hold=None), world.dependencies()).run()
    (start,) = world.of("fault_started")
    undo = next(phase for phase in world.of("phase") if phase.phase == "undo")
    assert undo.at - start.at == pytest.approx(20.0, abs=0.11)


def test_the_aftermath_waits_for_the_reset() -> None:
    world = World()
    promise = AlertPromise(alert="Down", fires_within=3.0, resets_within=25.0)
    drive = Drive(plan(Expect(alerts=(promise,)), hold=4.0), world.dependencies())
    world.clock.at(4.0, lambda: drive.put(alert(world.clock.now(), "alert_firing")))  # type: ignore[arg-type]
    world.clock.at(19.0, lambda: drive.put(alert(world.clock.now(), "alert_resolved")))  # type: ignore[arg-type]
    drive.run()
    assert world.clock.now() - START == pytest.approx(19.0, abs=0.2)


def test_a_hypothesis_that_does_not_hold_refuses_the_run() -> None:
    world = World(hypothesis=lambda _at: False)
    end = Drive(plan(), world.dependencies()).run()
    assert end.ending is Ending.REFUSED
    assert not end.refusal
    assert not world.children
    assert "does not hold" in end.because


def test_a_hypothesis_that_could_not_be_told_refuses_the_run() -> None:
    world = World(hypothesis=lambda _at: None)
    end = Drive(plan(), world.dependencies()).run()
    assert end.ending is Ending.REFUSED
    assert "could not be told" in end.because


def test_an_observer_that_cannot_see_refuses_the_run() -> None:
    world = World()
    end = Drive(plan(), world.dependencies([FakeObserver("connection refused")])).run()
    assert end.ending is Ending.REFUSED
    assert "connection refused" in end.because
    assert not world.children


def test_a_guardrail_breached_before_the_start_is_a_refusal() -> None:
    world = World()
    rail = Guardrail(name="g", promql="x")
    guard = Guard(
        rail=rail,
        look=lambda: Observation(state="breached", because="too much"),
        every=1.0,
    )
    end = Drive(plan(), world.dependencies(guards=[guard])).run()
    assert (end.ending, end.refusal) == (Ending.REFUSED, True)
    assert not world.children


def test_a_guardrail_stops_the_run_and_everything_is_undone() -> None:
    world = World()
    drive = Drive(plan(hold=30.0), world.dependencies())
    world.clock.at(
        6.0,
        lambda: drive.put(
            event(
                world.clock.now(),
                "guardrail",
                name="g",
                state="breached",
                value=1.0,
                limit=None,
                because="too much",
            )
        ),
    )
    end = drive.run()
    assert end.ending is Ending.GUARDRAIL
    assert not world.ledger.open
    assert world.children[0].killed
    assert "aftermath" not in phases(world)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [1.0, 2.05, 2.3, 3.0, 4.4])
def test_a_signal_at_any_phase_undoes_everything(name: int, after: float) -> None:
    world = World()
    observer = FakeObserver()
    drive = Drive(plan(), world.dependencies([observer]))
    world.clock.at(after, lambda: os.kill(os.getpid(), name))
    end = drive.run()
    assert end.ending is Ending.OPERATOR
    assert not world.ledger.open
    assert observer.stopped
    assert all(child.ended for child in world.children + world.probers)


def test_a_second_signal_does_not_cut_the_undo_short() -> None:
    world = World()
    world.ledger.heal = _heal_and_signal(world)  # type: ignore[method-assign]
    drive = Drive(plan(), world.dependencies())
    world.clock.at(3.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert drive.run().ending is Ending.OPERATOR
    assert not world.ledger.open


def _heal_and_signal(world: World) -> Callable[[], list[str]]:
    def heal() -> list[str]:
        os.kill(os.getpid(), signal.SIGINT)
        world.ledger.end("s", "run")
        return []

    return heal


def test_rollbacks_that_never_end_are_overtaken_by_the_ledger() -> None:
    world = World()
    world.on_release = lambda _child: None
    drive = Drive(plan(), world.dependencies())
    end = drive.run()
    assert end.ending is Ending.FINISHED
    assert world.ledger.heals == 1
    assert not world.ledger.open


def test_an_undo_that_fails_is_named_and_no_step_follows() -> None:
    world = World()
    world.on_release = lambda _child: None
    world.ledger.broken = ["process.stop on web-1: start it by hand"]
    drive = Drive(plan(steps=2), world.dependencies())
    drive.run()
    assert drive.broken == ["process.stop on web-1: start it by hand"]
    assert len(world.children) == 1


def test_foreign_rollbacks_are_played_by_another_process_when_the_engine_cannot() -> (
    None
):
    world = World(injects=False)
    drive = Drive(
        plan(foreign=("chaosk8s.pod.actions.terminate_pods",)), world.dependencies()
    )
    world.on_release = lambda _child: None
    world.clock.at(3.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    drive.run()
    assert world.children[0].interrupted
    assert world.replays == 1


def test_what_only_others_do_is_held_and_has_an_aftermath() -> None:
    world = World(injects=False)
    foreign = ("chaosk8s.pod.actions.terminate_pods",)
    drive = Drive(plan(hold=7.0, foreign=foreign, alone=True), world.dependencies())
    drive.run()
    at = {phase.phase: phase.at for phase in world.of("phase")}
    assert at["undo"] - at["fault"] == pytest.approx(7.0, abs=0.2)
    after = [look for look in world.of("hypothesis") if look.at > at["aftermath"]]
    assert after  # it was looked at once more
    assert drive.run_state.fault_ended("s") == at["aftermath"]


def test_a_fault_that_was_not_injected_still_ends_the_step() -> None:
    world = World(injects=False)
    end = Drive(plan(), world.dependencies()).run()
    assert end.ending is Ending.FINISHED
    assert not world.of("fault_started")


class InterruptedWorld(World):
    """Its engine is interrupted before the method, and ends."""

    def experiment(self, job: Job, tell: Tell) -> FakeChild:
        del job
        child = FakeChild(self, tell)
        why = {"status": "interrupted", "deviated": False, "because": "safeguard slow"}

        def end() -> None:
            tell("engine", why)
            child.over()

        self.clock.at(0.2, end)
        return child


def test_what_interrupted_the_engine_is_told_before_the_hold() -> None:
    world = InterruptedWorld()
    end = Drive(plan(), world.dependencies()).run()
    assert end.ending is Ending.FINISHED
    (engine,) = world.of("engine")
    assert (engine.status, engine.because) == ("interrupted", "safeguard slow")
    hold = next(phase for phase in world.of("phase") if phase.phase == "hold")
    assert engine.at <= hold.at


class CutShortWorld(World):
    """Its experiment ends by itself while the fault is held."""

    status = "interrupted"

    def experiment(self, job: Job, tell: Tell) -> FakeChild:
        child = super().experiment(job, tell)
        why = {"status": self.status, "deviated": False, "because": "safeguard slow"}
        self.clock.at(5.0, lambda: tell("engine", why))
        return child


@pytest.mark.parametrize("status", ["interrupted", "aborted"])
def test_a_hold_ends_with_its_experiment(status: str) -> None:
    world = CutShortWorld()
    world.status = status
    end = Drive(plan(hold=40.0), world.dependencies()).run()
    assert end.ending is Ending.FINISHED
    at = {phase.phase: phase.at for phase in world.of("phase")}
    assert at["undo"] - at["fault"] == pytest.approx(5.0, abs=0.2)
    assert not world.ledger.open
    (engine,) = world.of("engine")
    assert engine.at <= at["undo"]


def test_an_experiment_that_completes_is_held_all_the_same() -> None:
    world = CutShortWorld()
    world.status = "completed"
    Drive(plan(hold=40.0), world.dependencies()).run()
    at = {phase.phase: phase.at for phase in world.of("phase")}
    assert at["undo"] - at["fault"] == pytest.approx(40.0, abs=0.5)


def test_an_alert_already_there_is_noted_before_the_fault() -> None:
    world = World()
    drive = Drive(plan(), world.dependencies())
    world.clock.at(1.0, lambda: drive.put(alert(START - 60, "alert_firing")))  # type: ignore[arg-type]
    drive.run()
    (noted,) = world.of("alert_at_start")
    assert (noted.alert, noted.state) == ("Down", "firing")


@pytest.mark.parametrize(
    "kind", [kind for kind, fault in CATALOGUE.items() if fault.heals_itself]
)
def test_a_fault_that_heals_itself_ends_when_the_instance_is_back(kind: str) -> None:
    world = World(kind=kind)
    drive = Drive(plan(Expect(heals_within=9.0), hold=1.0), world.dependencies())

    def back() -> None:
        rest = {"service": "web", "state": "running", "health": "", "error": 0.001}
        now = world.clock.now()
        drive.put(event(now, "instance", instance="web-1", up=True, **rest))

    world.clock.at(6.0, back)
    drive.run()
    (ended,) = world.of("fault_ended")
    assert ended.by == "self"
    undo = next(phase for phase in world.of("phase") if phase.phase == "undo")
    assert undo.at - START == pytest.approx(6.0, abs=0.3)


def test_a_crash_that_is_over_between_two_looks_ends_too() -> None:
    world = World(kind="process.kill")
    drive = Drive(plan(Expect(heals_within=9.0), hold=1.0), world.dependencies())

    def back() -> None:
        (begun,) = world.of("fault_started")
        rest = {"service": "web", "state": "running", "health": "", "error": 0.02}
        drive.put(event(begun.at - 0.01, "instance", instance="web-1", up=True, **rest))

    world.clock.at(6.0, back)
    drive.run()
    (ended,) = world.of("fault_ended")
    assert ended.by == "self"


def test_the_journal_is_written_beside_the_run() -> None:
    world = World()
    drive = Drive(plan(), world.dependencies())
    world.clock.at(3.0, lambda: world.children[0].tell("journal", {"text": "{}"}))
    drive.run()
    assert world.files == {"journal-s.json": "{}"}


def test_two_steps_settle_in_between() -> None:
    world = World()
    world.on_release = world._roll_back
    drive = Drive(plan(steps=2), world.dependencies())
    end = drive.run()
    assert end.ending is Ending.FINISHED
    assert phases(world).count("fault") == 2
    assert "settle" in phases(world)


def test_stop_says_why() -> None:
    assert str(RunStopped(Ending.OPERATOR, "enough")) == "enough"


# Whatever breaks on the way out ---------------------------------------------------


class FakeFlow:
    def __init__(self) -> None:
        self.stopped = False

    def stop(self, patience: float) -> None:
        del patience
        self.stopped = True


def under_load(
    world: World, *observers: FakeObserver
) -> tuple[RunDependencies, FakeFlow]:
    flow = FakeFlow()
    return replace(world.dependencies(observers), traffic=lambda _emit: flow), flow


class NoMoreForks(World):
    """A world in which no process can be started once a run has begun."""

    def rollbacks(self, job: Job, tell: Tell) -> FakeChild:
        del job, tell
        raise EOFError("the server that forks is gone")


def test_where_no_process_can_be_started_the_ledger_still_undoes() -> None:
    world = NoMoreForks()
    world.on_release = lambda _child: None
    dependencies, flow = under_load(world)
    drive = Drive(plan(foreign=("chaosk8s.pod.actions.terminate_pods",)), dependencies)
    world.clock.at(3.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert drive.run().ending is Ending.OPERATOR
    assert world.ledger.heals == 1
    assert not world.ledger.open
    assert drive.broken == []
    assert flow.stopped


@pytest.mark.parametrize("door", ["heal", "has_open_faults"])
def test_an_undo_that_breaks_off_is_named_and_all_else_ends(door: str) -> None:
    def breaks() -> NoReturn:
        raise RuntimeError("database is locked")

    world = World()
    world.clock.at(3.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    setattr(world.ledger, door, breaks)
    observer = FakeObserver()
    dependencies, flow = under_load(world, observer)
    drive = Drive(plan(), dependencies)
    assert drive.run().ending is Ending.OPERATOR
    (left,) = drive.broken
    assert "RuntimeError: database is locked" in left
    assert "gameday heal" in left
    assert flow.stopped
    assert observer.stopped


class Breaking(World):
    """A world whose screen breaks once a fault is there, and goes on breaking."""

    def show(self, entry: Event, run_state: RunState) -> None:
        del entry
        if run_state.faults:
            raise RuntimeError("the terminal is gone")


def test_a_crash_undoes_everything_and_ends_the_load() -> None:
    world, observer = Breaking(), FakeObserver()
    dependencies, flow = under_load(world, observer)
    with pytest.raises(RuntimeError, match="the terminal is gone"):
        Drive(plan(), dependencies).run()
    assert not world.ledger.open
    assert flow.stopped
    assert observer.stopped
    assert all(child.ended for child in world.children + world.probers)


# A target that another has taken --------------------------------------------------


def test_a_target_that_is_lost_ends_the_run_and_everything_is_undone() -> None:
    world = World()
    since = START + 4.0
    dependencies = replace(
        world.dependencies(),
        why_lost=lambda: "run r2 has its Lease" if world.clock.now() > since else "",
    )
    end = Drive(plan(hold=30.0), dependencies).run()
    assert end.ending is Ending.GUARDRAIL
    assert "run r2 has its Lease" in end.because
    assert world.clock.now() - since < 5.0
    assert not world.ledger.open
    assert world.children[0].killed


def test_a_target_that_is_lost_before_the_fault_is_not_touched() -> None:
    world = World()
    dependencies = replace(
        world.dependencies(),
        why_lost=lambda: "its Lease was deleted" if "fault" in phases(world) else "",
    )
    end = Drive(plan(), dependencies).run()
    assert end.ending is Ending.GUARDRAIL
    assert not world.children


def firing(*names: str) -> Standing:
    alerts = (StandingAlert(labels={"alertname": n}, state="firing") for n in names)
    return Standing(alerts=tuple(alerts))


def promising(*names: str) -> Expect:
    alerts = (AlertPromise(alert=n, fires_within=20.0) for n in names)
    return Expect(alerts=tuple(alerts))


def test_a_first_step_of_which_nothing_can_be_learned_is_refused() -> None:
    world = World()
    dependencies = replace(world.dependencies(), standing=lambda: firing("Down"))
    end = Drive(plan(promising("Down")), dependencies).run()
    assert (end.ending, end.refusal) == (Ending.REFUSED, False)
    assert "Down is already firing" in end.because
    assert not world.children


def test_anyway_it_goes_on() -> None:
    world = World()
    dependencies = replace(
        world.dependencies(), standing=lambda: firing("Down"), anyway=True
    )
    end = Drive(plan(promising("Down")), dependencies).run()
    assert end.ending is Ending.FINISHED
    assert len(world.children) == 1


def test_a_spoiled_promise_is_not_waited_for_and_the_others_are() -> None:
    world = World()
    dependencies = replace(world.dependencies(), standing=lambda: firing("Down"))
    drive = Drive(plan(promising("Down", "Slow"), hold=None), dependencies)
    labels = {"alertname": "Slow"}

    def slow() -> None:
        now = world.clock.now()
        told = {"alert": "Slow", "labels": labels, "starts": now, "error": 0.0}
        drive.put(event(now, "alert_firing", **told))

    world.clock.at(9.0, slow)
    drive.run()
    undo = next(phase for phase in world.of("phase") if phase.phase == "undo")
    assert undo.at - START == pytest.approx(9.0, abs=0.2)


def test_a_later_step_of_which_nothing_can_be_learned_is_skipped() -> None:
    world = World()
    looks = iter([Standing(), firing("Down"), Standing()])
    dependencies = replace(world.dependencies(), standing=lambda: next(looks))
    end = Drive(plan(promising("Down"), hold=2.0, steps=3), dependencies).run()
    assert end.ending is Ending.FINISHED
    assert [skipped.step for skipped in world.of("skipped")] == ["t"]
    assert len(world.children) == 2
    begun = [phase.step for phase in world.of("phase") if phase.phase == "fault"]
    assert begun == ["s", "u"]


def test_a_run_that_another_follows_settles_as_between_steps() -> None:
    world = World()
    dependencies = replace(world.dependencies(), followed=True)
    Drive(plan(), dependencies).run()
    assert phases(world)[-1] == "settle"


class Unheard(FakeObserver):
    """An observer that cannot begin."""

    def start(self, emit: Emit, since: float) -> None:
        del emit, since
        raise GamedayError("cannot listen there: Address already in use")


def test_an_observer_that_cannot_begin_refuses_the_run() -> None:
    world = World()
    end = Drive(plan(), world.dependencies([Unheard()])).run()
    assert (end.ending, end.refusal) == (Ending.REFUSED, False)
    assert end.because == (
        "step s: prometheus: cannot listen there: Address already in use"
    )
    assert not world.children
