"""The whole verdict: every question answered, nothing missing, always the same."""

import random
from dataclasses import replace

import pytest

from gameday.checks.judge import CHECKS, findings_of
from gameday.checks.question import Answer, Question
from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.model.events import Event, Phase, event
from gameday.model.scenario import Guardrail, SloPromise
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Outcome, Verdict
from tests.builders import (
    END,
    STEP,
    alert,
    answer,
    at,
    cut,
    fault,
    judged,
    objective,
    page,
    phases,
    plan,
    promise,
    requests,
    scrape,
    step,
    timeline,
    traffic,
)

NAME = "WebReplicaDown"
ASKED = step(
    alerts=(
        promise(
            NAME,
            fires_within=30.0,
            reaches="oncall",
            pages_within=45.0,
            resets_within=90.0,
            page_resolves_within=90.0,
        ),
    ),
    slos=(SloPromise(slo="checkout-availability", spends_at_most=0.02),),
    heals_within=60.0,
    recovers_within=60.0,
)
PLAN = plan(ASKED, slos=[objective()], load=50.0)
PARTS: list[list[Event]] = [
    fault(by="self"),
    alert(NAME, pends=at(14), fires=at(22), resolves=at(60)),
    page("oncall", at(25), NAME, starts=at(22)),
    page("oncall", at(63), NAME, status="resolved", ends=at(60)),
    requests(errors={(11, 13): 10}),
    traffic(failed={(11, 13): 10}),
]
EVERYTHING = timeline(*PARTS)
QUESTIONS = [
    "before",
    "during",
    "after",
    "bites",
    "undone",
    "fires_within",
    "stays_firing",
    "reaches",
    "pages_within",
    "resets_within",
    "page_resolves_within",
    "no_other_alerts",
    "spends_at_most",
    "agrees_with_load",
    "heals_within",
    "recovers_within",
    "drift",
]


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {finding.question: str(finding.outcome) for finding in verdict.findings}


def test_every_question_is_answered_once_and_in_order() -> None:
    verdict = judged(PLAN, EVERYTHING)
    assert [finding.question for finding in verdict.findings] == QUESTIONS
    assert set(outcomes(verdict).values()) == {"pass"}
    assert verdict.outcome is Outcome.PASS
    assert (verdict.run, verdict.scenario) == (
        "r-1",
        "checkout-survives-a-lost-replica",
    )
    assert verdict.provenance == {"gameday": "0.1.0"}


def test_the_same_story_told_in_any_order_gives_the_same_verdict() -> None:
    first = judged(PLAN, EVERYTHING)
    shuffled = list(EVERYTHING)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - no secret
    assert judged(PLAN, Timeline(shuffled)) == first
    assert judged(PLAN, EVERYTHING) == first


@pytest.mark.parametrize("when", range(0, int(END) + 2, 3))
def test_a_record_that_was_cut_off_never_passes(when: int) -> None:
    story = cut(EVERYTHING, at(when))
    verdict = judged(PLAN, story, ending=Ending.CRASHED, because="killed")
    assert [finding.question for finding in verdict.findings] == QUESTIONS
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_what_was_measured_before_the_cut_stays() -> None:
    """Nobody says whether the instance was watched until its time was over."""
    verdict = judged(PLAN, cut(EVERYTHING, at(70)), ending=Ending.CRASHED)
    told = outcomes(verdict)
    assert {name for name, said in told.items() if said == "pass"} == {
        "before",
        "during",
        "bites",
        "undone",
        "fires_within",
        "reaches",
        "pages_within",
        "resets_within",
        "page_resolves_within",
    }
    finding = answer(verdict, "no_other_alerts")
    assert "the record of the run ends at" in finding.because.lower()


def test_a_record_cut_before_the_fault() -> None:
    verdict = judged(PLAN, cut(EVERYTHING, at(6)), ending=Ending.CRASHED)
    finding = answer(verdict, "fires_within")
    assert "the record of the run ends at 2026-01-01T00:00:06" in finding.because


def test_an_empty_record() -> None:
    verdict = judged(PLAN, Timeline(), ending=Ending.CRASHED)
    assert [finding.question for finding in verdict.findings] == QUESTIONS
    assert set(outcomes(verdict).values()) == {"inconclusive"}


# --- refused ---


def test_a_refused_run_answers_every_question_with_the_reason() -> None:
    verdict = judged(
        PLAN,
        timeline(scenery=[], monitoring=[]),
        ending=Ending.REFUSED,
        because="Prometheus does not answer",
    )
    assert [finding.question for finding in verdict.findings] == QUESTIONS
    assert set(outcomes(verdict).values()) == {"inconclusive"}
    fires_within = answer(verdict, "fires_within")
    assert fires_within.because == (
        "The fault was not injected: Prometheus does not answer."
    )


def test_a_later_step_that_a_run_never_came_to() -> None:
    planned = plan(ASKED, step(name="second"), slos=[objective()], load=50.0)
    verdict = judged(
        planned, EVERYTHING, because="the hypothesis did not hold before second"
    )
    first = [finding for finding in verdict.findings if finding.step == STEP]
    later = [finding for finding in verdict.findings if finding.step == "second"]
    assert {finding.outcome for finding in first} == {Outcome.PASS}
    assert {finding.outcome for finding in later} == {Outcome.INCONCLUSIVE}
    assert "the hypothesis did not hold before second" in later[1].because


# --- a check that crashes ---


def test_a_check_that_crashes_is_inconclusive_and_takes_nothing_along() -> None:
    def broken(_step: StepRun, _question: Question) -> Answer:
        raise ZeroDivisionError("division by zero")

    run = Run(plan=PLAN, timeline=EVERYTHING, ending=Ending.FINISHED)
    findings = findings_of(run, {**CHECKS, "reaches": broken})
    assert [finding.question for finding in findings] == QUESTIONS
    crashed = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    assert [(finding.question, finding.outcome) for finding in crashed] == [
        ("reaches", Outcome.INCONCLUSIVE)
    ]
    assert "crashed (ZeroDivisionError: division by zero)" in crashed[0].because


def test_a_timeline_with_nonsense_in_it_is_inconclusive() -> None:
    nonsense = [event(at(20), "alert_firing")]
    verdict = judged(PLAN, timeline(*PARTS, nonsense))
    assert answer(verdict, "fires_within").outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "before").outcome is Outcome.PASS


# --- a healthy target lost ---


def test_a_lost_target_spoils_what_was_settled_after_it() -> None:
    lost = scrape("lb:8405", job="lb", down=at(40))
    verdict = judged(PLAN, timeline(*PARTS, lost))
    told = outcomes(verdict)
    assert {name for name, said in told.items() if said == "inconclusive"} == {
        "stays_firing",
        "resets_within",
        "page_resolves_within",
        "no_other_alerts",
        "spends_at_most",
        "agrees_with_load",
        "recovers_within",
    }
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_lost_target_of_another_job_says_nothing_of_an_slo() -> None:
    lost = scrape("cache:9121", job="cache", down=at(40))
    told = outcomes(judged(PLAN, timeline(*PARTS, lost)))
    for question in ("spends_at_most", "agrees_with_load", "recovers_within"):
        assert told[question] == "pass"
    assert told["no_other_alerts"] == "inconclusive"


def test_losing_what_the_fault_hit_spoils_nothing() -> None:
    lost = scrape("web-2:8000", down=at(11), up=at(56))
    assert judged(PLAN, timeline(*PARTS, lost)).outcome is Outcome.PASS


def test_silence_after_losing_what_the_fault_hit_is_a_failure() -> None:
    lost = scrape("web-2:8000", down=at(11), up=at(56))
    verdict = judged(PLAN, timeline(fault(), lost))
    assert answer(verdict, "fires_within").outcome is Outcome.FAIL


# --- guardrails ---


RAIL = Guardrail(name="budget", slo="checkout-availability", budget_spent=0.05)


def rail(when: float, state: str, **more: object) -> list[Event]:
    fields = {"value": 0.06, "limit": 0.05, "because": "6% spent", **more}
    return [event(when, "guardrail", name="budget", state=state, **fields)]


def guarded(*parts: list[Event], ending: Ending = Ending.GUARDRAIL) -> Verdict:
    planned = plan(ASKED, slos=[objective()], load=50.0, guardrails=[RAIL])
    return judged(planned, timeline(*PARTS, *parts), ending=ending, because="budget")


def test_a_guardrail_that_held_is_no_finding() -> None:
    verdict = guarded(rail(at(5), "ok"), ending=Ending.FINISHED)
    assert [finding.question for finding in verdict.findings] == QUESTIONS


def test_a_breached_guardrail_is_a_finding() -> None:
    finding = guarded(rail(at(5), "ok"), rail(at(30), "breached")).findings[-1]
    assert (finding.step, finding.check, finding.subject) == (
        STEP,
        "guardrail",
        "budget",
    )
    assert finding.outcome is Outcome.FAIL
    assert finding.because == "The guardrail was breached: 6% spent."
    assert finding.evidence["limit"] == 0.05


def test_the_first_breach_counts() -> None:
    verdict = guarded(rail(at(30), "breached"), rail(at(40), "ok"))
    assert verdict.findings[-1].evidence["at"] == "2026-01-01T00:00:30.000Z"


def test_a_guardrail_nobody_could_watch_is_open() -> None:
    verdict = guarded(rail(at(30), "unanswerable"))
    assert verdict.findings[-1].outcome is Outcome.INCONCLUSIVE
    again = guarded(rail(at(30), "unanswerable"), rail(at(33), "ok"))
    assert again.findings[-1].check == "drift"


def test_a_guardrail_breached_before_the_fault_refuses_and_fails_nothing() -> None:
    verdict = judged(
        PLAN,
        timeline(rail(at(1), "breached"), scenery=[], monitoring=[]),
        ending=Ending.REFUSED,
        because="budget",
    )
    assert verdict.findings[-1].step == ""
    assert {finding.outcome for finding in verdict.findings} == {Outcome.INCONCLUSIVE}


def test_a_guardrail_that_stopped_a_run_because_nobody_could_watch_is_open() -> None:
    verdict = guarded(rail(at(30), "breached", answered=False))
    assert verdict.findings[-1].outcome is Outcome.INCONCLUSIVE


# --- several steps ---


def test_each_step_has_its_own_fault_and_its_own_time() -> None:
    planned = plan(
        step(alerts=(promise(NAME, fires_within=30.0),)),
        step(name="again", alerts=(promise(NAME, fires_within=30.0),)),
    )
    scenery = [
        *phases(over=at(90)),
        *phases("again", gate=at(92), begins=at(100), ends=at(120)),
    ]
    story = timeline(
        fault(),
        alert(NAME, fires=at(22), resolves=at(60)),
        fault("web-3", begins=at(100), ends=at(120), step="again"),
        alert(NAME, fires=at(107), resolves=at(125)),
        alert("Latency", fires=at(95)),
        scenery=scenery,
    )
    verdict = judged(planned, story)
    measured = [
        finding.measured
        for finding in verdict.findings
        if finding.question == "fires_within"
    ]
    assert measured == [12.0, 7.0]
    quiet = [o.outcome for o in verdict.findings if o.question == "no_other_alerts"]
    assert quiet == [Outcome.PASS, Outcome.PASS]  # it fired between the steps


def test_a_step_without_a_foreign_fault_needs_its_phases() -> None:
    planned = plan(step(faults=(), alerts=(promise(NAME, fires_within=30.0),)))
    verdict = judged(planned, timeline(scenery=[]))
    assert answer(verdict, "fires_within").outcome is Outcome.INCONCLUSIVE


def test_an_event_that_is_told_twice_is_the_same_event() -> None:
    assert outcomes(judged(PLAN, Timeline([*EVERYTHING, *EVERYTHING]))) == outcomes(
        judged(PLAN, EVERYTHING)
    )


def test_phases_of_one_moment_may_come_in_any_order() -> None:
    """An undo that takes no time begins the aftermath in the same millisecond."""
    told = [
        replace(entry, at=at(55))
        if isinstance(entry, Phase) and entry.phase in ("undo", "aftermath")
        else entry
        for entry in EVERYTHING
    ]
    forwards, backwards = Timeline(told), Timeline(reversed(told))
    assert outcomes(judged(PLAN, backwards)) == outcomes(judged(PLAN, forwards))


def test_a_silence_that_does_not_say_what_it_mutes_may_mute_anything() -> None:
    about = {"id": "s1", "since": at(12), "until": at(900)}
    silence = event(at(12), "silence", **about)
    quiet = [part for part in PARTS if part[0].kind != "page"]
    for question in ("reaches", "pages_within", "fires_within"):
        finding = answer(judged(PLAN, timeline(*quiet, [silence])), question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "has no 'matchers'" in finding.because
