"""A clock that only Date headers tell: what several answers allow together."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.model.date_clock import DateClock

NOW = 1_767_225_600.0


def dated(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(at), tz=UTC), usegmt=True)


def heard(clock: DateClock, at: float, ahead: float, trip: float = 0.01) -> None:
    clock.take_date(at, at + trip, dated(at + trip / 2 + ahead))


def test_one_answer_tells_it_to_the_second() -> None:
    clock = DateClock()
    heard(clock, NOW + 0.3, ahead=7.0)
    offset, error = clock.offset(NOW + 1) or (0.0, 0.0)
    assert abs(offset - 7.0) <= error
    assert 0.5 <= error <= 0.52


@given(
    ahead=st.floats(-1000, 1000),
    times=st.lists(st.floats(0, 50), min_size=1, max_size=40),
    trip=st.floats(0.001, 0.4),
)
def test_the_offset_is_never_further_off_than_its_error(
    ahead: float, times: list[float], trip: float
) -> None:
    clock = DateClock()
    for when in sorted(times):
        heard(clock, NOW + when, ahead, trip)
    offset, error = clock.offset(NOW + 51) or (0.0, 0.0)
    assert abs(offset - ahead) <= error
    assert error <= 0.5 + trip / 2 + 0.001


def test_many_answers_tell_it_better() -> None:
    clock = DateClock()
    for number in range(30):
        heard(clock, NOW + number * 1.07, ahead=-3.25)
    offset, error = clock.offset(NOW + 33) or (0.0, 0.0)
    assert abs(offset + 3.25) <= error <= 0.06


def test_a_clock_that_was_set_is_known_by_what_it_said_since() -> None:
    clock = DateClock()
    heard(clock, NOW, ahead=0.0)
    heard(clock, NOW + 10, ahead=30.0)
    offset, error = clock.offset(NOW + 11) or (0.0, 0.0)
    assert abs(offset - 30.0) <= error <= 0.52


def test_what_was_heard_long_ago_says_nothing() -> None:
    clock = DateClock()
    heard(clock, NOW, ahead=5.0)
    assert clock.offset(NOW + 59) is not None
    assert clock.offset(NOW + 61) is None


@pytest.mark.parametrize("date", [None, "", "soon", "Thu, 99 Jan 2026 00:00:00 GMT"])
def test_what_is_no_date_teaches_nothing(date: str | None) -> None:
    clock = DateClock()
    clock.take_date(NOW, NOW, date)
    assert clock.offset(NOW) is None
