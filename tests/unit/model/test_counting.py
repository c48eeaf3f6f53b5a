"""Counts of events: the measured traps of counters over short windows."""

import pytest

from gameday.model.counting import Counted, count, increases
from gameday.model.slo import Series


def counter(
    *samples: tuple[float, float], instance: str = "web-1", **labels: str
) -> Series:
    return Series(
        labels={"job": "web", "instance": instance, **labels}, samples=samples
    )


def steady(
    start: int, end: int, rate: float, first: float = 0.0, instance: str = "web-1"
) -> Series:
    pairs = [(float(t), first + rate * (t - start)) for t in range(start, end + 1)]
    return counter(*pairs, instance=instance)


def test_counts_from_the_last_scrape_before_to_the_first_one_after() -> None:
    found = count([counter((0, 10), (5, 20), (10, 25), (15, 40))], 6, 9)
    assert (found.value, found.since, found.until) == (5, 5, 10)
    assert (found.unknown, found.resets, found.born) == (0, 0, 0)


def test_an_interval_that_lies_on_scrapes_is_not_padded() -> None:
    found = count([counter((0, 10), (5, 20), (10, 25), (15, 40))], 5, 10)
    assert (found.value, found.since, found.until) == (5, 5, 10)


def test_a_restart_counts_whole_and_bounds_what_was_lost() -> None:
    found = count([counter((0, 100), (1, 107), (2, 3), (3, 5))], 0, 3)
    assert found.value == 7 + 3 + 2
    assert found.resets == 1
    assert found.unknown == 7


def test_a_series_born_in_the_interval_counts_from_zero() -> None:
    errors = counter((12, 4), (13, 9), (20, 9), code="500")
    found = count([errors], 10, 15, witnesses=[steady(0, 20, 50)])
    assert (found.value, found.born, found.unknown) == (9, 1, 0)


def test_a_birth_at_a_target_nobody_scraped_before_is_flagged_not_counted() -> None:
    newcomer = counter((12, 400), (13, 409), (20, 409), instance="web-9")
    found = count([newcomer], 10, 15, witnesses=[steady(0, 20, 50)])
    assert (found.value, found.born, found.unknown) == (9, 1, 400)


def test_a_series_born_at_the_scrape_that_ends_the_interval_counts() -> None:
    errors = counter((15, 4), (20, 4), code="500")
    known = counter((0, 1), (5, 1), (10, 1), (15, 1), (20, 1))
    assert count([errors], 5, 14, witnesses=[known]).value == 4


def test_a_series_born_after_the_interval_does_not_count() -> None:
    errors = counter((60, 4), (61, 8), code="500")
    assert count([errors], 5, 14, witnesses=[steady(0, 100, 1)]) == Counted()


def test_a_series_that_ends_early_may_lack_one_scrape() -> None:
    found = count([counter((0, 0), (1, 5), (2, 12))], 0, 10)
    assert (found.value, found.until, found.unknown) == (12, 2, 7)


def test_deltas_first_sums_after() -> None:
    restarted = counter((0, 1000), (1, 2), instance="web-2")
    found = count([steady(0, 1, 10), restarted], 0, 1)
    assert found.value == 12


def test_a_staleness_marker_is_no_sample() -> None:
    found = count([counter((0, 1), (1, float("nan")), (2, 4))], 0, 2)
    assert (found.value, found.resets) == (3, 0)


def test_nothing_selected_counts_nothing() -> None:
    assert count([], 0, 10) == Counted()
    assert count([counter()], 0, 10) == Counted()


def test_a_difference_may_lack_what_the_larger_side_lacks() -> None:
    total = Counted(value=100, since=0, until=10, unknown=8, resets=1)
    fast = Counted(value=97, since=1, until=11, unknown=7, resets=1)
    slow = total - fast
    assert slow == Counted(value=3, since=0, until=11, unknown=8, resets=2)


def test_adding_nothing_changes_nothing() -> None:
    some = Counted(value=3, since=5, until=6)
    assert Counted() + some == some
    assert some + Counted() == some


@pytest.mark.parametrize(("from_zero", "first"), [(True, 4.0), (False, 0.0)])
def test_increases_by_scrape(from_zero: bool, first: float) -> None:
    series = counter((0, 4), (1, 6), (2, float("nan")), (3, 1))
    found = list(increases(series, from_zero=from_zero))
    assert found == [(0, first), (1, 2), (3, 1)]
