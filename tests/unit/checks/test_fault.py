"""Faults: proven to bite, confirmed to be undone."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.verdict import Ending, Outcome
from gameday.reports.headline import ending_words
from tests.builders import (
    STEP,
    alert,
    answer,
    at,
    cut,
    fault,
    hypothesis,
    judged,
    phases,
    plan,
    promise,
    scrape,
    step,
    stop,
    timeline,
)

PLAN = plan(step(alerts=(promise("WebReplicaDown", fires_within=30.0),)))


def test_a_fault_that_bites_and_is_undone() -> None:
    verdict = judged(PLAN, timeline(fault()))
    bites, undone = answer(verdict, "bites"), answer(verdict, "undone")
    assert (bites.outcome, bites.subject) == (Outcome.PASS, "web")
    assert "process.stop is proven to bite on web-2" in bites.because
    assert (undone.outcome, undone.subject) == (Outcome.PASS, "web")
    assert undone.evidence["ended"] == [
        {"at": "2026-01-01T00:00:55.000Z", "by": "rollback", "found": "started again"}
    ]


@pytest.mark.parametrize("bites", [False, None])
def test_a_fault_without_teeth_makes_all_that_depends_on_it_inconclusive(
    bites: bool | None,
) -> None:
    verdict = judged(PLAN, timeline(fault(bites=bites)))
    for question in ("bites", "during", "fires_within", "no_other_alerts"):
        assert answer(verdict, question).outcome is Outcome.INCONCLUSIVE
    for question in ("before", "after", "undone"):
        assert answer(verdict, question).outcome is Outcome.PASS


def test_one_victim_of_two_that_was_not_bitten() -> None:
    both = [*fault("web-1"), *fault("web-2", bites=False)]
    verdict = judged(PLAN, timeline(both))
    assert "web-2 did not bite" in answer(verdict, "bites").because
    assert answer(verdict, "fires_within").outcome is Outcome.INCONCLUSIVE


def failed() -> list[Event]:
    about = {"step": STEP, "fault": "process.stop", "service": "web"}
    return [
        event(at(10), "fault_failed", instance="web-2", because="no rights", **about)
    ]


def test_a_fault_that_was_not_injected() -> None:
    verdict = judged(PLAN, timeline(failed()))
    for question in ("bites", "undone", "during", "after", "fires_within"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "was not injected: no rights" in finding.because


def test_an_injection_that_failed_half_way() -> None:
    verdict = judged(PLAN, timeline(fault("web-1"), failed()))
    assert answer(verdict, "bites").outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "undone").outcome is Outcome.PASS


def test_an_undo_that_failed() -> None:
    about = {"step": STEP, "id": f"{STEP}/web-2", "instance": "web-2"}
    undo = event(
        at(55), "undo_failed", because="gone", by_hand="docker start web-2", **about
    )
    tries = [undo, undo]
    verdict = judged(PLAN, timeline(fault(ends=None), tries), broken=("web-2",))
    finding = answer(verdict, "undone")
    assert finding.outcome is Outcome.FAIL
    assert finding.because.endswith(": gone. By hand: docker start web-2; web-2.")
    assert verdict.broken == ("web-2",)


def test_an_undo_that_succeeded_in_the_end() -> None:
    again = event(
        at(60), "fault_ended", step=STEP, id=f"{STEP}/web-2", ok=True, by="heal"
    )
    verdict = judged(PLAN, timeline(fault(ok=False), [again]))
    assert answer(verdict, "undone").outcome is Outcome.PASS


def test_a_fault_that_nobody_saw_end() -> None:
    verdict = judged(PLAN, timeline(fault(ends=None)))
    assert answer(verdict, "undone").outcome is Outcome.FAIL


def test_a_record_that_ends_before_the_fault_does() -> None:
    verdict = judged(
        PLAN, cut(timeline(fault(), ended=None), at(30)), ending=Ending.CRASHED
    )
    finding = answer(verdict, "undone")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "before the fault on web-2 ended" in finding.because


def test_a_crash_that_left_something_broken() -> None:
    verdict = judged(
        PLAN,
        cut(timeline(fault(), ended=None), at(30)),
        ending=Ending.CRASHED,
        broken=("web-2 is down",),
    )
    assert answer(verdict, "undone").outcome is Outcome.FAIL


def test_the_end_of_a_fault_is_its_first_confirmation() -> None:
    later = event(
        at(90), "fault_ended", step=STEP, id=f"{STEP}/web-2", ok=True, by="run"
    )
    fires = alert("WebReplicaDown", fires=at(22), resolves=at(60))
    planned = plan(step(alerts=(promise("WebReplicaDown", resets_within=30.0),)))
    verdict = judged(planned, timeline(fault(), [later], fires))
    assert answer(verdict, "resets_within").measured == 5.0


def test_each_service_is_asked_once() -> None:
    planned = plan(step(faults=(stop("web"), stop("web"), stop("db"))))
    story = timeline(fault("web-2"), fault("db-1", ok=False))
    verdict = judged(planned, story)
    assert answer(verdict, "bites", "web").outcome is Outcome.PASS
    assert answer(verdict, "undone", "web").outcome is Outcome.PASS
    assert answer(verdict, "undone", "db").outcome is Outcome.FAIL


def test_a_service_that_nothing_was_injected_into() -> None:
    planned = plan(step(faults=(stop("web"), stop("db"))))
    verdict = judged(planned, timeline(fault("web-2")))
    for question in ("bites", "undone"):
        assert answer(verdict, question, "db").outcome is Outcome.INCONCLUSIVE


# --- other extensions' actions ---


def test_a_foreign_action_is_bounded_by_the_phases() -> None:
    promises = (promise("PodGone", fires_within=30.0, resets_within=90.0),)
    planned = plan(step(faults=(), alerts=promises))
    story = timeline(alert("PodGone", fires=at(22), resolves=at(60)))
    verdict = judged(planned, story)
    assert answer(verdict, "fires_within").measured == 12.0
    assert answer(verdict, "resets_within").measured == 5.0
    assert not [finding for finding in verdict.findings if finding.check == "fault"]


@pytest.mark.parametrize(
    ("resolves", "outcome"),
    [
        (54.8, Outcome.PASS),  # its rollback, from 54.5 to 55, was bringing it back
        (54.0, Outcome.FAIL),
    ],
)
def test_what_a_foreign_rollback_ends_while_it_goes_on_has_not_stopped_by_itself(
    resolves: float, outcome: Outcome
) -> None:
    planned = plan(step(faults=(), alerts=(promise("PodGone", fires_within=30.0),)))
    story = timeline(alert("PodGone", fires=at(22), resolves=at(resolves)))
    assert answer(judged(planned, story), "stays_firing").outcome is outcome


# --- an experiment that was interrupted ---


def engine(when: float, status: str = "interrupted", because: str = "") -> list[Event]:
    fields = {"status": status, "deviated": False, "because": because}
    return [event(when, "engine", step=STEP, **fields)]


SAFEGUARD = engine(at(20), because="safeguard errors")
DEPENDING = ("during", "fires_within", "no_other_alerts")


def test_an_interrupted_hold_makes_all_that_depends_on_it_inconclusive() -> None:
    story = timeline(fault(ends=at(20)), SAFEGUARD)
    verdict = judged(PLAN, story)
    for question in ("bites", *DEPENDING):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "interrupted before its end (safeguard errors)" in finding.because
    assert answer(verdict, "undone").outcome is Outcome.PASS


def test_an_experiment_that_was_interrupted_before_its_fault() -> None:
    verdict = judged(PLAN, timeline(SAFEGUARD))
    for question in ("bites", "undone", *DEPENDING):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "was not injected: the experiment was interrupted" in finding.because


def test_an_engine_that_a_guardrail_ended_was_not_interrupted_by_itself() -> None:
    scenery = [phase for phase in phases() if phase.phase not in ("undo", "aftermath")]
    story = timeline(fault(ends=at(20)), engine(at(20)), scenery=scenery)
    verdict = judged(PLAN, story, ending=Ending.GUARDRAIL, because="budget spent")
    assert "experiment was interrupted" not in answer(verdict, "fires_within").because


def test_what_was_interrupted_stays_so_where_a_later_step_is_stopped() -> None:
    story = timeline(fault(ends=at(20)), SAFEGUARD)
    verdict = judged(PLAN, story, ending=Ending.GUARDRAIL, because="budget spent")
    finding = answer(verdict, "bites")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "interrupted before its end (safeguard errors)" in finding.because


@pytest.mark.parametrize("status", ["interrupted", "aborted", "escaped"])
def test_a_foreign_action_that_was_cut_short_fails_no_promise(status: str) -> None:
    planned = plan(step(faults=(), alerts=(promise("PodGone", fires_within=30.0),)))
    story = timeline(engine(at(10.2), status, because="safeguard errors"))
    finding = answer(judged(planned, story), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "safeguard errors" in finding.because


@pytest.mark.parametrize(
    "told",
    [
        engine(at(20), status="completed"),
        engine(at(54.8)),  # the hold was over: the run itself ended it
    ],
)
def test_an_engine_that_ended_in_its_time_spoils_nothing(told: list[Event]) -> None:
    fires = alert("WebReplicaDown", fires=at(22), resolves=at(60))
    verdict = judged(PLAN, timeline(fault(), fires, told))
    for question in ("bites", "undone", *DEPENDING):
        assert answer(verdict, question).outcome is Outcome.PASS


# --- a fault that had ended before it was undone ---


def cut_short(instance: str = "web-2") -> list[Event]:
    *begun, ended = fault(instance)
    fields = {**ended.fields, "early": "its helper had died"}
    return [*begun, event(ended.at, ended.kind, **fields)]


def test_a_fault_that_ended_early_makes_all_that_depends_on_it_inconclusive() -> None:
    fires = alert("WebReplicaDown", fires=at(22), resolves=at(60))
    verdict = judged(PLAN, timeline(cut_short(), fires))
    for question in ("bites", "during", "fires_within", "no_other_alerts"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "fault on web-2 ended early: its helper had died" in finding.because
    for question in ("before", "after", "undone"):
        assert answer(verdict, question).outcome is Outcome.PASS


def test_one_fault_of_two_that_ended_early() -> None:
    planned = plan(step(faults=(stop("web"), stop("db"))))
    verdict = judged(planned, timeline(cut_short("web-2"), fault("db-1")))
    assert answer(verdict, "bites", "web").outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "bites", "db").outcome is Outcome.PASS
    assert answer(verdict, "no_other_alerts").outcome is Outcome.INCONCLUSIVE


def test_what_only_the_ledger_knows_of_a_dead_run_answers_undone_alone() -> None:
    rest = {"step": STEP, "id": f"{STEP}/web-2", "by": "watchdog", "by_hand": ""}
    later = event(at(400), "undone_later", ok=True, because="started again", **rest)
    story = timeline(fault(ends=None), [later], ended=None)
    verdict = judged(plan(step()), story)
    finding = answer(verdict, "undone")
    assert finding.outcome is Outcome.PASS
    assert "web-2: started again" in finding.because
    assert answer(verdict, "during").outcome is Outcome.INCONCLUSIVE


def test_an_undo_that_failed_later_is_a_failure() -> None:
    rest = {"step": STEP, "id": f"{STEP}/web-2", "by": "watchdog", "by_hand": ""}
    later = event(at(400), "undone_later", ok=False, because="refused", **rest)
    story = timeline(fault(ends=None), [later], ended=None)
    finding = answer(judged(plan(step()), story), "undone")
    assert finding.outcome is Outcome.FAIL


# --- actions of other extensions ---

FOREIGN = ("chaosk8s.pod.actions.terminate_pods",)


def foreign_plan(**expect: Any) -> Plan:
    planned = plan(step(faults=(), **expect))
    asked_step = planned.scenario.steps[0]
    experiment = replace(asked_step.experiment, foreign=FOREIGN)
    scenario = replace(
        planned.scenario, steps=(replace(asked_step, experiment=experiment),)
    )
    return replace(planned, scenario=scenario)


def acted(status: str = "succeeded", because: str = "") -> list[Event]:
    about = {"name": "terminate a pod", "type": "action", "status": status}
    told = {"step": STEP, "phase": "method", "because": because, **about}
    ended = {"step": STEP, "status": "completed", "deviated": False, "because": ""}
    return [event(at(10.4), "activity", **told), event(at(55), "engine", **ended)]


def pod_gone(when: float = 10.6, name: str = "web-2") -> list[Event]:
    about = {"service": "web", "instance": name, "health": "", "error": 0.1}
    return [event(at(when), "instance", state="gone", up=False, **about)]


def test_a_foreign_action_that_failed_has_faulted_nothing() -> None:
    promises = (promise("PodGone", fires_within=30.0),)
    refused = acted("failed", "403 pods is forbidden")
    verdict = judged(foreign_plan(alerts=promises), timeline(refused))
    for question in ("bites", "during", "after", "fires_within", "no_other_alerts"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "403 pods is forbidden" in finding.because


def test_a_method_that_the_engine_never_played_has_faulted_nothing() -> None:
    story = timeline(acted()[1:])
    finding = answer(judged(foreign_plan(), story), "during")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "did not play the method" in finding.because


def test_a_foreign_action_after_which_nothing_changed_did_not_bite() -> None:
    verdict = judged(foreign_plan(), timeline(acted()))
    for question in ("bites", "during"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "was seen to change" in finding.because


@pytest.mark.parametrize(
    "effect",
    [
        pod_gone(),
        [
            event(
                at(11),
                "cluster_event",
                reason="Killing",
                object="pod/web-2",
                service="web",
            )
        ],
        alert("PodGone", fires=at(22), resolves=at(60)),
        hypothesis(at(12.1), "during", False),
    ],
    ids=["an instance", "an Event", "a promised alert", "the hypothesis"],
)
def test_what_changed_while_it_ran_shows_that_a_foreign_action_bites(
    effect: list[Event],
) -> None:
    promises = (promise("PodGone", fires_within=30.0),)
    planned = foreign_plan(alerts=promises, steady_state="may_deviate")
    finding = answer(judged(planned, timeline(acted(), effect)), "bites")
    assert (finding.outcome, finding.subject) == (Outcome.PASS, STEP)
    assert finding.evidence["effects"]


@pytest.mark.parametrize(
    "other",
    [
        [
            event(
                at(11),
                "cluster_event",
                reason="Completed",
                object="job/x",
                service="web",
            )
        ],
        pod_gone(70),
        pod_gone(8),
    ],
    ids=["a Job", "long after", "before"],
)
def test_what_has_nothing_to_do_with_a_foreign_action(other: list[Event]) -> None:
    finding = answer(judged(foreign_plan(), timeline(acted(), other)), "bites")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_the_targets_of_pods_that_a_foreign_action_took_are_its_doing() -> None:
    lost = scrape("172.18.0.3:8000", down=at(12))
    verdict = judged(foreign_plan(), timeline(acted(), pod_gone(), lost))
    assert answer(verdict, "no_other_alerts").outcome is Outcome.PASS


# --- a probe that shows the effect ---

PROBE = "the proxy has the toxic"


def shown_by(probe: str = PROBE, **expect: Any) -> Plan:
    planned = foreign_plan(**expect)
    asked_step = replace(planned.scenario.steps[0], bites=probe)
    return replace(planned, scenario=replace(planned.scenario, steps=(asked_step,)))


def asked_in_method(ok: bool | None, status: str = "succeeded") -> list[Event]:
    about = {"name": PROBE, "type": "probe", "status": status, "because": ""}
    told = {"step": STEP, "phase": "method", **about}
    return [event(at(10.5), "activity", **told, ok=ok)]


def seen_in_hypothesis(ok: bool | None, phase: str = "during") -> list[Event]:
    about = {"step": STEP, "phase": phase, "name": PROBE, "value": None, "because": ""}
    return [event(at(20 if phase == "during" else 5), "probe", ok=ok, **about)]


@pytest.mark.parametrize(
    "told", [asked_in_method(ok=True), seen_in_hypothesis(ok=False)]
)
def test_a_named_probe_shows_that_a_foreign_action_bites(told: list[Event]) -> None:
    verdict = judged(shown_by(), timeline(acted(), told))
    finding = answer(verdict, "bites")
    assert (finding.outcome, PROBE in finding.because) == (Outcome.PASS, True)
    assert answer(verdict, "during").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (asked_in_method(ok=False), "does not show that"),
        (asked_in_method(ok=None, status="failed"), "failed"),
        (seen_in_hypothesis(ok=True), "does not show that"),
        (seen_in_hypothesis(ok=False, phase="before"), "was never asked"),
        ([], "was never asked"),
        (pod_gone(), "was never asked"),  # the named probe alone decides
    ],
)
def test_a_named_probe_that_does_not_show_it(told: list[Event], why: str) -> None:
    promises = [promise("WebReplicaDown", fires_within=30.0)]
    verdict = judged(shown_by(alerts=promises), timeline(acted(), told))
    for question in ("bites", "fires_within", "during"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert why in finding.because


# --- what a crashed run may have left ---


@pytest.mark.parametrize(
    ("parts", "until", "may_be_left"),
    [
        ([], 4.0, False),  # at the gate: no fault had begun
        ([], 10.05, True),  # the fault's phase had: only the ledger knows
        (fault(ends=None), 20.0, True),
        (fault(ends=at(15)), 20.0, False),  # it is confirmed to be gone
    ],
)
def test_heal_is_named_only_where_a_fault_may_be_left(
    parts: list[Event],
    until: float,
    may_be_left: bool,
) -> None:
    verdict = judged(PLAN, cut(timeline(parts), at(until)), ending=Ending.CRASHED)
    assert ("gameday heal" in ending_words(verdict)) is may_be_left
