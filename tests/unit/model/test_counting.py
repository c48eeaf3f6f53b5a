"""Counts of events: the measured traps of counters over short windows."""

import pytest

from gameday.model.slos.counting import Counted, count, count_signed, increases
from gameday.model.slos.scraped import TargetHistory, read_targets
from gameday.model.slos.slo import Series


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
    counted = count([counter((0, 10), (5, 20), (10, 25), (15, 40))], 6, 9)
    assert (counted.value, counted.since, counted.until) == (5, 5, 10)
    assert (counted.unknown, counted.resets, counted.born) == (0, 0, 0)


def test_an_interval_that_lies_on_scrapes_is_not_padded() -> None:
    counted = count([counter((0, 10), (5, 20), (10, 25), (15, 40))], 5, 10)
    assert (counted.value, counted.since, counted.until) == (5, 5, 10)


def test_a_restart_counts_whole_and_bounds_what_was_lost() -> None:
    counted = count([counter((0, 100), (1, 107), (2, 3), (3, 5))], 0, 3)
    assert counted.value == 7 + 3 + 2
    assert counted.resets == 1
    assert counted.unknown == 7


def test_a_series_born_in_the_interval_counts_from_zero() -> None:
    errors = counter((12, 4), (13, 9), (20, 9), code="500")
    counted = count([errors], 10, 15, witnesses=[steady(0, 20, 50)])
    assert (counted.value, counted.born, counted.unknown) == (9, 1, 0)


def test_a_birth_at_a_target_nobody_scraped_before_is_flagged_not_counted() -> None:
    newcomer = counter((12, 400), (13, 409), (20, 409), instance="web-9")
    counted = count([newcomer], 10, 15, witnesses=[steady(0, 20, 50)])
    assert (counted.value, counted.born, counted.unknown) == (9, 1, 400)


def test_a_series_born_at_the_scrape_that_ends_the_interval_counts() -> None:
    errors = counter((15, 4), (20, 4), code="500")
    known = counter((0, 1), (5, 1), (10, 1), (15, 1), (20, 1))
    assert count([errors], 5, 14, witnesses=[known]).value == 4


def test_a_series_born_after_the_interval_does_not_count() -> None:
    errors = counter((60, 4), (61, 8), code="500")
    assert count([errors], 5, 14, witnesses=[steady(0, 100, 1)]) == Counted()


def test_a_target_that_ends_early_may_lack_one_scrape() -> None:
    gone = counter((0, 0), (1, 5), (2, 12), instance="web-2")
    counted = count([gone], 0, 10, witnesses=[gone, steady(0, 20, 3)])
    assert (counted.value, counted.until, counted.unknown) == (12, 2, 7)


def test_samples_that_end_early_may_lack_all_that_came_since() -> None:
    counted = count([steady(0, 8, 5)], 0, 10)
    assert (counted.value, counted.unknown) == (40, 10)


def test_an_error_counter_that_ends_with_its_process_may_lack_a_scrapes_traffic() -> (
    None
):
    total = counter((0, 100), (15, 850), (30, 1600), (45, 0), (60, 700))
    errors = counter((0, 3), (15, 3), (30, 3), code="500")
    counted = count([errors], 10, 55, witnesses=[total])
    assert (counted.value, counted.unknown, counted.resets) == (0, 750, 1)


def test_a_reset_is_the_targets_and_its_other_series_count_whole() -> None:
    total = counter((0, 100_000), (5, 100_250), (10, 150), (15, 400))
    errors = counter((0, 100), (5, 100), (10, 150), (15, 150), code="500")
    counted = count([errors], 0, 15, witnesses=[total])
    assert (counted.value, counted.surplus, counted.unknown) == (150, 0, 250)


def test_a_reset_that_is_only_one_series_own_leaves_the_others_alone() -> None:
    restarted = counter((0, 5000), (5, 5100), (10, 10), (15, 110), path="/a")
    other = counter((0, 4000), (5, 4100), (10, 4200), (15, 4300), path="/b")
    counted = count([restarted, other], 0, 15)
    assert (counted.value, counted.resets) == (100 + 10 + 100 + 300, 1)


def test_a_total_that_vanishes_while_its_target_goes_on_may_be_a_reset() -> None:
    good = counter((0, 9000), (5, 9050), code="200")
    bad = counter((0, 10), (5, 10), (10, 40), (15, 60), (20, 80), (25, 99), code="500")
    counted = count([bad], 0, 25, witnesses=[good, bad])
    assert (counted.value, counted.surplus) == (99, 10)  # or 89: nobody knows


def test_a_process_that_is_known_to_be_new_has_counted_from_zero() -> None:
    total = counter((0, 100), (30, 120), (60, 140))  # it fell, and rose again
    known = TargetHistory(processes={("web", "web-1"): ((0.0, -500.0), (30.0, 12.0))})
    targets = read_targets([total], (), known)
    counted = count_signed([(1.0, total)], 0, 60, targets)
    assert (counted.value, counted.resets) == (120 + 20, 1)


def test_a_series_born_on_a_new_target_that_was_scraped_without_it() -> None:
    total = counter((20, 50), (25, 300), (30, 550), instance="web-9")
    errors = counter((30, 7), (35, 9), instance="web-9", code="500")
    counted = count([errors], 10, 35, witnesses=[total, steady(0, 40, 50)])
    assert (counted.value, counted.unknown) == (9, 0)


@pytest.mark.parametrize(("came_up", "counted"), [(17.0, 9), (-60.0, 2)])
def test_a_new_pod_counts_from_zero_where_it_is_younger_than_the_fault(
    came_up: float, counted: float
) -> None:
    total = counter((20, 50), (25, 300), instance="web-9:80")
    errors = counter((20, 7), (25, 9), instance="web-9:80", code="500")
    known = TargetHistory(came_up={"web-9": came_up})
    targets = read_targets([total], [errors], known)
    increase = count_signed([(1.0, errors)], 10, 25, targets)
    assert (increase.value, increase.unknown) == (counted, 9 - counted)


@pytest.mark.parametrize(
    ("began", "came_up", "counted"),
    [
        (17.0, None, 9),
        (17.0, 16.0, 9),
        (47.0, None, 2),  # after the scrape that shows it: its node's clock is ahead
        (17.0, -60.0, 2),  # we saw it up before the fault
        (-60.0, 17.0, 2),  # it may be its node's clock that is behind: nobody knows
    ],
)
def test_a_process_whose_nodes_clock_contradicts_is_not_believed_young(
    began: float, came_up: float | None, counted: float
) -> None:
    total = counter((20, 50), (25, 300), instance="web-9:80")
    errors = counter((20, 7), (25, 9), instance="web-9:80", code="500")
    known = TargetHistory(
        processes={("web", "web-9:80"): ((20.0, began),)},
        came_up={} if came_up is None else {"web-9": came_up},
    )
    targets = read_targets([total], [errors], known)
    increase = count_signed([(1.0, errors)], 10, 25, targets)
    assert (increase.value, increase.unknown) == (counted, 9 - counted)


# --- differences ---


def offset(start: float, rate: float, job: str, until: float = 200) -> Series:
    """Return a counter that is scraped every 15 s, at times of its own."""
    times = [start + 15 * n for n in range(20) if start + 15 * n <= until]
    labels = {"job": job, "instance": f"{job}:1"}
    return Series(labels=labels, samples=tuple((at, 1000 + rate * at) for at in times))


@pytest.mark.parametrize(
    ("end", "value", "surplus"),
    [(150, 0, 0), (155, 750, 750)],
    ids=["as many scrapes", "one scrape more"],
)
def test_a_difference_of_two_jobs_carries_the_skew_of_their_scrapes(
    end: float, value: float, surplus: float
) -> None:
    pair = [(1.0, offset(0, 50, "lb")), (-1.0, offset(-6, 50, "app"))]
    targets = read_targets([pair[0][1]], [pair[1][1]])
    counted = count_signed(pair, 10, end, targets)
    assert counted.value == pytest.approx(value)
    assert counted.surplus == pytest.approx(surplus)
    assert counted.unknown == pytest.approx(0)


def test_a_difference_that_came_out_too_small_may_lack_as_much() -> None:
    pair = [(1.0, offset(-6, 50, "lb")), (-1.0, offset(0, 50, "app"))]
    counted = count_signed(pair, 10, 155, read_targets([pair[0][1]], [pair[1][1]]))
    assert counted.value == pytest.approx(-750)
    assert counted.unknown == pytest.approx(750)


def test_counters_of_one_scrape_have_no_skew() -> None:
    pair = [(1.0, offset(0, 50, "lb")), (-1.0, offset(0, 40, "lb"))]
    counted = count_signed(pair, 10, 155, read_targets([pair[0][1]], [pair[1][1]]))
    assert (counted.value, counted.surplus, counted.unknown) == (1650, 0, 0)


def test_a_reset_of_what_is_taken_away_makes_the_difference_too_large() -> None:
    app = Series(
        labels={"job": "app", "instance": "app:1"},
        samples=((0, 0), (15, 750), (30, 100), (45, 850)),
    )
    lb = offset(0, 50, "lb", until=45)
    counted = count_signed([(1.0, lb), (-1.0, app)], 0, 45, read_targets([lb], [app]))
    assert counted.value == 2250 - (750 + 100 + 750)
    assert counted.surplus == 750


def test_deltas_first_sums_after() -> None:
    restarted = counter((0, 1000), (1, 2), instance="web-2")
    counted = count([steady(0, 1, 10), restarted], 0, 1)
    assert counted.value == 12


def test_a_staleness_marker_is_no_sample() -> None:
    counted = count([counter((0, 1), (1, float("nan")), (2, 4))], 0, 2)
    assert (counted.value, counted.resets) == (3, 0)


def test_nothing_selected_counts_nothing() -> None:
    assert count([], 0, 10) == Counted()
    assert count([counter()], 0, 10) == Counted()


def test_what_is_taken_away_and_lacks_events_makes_too_many() -> None:
    total = Counted(value=100, since=0, until=10, unknown=8, resets=1)
    fast = Counted(value=97, since=1, until=11, unknown=7, resets=1)
    slow = total - fast
    assert slow == Counted(value=3, since=0, until=11, unknown=8, surplus=7, resets=2)


def test_adding_nothing_changes_nothing() -> None:
    some = Counted(value=3, since=5, until=6)
    assert Counted() + some == some
    assert some + Counted() == some


@pytest.mark.parametrize(("from_zero", "first"), [(True, 4.0), (False, 0.0)])
def test_increases_by_scrape(from_zero: bool, first: float) -> None:
    series = counter((0, 4), (1, 6), (2, float("nan")), (3, 1))
    by_scrape = list(increases(series.numbers, from_zero=from_zero))
    assert [(increase.at, increase.events) for increase in by_scrape] == [
        (0, first),
        (1, 2),
        (3, 1),
    ]
    assert [increase.fell for increase in by_scrape] == [False, False, True]
