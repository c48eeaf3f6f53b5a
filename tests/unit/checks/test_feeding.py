"""Which SLOs see the load, as the gate finds out at warm-up."""

import pytest

from gameday.checks.slos.feeding import find_fed
from gameday.model.events import Event, event
from gameday.model.scenario import Load
from gameday.model.timeline import Timeline
from tests.builders import at, counter, every, objective, traffic

LOAD = Load(url="http://127.0.0.1:8080/", rate=50.0)
SLOS = (objective("shop"), objective("search"))


def service(
    slo: str, before: float, after: float, interval: float = 5.0
) -> list[Event]:
    """Return an SLO's counter whose rate changes when the load begins, at 0 s."""
    quiet = every(interval, before, since=-40, until=0)
    busy = every(interval, after, since=interval, until=10)
    start = quiet[-1][1] + after * interval
    later = [(when, start + value) for when, value in busy]
    return counter(*quiet, *later, slo=slo, instance=f"{slo}:1")


def fed(*parts: list[Event], rate: float = 50.0) -> tuple[str, ...]:
    seen = [*traffic(rate, until=10), *(entry for part in parts for entry in part)]
    return find_fed(SLOS, LOAD, Timeline(seen), 0.0).slos


@pytest.mark.parametrize(
    ("shop", "search", "expected"),
    [
        ((0, 50), (3, 3), ("shop",)),
        ((7, 57), (20, 21), ("shop",)),  # others use it as well
        ((0, 50), (0, 50), ("shop", "search")),  # each request counts for both
        ((9, 9), (3, 3), ()),
        ((0, 500), (3, 3), ()),  # something else began
        ((50, 0), (3, 3), ()),
    ],
)
def test_those_whose_rate_rose_by_the_loads(
    shop: tuple[float, float], search: tuple[float, float], expected: tuple[str, ...]
) -> None:
    assert fed(service("shop", *shop), service("search", *search)) == expected


def test_gamedays_own_probes_are_not_the_load() -> None:
    probes = [
        event(at(second / 50), "probe", name="p", ok=True) for second in range(500)
    ]
    parts = (service("shop", 0, 50), service("search", 0, 100), probes)
    assert fed(*parts) == ("search",)


def test_one_scrape_more_or_less_is_the_same() -> None:
    late = counter(*every(5, 0, since=-38, until=2), (7.0, 250.0), slo="shop")
    assert fed(late, service("search", 3, 3)) == ("shop",)


def test_an_only_slo_is_the_one() -> None:
    fed_by = find_fed(SLOS[:1], LOAD, Timeline(), 0.0)
    assert (fed_by.slos, fed_by.because) == (("shop",), "it is the only SLO")


def test_without_a_second_of_load_nothing_is_known() -> None:
    assert find_fed(SLOS, LOAD, Timeline(service("shop", 0, 50)), 0.0).slos == ()


def test_prometheus_clock_may_be_another() -> None:
    parts = [*traffic(50.0, until=10), *service("shop", 0, 50)]
    moved = [
        event(part.at + 3600, part.kind, **part.fields)
        if part.kind != "load"
        else event(
            part.at - 3600,
            "load",
            **{
                **part.fields,
                "since": part.since - 3600,
                "until": part.until - 3600,
            },
        )
        for part in parts
    ]
    assert find_fed(SLOS, LOAD, Timeline(moved), 3600.0).slos == ("shop",)
