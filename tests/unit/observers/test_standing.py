"""What is firing, pending and silenced, as both systems tell of it."""

from typing import Any

from gameday.clock import SystemClock
from gameday.model.alerting.alert import Matcher
from gameday.model.scenario import Endpoint, Observe
from gameday.observers.standing import read_standing
from tests.unit.observers.fake import Asked, Reply, serving

DOWN = {"alertname": "Down", "severity": "page"}
SINCE = "2026-01-01T00:00:00.000Z"
ANSWERS: dict[str, Any] = {
    "/api/v1/alerts": {
        "status": "success",
        "data": {
            "alerts": [
                {"labels": {**DOWN, "empty": ""}, "state": "firing", "activeAt": SINCE},
                {
                    "labels": {"alertname": "Slow"},
                    "state": "pending",
                    "activeAt": SINCE,
                },
            ]
        },
    },
    "/api/v2/alerts": [
        {"labels": DOWN, "startsAt": SINCE},
        {"labels": {"alertname": "Elsewhere"}, "startsAt": SINCE},
    ],
    "/api/v2/silences": [
        {
            "id": "s1",
            "status": {"state": state},
            "createdBy": "ann",
            "matchers": [
                {"name": "team", "value": "web", "isRegex": False, "isEqual": False}
            ],
        }
        for state in ("active", "expired")
    ],
}


def answer(asked: Asked) -> Reply:
    if asked.path not in ANSWERS:
        return Reply("", status=404)
    return Reply(ANSWERS[asked.path])


def test_alerts_of_both_are_told_once_and_active_silences() -> None:
    with serving(answer) as server:
        end = Endpoint(url=server.url)
        there = read_standing(Observe(prometheus=end, alertmanager=end), SystemClock())
    states = {alert.labels["alertname"]: alert.state for alert in there.alerts}
    assert states == {"Down": "firing", "Slow": "pending", "Elsewhere": "firing"}
    assert len(there.alerts) == len(states)
    (silence,) = there.silences
    assert silence.matchers == (Matcher(name="team", op="!=", value="web"),)
    assert silence.covers({"alertname": "Down"})
    assert not silence.covers({"team": "web"})


def test_who_does_not_answer_tells_nothing() -> None:
    with serving(lambda _: Reply("", status=404)) as server:
        end = Endpoint(url=server.url)
        there = read_standing(Observe(prometheus=end, alertmanager=end), SystemClock())
    assert (there.alerts, there.silences) == ((), ())
