"""Ranks: what they find, what they do not claim, and what they cannot know."""

import math
import random

import pytest

from gameday.regressions.ranks import holm, reachable, repeats_needed, slower


def runs(*values: float, name: str = "m") -> list[dict[str, float]]:
    return [{name: value} for value in values]


EARLIER = runs(*(10 + number / 10 for number in range(10)))


def test_later_runs_that_are_all_slower_reach_the_smallest_p() -> None:
    assert slower(EARLIER, runs(12, 13, 14))["m"] == pytest.approx(1 / 286)


def test_faster_runs_are_not_slower() -> None:
    assert slower(EARLIER, runs(5, 6, 7))["m"] == 1.0


def test_runs_like_those_before_are_not_slower() -> None:
    assert slower(EARLIER, runs(10.05, 10.45, 10.85))["m"] > 0.3


def test_all_the_same_is_no_difference() -> None:
    assert slower(runs(5, 5, 5, 5, 5), runs(5, 5, 5))["m"] == 1.0


@pytest.mark.parametrize(
    ("earlier", "needed"), [(19, 1), (18, 2), (6, 2), (5, 2), (4, 3), (3, 3), (2, 5)]
)
def test_how_many_repeats_can_tell_at_all(earlier: int, needed: int) -> None:
    assert repeats_needed(earlier) == needed
    assert reachable(earlier, needed) <= 0.05
    assert needed == 1 or reachable(earlier, needed - 1) > 0.05


def test_nothing_is_reached_without_later_runs() -> None:
    assert reachable(10, 0) == 1.0


def test_a_measure_that_only_some_runs_have_is_ranked_among_those() -> None:
    earlier = [{"m": 1.0 + number / 10} for number in range(10)]
    earlier[0]["rare"] = earlier[1]["rare"] = 1.0
    measures = slower(earlier, [{"m": 9.0}, {"m": 9.5, "rare": 2.0}, {"m": 9.9}])
    assert measures["m"] < 0.05
    assert measures["rare"] > 0.05


def test_a_measure_that_only_later_runs_have_claims_nothing() -> None:
    assert slower(runs(1, 2, 3, 4), [{"new": 5.0}, {"new": 6.0}])["new"] == 1.0


def test_many_measures_cost_no_false_alarms() -> None:
    """A build is what counts, not a measure: 12 of them, none of them slower."""
    chance = random.Random(15)  # noqa: S311 - the same each time
    builds = 120

    def one() -> dict[str, float]:
        return {f"m{number}": chance.gauss(10, 2) for number in range(12)}

    alarms = sum(
        min(slower([one() for _ in range(6)], [one() for _ in range(3)]).values())
        <= 0.05
        for _ in range(builds)
    )
    assert alarms / builds <= 0.1  # 5 % expected; 2 % is one standard deviation


def test_what_lies_far_apart_is_found_among_many_measures() -> None:
    """By ranks alone chance has one of fifteen stand out as much in 1 of 19 ways."""
    chance = random.Random(7)  # noqa: S311 - the same each time

    def one(planted: float) -> dict[str, float]:
        others = {f"m{number}": chance.gauss(10, 2) for number in range(14)}
        return {"planted": planted + chance.gauss(0, 0.3), **others}

    measures = slower([one(7.0) for _ in range(10)], [one(9.0) for _ in range(3)])
    assert measures["planted"] <= 0.05
    assert min(measures[name] for name in measures if name != "planted") > 0.05


def test_many_ways_are_drawn_and_the_same_each_time() -> None:
    earlier = runs(*(float(number) for number in range(30)))
    later = runs(*(50.0 + number for number in range(5)))
    measures = slower(earlier, later)
    assert measures == slower(earlier, later)
    assert 0 < measures["m"] < 0.001


def test_of_several_scenarios_the_smallest_p_is_multiplied_most() -> None:
    adjusted = holm({"a": {"m": 0.04}, "b": {"m": 0.001, "n": 0.2}, "c": {"m": 0.5}})
    assert adjusted["b"] == pytest.approx({"m": 0.003, "n": 0.6})
    assert adjusted["a"] == pytest.approx({"m": 0.08})
    assert adjusted["c"] == {"m": 0.5}


def test_where_chance_may_have_made_the_first_it_may_have_made_the_second() -> None:
    adjusted = holm({"a": {"m": 0.03}, "b": {"m": 0.04}, "c": {"m": 0.9, "n": 0.7}})
    assert adjusted["a"]["m"] == adjusted["b"]["m"] == pytest.approx(0.09)
    assert adjusted["c"] == {"m": 0.9, "n": 0.7}


def test_a_measure_of_which_most_runs_are_the_same_still_stands_out() -> None:
    """One run of ten was later than the three; the other measures only vary."""
    steady = [*(3.0,) * 9, 4.1, *(4.0,) * 3]
    runs = [
        {"steady": value, **{f"other{k}": math.sin(n * (k + 2)) for k in range(4)}}
        for n, value in enumerate(steady)
    ]
    measures = slower(runs[:10], runs[10:])
    assert measures["steady"] <= 0.05
    assert all(p > 0.05 for name, p in measures.items() if name != "steady")
