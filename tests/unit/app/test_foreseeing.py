"""How a run would be refused: what `plan` says is what `run` would say."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gameday.app.foreseeing import foresee
from gameday.app.planning import Prepared
from gameday.clock import SystemClock
from gameday.ledger.book import Ledger
from gameday.ledger.home import ledger_path
from gameday.model.plan import Plan
from gameday.model.scenario import Endpoint, Observe, Pages
from gameday.model.standing import Standing, StandingAlert
from gameday.runner.stop import Stop
from tests.builders import plan, promise, step
from tests.unit.ledger.fake import URL, FakeTarget, instance
from tests.unit.observers.fake import Asked, Reply, serving

CLOCK = SystemClock()
DOWN = promise("Down", fires_within=9.0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path))


def end_of(made: Plan) -> Stop | None:
    target = FakeTarget([instance("web-2")])
    return foresee(Prepared(plan=made, target=target), CLOCK)


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
    end = end_of(replace(made, eyes=replace(made.eyes, standing=standing)))
    assert end is not None
    assert not end.refusal
    assert 'Down{severity="page"} is already firing' in end.because
