"""Guardrails: one look each, and what it finds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.model.scenario import Endpoint, Guardrail
from gameday.model.slos.counting import Counted
from gameday.model.slos.slo import Slo, Term
from gameday.observers.guard import (
    Lasting,
    Look,
    Observation,
    Watched,
    look_function,
    spent,
)
from gameday.observers.prometheus import PrometheusObserver
from gameday.observers.prometheus.window import CountedWindow
from tests.unit.observers.fake import HandClock, Heard, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

SLO = Slo(
    name="availability",
    service="shop",
    objective=0.99,
    window=1000.0,
    bad=(Term(selector="bad"),),
    total=(Term(selector="total"),),
    format="sloth",
    short_name="short",
)
WEB = {"job": "web", "instance": "web-1"}


@dataclass
class Stand:
    """Guardrails before a fake Prometheus."""

    world: FakePrometheus
    observer: PrometheusObserver
    since: float
    windows: Mapping[str, CountedWindow]
    slo: Slo

    def look(self, **guardrail: Any) -> Observation:
        """Look once."""
        return self.looker(**guardrail)()

    def looker(self, **guardrail: Any) -> Look:
        """Return what looks at a guardrail."""
        watched = Watched(
            clock=SystemClock(),
            since=self.since,
            slos={self.slo.name: self.slo},
            prometheus=self.observer,
            windows=self.windows,
        )
        return look_function(Guardrail(name="g", **guardrail), watched)


@contextmanager
def standing(
    bad: float | None = 0.0,
    windows: Mapping[str, CountedWindow] | None = None,
    slo: Slo = SLO,
) -> Iterator[Stand]:
    """Stand before ten seconds of traffic at 10/s, of which so many were bad."""
    clock = SystemClock()
    now = clock.now()
    world = FakePrometheus(now=now)
    start = now - 10.0
    if bad is not None:
        points = [(start + n, n * 10.0) for n in range(-1, 11)]
        world.selected["total"] = [(WEB, points)]
        world.selected["bad"] = [(WEB, [(start, 0.0), (now, bad)])]
    world.target(**WEB)
    with serving(world.answer) as server:
        observer = PrometheusObserver(Endpoint(url=server.url), clock, [slo])
        observer.start(Heard(), start)
        observer.flush(now - 1.0)
        try:
            yield Stand(world, observer, start, windows or {}, slo)
        finally:
            observer.stop()


def test_spent_is_a_share_of_the_budget_at_the_rate_seen() -> None:
    # 100 events in 10 s are 10,000 in the window's 1000 s: a budget of 100.
    with standing(bad=5.0) as stand:
        seen = stand.look(slo="availability", budget_spent=0.04)
    assert seen.value == pytest.approx(0.05, rel=1e-6)
    assert (seen.state, seen.limit) == ("breached", 0.04)
    assert seen.because.startswith("5% of the error budget of availability")


def test_spent_is_a_share_of_the_budget_of_events_counted() -> None:
    window = CountedWindow(total=50_000.0, since=0.0, complete=True)
    with standing(bad=5.0, windows={"availability": window}) as stand:
        seen = stand.look(slo="availability", budget_spent=0.04)
    # The 100 events since are in the window as well.
    assert seen.value == pytest.approx(5.0 / (0.01 * 50_100), rel=1e-3)
    assert seen.state == "ok"


def test_no_samples_is_unanswerable() -> None:
    with standing(bad=None) as stand:
        seen = stand.look(slo="availability", budget_spent=0.04)
    assert (seen.state, seen.value) == ("unanswerable", None)
    assert "no samples of availability" in seen.because


def test_without_the_bucket_of_good_events_it_is_unanswerable() -> None:
    bucket = Term(selector='seconds_bucket{le="1"}', sign=-1.0)
    slow = replace(SLO, bad=(Term(selector="total"), bucket))
    with standing(slo=slow) as stand:
        seen = stand.look(slo="availability", budget_spent=0.04)
    assert (seen.state, seen.value) == ("unanswerable", None)
    assert 'Prometheus has no bucket seconds_bucket{le="1"}' in seen.because


def test_a_burn_rate_is_the_bad_share_by_the_budget() -> None:
    with standing(bad=5.0) as stand:
        assert stand.look(slo="availability", burn_rate=4.0).state == "breached"
        seen = stand.look(slo="short", burn_rate=6.0)
    assert seen.state == "ok"
    assert seen.value == pytest.approx(5.0, rel=0.01)


def test_an_objective_of_all_allows_nothing() -> None:
    total = Counted(value=100.0, since=0.0, until=10.0)
    strict = Slo(
        name="s",
        service="s",
        objective=1.0,
        window=10.0,
        bad=(),
        total=(),
        format="openslo",
    )
    assert spent(strict, 1.0, total, None)[0] is None
    assert spent(strict, 0.0, total, None)[0] == 0.0
    assert spent(SLO, 1.0, Counted(), None)[0] is None


VECTOR = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "0"]}]}
EMPTY = {"resultType": "vector", "result": []}


@pytest.mark.parametrize(
    ("answer", "state", "value"),
    [
        (VECTOR, "breached", 0.0),
        (EMPTY, "ok", None),
        ({"resultType": "scalar", "result": [1, "1"]}, "breached", 1.0),
        ({"resultType": "scalar", "result": [1, "0"]}, "ok", 0.0),
        (
            {"resultType": "vector", "result": [{"metric": {}, "value": [1, "NaN"]}]},
            "breached",
            None,
        ),
        (Reply({"status": "error", "error": "parse error"}, 400), "unanswerable", None),
        (Reply("", 503), "unanswerable", None),
        ({"resultType": "vector"}, "unanswerable", None),
    ],
)
def test_promql_holds_as_an_alert_would(
    answer: Any, state: str, value: float | None
) -> None:
    with standing() as stand:
        stand.world.values["x < 1"] = answer
        seen = stand.look(promql="x < 1")
    assert (seen.state, seen.value) == (state, value)


def test_a_condition_has_to_last() -> None:
    clock = HandClock()
    answers = iter(["breached", "breached", "ok", "breached", "breached", "breached"])
    lasting = Lasting(
        Guardrail(name="g", hold=5.0),
        clock,
        lambda: Observation(state=next(answers), because="x"),
    )
    states = []
    for _ in range(6):
        states.append(lasting().state)
        clock.at += 3.0
    assert states == ["ok", "ok", "ok", "ok", "ok", "breached"]


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "ok"), (302, "ok"), (404, "breached"), (500, "breached")],
)
def test_an_http_probe_breaches_on_errors(status: int, state: str) -> None:
    with serving(lambda _: Reply("", status)) as server:
        watched = Watched(clock=SystemClock(), since=0.0)
        guardrail = Guardrail(name="g", http=f"{server.url}/healthz?full=1")
        seen = look_function(guardrail, watched)()
        assert (seen.state, seen.value) == (state, float(status))
        assert server.asked[0].path == "/healthz"
        assert server.asked[0].params == {"full": "1"}


def test_an_http_probe_that_nobody_answers_breaches() -> None:
    with serving(lambda _: Reply()) as server:
        url = server.url
    watched = Watched(clock=SystemClock(), since=0.0)
    seen = look_function(Guardrail(name="g", http=url), watched)()
    assert seen.state == "breached"
    assert "connection refused" in seen.because


def test_an_alert_that_must_never_fire() -> None:
    with standing() as stand:
        assert stand.look(alert="DataLoss").state == "ok"
        labels = {"alertname": "DataLoss", "alertstate": "firing"}
        now = SystemClock().now()
        stand.world.selected["ALERTS"] = [(labels, [(now, 1.0)])]
        stand.world.now = now + 0.1
        stand.world.targets.clear()
        stand.world.target(**WEB)
        stand.observer.flush(now)
        seen = stand.look(alert="DataLoss")
        assert (seen.state, seen.value) == ("breached", 1.0)


def test_a_blind_observer_cannot_answer() -> None:
    with standing(bad=5.0) as stand:
        stand.world.broken["/api/v1/rules"] = Reply("", 503)
        for _ in range(2):
            stand.observer.flush(SystemClock().now())
        assert stand.look(alert="DataLoss").state == "unanswerable"
        seen = stand.look(slo="availability", budget_spent=0.04)
    assert seen.state == "unanswerable"
    assert "answers 503" in seen.because


def test_what_names_nothing_that_there_is_cannot_be_answered() -> None:
    alone = Watched(clock=SystemClock(), since=0.0)
    assert (
        look_function(Guardrail(name="g", promql="x"), alone)().state == "unanswerable"
    )
    with standing() as stand:
        seen = stand.look(slo="other", budget_spent=0.1)
    assert (seen.state, seen.because) == ("unanswerable", "there is no SLO other")
