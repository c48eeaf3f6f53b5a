"""Drift: asked once a run; a fail where anything is not as it was."""

import pytest

from gameday.model.events import Event, event
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Outcome
from tests.builders import (
    END,
    answer,
    at,
    cut,
    fault,
    fingerprints,
    judged,
    plan,
    step,
    timeline,
    without,
)

PLAN = plan(step(), step(name="again"))
BARE = without(timeline(fault()), "fingerprint")


def drifted(number: int = 1) -> list[Event]:
    """Return as many differences, each of one instance's memory."""
    return [
        event(
            at(END + 1),
            "drift",
            step="",
            instance=f"web-{replica}",
            key="HostConfig.Memory",
            before="",
            after="67108864",
        )
        for replica in range(1, number + 1)
    ]


def test_it_is_asked_once_a_run_about_the_target() -> None:
    finding = answer(judged(PLAN, timeline(fault())), "drift")
    assert (finding.step, finding.check, finding.subject) == ("", "drift", "shop")
    assert finding.outcome is Outcome.PASS
    assert finding.because == "The target is as it was before the first fault."
    assert finding.evidence == {"instances": 3, "differences": []}


def test_any_difference_fails_and_is_named() -> None:
    verdict = judged(PLAN, timeline(fault(), drifted()))
    finding = answer(verdict, "drift")
    assert finding.outcome is verdict.outcome is Outcome.FAIL
    assert "web-1: HostConfig.Memory: nothing -> 67108864." in finding.because
    assert finding.evidence["differences"] == [
        {
            "instance": "web-1",
            "key": "HostConfig.Memory",
            "before": "",
            "after": "67108864",
        }
    ]


def test_of_many_differences_the_evidence_has_all() -> None:
    finding = answer(judged(PLAN, timeline(fault(), drifted(5))), "drift")
    assert "and 2 more" in finding.because
    assert len(finding.evidence["differences"]) == 5


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fingerprint_that_could_not_be_taken_is_inconclusive(when: str) -> None:
    why = "the engine does not answer"
    told = fingerprints(before=why) if when == "before" else fingerprints(after=why)
    finding = answer(judged(PLAN, Timeline([*BARE, *told])), "drift")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "could not be taken: the engine does not answer" in finding.because


def test_a_fingerprint_that_nobody_took_is_inconclusive() -> None:
    told = [*BARE, *fingerprints()[:1]]
    finding = answer(judged(PLAN, Timeline(told)), "drift")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "after the last undo" in finding.because


def test_a_record_that_was_cut_says_where_it_ends() -> None:
    story = cut(timeline(fault()), at(30))
    finding = answer(judged(PLAN, story, ending=Ending.CRASHED), "drift")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "record of the run ends at 2026-01-01T00:00:30" in finding.because


def test_a_refused_run_has_no_drift_to_judge() -> None:
    verdict = judged(
        PLAN, timeline(), ending=Ending.REFUSED, because="web-1 is protected"
    )
    finding = answer(verdict, "drift")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "fault was not injected: web-1 is protected" in finding.because


def test_a_run_that_was_stopped_is_judged_all_the_same() -> None:
    for ending in (Ending.GUARDRAIL, Ending.OPERATOR):
        verdict = judged(PLAN, timeline(fault(), drifted()), ending=ending)
        assert answer(verdict, "drift").outcome is Outcome.FAIL


def test_a_fault_without_teeth_does_not_excuse_drift() -> None:
    verdict = judged(PLAN, timeline(fault(bites=False), drifted()))
    assert answer(verdict, "drift").outcome is Outcome.FAIL


def stopped(instance: str) -> list[Event]:
    fields = {"instance": instance, "key": "State"}
    return [event(at(END + 1), "drift", before="running", after="stopped", **fields)]


def test_a_neighbour_that_another_hand_stopped_is_inconclusive() -> None:
    finding = answer(judged(PLAN, timeline(fault(), stopped("prometheus-1"))), "drift")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "prometheus-1: State: running -> stopped" in finding.because


def test_an_instance_that_was_hit_and_is_still_down_fails() -> None:
    finding = answer(judged(PLAN, timeline(fault(), stopped("web-2"))), "drift")
    assert finding.outcome is Outcome.FAIL


def test_a_stopped_neighbour_does_not_hide_a_change_beside_it() -> None:
    events = timeline(fault(), stopped("prometheus-1"), drifted())
    assert answer(judged(PLAN, events), "drift").outcome is Outcome.FAIL


def difference(instance: str, key: str, **more: str) -> Event:
    change = {"before": "", "after": "yes"}
    about = {"step": "", "instance": instance, "key": key}
    return event(at(END + 1), "drift", **about, **change, **more)


PLATFORMS_OWN = [
    ("node/worker-9", "present"),
    ("node/worker-1", "spec.taints.ToBeDeletedByClusterAutoscaler:NoSchedule"),
    ("lease/leader", "spec.renewTime"),
    ("endpoints/web", "subsets"),
    ("deployment/web", "status.readyReplicas"),
    ("configmap/lock", "annotations.control-plane.alpha.kubernetes.io/leader"),
]


@pytest.mark.parametrize(("instance", "key"), PLATFORMS_OWN)
def test_what_the_platform_changes_by_itself_is_listed_and_not_failed(
    instance: str, key: str
) -> None:
    story = timeline(fault(), [difference(instance, key)])
    finding = answer(judged(PLAN, story), "drift")
    assert finding.outcome is Outcome.PASS
    assert (
        f"changed by the platform: {instance}: {key}: nothing -> yes" in finding.because
    )
    (listed,) = finding.evidence["changed_by_the_platform"]
    assert (listed["instance"], listed["key"]) == (instance, key)


@pytest.mark.parametrize(
    ("instance", "key"),
    [
        ("node/worker-1", "spec.unschedulable"),
        ("node/worker-1", "spec.taints.mine:NoSchedule"),
        ("deployment/web", "spec.replicas"),
        ("configmap/lock", "present"),
        ("web-1", "status"),
    ],
)
def test_what_somebody_did_is_drift(instance: str, key: str) -> None:
    story = timeline(fault(), [difference(instance, key)])
    assert answer(judged(PLAN, story), "drift").outcome is Outcome.FAIL


def test_what_was_read_of_the_platform_is_believed() -> None:
    own = difference("deployment/web", "spec.replicas", platform="an autoscaler does")
    changed = difference("deployment/web", "spec.paused")
    finding = answer(judged(PLAN, timeline(fault(), [own])), "drift")
    assert finding.outcome is Outcome.PASS
    finding = answer(judged(PLAN, timeline(fault(), [own, changed])), "drift")
    assert finding.outcome is Outcome.FAIL
    assert "spec.replicas" not in finding.because
