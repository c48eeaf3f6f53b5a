"""What is left of a budget whose events are no counters."""

from dataclasses import replace

import pytest

from gameday.clock import SystemClock
from gameday.files.slo import slo
from gameday.gate.decide import Budget
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo
from gameday.observers.prometheus.budget import read_budget
from tests.unit.files.shop import THRESHOLD, pyrra_slo
from tests.unit.observers.fake import serving
from tests.unit.observers.fake_prometheus import FakePrometheus

WEB = {"__name__": "probe_success", "job": "web", "instance": "web-1"}
NOW = 100_000.0
WINDOW = 7200.0  # two hours, of 720 cells of 10 s


def pyrra(indicator: str) -> Slo:
    return pyrra_slo(indicator, "4w", "2h")


def steady() -> list[tuple[float, float]]:
    """Return a counter of one event a second, scraped every 10 s."""
    return [
        (NOW - WINDOW - 600 + 10.0 * number, 10.0 * number) for number in range(781)
    ]


def left(world: FakePrometheus, objective: Slo) -> Budget:
    world.metrics += "prometheus_tsdb_lowest_timestamp_seconds 1\n"
    with serving(world.answer) as server:
        endpoint = Endpoint(url=server.url)
        return read_budget(endpoint, SystemClock(), objective, WINDOW, ["fast"])


def test_the_samples_of_a_bool_gauge_that_are_0_spend_its_budget() -> None:
    world = FakePrometheus(now=NOW)
    times = [NOW - WINDOW - 600 + 5.0 * number for number in range(1561)]
    inside = [at for at in times if at > NOW - WINDOW]
    failed = set(inside[800:807])  # 7 of 1440
    values = [(at, float(at not in failed)) for at in times]
    world.selected["probe_success"] = [(WEB, values)]
    budget = left(world, pyrra("bool_gauge: {metric: probe_success}"))
    assert (budget.unknown, budget.whole) == ("", True)
    spent = 7 / 1440 / 0.001
    assert budget.least == budget.most == pytest.approx(1 - spent)
    hour, minutes = budget.burns["fast"]
    assert hour.rate == pytest.approx(2 * spent)
    assert minutes.rate == 0.0


def test_errors_that_prometheus_has_never_seen_are_not_none() -> None:
    world = FakePrometheus(now=NOW)
    counts = steady()
    labels = {"__name__": "all_total", "job": "web", "instance": "web-1"}
    world.selected["all_total"] = [(labels, counts)]
    objective = pyrra(
        "ratio: {errors: {metric: errors_total}, total: {metric: all_total}}"
    )
    told = left(world, objective).unknown
    assert told.startswith("Prometheus has never seen errors_total, which counts the")
    errors = labels | {"__name__": "errors_total"}
    world.selected['errors_total{code="500"}'] = [(errors, counts)]
    assert left(world, objective).least == 1.0  # it is known, and counted none of these


def test_that_groups_are_counted_together_is_said() -> None:
    world = FakePrometheus(now=NOW)
    values = [(NOW - WINDOW - 600 + 5.0 * number, 1.0) for number in range(1561)]
    world.selected["probe_success"] = [(WEB, values)]
    grouped = pyrra("bool_gauge: {metric: probe_success}")
    budget = left(world, replace(grouped, grouped_by=("job", "target")))
    assert budget.name == "the error budget of all groups of job, target together"
    assert left(world, grouped).name == "the error budget"


def test_slow_observations_of_a_native_histogram_spend_its_budget() -> None:
    world = FakePrometheus(now=NOW)
    every = "histogram_count(last_over_time(http_seconds[300000ms]))"
    part = "histogram_fraction(0, 0.2, last_over_time(http_seconds[300000ms]))"
    quick = f"({part} * {every}) >= 0 or 0 * {every}"
    labels = {"job": "web", "instance": "web-1"}
    counts = steady()
    began = [at for at, _ in counts].index(NOW - 1800)
    slow = [6.0 * min(6, max(0, number - began)) for number in range(781)]
    within = [
        (at, count - late) for (at, count), late in zip(counts, slow, strict=True)
    ]
    world.selected |= {every: [(labels, counts)], quick: [(labels, within)]}
    budget = left(
        world, pyrra("latencyNative: {total: {metric: http_seconds}, latency: 200ms}")
    )
    assert budget.unknown == ""
    assert budget.least == pytest.approx(1 - 36 / 7200 / 0.001)
    assert budget.burns["fast"][1].rate == 0.0


def test_without_the_bucket_of_good_events_nothing_is_known() -> None:
    world = FakePrometheus(now=NOW)
    counts = steady()
    labels = {"__name__": "seconds_count", "job": "web", "instance": "web-1"}
    world.selected["seconds_count"] = [(labels, counts)]
    objective = pyrra(
        "latency: {success: {metric: 'seconds_bucket{le=\"1\"}'}, "
        "total: {metric: seconds_count}}"
    )
    assert (
        'Prometheus has no bucket seconds_bucket{le="1"}'
        in left(world, objective).unknown
    )
    bucket = labels | {"__name__": "seconds_bucket", "le": "1"}
    world.selected['seconds_bucket{le="1"}'] = [(bucket, counts)]
    assert left(world, objective).least == 1.0


def test_samples_beside_a_limit_are_not_counted_over_days() -> None:
    (parsed,), _ = slo.parse(THRESHOLD.replace("30d", "2h"), "t.yaml")
    budget = left(FakePrometheus(now=NOW), parsed)
    assert "queue-is-short compares samples with a limit" in budget.unknown
