"""The steady state: before, during and after; a deviation that heals is seen."""

from typing import Any

import pytest

from gameday.model.events import Event, event
from gameday.model.verdict import Ending, Finding, Outcome
from tests.builders import (
    STEP,
    answer,
    at,
    fault,
    hypothesis,
    judged,
    phases,
    plan,
    scrape,
    step,
    timeline,
)

QUIET = [entry for entry in phases() if entry.kind == "phase"]
BEFORE = hypothesis(at(5), "before", True)
AFTER = hypothesis(at(149), "after", True)


def during(*looks: tuple[float, bool | None]) -> list[Event]:
    return [entry for when, ok in looks for entry in hypothesis(at(when), "during", ok)]


def all_along(until: float = 55) -> list[Event]:
    """Return a look each second, as far as the prober looked."""
    return during(*((second, True) for second in range(11, int(until))))


def asked(question: str, *looks: list[Event], **expect: Any) -> Finding:
    story = timeline(fault(), *looks, scenery=QUIET)
    return answer(judged(plan(step(**expect)), story), question)


def test_a_hypothesis_that_holds_all_along() -> None:
    looks = (BEFORE, during((20, True), (40, True)), AFTER)
    for question in ("before", "during", "after"):
        finding = asked(question, *looks)
        assert (finding.outcome, finding.subject) == (Outcome.PASS, STEP)


@pytest.mark.parametrize("ok", [False, None])
def test_a_hypothesis_that_does_not_hold_before_is_never_a_failure(
    ok: bool | None,
) -> None:
    story = timeline(hypothesis(at(5), "before", ok), scenery=QUIET)
    verdict = judged(plan(), story, ending=Ending.REFUSED, because="it does not hold")
    assert answer(verdict, "before").outcome is Outcome.INCONCLUSIVE
    assert {finding.outcome for finding in verdict.findings} == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize("question", ["before", "during", "after"])
def test_nobody_looked(question: str) -> None:
    finding = asked(question)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "was not probed" in finding.because


def test_a_deviation_that_heals_is_still_seen() -> None:
    looks = during((20, True), (25, False), (27, False), (30, True), (50, False))
    finding = asked("during", looks)
    assert finding.outcome is Outcome.FAIL
    assert "15s after the fault began: 503 is not 200" in finding.because
    assert [deviation["seconds"] for deviation in finding.evidence["deviations"]] == [
        5.0,
        5.0,
    ]


def test_a_deviation_that_is_allowed() -> None:
    finding = asked(
        "during", during((25, False), (30, True)), steady_state="may_deviate"
    )
    assert finding.outcome is Outcome.PASS
    assert finding.evidence["deviations"][0]["seconds"] == 5.0


def test_a_deviation_that_was_allowed_and_did_not_come() -> None:
    finding = asked("during", during((25, True)), steady_state="may_deviate")
    assert finding.outcome is Outcome.PASS


def test_only_the_time_of_the_fault_counts() -> None:
    looks = during((5, False), (20, True), (58, False))
    assert asked("during", looks).outcome is Outcome.PASS


def test_a_probe_that_could_not_tell() -> None:
    finding = asked("during", during((20, True), (25, None), (30, True)))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "00:00:25.000Z: no answer" in finding.because


def test_a_fault_that_was_not_seen_to_end() -> None:
    story = timeline(fault(ends=None), during((20, True)), scenery=QUIET)
    assert answer(judged(plan(), story), "during").outcome is Outcome.INCONCLUSIVE
    story = timeline(fault(ends=None), during((20, False)), scenery=QUIET)
    finding = answer(judged(plan(), story), "during")
    assert finding.outcome is Outcome.FAIL
    assert finding.evidence["deviations"][0]["seconds"] is None


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        ([False, True], Outcome.PASS),
        ([True, False], Outcome.FAIL),
        ([None], Outcome.INCONCLUSIVE),
    ],
)
def test_the_last_look_after_recovery_counts(
    looks: list[bool | None], outcome: Outcome
) -> None:
    told = [
        entry
        for index, ok in enumerate(looks)
        for entry in hypothesis(at(100 + index), "after", ok)
    ]
    assert asked("after", told).outcome is outcome


def test_an_experiment_without_a_hypothesis_is_not_asked() -> None:
    verdict = judged(plan(step(hypothesis=False)), timeline(fault(), scenery=QUIET))
    assert not [
        finding for finding in verdict.findings if finding.check == "steady_state"
    ]


def test_a_deviation_after_a_lost_target_may_be_its_doing() -> None:
    lost = scrape("lb:8405", job="haproxy", down=at(22))
    deviated = during((20, True), (25, False))
    assert asked("during", deviated, lost).outcome is Outcome.INCONCLUSIVE
    assert asked("during", during((21, False)), lost).outcome is Outcome.FAIL
    assert asked("during", all_along(), lost).outcome is Outcome.PASS


def test_a_fault_that_does_not_bite_says_nothing_of_the_steady_state() -> None:
    looks = (BEFORE, during((20, True)), AFTER)
    story = timeline(fault(bites=False), *looks, scenery=QUIET)
    verdict = judged(plan(), story)
    assert answer(verdict, "during").outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "after").outcome is Outcome.PASS


def test_probes_of_another_step_do_not_count() -> None:
    looks = [*all_along(), *hypothesis(at(25), "during", False, step="other")]
    assert asked("during", looks).outcome is Outcome.PASS


def test_an_event_of_no_step_is_none_of_its() -> None:
    note = [event(at(20), "hypothesis", step="", phase="during", ok=False)]
    assert asked("during", all_along(), note).outcome is Outcome.PASS


# --- coverage ---


@pytest.mark.parametrize("until", [13, 30, 50])
def test_a_hypothesis_that_was_no_longer_probed_proves_nothing(until: float) -> None:
    finding = asked("during", BEFORE, all_along(until), AFTER)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "was not probed for" in finding.because


def test_a_hole_between_two_looks_is_told_with_its_length() -> None:
    looks = [entry for entry in all_along() if not at(20) < entry.at < at(31)]
    finding = asked("during", looks)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "for 11s from 2026-01-01T00:00:20.000Z on" in finding.because


def test_a_deviation_that_was_seen_stands_beside_a_hole() -> None:
    looks = [*all_along(20), *during((21, False))]
    assert asked("during", looks).outcome is Outcome.FAIL


def test_a_slow_probe_leaves_no_hole_where_it_says_how_long_it_took() -> None:
    slow = [
        event(
            at(second),
            "hypothesis",
            step=STEP,
            phase="during",
            ok=True,
            took=5.0,
            every=0.5,
        )
        for second in (9.5, 15, 20.5, 26, 31.5, 37, 42.5, 48)
    ]
    assert asked("during", slow).outcome is Outcome.PASS
    assert asked("during", slow[:-3]).outcome is Outcome.INCONCLUSIVE
