"""Looks at promised expressions: what holds, what does not, what cannot be told."""

from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Condition, Endpoint, MetricPromise
from gameday.observers.prometheus.metrics import Looked, MetricsObserver
from tests.unit.observers.fake import Heard, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

DEPTH = "queue < 10"
TRUTH = "(queue) < bool (10)"
PROMISE = MetricPromise(
    promql=DEPTH,
    holds="during",
    conditions=(Condition(truth=TRUTH, operands=("queue",)),),
)
Values = dict[str, float]


def vector(**values: float) -> dict[str, Any]:
    """Return an instant answer of Prometheus: a series for each queue."""
    result = [
        {"metric": {"queue": name}, "value": [1000.0, str(value)]}
        for name, value in values.items()
    ]
    return {"resultType": "vector", "result": result}


def world(queue: Values, truth: Values) -> FakePrometheus:
    answers = {"queue": vector(**queue), TRUTH: vector(**truth)}
    return FakePrometheus(values=answers)


def looked(fake: FakePrometheus, promise: MetricPromise = PROMISE) -> Looked:
    with serving(fake.answer) as server:
        observer = MetricsObserver(Endpoint(url=server.url), SystemClock(), [promise])
        try:
            return observer.now()[promise.promql]
        finally:
            observer.stop()


def test_all_series_have_to_hold() -> None:
    good = looked(world({"a": 3.0, "b": 4.0}, {"a": 1.0, "b": 1.0}))
    assert (good.ok, good.value, good.series) == (True, 3.0, {"queue": "a"})
    bad = looked(world({"a": 3.0, "b": 14.0}, {"a": 1.0, "b": 0.0}))
    assert (bad.ok, bad.value, bad.series) == (False, 14.0, {"queue": "b"})


def test_no_series_at_all_cannot_be_told() -> None:
    looks = looked(world({}, {}))
    assert (looks.ok, looks.because) == (None, "Prometheus has no series of it")


def test_what_is_not_a_number_cannot_be_told_unless_another_series_breaks() -> None:
    nan = float("nan")
    assert looked(world({"a": nan, "b": 4.0}, {"a": 0.0, "b": 1.0})).ok is None
    looks = looked(world({"a": nan, "b": 14.0}, {"a": 0.0, "b": 0.0}))
    assert (looks.ok, looks.value) == (False, 14.0)


def test_an_infinite_value_is_compared_like_any_other() -> None:
    looks = looked(world({"a": float("inf")}, {"a": 0.0}))
    assert (looks.ok, looks.value) == (False, None)


def test_a_scalar_is_one_series() -> None:
    fake = FakePrometheus(values={TRUTH: {"resultType": "scalar", "result": [1, "1"]}})
    fake.values["queue"] = {"resultType": "scalar", "result": [1, "5"]}
    assert looked(fake).ok is True


def test_every_condition_has_to_hold() -> None:
    other = Condition(truth="(age) < bool (60)", operands=("age",))
    both = MetricPromise(
        promql="both", holds="during", conditions=(*PROMISE.conditions, other)
    )
    fake = world({"a": 3.0}, {"a": 1.0})
    for truth, expected in ((1.0, True), (0.0, False)):
        fake.values["age"] = vector(a=70.0)
        fake.values[other.truth] = vector(a=truth)
        assert looked(fake, both).ok is expected
    fake.values[other.truth] = vector()
    assert looked(fake, both).ok is None


def test_a_query_that_prometheus_refuses_is_told_with_its_reason() -> None:
    fake = world({"a": 3.0}, {"a": 1.0})
    error = {"status": "error", "error": "many-to-many matching not allowed"}
    fake.values[TRUTH] = Reply(error, status=422)
    looks = looked(fake)
    assert looks.ok is None
    assert "many-to-many matching not allowed" in looks.because


def test_each_look_is_reported_and_an_outage_is_blindness() -> None:
    heard = Heard()
    fake = world({"a": 14.0}, {"a": 0.0})
    clock = SystemClock()
    with serving(fake.answer) as server:
        observer = MetricsObserver(Endpoint(url=server.url), clock, [PROMISE])
        assert observer.probe() == ""
        observer.start(heard, clock.now())
        look = heard.wait("metric")
        assert look.fields == {
            "promql": DEPTH,
            "ok": False,
            "value": 14.0,
            "series": {"queue": "a"},
            "because": "",
        }
        observer.flush(clock.now())
        assert [event.source for event in heard.of("observed")] == ["metrics"]
        fake.broken["/api/v1/query"] = Reply("", status=503)
        assert heard.wait("blind").source == "metrics"
        assert observer.probe() != ""
        observer.stop()


@pytest.mark.parametrize("same", [2, 3])
def test_one_expression_promised_twice_is_looked_at_once(same: int) -> None:
    fake = world({"a": 3.0}, {"a": 1.0})
    with serving(fake.answer) as server:
        endpoint = Endpoint(url=server.url)
        observer = MetricsObserver(endpoint, SystemClock(), [PROMISE] * same)
        assert list(observer.now()) == [DEPTH]
        observer.stop()
        assert sum(call.params.get("query") == TRUTH for call in server.asked) == 1


def test_how_old_a_look_may_be_is_told_with_it() -> None:
    fake = world({"a": 3.0}, {"a": 1.0})
    fake.target(job="queues", instance="q-1")
    fake.target(job="slow", instance="s-1")
    fake.targets[0]["scrapeInterval"] = "15s"
    fake.listed = [{"__name__": "queue", "job": "queues"}]
    heard = Heard()
    clock = SystemClock()
    with serving(fake.answer) as server:
        observer = MetricsObserver(Endpoint(url=server.url), clock, [PROMISE])
        observer.start(heard, clock.now())
        assert heard.wait("metric").stale == 15.0
        observer.stop()
