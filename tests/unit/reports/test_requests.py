"""What users saw, by phase: requests, failures, latencies."""

from gameday.reports import markdown
from gameday.reports.provenance import warnings
from gameday.reports.requests import requests
from tests.builders import at, fault, judged, plan, step, timeline, traffic
from tests.unit.reports import example


def test_requests_are_counted_by_phase() -> None:
    waits = [[0.01, 0.011, 49.0], [0.5, 0.525, 1.0]]
    load = traffic(failed={(20.0, 30.0): 5.0}, until=100.0, latencies=waits)
    phases = requests(timeline(fault(), load))
    assert [(phase.phase, phase.sent, phase.failures) for phase in phases] == [
        ("before the first fault", 500.0, "0 (0%)"),
        ("during lose-a-replica", 2250.0, "50 (2.22%)"),
        ("after lose-a-replica", 2250.0, "0 (0%)"),
    ]
    assert (phases[0].latency("p50"), phases[0].latency("p99")) == ("11ms", "525ms")


def test_without_a_load_or_its_latencies_nothing_is_made_up() -> None:
    assert requests(timeline(fault())) == []
    (before, *_) = requests(timeline(fault(), traffic()))
    assert before.latency("p99") == "\N{EN DASH}"


def test_markdown_says_what_was_tried_and_what_users_saw() -> None:
    story = timeline(fault(), traffic())
    planned = plan(step(), load=50.0)
    text = markdown.render(planned, story, judged(planned, story))
    assert "## What was tried" in text
    assert "## What users saw" in text
    assert "| during lose-a-replica | 2250 | 0 (0%) |" in text


def test_a_warning_of_the_plan_is_told_once() -> None:
    planned = example.plan(
        warnings=(
            "lose-a-replica: WebReplicaDown pages_within: not guaranteed: late",
            "something else",
        )
    )
    told = warnings(planned)
    assert "something else" in told
    assert not [
        warning for warning in told if warning.startswith("lose-a-replica: Web")
    ]


def test_seconds_of_the_load_belong_to_the_phase_in_which_they_begin() -> None:
    story = timeline(fault(begins=at(10.5)), traffic(until=20.0))
    assert [phase.sent for phase in requests(story)] == [550.0, 450.0]
