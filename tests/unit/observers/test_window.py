"""The events of an SLO's own window, from a grid and from raw cells."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo, Term
from gameday.observers.http import Client
from gameday.observers.prometheus.api import PrometheusApi
from gameday.observers.prometheus.window import CELLS, CountedWindow, window_total
from tests.unit.observers.fake import serving
from tests.unit.observers.fake_prometheus import FakePrometheus

WEB = {"__name__": "requests_total", "job": "web", "instance": "web-1"}
NOW = 100_000.0
SLO = Slo(
    name="availability",
    service="shop",
    objective=0.99,
    window=CELLS * 10.0,
    bad=(Term(selector="errors_total"),),
    total=(Term(selector="requests_total"),),
    format="openslo",
)


@contextmanager
def asking(world: FakePrometheus) -> Iterator[PrometheusApi]:
    clock = SystemClock()
    with serving(world.answer) as server:
        client = Client(Endpoint(url=server.url), clock)
        try:
            yield PrometheusApi(client, clock)
        finally:
            client.close()


def counted(world: FakePrometheus) -> CountedWindow:
    with asking(world) as api:
        return window_total(api, SLO, NOW)


def world(oldest: float, *values: tuple[float, float]) -> FakePrometheus:
    """Return a counter that was scraped each second between these values."""
    samples = []
    for (start, low), (end, high) in pairwise(values):
        if high < low:
            continue
        rate = (high - low) / (end - start)
        steps = range(int(end - start))
        samples += [(start + n, low + n * rate) for n in steps]
    samples.append(values[-1])
    prometheus = FakePrometheus(now=NOW)
    prometheus.selected["requests_total"] = [(WEB, samples)]
    prometheus.selected["up"] = [(WEB, [(at, 1.0) for at, _ in samples])]
    prometheus.metrics += f"prometheus_tsdb_lowest_timestamp_seconds {oldest}\n"
    return prometheus


def test_samples_that_reach_back_give_the_whole_window() -> None:
    start = NOW - SLO.window
    window = counted(world(0.0, (start - 500, 0.0), (NOW, SLO.window + 500)))
    assert window.complete
    assert window.total == SLO.window
    assert window.since <= start


def test_samples_that_do_not_reach_back_say_since_when() -> None:
    window = counted(world(NOW - 1000.0, (NOW - 1000, 0.0), (NOW, 2000.0)))
    assert not window.complete
    assert window.total == pytest.approx(2 * (NOW - window.since), abs=2.0)
    assert NOW - 1010.0 <= window.since <= NOW - 998.0


def test_a_reset_inside_a_cell_of_the_grid_loses_nothing() -> None:
    # At NOW - 105 the counter begins again at zero: between two grid points, and
    # at the second of them it already is beyond its value at the first.
    start = NOW - SLO.window
    prometheus = world(0.0, (start - 400, 0.0), (NOW - 120, 4.0))
    labels, samples = prometheus.selected["requests_total"][0]
    samples += [(NOW - 109, 6.0), (NOW - 107, 90.0), (NOW - 105, 30.0), (NOW, 31.0)]
    before = [value for at, value in samples if at <= start][-1]
    window = counted(prometheus)
    assert window.total == pytest.approx((90.0 - before) + 31.0)
    assert labels == WEB


def test_a_counter_nobody_has_is_no_window() -> None:
    prometheus = world(0.0, (NOW - 100, 0.0), (NOW, 1.0))
    prometheus.selected.clear()
    window = counted(prometheus)
    assert (window.total, window.complete) == (0.0, False)


DAYS = replace(SLO, window=CELLS * 3600.0)  # cells of an hour
LONG = DAYS.window
LATER = 10_000_000.0


def over_days(prometheus: FakePrometheus) -> CountedWindow:
    with asking(prometheus) as api:
        return window_total(api, DAYS, LATER)


def rollouts(*lives: tuple[float, float], up: bool = True) -> FakePrometheus:
    """Return an old pod that counts 1/s all along, and pods that lived a while."""
    prometheus = FakePrometheus(now=LATER)
    start = LATER - LONG - 7200
    old = [(at, at - start) for at in _grid(start, LATER)]
    prometheus.selected["requests_total"] = [(WEB, old)]
    prometheus.selected["up"] = [(WEB, [(at, 1.0) for at, _ in old])]
    for number, (since, until) in enumerate(lives):
        pod = {**WEB, "instance": f"pod-{number}"}
        values = [
            (at, at - LATER - since) for at in _grid(LATER + since, LATER + until)
        ]
        prometheus.selected["requests_total"].append((pod, values))
        if up:
            earlier = [(LATER + since - 7200, 0.0)]
            seen = [(at, 1.0) for at, _ in values]
            prometheus.selected["up"].append((pod, [*earlier, *seen]))
    prometheus.metrics += "prometheus_tsdb_lowest_timestamp_seconds 0\n"
    return prometheus


def _grid(since: float, until: float) -> list[float]:
    return [since + 60.0 * n for n in range(int((until - since) / 60.0) + 1)]


def test_pods_that_came_and_went_inside_the_window_are_counted() -> None:
    lives = ((-500_000, -400_000), (-400_000, -398_800), (-88_000, 0))
    window = over_days(rollouts(*lives))
    served = sum(until - since for since, until in lives)
    assert window.complete
    assert window.total == pytest.approx(LONG + served, abs=3600)
    assert (window.unknown, window.surplus) == (0, 0)


def test_what_a_new_pod_may_have_counted_before_is_in_the_error() -> None:
    window = over_days(rollouts((-88_000, 0), up=False))
    assert window.total == pytest.approx(LONG + 88_000, abs=3600)
    assert 0 < window.surplus <= 3600


def test_a_process_that_is_younger_than_the_window_has_counted_from_zero() -> None:
    prometheus = rollouts((-88_000, 0), up=False)
    pod = prometheus.selected["requests_total"][1][0]
    began = [(at, LATER - 88_001) for at in _grid(LATER - 88_000, LATER)]
    prometheus.selected['process_start_time_seconds{job="web"}'] = [(pod, began)]
    assert over_days(prometheus).surplus == 0


def test_the_samples_of_a_gauge_are_counted() -> None:
    start = NOW - SLO.window
    prometheus = world(start - 1000.0, (start, 0.0), (NOW, 1.0))
    every = Term(selector="requests_total", reads="samples")
    with asking(prometheus) as api:
        window = window_total(api, replace(SLO, total=(every,)), NOW)
    samples = prometheus.selected["requests_total"][0][1]
    assert window.total == sum(start < at <= NOW for at, _ in samples)
    assert window.complete


def test_a_sample_between_two_cells_is_of_one_where_ranges_are_closed() -> None:
    start = NOW - SLO.window
    prometheus = world(start - 1000.0, (start, 0.0), (NOW, 1.0))
    prometheus.version = "2.42.0"
    every = Term(selector="requests_total", reads="samples")
    with asking(prometheus) as api:
        window = window_total(api, replace(SLO, total=(every,)), NOW)
    samples = prometheus.selected["requests_total"][0][1]
    assert window.total == sum(start < at <= NOW for at, _ in samples)
