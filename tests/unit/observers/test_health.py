"""When an observer saw: blind, sees, observed."""

from gameday.errors import ObserverLost
from gameday.observers.health import ObserverHealth, Rounds
from tests.unit.observers.fake import HandClock, Heard


def begun() -> tuple[ObserverHealth, HandClock, Heard]:
    clock, heard = HandClock(), Heard()
    sight = ObserverHealth("prometheus", clock)
    sight.begin(heard, 1000.0)
    return sight, clock, heard


def test_one_failure_is_no_blindness() -> None:
    sight, _, heard = begun()
    sight.note_no_answer("refused")
    sight.note_answer(1002.0)
    sight.note_no_answer("refused")
    assert heard.events == []


def test_two_failures_are_from_the_last_answer_on_and_once() -> None:
    sight, _, heard = begun()
    sight.note_answer(1005.0)
    for _ in range(5):
        sight.note_no_answer("connection refused")
    (blind,) = heard.of("blind")
    assert (blind.at, blind.because) == (1005.0, "connection refused")
    assert sight.blind_because == "connection refused"


def test_what_was_observed_stops_at_an_outage_and_begins_after_it() -> None:
    sight, clock, heard = begun()
    sight.note_answer(1005.0)
    sight.note_no_answer("gone", at_once=True)
    clock.at = 1009.0
    sight.note_answer(1008.0)
    sight.note_answer(1020.0)
    sight.observed(1015.0)
    sight.observed(1030.0)
    spans = [(event.since, event.until) for event in heard.of("observed")]
    assert spans == [(1000.0, 1005.0), (1008.0, 1015.0), (1015.0, 1020.0)]
    assert [event.at for event in heard.of("sees")] == [1009.0]


def test_blind_all_through_is_never_observed() -> None:
    sight, _, heard = begun()
    sight.note_no_answer("gone", at_once=True)
    sight.observed(1010.0)
    assert not heard.of("observed")


def test_nothing_is_reported_after_the_end() -> None:
    sight, _, heard = begun()
    sight.end()
    sight.note_no_answer("gone", at_once=True)
    sight.observed(1010.0)
    assert heard.events == []


def test_rounds_outlive_failures_and_answers_that_make_no_sense() -> None:
    sight, _, heard = begun()
    problems: list[Exception] = [ObserverLost("refused"), KeyError("data")]

    def ask() -> float:
        if problems:
            raise problems.pop(0)
        sight.note_answer(1001.0)
        return 100.0

    rounds = Rounds(sight, ask)
    rounds.start()
    heard.wait("sees")
    rounds.stop(lambda: None)
    assert "KeyError" in heard.of("blind")[0].because
    assert rounds.ended
