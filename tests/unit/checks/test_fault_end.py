"""When faults ended with their victims: who replaced these, and since when."""

# ruff: noqa: E501 - what the cluster says and what follows stand in one line

import pytest

from gameday.model.events import Event, event
from gameday.model.verdict import Outcome, Verdict
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    plan,
    promise,
    replica,
    step,
    stop,
    timeline,
)

NAME = "WebSlow"
DELAY = "network.delay"
PLAN = plan(
    step(
        faults=(stop(kind=DELAY),),
        alerts=(promise(NAME, fires_within=30.0, resets_within=30.0),),
    )
)
FIRED = alert(NAME, fires=at(22), resolves=at(40))


def seen(when: float, number: str) -> list[Event]:
    about = {"service": "web", "instance": "web-2", "state": "running", "health": ""}
    return [event(at(when), "instance", up=True, error=0.1, id=number, **about)]


def said(when: float, reason: str) -> list[Event]:
    about = {"service": "web", "object": "pod/web-2", "message": "", "count": 1}
    return [event(at(when), "cluster_event", reason=reason, **about)]


def after(*parts: list[Event]) -> Verdict:
    hurt = fault(kind=DELAY)
    return judged(PLAN, timeline(hurt, FIRED, seen(3, "a"), *parts))


def test_a_victim_that_stays_the_same_is_not_replaced() -> None:
    verdict = after(seen(30, "a"))
    assert answer(verdict, "fires_within").outcome is Outcome.PASS
    assert answer(verdict, "stays_firing").outcome is Outcome.FAIL


@pytest.mark.parametrize("events", [[], said(34.5, "SuccessfulDelete")])
def test_what_somebody_replaced_leaves_open_what_came_after(
    events: list[Event],
) -> None:
    verdict = after(seen(35, "b"), events)
    assert answer(verdict, "fires_within").outcome is Outcome.PASS  # decided before
    for question in ("during", "resets_within", "no_other_alerts"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "web-2 was replaced while the fault held" in finding.because


def gone(when: float) -> list[Event]:
    about = {"service": "web", "instance": "web-2", "state": "gone", "health": ""}
    return [event(at(when), "instance", up=False, error=0.5, stamp=None, **about)]


def test_what_somebody_removed_leaves_open_what_came_after_alone() -> None:
    """Its undo finds nothing, and says that the fault ended early: not from when on."""
    hurt = [
        event(
            entry.at, entry.kind, **{**entry.fields, "early": "its container was gone"}
        )
        if entry.kind == "fault_ended"
        else entry
        for entry in fault(kind=DELAY)
    ]
    verdict = judged(PLAN, timeline(hurt, FIRED, seen(3, "a"), gone(35)))
    assert answer(verdict, "fires_within").outcome is Outcome.PASS  # decided before
    for question in ("during", "resets_within", "no_other_alerts"):
        assert answer(verdict, question).outcome is Outcome.INCONCLUSIVE
    late = judged(PLAN, timeline(hurt, FIRED, seen(3, "a"), gone(15)))
    assert answer(late, "fires_within").outcome is Outcome.INCONCLUSIVE
    unseen = judged(PLAN, timeline(hurt, FIRED, seen(3, "a")))
    assert answer(unseen, "fires_within").outcome is Outcome.INCONCLUSIVE


def test_what_the_platform_replaced_is_the_systems_answer() -> None:
    verdict = after(seen(35, "b"), said(34, "Unhealthy"))
    assert answer(verdict, "stays_firing").outcome is Outcome.PASS
    finding = answer(verdict, "resets_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 5.0)


def test_a_victim_that_is_replaced_by_its_undo_is_none_of_it() -> None:
    verdict = after(seen(56, "b"))
    assert answer(verdict, "stays_firing").outcome is Outcome.FAIL


# --- in a cluster: whose doing it was, by what the cluster says ---

POD = "web-7d9-x2"
PODS = [replica(number, labels={"pod": f"web-7d9-x{number}"}) for number in (1, 2, 3)]
LIVENESS = "Container web failed liveness probe, will be restarted"


def told(when: float, reason: str, message: str = "", pod: str = POD) -> list[Event]:
    about = {"service": "web", "object": f"pod/{pod}", "count": 1}
    return [event(at(when), "cluster_event", reason=reason, message=message, **about)]


def ran(when: float, container: str, pod: str = "uid-a") -> list[Event]:
    about = {"service": "web", "instance": "web-2", "state": "running", "health": ""}
    said = {"up": True, "error": 0.1, "id": pod, "container": container}
    return [event(at(when), "instance", **said, **about)]


def on_a_cluster(kind: str, *parts: list[Event]) -> Verdict:
    promises = (promise(NAME, fires_within=30.0, resets_within=30.0),)
    planned = plan(step(faults=(stop(kind=kind),), alerts=promises), instances=PODS)
    return judged(planned, timeline(fault(kind=kind), FIRED, ran(3, "c1"), *parts))


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([*told(34, "Unhealthy", "Liveness probe failed"), *told(34.2, "Killing", LIVENESS)], Outcome.PASS),
        (told(34, "Killing", "Container web failed startup probe"), Outcome.PASS),
        (told(34, "OOMKilling", "Memory cgroup out of memory"), Outcome.PASS),
        ([], Outcome.INCONCLUSIVE),  # kubectl exec kill: the cluster says nothing
        (told(33, "Unhealthy", "Readiness probe failed"), Outcome.INCONCLUSIVE),
        (told(33, "Unhealthy", "Liveness probe failed"), Outcome.INCONCLUSIVE),  # once
        (told(36, "BackOff", "Back-off restarting failed container"), Outcome.INCONCLUSIVE),
        (told(34, "Killing", LIVENESS, pod="web-7d9-x1"), Outcome.INCONCLUSIVE),
        (told(34, "Killing", "Stopping container web"), Outcome.INCONCLUSIVE),
    ],
)  # fmt: skip
def test_a_container_that_was_restarted_in_its_pod(
    events: list[Event], outcome: Outcome
) -> None:
    verdict = on_a_cluster("process.pause", ran(35, "c2"), events)
    finding = answer(verdict, "resets_within")
    assert finding.outcome is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert "web-2 was replaced while the fault held" in finding.because


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [("OOMKilled", Outcome.PASS), ("Error", Outcome.INCONCLUSIVE)],
)
def test_what_its_pod_says_of_a_containers_end_needs_no_event(
    ended: str, outcome: Outcome
) -> None:
    """The kernel that has no memory left is the platform; a kill may be anybody's."""
    again = [
        event(entry.at, entry.kind, **{**entry.fields, "ended": ended})
        for entry in ran(35, "c2")
    ]
    verdict = on_a_cluster("resource.memory", again)
    assert answer(verdict, "resets_within").outcome is outcome


def test_what_holds_in_the_pod_outlives_its_container() -> None:
    verdict = on_a_cluster("network.delay", ran(35, "c2"))
    assert answer(verdict, "stays_firing").outcome is Outcome.FAIL
    verdict = on_a_cluster("resource.cpu", ran(35, "c2"))
    assert answer(verdict, "stays_firing").outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (told(34, "Evicted", "The node was low on resource: memory"), Outcome.PASS),
        (
            [*told(33, "Evicted"), *told(34, "Killing", "Stopping container web")],
            Outcome.PASS,
        ),
        (
            [
                *told(30, "Unhealthy", "Readiness probe failed: timeout"),
                *told(34, "Killing", "Stopping container web"),
            ],
            Outcome.INCONCLUSIVE,  # a deletion: the fault itself made it unready
        ),
        (told(30, "Unhealthy", "Readiness probe failed"), Outcome.INCONCLUSIVE),
        (told(34, "Evicted", pod="web-7d9-x3"), Outcome.INCONCLUSIVE),
    ],
)
def test_a_pod_that_was_replaced(events: list[Event], outcome: Outcome) -> None:
    verdict = on_a_cluster("network.delay", ran(35, "c9", pod="uid-b"), events)
    assert answer(verdict, "resets_within").outcome is outcome


def test_a_silent_alert_whose_victim_the_platform_replaced_has_failed() -> None:
    """That was all of the fault that there was: nobody undid it too soon."""
    hurt, evicted = fault(kind=DELAY), said(19.5, "Evicted")
    verdict = judged(PLAN, timeline(hurt, seen(3, "a"), seen(20, "b"), evicted))
    assert answer(verdict, "fires_within").outcome is Outcome.FAIL
