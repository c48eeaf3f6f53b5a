"""A page without labels that has come is not waited for any longer."""

import pytest

from gameday.model.alerting.alert import Route, Routing
from gameday.model.events import event
from gameday.model.scenario import AlertPromise
from gameday.runner.run_state import RunState

PROMISE = AlertPromise(alert="A", labels={"severity": "page"}, reaches=("chat",))
ROUTING = Routing(route=Route(receiver="chat", group_by=("alertname",)))
OURS = {"alertname": "A", "severity": "page"}
OTHER = {"alertname": "B", "severity": "page"}


def told(
    title: str, status: str = "firing", *, routing: Routing | None = ROUTING
) -> int:
    """Return of how many promised alerts a message tells at 30 s, or 60 s."""
    run_state = RunState(routing=routing)
    for labels in (OURS, OTHER):
        about = {"alert": labels["alertname"], "labels": labels, "error": 0.0}
        run_state.see(event(20.0, "alert_firing", **about))
        if status == "resolved":
            run_state.see(event(55.0, "alert_resolved", **about))
    run_state.see(
        event(
            30.0 if status == "firing" else 60.0,
            "page",
            receiver="chat",
            vendor="slack",
            status=status,
            alerts=[],
            titles=[title],
        )
    )
    return len(run_state.paged_alerts(PROMISE, status, "chat", 10.0))


@pytest.mark.parametrize(
    ("title", "status", "count"),
    [
        ("[FIRING:1] A (page)", "firing", 1),
        ("[FIRING:1] B (page)", "firing", 0),
        ("[FIRING:1] A (ticket)", "firing", 0),
        ("something is wrong", "firing", 0),
        ("[RESOLVED] A (page)", "resolved", 1),
        ("[RESOLVED] B (page)", "resolved", 0),
    ],
)
def test_a_message_tells_of_the_group_whose_title_it_has(
    title: str, status: str, count: int
) -> None:
    assert told(title, status) == count


def test_without_routes_a_title_tells_nothing() -> None:
    assert told("[FIRING:1] A (page)", routing=None) == 0
