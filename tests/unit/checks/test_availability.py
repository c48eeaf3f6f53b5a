"""Recovery of a workload: its replicas and its endpoints, back where they were."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.checks.questions import asked
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.target import TargetRef
from gameday.model.verdict import Ending, Finding, Outcome
from tests.builders import (
    SOURCES,
    STEP,
    answer,
    at,
    blind,
    cut,
    fault,
    judged,
    objective,
    plan,
    replica,
    requests,
    step,
    stop,
    timeline,
    watched,
)

WEB = "deployment/web"
CLUSTER = TargetRef(kind="kubernetes", name="lab", namespace="shop")
WATCHED = watched(*SOURCES, "cluster")


def cluster_plan(service: str = "web", **changes: Any) -> Plan:
    """Return a plan whose victim is a pod of deployment/web."""
    promised = step(recovers_within=30.0, faults=(stop(service),))
    made = plan(promised, slos=[objective()])
    victim = replace(replica(2, labels={"workload": WEB}), service=service)
    planned = made.steps[0]
    faults = tuple(
        replace(planned_fault, victims=(victim,)) for planned_fault in planned.faults
    )
    return replace(
        made,
        steps=(replace(planned, faults=faults),),
        scenario=replace(made.scenario, target=CLUSTER),
        **changes,
    )


def was(
    when: float, ready: int, ends: int | None = None, wanted: int = 3, **rest: Any
) -> Event:
    fields = {
        "service": "web",
        "workload": WEB,
        "wanted": wanted,
        "ready": ready,
        "endpoints": {"web": ready if ends is None else ends},
        "available": ready >= wanted,
        "error": 0.1,
    }
    return event(at(when), "workload", **{**fields, **rest})


def found(
    *told: Event, monitoring: list[Event] | None = None, **ending: Any
) -> Finding:
    seen = WATCHED if monitoring is None else monitoring
    story = timeline(fault(), requests(), list(told), monitoring=seen)
    return answer(judged(cluster_plan(), story, **ending), "recovers_within", WEB)


BEFORE, HIT = was(1, 3), was(10.2, 2)  # the fault lasts from 10 to 55


def test_the_replicas_and_then_the_endpoints_come_back() -> None:
    back = found(BEFORE, HIT, was(58, 3, ends=2), was(58.5, 3))
    assert (back.outcome, back.measured, back.error) == (Outcome.PASS, 3.5, 0.1)
    assert back.evidence["after"] == {"wanted": 3, "ready": 3, "endpoints": {"web": 3}}
    assert back.because == (
        "deployment/web was available again, with all its endpoints, 3.5s after "
        "the fault ended; promised within 30s."
    )


def test_one_that_was_never_out_after_the_fault() -> None:
    back = found(BEFORE, HIT, was(50, 3))
    assert (back.outcome, back.measured, back.error) == (Outcome.PASS, 0.0, 0.0)


def test_one_that_is_scaled_down_is_not_available_for_wanting_less() -> None:
    scaled = was(10.2, 2, wanted=2)
    assert found(BEFORE, scaled, was(55.1, 2), was(59, 3)).measured == 4.0


def test_nor_is_one_that_no_service_leads_to() -> None:
    told = (was(1, 3), was(10.2, 2, wanted=2), was(55.1, 2, wanted=2), was(59, 3))
    bare = [entry.but(endpoints={}) for entry in told]
    assert found(*bare).measured == 4.0


def test_the_last_time_out_counts() -> None:
    told = [BEFORE, HIT, was(56, 3), was(70, 2), was(72, 3)]
    assert found(*told).measured == 17.0


def test_one_that_takes_too_long() -> None:
    back = found(BEFORE, HIT, was(95, 3))
    assert (back.outcome, back.measured) == (Outcome.FAIL, 40.0)


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (HIT, "2 of 3 replicas are ready; web has 2 of 3 ready endpoints"),
        (was(56, 3, ends=2), "3 of 3 replicas are ready; web has 2 of 3 ready"),
    ],
)
def test_one_that_stays_out(last: Event, says: str) -> None:
    back = found(BEFORE, HIT, last)
    assert (back.outcome, back.measured) == (Outcome.FAIL, None)
    assert says in back.because


def test_one_that_somebody_else_scaled() -> None:
    back = found(BEFORE, HIT, was(60, 2, wanted=2))
    assert back.outcome is Outcome.INCONCLUSIVE
    assert "wants 2 replicas, not 3 as before" in back.because


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ([], "Nobody had seen deployment/web when the fault began"),
        ([was(10.2, 2), was(57, 3)], "Nobody had seen deployment/web"),
        ([was(1, 2), was(57, 3)], "was not available when the fault began: 2 of 3"),
    ],
)
def test_one_nobody_had_seen_whole(told: list[Event], says: str) -> None:
    back = found(*told)
    assert back.outcome is Outcome.INCONCLUSIVE
    assert says in back.because


def test_one_that_could_not_be_seen_meanwhile() -> None:
    told = [BEFORE, HIT, was(58, 3)]
    gap = found(*told, monitoring=[*WATCHED, *blind("cluster", at(20), at(57))])
    assert gap.outcome is Outcome.INCONCLUSIVE
    assert "The cluster's workloads could not be seen" in gap.because
    begins = found(*told, monitoring=[*WATCHED, *blind("cluster", at(9), at(11))])
    assert begins.outcome is Outcome.INCONCLUSIVE
    for since, until in ((20, 40), (70, 80)):  # neither matters
        monitoring = [*WATCHED, *blind("cluster", at(since), at(until))]
        assert found(*told, monitoring=monitoring).outcome is Outcome.PASS
    assert found(*told, monitoring=watched()).outcome is Outcome.INCONCLUSIVE


def test_a_run_that_was_stopped_before_it_was_back() -> None:
    story = timeline(fault(), requests(until=60), [BEFORE, HIT], ended=at(60))
    story = cut(timeline(story, monitoring=WATCHED, scenery=[], ended=None), at(60))
    verdict = judged(cluster_plan(), story, ending=Ending.OPERATOR, because="SIGINT")
    assert answer(verdict, "recovers_within", WEB).outcome is Outcome.INCONCLUSIVE


def test_a_workload_that_is_out_long_after_a_failed_undo_began_has_failed() -> None:
    told = {"step": STEP, "id": f"{STEP}/web-2", "because": "not ready", "by_hand": ""}
    tried = event(at(140), "undo_failed", instance="web-2", **told)
    why = {"reason": "FailedScheduling", "object": "pod/web-2", "service": "web"}
    message = event(at(60), "cluster_event", message="0/3 nodes are available", **why)
    story = timeline(
        fault(ends=None), [BEFORE, HIT, tried, message], monitoring=WATCHED
    )
    finding = answer(judged(cluster_plan(), story), "recovers_within", WEB)
    assert finding.outcome is Outcome.FAIL
    assert "0/3 nodes are available" in finding.because


# --- what is asked ---


def subjects(made: Plan) -> list[str]:
    return [
        finding.subject
        for finding in asked(made)
        if finding.question == "recovers_within"
    ]


def test_it_is_asked_of_the_workload_beside_the_service() -> None:
    assert subjects(cluster_plan()) == ["web", WEB]
    assert subjects(cluster_plan("app=web")) == ["app=web", WEB]
    assert subjects(cluster_plan(WEB)) == [WEB, f"workload {WEB}"]


def test_it_is_all_that_is_asked_where_nothing_else_could_answer() -> None:
    made = cluster_plan()
    silent = replace(made.scenario, slos=())
    assert subjects(replace(made, scenario=silent)) == ["web", WEB]  # a hypothesis
    bare = step(recovers_within=30.0, hypothesis=False)
    alone = replace(silent, steps=(bare,))
    assert subjects(replace(made, scenario=alone)) == [WEB]
    docker = replace(alone, target=TargetRef(kind="docker", name="shop"))
    assert subjects(replace(made, scenario=docker)) == ["web"]


def test_it_is_not_asked_elsewhere() -> None:
    made = cluster_plan()
    docker = TargetRef(kind="docker", name="shop")
    moved = replace(made, scenario=replace(made.scenario, target=docker))
    assert subjects(moved) == ["web"]


def test_it_is_not_asked_without_a_promise() -> None:
    made = cluster_plan()
    silent = step()
    scenario = replace(made.scenario, steps=(silent,))
    assert subjects(replace(made, scenario=scenario)) == []
