"""Events as sentences: every kind that the timeline knows."""

import json
from pathlib import Path

import pytest

from gameday.model.events import Event, event, event_from_json
from gameday.model.timeline import Timeline
from gameday.reports.chart.event_text import all_sentences, key_sentences, moment
from gameday.reports.chart.fault_table import fault_rows
from tests import builders
from tests.builders import at, fault
from tests.unit.reports import example

STORED = (Path(__file__).parents[1] / "model" / "stored_run.ndjson").read_text()


@pytest.mark.parametrize(
    "line", STORED.splitlines(), ids=lambda line: json.loads(line)["kind"]
)
def test_every_kind_has_a_sentence(line: str) -> None:
    assert moment(event_from_json(json.loads(line))).text


def test_a_kind_of_a_later_version_shows_its_fields() -> None:
    assert moment(event(1.0, "eclipse", of="the moon")).text == "eclipse: of the moon"


@pytest.mark.parametrize(
    ("given", "said", "tone"),
    [
        (
            event(1, "fault_failed", fault="f", instance="web-1", because="gone"),
            "f was not injected on web-1: gone",
            "bad",
        ),
        (
            event(1, "fault_biting", id="f1", bites=None, because="no proof"),
            "fault f1 could not be told: no proof",
            "unsure",
        ),
        (
            event(1, "fault_ended", id="f1", ok=False, by="run", by_hand="start it"),
            "fault f1 is NOT undone, by run; by hand: start it",
            "bad",
        ),
        (
            event(1, "probe", name="p", phase="during", ok=False, because="500"),
            "probe p (during) deviates: 500",
            "bad",
        ),
        (
            event(1, "suppressed", alert="A", labels={}, by="silence", detail="x1"),
            "A is suppressed by silence x1",
            "unsure",
        ),
        (
            event(1, "alert_at_start", alert="A", labels={}, state="firing"),
            "A was firing already",
            "unsure",
        ),
        (
            event(1, "routed", alert="A", labels={}, receivers=["a", "b"]),
            "Alertmanager routes A to a, b",
            "plain",
        ),
        (
            event(1, "page", receiver="r", vendor="v", status="firing", alerts=[]),
            "page to r (v): an alert not named firing",
            "plain",
        ),
        (
            event(
                1,
                "cluster_event",
                reason="Unhealthy",
                type="Warning",
                object="pod/web-1",
                message="probe failed",
                count=4,
            ),
            "pod/web-1: Unhealthy: probe failed (4 times)",
            "unsure",
        ),
        (
            event(
                1,
                "workload",
                workload="deployment/web",
                wanted=3,
                ready=2,
                endpoints={"web": 2},
                available=False,
            ),
            "deployment/web is not available: 2 of 3 ready, web has 2 endpoints",
            "bad",
        ),
        (event(1, "unheard_of", a=1), "unheard of: a 1", "plain"),
    ],
)
def test_sentences(given: Event, said: str, tone: str) -> None:
    made = moment(given)
    assert (made.text, made.tone) == (said, tone)


def test_only_changes_tell_the_story() -> None:
    events = [
        event(n, "instance", instance="web-1", state="running", up=n not in (3, 4))
        for n in range(6)
    ]
    key, left = key_sentences(Timeline(events), 10)
    assert [listed_moment.at for listed_moment in key] == [3, 5]
    assert left == 0


def test_bulk_is_left_to_the_chart_but_a_bad_probe_is_told() -> None:
    events = [event(n, "probe", name="p", phase="during", ok=n != 2) for n in range(5)]
    shown, _ = all_sentences(Timeline(events), 10)
    assert [listed_moment.at for listed_moment in shown] == [2]


def test_a_fault_that_ended_by_itself_had_no_undo() -> None:
    base = {"step": "s", "id": "f"}
    given = [
        event(1, "fault_started", fault="process.kill", instance="web-1", **base),
        event(5, "phase", phase="undo", step="s"),
        event(6, "fault_ended", ok=True, by="self", because="is back", **base),
    ]
    (hit,) = fault_rows(Timeline(given))
    assert hit.lasted == 5
    assert hit.undo_took is None
    assert hit.bites is None


def test_a_fault_without_an_end_is_not_undone() -> None:
    timeline_ = Timeline(
        [entry for entry in example.events() if entry.at < example.UNDONE]
    )
    (hit,) = fault_rows(timeline_)
    assert not hit.undone
    assert hit.lasted is None
    assert hit.because == "no end was recorded"


def told(kind: str, service: str, at: float = 2.0, reason: str = "r") -> Event:
    where = {"object": f"pod/{service}", "service": service}
    return event(at, "cluster_event", type=kind, reason=reason, message="m", **where)


def test_of_a_clusters_events_only_warnings_and_what_was_hit() -> None:
    hit = event(1, "fault_started", fault="f", service="web", instance="web-1")
    aside, own, warned = (
        told("Normal", "cache", reason="Aside"),
        told("Normal", "web", reason="Own"),
        told("Warning", "", reason="Warned"),
    )
    again = told("Warning", "", at=3.0, reason="Warned")
    story = Timeline([hit, aside, own, warned, again])
    shown = [listed_moment.text for listed_moment in all_sentences(story, 9)[0]]
    assert [text.split(": ")[1] for text in shown[1:]] == ["Own", "Warned", "Warned"]
    key = [listed_moment.text for listed_moment in key_sentences(story, 9)[0]]
    assert key[1:] == ["pod/: Warned: m"]


REPLICAS = {"workload": "deployment/web", "ready": 1, "wanted": 2, "endpoints": {}}


def test_a_workloads_changes_tell_the_story() -> None:
    states = [(1, True), (2, False), (3, False), (4, True)]
    story = Timeline(
        event(at, "workload", **REPLICAS, available=there) for at, there in states
    )
    assert [listed_moment.at for listed_moment in key_sentences(story, 9)[0]] == [2, 4]


def test_what_was_before_the_run_is_another_story() -> None:
    labels = {"alertname": "Old"}
    old = event(at(-300), "alert_firing", alert="Old", labels=labels)
    story = builders.timeline(fault(), [old])
    for told in (key_sentences(story, 60), all_sentences(story, 500)):
        assert not [
            listed_moment for listed_moment in told[0] if "Old" in listed_moment.text
        ]
        assert [
            listed_moment for listed_moment in told[0] if "web-2" in listed_moment.text
        ]
