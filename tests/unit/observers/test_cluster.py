"""What a cluster tells beside its instances is passed on; silence is not sight."""

from gameday.errors import TargetNotFound
from gameday.model.events import event
from gameday.observers.cluster import STARTING, ClusterObserver
from gameday.ports import Emit
from tests.unit.observers.fake import HandClock, Heard


class Teller:
    """A cluster that tells what a test says."""

    def __init__(self, wrong: str = "") -> None:
        self.emit: Emit = lambda _: None
        self.wrong = wrong
        self.ended = False

    def follow(self, emit: Emit) -> "Teller":
        self.emit = emit
        return self

    def look(self) -> None:
        if self.wrong:
            raise TargetNotFound(self.wrong)

    def stop(self) -> None:
        self.ended = True


def observing(teller: Teller) -> tuple[ClusterObserver, HandClock, Heard]:
    clock, heard = HandClock(), Heard()
    observer = ClusterObserver("cluster", teller.follow, clock)
    observer.start(heard, 1000.0)
    return observer, clock, heard


def test_what_is_told_is_passed_on_until_the_end() -> None:
    teller = Teller()
    observer, clock, heard = observing(teller)
    teller.emit(event(1001.0, "workload", workload="deployment/web"))
    clock.at = 1002.0
    observer.flush(1002.0)
    observer.stop()
    teller.emit(event(1003.0, "workload", workload="deployment/web"))
    assert [heard_event.at for heard_event in heard.of("workload")] == [1001.0]
    seen = heard.of("observed")[-1]
    assert (seen.source, seen.since, seen.until) == ("cluster", 1000.0, 1002.0)
    assert teller.ended


def test_one_that_does_not_answer_is_blind_and_the_gate_is_told() -> None:
    teller = Teller()
    observer, clock, heard = observing(teller)
    observer.flush(1000.0)
    teller.wrong, clock.at = "the API does not answer", 1010.0
    observer.flush(1010.0)
    observer.flush(1010.0)
    assert heard.wait("blind").because == "the API does not answer"
    assert observer.probe() == "the API does not answer"
    teller.wrong, clock.at = "", 1012.0
    observer.flush(1012.0)
    observer.stop()
    assert heard.wait("sees").at == 1012.0
    assert observer.probe() == ""


def test_watches_may_take_a_moment_to_begin() -> None:
    teller = Teller("it has not been listed yet")
    observer, clock, heard = observing(teller)
    for _ in range(5):
        observer.flush(1000.0)
    assert not heard.of("blind")
    assert not heard.of("observed")
    clock.at = 1000.0 + STARTING
    observer.flush(clock.at)
    observer.flush(clock.at)
    observer.stop()
    assert heard.of("blind")
