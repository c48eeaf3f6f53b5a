"""Alertmanager's time intervals: when a route sends nothing."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gameday.model.alerting.time_interval import Muting, TimeInterval, intervals_of

NOW = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()


def interval(*ranges: dict[str, object]) -> TimeInterval:
    document = {"time_intervals": [{"name": "i", "time_intervals": list(ranges)}]}
    (made,) = intervals_of(document)
    return made


def instant(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


NIGHT: dict[str, object] = {"times": [{"start_time": "22:00", "end_time": "24:00"}]}


@pytest.mark.parametrize(
    ("entry", "when", "inside"),
    [
        (NIGHT, "2026-03-03T22:00", True),
        (NIGHT, "2026-03-03T21:59", False),
        ({"weekdays": ["monday:friday"]}, "2026-03-06T12:00", True),  # a Friday
        ({"weekdays": ["monday:friday"]}, "2026-03-07T12:00", False),
        ({"weekdays": ["Sunday"]}, "2026-03-08T12:00", True),
        ({"days_of_month": ["-1"]}, "2026-02-28T12:00", True),
        ({"days_of_month": ["-1"]}, "2026-03-28T12:00", False),
        ({"days_of_month": ["1:5"]}, "2026-03-05T12:00", True),
        ({"months": ["january", "5:6"]}, "2026-06-05T12:00", True),
        ({"months": ["january"]}, "2026-06-05T12:00", False),
        ({"years": ["2020:2022"]}, "2026-06-05T12:00", False),
        ({**NIGHT, "weekdays": ["monday"]}, "2026-03-03T23:00", False),
    ],
)
def test_when_it_is_inside(entry: dict[str, object], when: str, inside: bool) -> None:
    assert interval(entry).contains(instant(when)) is inside


def test_a_location_has_its_own_clock() -> None:
    """22:30 in Berlin is 21:30 in UTC, in winter."""
    berlin = interval({**NIGHT, "location": "Europe/Berlin"})
    assert berlin.contains(instant("2026-01-10T21:30")) is True
    assert interval(NIGHT).contains(instant("2026-01-10T21:30")) is False


def test_alertmanagers_own_location_is_not_known() -> None:
    assert interval({**NIGHT, "location": "Local"}).contains(NOW) is None


ALWAYS, NEVER = interval({}), interval({"years": ["2001"]})
WEEKEND = interval({"weekdays": ["saturday", "sunday"]})
WEEK = interval({"weekdays": ["monday:friday"]})


@pytest.mark.parametrize(
    ("muting", "ever"),
    [
        (Muting(mutes=(ALWAYS,)), True),
        (Muting(mutes=(NEVER,)), False),
        (Muting(mutes=(WEEKEND,)), None),
        (Muting(mutes=(WEEKEND, WEEK)), True),
        (Muting(actives=(ALWAYS,)), False),
        (Muting(actives=(NEVER,)), True),
        (Muting(actives=(WEEK,)), None),
        (Muting(actives=(WEEK,), mutes=(WEEK,)), True),
        (Muting(actives=(TimeInterval(name="empty"),)), True),
    ],
)
def test_always_never_or_at_times(muting: Muting, ever: bool | None) -> None:
    assert muting.ever(NOW) is ever


def test_muted_is_inside_of_a_mute_or_outside_of_every_active_interval() -> None:
    saturday, monday = instant("2026-03-07T12:00"), instant("2026-03-09T12:00")
    assert Muting(mutes=(WEEKEND,)).at(saturday) is True
    assert Muting(mutes=(WEEKEND,)).at(monday) is False
    assert Muting(actives=(WEEK,)).at(saturday) is True
    assert Muting(actives=(WEEK,)).at(monday) is False
