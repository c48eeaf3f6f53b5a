"""How a run would be refused: what `plan` says is what `run` would say."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gameday.app.days.expected_ending import expected_ending
from gameday.app.days.make_plan import Prepared
from gameday.clock import SystemClock
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.alerting.standing import Standing, StandingAlert
from gameday.model.plan import Plan
from gameday.model.scenario import Endpoint, Guardrail, Observe, Pages
from gameday.runner.engine.fork_server import Tell
from gameday.runner.engine.jobs import Job
from gameday.runner.run_end import RunStopped
from tests.builders import objective, plan, promise, step
from tests.unit.ledger.fake import URL, FakeTarget, instance
from tests.unit.observers.fake import Asked, Reply, serving
from tests.unit.observers.fake_prometheus import FakePrometheus

CLOCK = SystemClock()
DOWN = promise("Down", fires_within=9.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))


class FakeProber:
    """A prober that has said all it has to say."""

    def __init__(self) -> None:
        self.released = False

    def release(self) -> None:
        self.released = True

    def kill(self) -> None:
        raise AssertionError("it ends by itself")

    def wait(self, seconds: float) -> bool:
        return self.released and seconds > 0


class FakeEngine:
    """Answers a hypothesis with these looks, one after the other."""

    def __init__(self, *looks: bool | None) -> None:
        self.looks = looks
        self.jobs: list[Job] = []

    def prober(self, job: Job, every: float, tell: Tell) -> FakeProber:
        self.jobs.append(job)
        for ok in self.looks:
            because = "" if ok else "answers: status 503"
            tell("probe", {"ok": ok})
            tell(
                "hypothesis", {"at": 1.0, "ok": ok, "because": because, "every": every}
            )
        tell("gone", {"code": 0})
        return FakeProber()


def end_of(made: Plan, *looks: bool | None) -> RunStopped | None:
    target = FakeTarget([instance("web-2")])
    engine = FakeEngine(*(looks or (True,)))
    return expected_ending(Prepared(plan=made, target=target), CLOCK, engine)


def seen(**observe: Any) -> Plan:
    return plan(step(alerts=(DOWN,)), observe=Observe(**observe))


def prometheus(asked: Asked) -> Reply:
    if asked.path == "/api/v1/query":
        data = {"resultType": "scalar", "result": [1.0, "1"]}
        return Reply({"status": "success", "data": data})
    return Reply("404 page not found", status=404)


def alertmanager(asked: Asked) -> Reply:
    if asked.path.startswith("/api/v2/"):
        return Reply([])
    return Reply("404 page not found", status=404)


def test_where_everybody_sees_it_would_go_on() -> None:
    with serving(prometheus) as first, serving(alertmanager) as second:
        made = seen(
            prometheus=Endpoint(url=first.url),
            alertmanager=Endpoint(url=second.url),
            pages=Pages(listen="127.0.0.1:0"),
        )
        assert end_of(made) is None


@pytest.mark.parametrize(
    ("key", "wrong"), [("prometheus", alertmanager), ("alertmanager", prometheus)]
)
def test_an_observer_of_the_wrong_kind_is_inconclusive(
    key: str, wrong: Callable[[Asked], Reply]
) -> None:
    with serving(wrong) as server:
        end = end_of(seen(**{key: Endpoint(url=server.url)}))
    assert end is not None
    assert not end.refusal
    assert end.because.startswith(f"step lose-a-replica: {key}: ")


def test_an_observer_that_does_not_answer_is_inconclusive() -> None:
    end = end_of(seen(prometheus=Endpoint(url="http://127.0.0.1:1")))
    assert end is not None
    assert not end.refusal
    assert "connection refused" in end.because


def test_a_pager_that_is_not_running_is_inconclusive() -> None:
    end = end_of(seen(pages=Pages(source="http://127.0.0.1:1")))
    assert end is not None
    assert end.because.startswith("step lose-a-replica: pager: ")


def test_a_place_that_is_taken_cannot_be_listened_at() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        end = end_of(seen(pages=Pages(listen=place)))
    assert end is not None
    assert end.because == (
        "step lose-a-replica: pager: observe.pages.listen: cannot listen there: "
        "Address already in use"
    )


def test_a_target_that_is_held_is_a_refusal() -> None:
    ledger = Ledger(ledger_path(), CLOCK)
    ledger.open_run("r-9", URL, "another")
    end = end_of(seen())
    assert end is not None
    assert end.refusal
    assert f"{URL} is held by run r-9 (another)" in end.because
    ledger.close()


def test_a_plan_that_is_refused_is_a_refusal() -> None:
    end = end_of(replace(seen(), refusals=("too many", "protected")))
    assert end is not None
    assert (end.refusal, end.because) == (True, "too many; protected")


def test_an_alert_that_fires_already_is_inconclusive() -> None:
    made = seen()
    labels = {"alertname": "Down", "severity": "page"}
    standing = Standing(alerts=(StandingAlert(labels=labels, state="firing"),))
    end = end_of(replace(made, monitoring=replace(made.monitoring, standing=standing)))
    assert end is not None
    assert not end.refusal
    assert 'Down{severity="page"} is already firing' in end.because


# --- what the run would see at its gate ---


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ((True,), ""),
        ((False, True), ""),  # a system that was just started may need a moment
        ((False, False, False, True), "does not hold: answers: status 503"),
        ((None, None, None), "could not be told: answers: status 503"),
    ],
)
def test_the_hypothesis_is_asked_as_at_the_gate(
    looks: tuple[bool | None, ...], why: str
) -> None:
    end = end_of(seen(), *looks)
    assert (end is None) == (not why)
    if end is not None:
        said = f"step lose-a-replica: the steady-state hypothesis {why}"
        assert (end.because, end.refusal) == (said, False)


def test_a_hypothesis_that_gives_no_answer_is_inconclusive() -> None:
    target = FakeTarget([instance("web-2")])
    end = expected_ending(Prepared(plan=seen(), target=target), CLOCK, FakeEngine())
    assert end is not None
    assert "the steady-state hypothesis gave no answer" in end.because


def test_a_hypothesis_is_asked_where_the_run_would_ask_it() -> None:
    target, engine = FakeTarget([instance("web-2")]), FakeEngine(True)
    expected_ending(Prepared(plan=seen(), target=target), CLOCK, engine)
    (job,) = engine.jobs
    told = {name: job.environment.get(name) for name in ("GAMEDAY_STEP", "GAMEDAY_RUN")}
    assert told == {"GAMEDAY_STEP": "lose-a-replica", "GAMEDAY_RUN": None}
    assert job.environment["GAMEDAY_TARGET"] == URL


def test_a_step_without_a_hypothesis_asks_nobody() -> None:
    bare = plan(step(alerts=(DOWN,), hypothesis=False), observe=Observe())
    assert end_of(bare, False) is None


def guarded(http: str, **more: Any) -> Plan:
    rail = Guardrail(name="health", http=http, **more)
    return plan(step(alerts=(DOWN,)), observe=Observe(), guardrails=[rail])


def test_a_guardrail_that_is_breached_is_a_refusal() -> None:
    with serving(lambda _: Reply("no", status=503)) as server:
        end = end_of(guarded(f"{server.url}/health"))
        assert end is not None
        assert end.refusal
        said = "guardrail health is already breached: "
        assert end.because.startswith(said)
        assert "answers 503" in end.because


def test_a_guardrail_that_is_not_breached_lets_it_go_on() -> None:
    with serving(lambda _: Reply("ok")) as server:
        assert end_of(guarded(f"{server.url}/health")) is None
    with serving(lambda _: Reply("no", status=503)) as server:  # not for long enough
        assert end_of(guarded(f"{server.url}/health", hold=5.0)) is None


def breaching(asked: Asked) -> Reply:
    if asked.path == "/api/v1/query" and "sum" in asked.params.get("query", ""):
        vector = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "3"]}]}
        return Reply({"status": "success", "data": vector})
    return prometheus(asked)


@pytest.mark.parametrize("load", [None, 50.0])
def test_an_expression_is_left_to_the_run_where_a_load_will_change_it(
    load: float | None,
) -> None:
    rail = Guardrail(name="traffic", promql="sum(rate(http_requests_total[10s])) < 5")
    with serving(breaching) as server:
        observe = Observe(prometheus=Endpoint(url=server.url))
        made = plan(step(alerts=(DOWN,)), observe=observe, guardrails=[rail], load=load)
        end = end_of(made)
    assert (end is None) == (load is not None)
    assert end is None or "guardrail traffic is already breached" in end.because


def burning(rail: Guardrail) -> RunStopped | None:
    """Return how it would end before ten seconds of traffic, a twentieth of it bad."""
    now = CLOCK.now()
    world = FakePrometheus(now=now)
    labels = {"job": "lb", "instance": "lb:8405"}
    slo = objective()
    points = [(now - 10 + second, second * 10.0) for second in range(-1, 11)]
    world.selected[slo.total[0].selector] = [(labels, points)]
    world.selected[slo.bad[0].selector] = [(labels, [(now - 10, 0.0), (now, 5.0)])]
    world.target(**labels)
    with serving(world.answer) as server:
        observe = Observe(prometheus=Endpoint(url=server.url))
        made = plan(
            step(alerts=(DOWN,)), observe=observe, slos=[slo], guardrails=[rail]
        )
        return end_of(made)


def test_a_budget_that_burns_already_is_a_refusal() -> None:
    name = objective().name
    end = burning(Guardrail(name="burn", slo=name, burn_rate=10.0))
    assert end is not None
    assert end.refusal
    assert "guardrail burn is already breached" in end.because
    assert burning(Guardrail(name="burn", slo=name, burn_rate=100.0)) is None


def test_a_budget_is_counted_from_the_run_on() -> None:
    rail = Guardrail(name="spent", slo=objective().name, budget_spent=0.001)
    assert burning(rail) is None
