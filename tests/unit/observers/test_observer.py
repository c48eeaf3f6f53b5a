"""The Prometheus observer before a server that misbehaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo, Term
from gameday.observers.prometheus import PrometheusObserver
from tests.unit.observers.fake import Heard, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

SLO = Slo(
    name="availability",
    service="shop",
    objective=0.99,
    window=1000.0,
    bad=(Term(selector="bad{"),),
    total=(Term(selector="total"),),
    format="openslo",
)
ENDPOINTS = ("query", "rules", "targets", "status/config", "status/buildinfo")
GARBAGE = (
    Reply(""),
    Reply("<html>"),
    Reply([]),
    Reply({"status": "success"}),
    Reply({"status": "success", "data": {}}),
    Reply({"status": "success", "data": []}),
    Reply({"status": "success", "data": {"resultType": "matrix", "result": [{}]}}),
    Reply({"status": "success", "data": {"groups": [{"name": 1}], "activeTargets": 1}}),
    Reply({"status": "error", "error": "no"}, 500),
    Reply("{}", cut=True),
)


@contextmanager
def observing(world: FakePrometheus) -> Iterator[tuple[PrometheusObserver, Heard]]:
    clock, heard = SystemClock(), Heard()
    with serving(world.answer) as server:
        observer = PrometheusObserver(Endpoint(url=server.url), clock, [SLO])
        observer.start(heard, clock.now())
        try:
            yield observer, heard
        finally:
            observer.stop()


@pytest.mark.parametrize(
    ("endpoint", "reply"),
    [("query", reply) for reply in GARBAGE]
    + [(endpoint, GARBAGE[5]) for endpoint in ENDPOINTS],
)
def test_answers_that_make_no_sense_make_blind_and_raise_nothing(
    endpoint: str, reply: Reply
) -> None:
    world = FakePrometheus(now=SystemClock().now())
    world.broken[f"/api/v1/{endpoint}"] = reply
    with observing(world) as (observer, heard):
        blind = heard.wait("blind")
        assert blind.source == "prometheus"
        assert blind.because
        world.broken.clear()
        heard.wait("sees")
        assert observer.probe() == ""


def test_without_its_own_metrics_the_start_is_asked_for() -> None:
    world = FakePrometheus(now=SystemClock().now())
    world.broken["/metrics"] = Reply("forbidden", 403)
    with observing(world) as (observer, heard):
        observer.flush(SystemClock().now())
        assert not heard.of("blind")
        assert heard.of("observed")


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (Reply({"status": "success", "data": {"query.lookback-delta": "90s"}}), 90.0),
        (Reply({"status": "success", "data": {}}), 300.0),
        (Reply("not found", 404), 300.0),  # as others that speak its language
    ],
)
def test_the_look_back_is_its_own_where_it_shows_flags(
    reply: Reply, seconds: float
) -> None:
    world = FakePrometheus()
    world.broken["/api/v1/status/flags"] = reply
    with observing(world) as (observer, _):
        assert observer.api.lookback() == seconds


def test_a_selector_that_is_refused_is_noted_once_and_blinds_nobody() -> None:
    world = FakePrometheus(now=SystemClock().now())
    answer = world.answer

    def refusing(asked: Any) -> Reply:
        if asked.params.get("query", "").startswith("bad{"):
            return Reply({"status": "error", "error": "parse error: no }"}, 400)
        return answer(asked)

    world.answer = refusing  # type: ignore[method-assign]
    with observing(world) as (observer, heard):
        observer.flush(world.now)
        observer.flush(world.now)
        (note,) = heard.of("note")
        assert "bad{ is refused" in note.text
        assert "parse error" in note.text
        assert not heard.of("blind")


def test_an_empty_list_of_targets_is_told_by_nothing_being_up() -> None:
    world = FakePrometheus(now=SystemClock().now())
    with observing(world) as (observer, heard):
        observer.flush(world.now)
        assert not heard.of("scrape")
        assert observer.scrape_interval == 0.0
