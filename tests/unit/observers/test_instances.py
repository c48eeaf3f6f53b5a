"""Instances: each once, then each change, with the target's stamp where it has one."""

from dataclasses import replace

from gameday.errors import TargetNotFound
from gameday.model.target import Instance
from gameday.observers.instances import InstancesCallback, InstancesObserver
from tests.unit.observers.fake import HandClock
from tests.unit.observers.fake import Heard as Collected

WEB = Instance(
    service="web",
    name="web-1",
    identity={"pid": "7", "started": "900"},
    started_at=900.0,
    exact=0.01,
)


class Platform:
    """What the platform says right now."""

    def __init__(self, *instances: Instance) -> None:
        self.now = list(instances)
        self.lost = False

    def __call__(self) -> list[Instance]:
        """Return the instances."""
        if self.lost:
            raise TargetNotFound("the engine does not answer")
        return list(self.now)


def observing(platform: Platform) -> tuple[InstancesObserver, HandClock, Collected]:
    clock, heard = HandClock(), Collected()
    # So seldom that only flush looks.
    observer = InstancesObserver(platform, clock, every=3600.0)
    observer.start(heard, 1000.0)
    heard.wait("instance")
    return observer, clock, heard


def test_a_restart_is_timed_by_the_targets_stamp() -> None:
    platform = Platform(WEB)
    observer, clock, heard = observing(platform)
    clock.at = 1005.0
    platform.now = [replace(WEB, state="stopped")]
    observer.flush(1005.0)
    clock.at = 1006.0
    again = {"pid": "8", "started": "1005.4"}
    platform.now = [replace(WEB, identity=again, started_at=1005.4)]
    observer.flush(1006.0)
    observer.stop()
    looks = [(e.at, e.state, e.up, e.error) for e in heard.of("instance")]
    assert looks == [
        (1000.0, "running", True, 0.0),
        (1005.0, "stopped", False, 5.0),
        (1005.4, "running", True, 0.01),
    ]


def test_the_stamp_of_an_engine_far_away_is_read_by_its_measured_clock() -> None:
    platform = Platform(WEB)
    clock, heard = HandClock(), Collected()
    observer = InstancesObserver(
        platform, clock, every=3600.0, offset=lambda: (40.0, 0.02)
    )
    observer.start(heard, 1000.0)
    heard.wait("instance")
    again = {"pid": "8", "started": "1045.4"}
    platform.now = [replace(WEB, identity=again, started_at=1045.4)]
    observer.flush(1006.0)
    observer.stop()
    back = heard.of("instance")[-1]
    assert (back.at, back.stamp, back.error) == (1005.4, 1045.4, 0.03)
    told = [(event.source, event.offset) for event in heard.of("clock")]
    assert set(told) == {("target", 40.0)}


def test_health_that_comes_later_is_timed_by_the_look() -> None:
    starting = replace(WEB, health="starting")
    platform = Platform(starting)
    observer, clock, heard = observing(platform)
    clock.at = 1000.5
    platform.now = [replace(WEB, health="healthy")]
    observer.flush(1000.5)
    observer.stop()
    last = heard.of("instance")[-1]
    assert (last.at, last.up, last.error) == (1000.5, True, 0.5)


def test_what_does_not_change_is_told_once_and_what_goes_is_gone() -> None:
    platform = Platform(WEB)
    observer, _, heard = observing(platform)
    observer.flush(1001.0)
    assert len(heard.of("instance")) == 1
    platform.now = []
    observer.flush(1002.0)
    observer.stop()
    gone = heard.of("instance")[-1]
    assert (gone.instance, gone.state, gone.up) == ("web-1", "gone", False)


def test_a_target_that_does_not_answer_makes_blind() -> None:
    platform = Platform(WEB)
    observer, _, heard = observing(platform)
    assert observer.probe() == ""
    platform.lost = True
    assert observer.probe() == "the engine does not answer"
    observer.flush(1001.0)
    observer.flush(1002.0)
    assert heard.wait("blind").source == "target"
    platform.lost = False
    observer.flush(1003.0)
    observer.stop()
    assert heard.of("sees")


# --- a target that tells ---


class Teller:
    """A target that tells by itself, and can be looked at."""

    def __init__(self, *instances: Instance) -> None:
        self.now = list(instances)
        self.lost = False
        self.heard: InstancesCallback = lambda *_: None
        self.ended = False
        self.clock = HandClock()

    def watch(self, heard: InstancesCallback) -> "Teller":
        self.heard = heard
        return self

    def tell(self, at: float, *instances: Instance, late: float = 0.1) -> None:
        self.now = list(instances)
        self.heard(self.now, at, late)

    def look(self) -> None:
        if self.lost:
            raise TargetNotFound("the API does not answer")
        self.heard(self.now, self.clock.now(), 0.7)

    def stop(self) -> None:
        self.ended = True


def listening(teller: Teller) -> tuple[InstancesObserver, Collected]:
    heard = Collected()
    look = Platform(*teller.now)
    observer = InstancesObserver(look, teller.clock, 3600.0, teller.watch)
    observer.start(heard, 1000.0)
    heard.wait("instance")
    return observer, heard


def told(heard: Collected) -> list[tuple[float, str, float]]:
    return [(e.at, e.health, e.error) for e in heard.of("instance")]


SICK, WELL = replace(WEB, health="unhealthy"), replace(WEB, health="healthy")


def test_what_a_target_tells_is_timed_by_it() -> None:
    teller = Teller(WELL)
    observer, heard = listening(teller)
    teller.tell(1001.25, SICK)
    teller.tell(1001.5, SICK)
    teller.tell(1001.75, WELL, late=0.4)
    observer.stop()
    assert teller.ended
    assert told(heard) == [
        (1000.0, "healthy", 0.0),
        (1001.25, "unhealthy", 0.1),
        (1001.75, "healthy", 0.4),
    ]


def test_what_is_told_after_nobody_answered_may_be_as_old_as_the_last_look() -> None:
    teller = Teller(WELL)
    observer, heard = listening(teller)
    teller.tell(1007.5, SICK)
    observer.stop()
    assert told(heard)[-1] == (1007.5, "unhealthy", 7.5)


def test_a_look_finds_what_was_not_told() -> None:
    teller = Teller(WELL)
    observer, heard = listening(teller)
    teller.now, teller.clock.at = [SICK], 1001.0
    observer.flush(1001.0)
    observer.stop()
    assert told(heard)[-1] == (1001.0, "unhealthy", 0.7)
    assert heard.of("observed")[-1].until == 1001.0


def test_a_silent_target_that_does_not_answer_makes_blind() -> None:
    teller = Teller(WELL)
    observer, heard = listening(teller)
    teller.lost = True
    observer.flush(1001.0)
    observer.flush(1002.0)
    blind = heard.wait("blind")
    assert (blind.at, blind.because) == (1000.0, "the API does not answer")
    teller.lost = False
    observer.flush(1003.0)
    observer.stop()
    assert heard.of("sees")
