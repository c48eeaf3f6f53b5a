"""A recording as a test of routes, in the format proposed for amtool."""

import yaml

from gameday.model.events import Event, event
from gameday.model.timeline import Timeline
from gameday.replays import amtool
from tests.builders import alert, at, timeline

DOWN = {"alertname": "Down", "severity": "page", "summary": 'it says "down"'}
QUIET = {"alertname": "Quiet", "severity": "page"}


def routed(name: str, labels: dict[str, str], *receivers: str) -> Event:
    return event(
        at(12),
        "routed",
        alert=name,
        labels=labels,
        receivers=list(receivers),
        starts=at(11),
    )


def test_who_heard_of_what_is_written_down() -> None:
    told = timeline(
        alert("Down", fires=at(12), severity="page"),
        alert("Quiet", fires=at(12), severity="page"),
        [
            routed("Down", DOWN, "oncall", "chat"),
            routed("Quiet", QUIET, "oncall"),
            routed("Other", {"alertname": "Other"}, "team"),
            event(
                at(13),
                "suppressed",
                alert="Quiet",
                labels=QUIET,
                by="inhibition",
                detail="x",
            ),
        ],
    )
    document = yaml.safe_load(amtool.render("run-1", told))
    assert document == {
        "tests": [
            {
                "name": "run-1",
                "alerts": [
                    {"labels": DOWN, "expected_receivers": ["chat", "oncall"]},
                    {
                        "labels": QUIET,
                        "expected_receivers": ["oncall"],
                        "expected_inhibited": True,
                    },
                ],
            }
        ]
    }


def test_without_an_alertmanager_there_is_no_such_test() -> None:
    assert amtool.render("run-1", Timeline()) == ""
