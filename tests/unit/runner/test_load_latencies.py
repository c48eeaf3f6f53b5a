"""The ranges of latencies that the load writes down, second by second."""

from gameday.runner.load.load_process import GROWTH, bounds_with, in_ranges


def test_every_request_is_in_one_range_and_ranges_are_narrow() -> None:
    bounds = bounds_with([])
    waits = [0.0001, 0.004, 0.004, 0.31, 4.9, 30.0]
    in_order = in_ranges(waits, bounds)
    assert sum(requests for *_, requests in in_order) == len(waits)
    for over, upto, _ in in_order[1:]:
        assert upto <= over * GROWTH + 1e-6


def test_a_promised_time_is_the_end_of_a_range() -> None:
    bounds = bounds_with([0.5])
    in_order = in_ranges([0.5, 0.500001], bounds)
    assert [(upto <= 0.5, over >= 0.5) for over, upto, _ in in_order] == [
        (True, False),
        (False, True),
    ]
