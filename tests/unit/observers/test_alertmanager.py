"""What Alertmanager mutes, routes and silences, from its API's answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.model.events import ClockCompared
from gameday.model.scenario import Endpoint
from gameday.observers.alertmanager import AlertmanagerObserver
from tests.unit.observers.fake import Asked, Heard, Reply, serving

AT = "2026-01-01T00:00:00.000Z"


def alert(name: str = "Down", **status: Any) -> dict[str, Any]:
    return {
        "labels": {"alertname": name},
        "fingerprint": f"f-{name}",
        "startsAt": AT,
        "receivers": [{"name": "oncall"}, {"name": "chat"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], **status},
    }


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {"receiver": {"name": "oncall"}, "labels": {"a": "b"}, "alerts": alerts}


class World:
    """What the fake Alertmanager knows."""

    def __init__(self) -> None:
        self.alerts: list[Any] = []
        self.groups: list[Any] = []
        self.silences: list[Any] = []
        self.status = 200

    def answer(self, asked: Asked) -> Reply:
        """Answer a request."""
        name = asked.path.removeprefix("/api/v2/")
        body = {
            "alerts": self.alerts,
            "alerts/groups": self.groups,
            "silences": self.silences,
        }[name]
        return Reply(body, self.status)


@contextmanager
def observing(world: World) -> Iterator[tuple[AlertmanagerObserver, Heard]]:
    with serving(world.answer) as server:
        observer, heard = (
            AlertmanagerObserver(Endpoint(url=server.url), SystemClock()),
            Heard(),
        )
        now = SystemClock().now()
        observer.start(heard, now)
        observer.flush(now)
        try:
            yield observer, heard
        finally:
            observer.stop()


def test_every_way_of_muting_is_told_once_with_who_does_it() -> None:
    world = World()
    world.alerts = [
        alert("A", silencedBy=["s-1"]),
        alert("B", inhibitedBy=["f-A"]),
        alert("C"),
    ]
    world.groups = [
        group(alert("A", silencedBy=["s-1"]), alert("C", mutedBy=["nights"]))
    ]
    with observing(world) as (observer, heard):
        mutings = {(e.alert, e.by, e.detail) for e in heard.of("suppressed")}
        assert mutings == {
            ("A", "silence", "s-1"),
            ("B", "inhibition", "f-A"),
            ("C", "mute_time", "nights"),
        }
        observer.flush(0.0)
        assert len(heard.of("suppressed")) == 3


def test_the_end_of_a_muting_is_told() -> None:
    world = World()
    world.alerts = [alert("A", silencedBy=["s-1"])]
    with observing(world) as (observer, heard):
        world.alerts = [alert("A")]
        observer.flush(0.0)
        (event,) = heard.of("unsuppressed")
        assert (event.alert, event.by, event.detail) == ("A", "silence", "s-1")
        world.alerts = [alert("A", silencedBy=["s-1"])]
        observer.flush(0.0)
        assert len(heard.of("suppressed")) == 2


def test_routing_is_told_once_for_each_episode() -> None:
    world = World()
    world.alerts = [alert("A")]
    with observing(world) as (observer, heard):
        observer.flush(0.0)
        (event,) = heard.of("routed")
        assert event.receivers == ["chat", "oncall"]
        world.alerts = [alert("A") | {"startsAt": "2026-01-01T00:01:00Z"}]
        observer.flush(0.0)
        assert len(heard.of("routed")) == 2


def test_groups_that_are_held_are_kept() -> None:
    world = World()
    world.groups = [group(alert("A"))]
    with observing(world) as (observer, _):
        (held,) = observer.held
        assert (held.receiver, held.alerts) == ("oncall", ({"alertname": "A"},))


@pytest.mark.parametrize(
    ("flags", "op"),
    [
        ({"isRegex": False, "isEqual": True}, "="),
        ({"isRegex": False, "isEqual": False}, "!="),
        ({"isRegex": True, "isEqual": True}, "=~"),
        ({"isRegex": True, "isEqual": False}, "!~"),
        ({"isRegex": False}, "="),
    ],
)
def test_active_silences_are_told_with_their_matchers(
    flags: dict[str, bool], op: str
) -> None:
    world = World()
    silence = {
        "id": "s-1",
        "matchers": [{"name": "team", "value": "web", **flags}],
        "startsAt": AT,
        "endsAt": "2026-01-01T01:00:00.000Z",
        "createdBy": "ann",
        "status": {"state": "active"},
    }
    expired = {"status": {"state": "expired"}}
    world.silences = [silence, silence | {"id": "s-2"} | expired]
    with observing(world) as (observer, heard):
        (event,) = heard.of("silence")
        assert event.id == "s-1"
        assert event.matchers == [{"name": "team", "op": op, "value": "web"}]
        assert event.until == 1767229200.0
        assert not heard.of("silence_ended")
        world.silences = [silence | expired]
        observer.flush(0.0)
        observer.flush(0.0)
        assert [ended.id for ended in heard.of("silence_ended")] == ["s-1"]


def test_answers_that_make_no_sense_make_blind() -> None:
    world = World()
    with observing(world) as (observer, heard):
        world.alerts = [{"labels": "none"}]
        observer.flush(0.0)
        observer.flush(0.0)
        assert "not understood" in heard.wait("blind").because
        world.alerts = []
        observer.flush(0.0)
        assert heard.of("sees")


def test_an_error_of_the_server_makes_blind_and_probe_says_so() -> None:
    world = World()
    world.status = 503
    with observing(world) as (observer, heard):
        assert "answers 503" in heard.wait("blind").because
        assert "answers 503" in observer.probe()
        world.status = 200
        assert observer.probe() == ""


def test_its_clock_is_told_by_the_dates_of_its_answers() -> None:
    with observing(World()) as (observer, heard):
        observer.flush(SystemClock().now())
        told = [event for event in heard.events if isinstance(event, ClockCompared)]
    assert told
    for clock_event in told:
        assert clock_event.source == "alertmanager"
        assert abs(clock_event.offset) <= clock_event.error
