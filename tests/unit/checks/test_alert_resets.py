"""Promised alerts: they keep firing while the fault holds, and reset in time."""

import pytest

from gameday.model.events import event
from gameday.model.verdict import Ending, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    cut,
    fault,
    judged,
    page,
    plan,
    promise,
    rule,
    scrape,
    step,
    stop,
    timeline,
    watched,
    with_rules,
)

NAME = "WebReplicaDown"
PLAN = plan(step(alerts=(promise(NAME, fires_within=30.0, resets_within=90.0),)))
FIRED = alert(NAME, fires=at(22), resolves=at(60))


def test_an_alert_that_resets_in_time() -> None:
    verdict = judged(PLAN, timeline(fault(), FIRED))
    finding = answer(verdict, "resets_within")
    assert (finding.outcome, finding.measured, finding.promised) == (
        Outcome.PASS,
        5.0,
        90.0,
    )
    assert finding.evidence["resolved"] == "2026-01-01T00:01:00.000Z"
    assert answer(verdict, "stays_firing").outcome is Outcome.PASS


def test_an_alert_that_resets_too_late() -> None:
    late = alert(NAME, fires=at(22), resolves=at(146))
    finding = answer(judged(PLAN, timeline(fault(), late)), "resets_within")
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 91.0)


def test_an_alert_that_never_resets() -> None:
    finding = answer(
        judged(PLAN, timeline(fault(), alert(NAME, fires=at(22)))), "resets_within"
    )
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, None)
    assert "did not reset: it has been firing since" in finding.because


def test_every_instance_has_to_reset() -> None:
    slower = alert(
        NAME, fires=at(24), resolves=at(100), severity="page", instance="web-2"
    )
    finding = answer(judged(PLAN, timeline(fault(), FIRED, slower)), "resets_within")
    assert finding.measured == 45.0


def test_the_last_reset_counts_when_it_fires_again() -> None:
    again = alert(NAME, fires=at(70), resolves=at(80))
    finding = answer(judged(PLAN, timeline(fault(), FIRED, again)), "resets_within")
    assert finding.measured == 25.0


def test_an_alert_that_never_fired_cannot_reset() -> None:
    verdict = judged(PLAN, timeline(fault()))
    for question in ("resets_within", "stays_firing"):
        assert answer(verdict, question).outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "fires_within").outcome is Outcome.FAIL


def test_silence_fails_somewhere_even_if_only_a_reset_is_promised() -> None:
    planned = plan(step(alerts=(promise(NAME, resets_within=90.0),)))
    finding = answer(judged(planned, timeline(fault())), "stays_firing")
    assert finding.outcome is Outcome.FAIL
    assert "never fired" in finding.because


def test_a_fault_that_was_not_seen_to_end_has_no_reset() -> None:
    verdict = judged(PLAN, timeline(fault(ends=None), FIRED))
    for question in ("resets_within", "stays_firing"):
        finding = answer(verdict, question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "not seen to end" in finding.because


def test_a_reset_nobody_watched_for() -> None:
    firing = alert(NAME, fires=at(22))
    story = timeline(fault(), firing, blind("prometheus", at(60)))
    finding = answer(judged(PLAN, story), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "connection refused" in finding.because


def test_a_late_reset_may_be_the_outages_fault() -> None:
    late = alert(NAME, fires=at(22), resolves=at(146))
    story = timeline(fault(), late, blind("prometheus", at(60), at(140)))
    finding = answer(judged(PLAN, story), "resets_within")
    assert (finding.outcome, finding.measured) == (Outcome.INCONCLUSIVE, 91.0)


def test_a_run_stopped_before_the_reset_was_due() -> None:
    story = cut(timeline(fault(), alert(NAME, fires=at(22)), ended=at(70)), at(70))
    verdict = judged(PLAN, story, ending=Ending.OPERATOR, because="SIGTERM")
    finding = answer(verdict, "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "75.000 s before its time was over: SIGTERM" in finding.because


def test_a_step_that_ended_before_the_reset_was_due() -> None:
    planned = plan(step(alerts=(promise(NAME, resets_within=200.0),)))
    story = timeline(fault(), alert(NAME, fires=at(22)))
    finding = answer(judged(planned, story), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "step was over 105.000 s before its time was over" in finding.because


# --- ends that nobody marked ------------------------------------------------------


UNMARKED = alert(NAME, fires=at(22), resolves=at(60), exact=False)


def test_an_end_that_nothing_marks_is_not_measured() -> None:
    finding = answer(judged(PLAN, timeline(fault(), UNMARKED)), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "Nothing marks the end" in finding.because


def test_the_page_may_mark_it() -> None:
    told = page("oncall", at(63), NAME, status="resolved", ends=at(61))
    finding = answer(judged(PLAN, timeline(fault(), UNMARKED, told)), "resets_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 6.0)
    assert finding.evidence["confirmed_by_page"] is True


def test_the_page_of_an_earlier_life_marks_nothing() -> None:
    told = page("oncall", at(63), NAME, status="resolved", ends=at(5))
    finding = answer(judged(PLAN, timeline(fault(), UNMARKED, told)), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("ends", "confirmed"), [(at(60), True), (at(61), False)])
def test_the_page_confirms_a_marked_end(ends: float, confirmed: bool) -> None:
    told = page("oncall", at(63), NAME, status="resolved", ends=ends)
    finding = answer(judged(PLAN, timeline(fault(), FIRED, told)), "resets_within")
    assert (finding.measured, finding.evidence["confirmed_by_page"]) == (5.0, confirmed)


def test_under_a_query_offset_the_page_knows_the_end() -> None:
    planned = with_rules(PLAN, rule(NAME, query_offset=10.0))
    told = page("oncall", at(72), NAME, status="resolved", ends=at(70))
    finding = answer(judged(planned, timeline(fault(), FIRED, told)), "resets_within")
    assert finding.measured == 15.0


# --- an alert that stops too early -------------------------------------------------


FLAPS = [*alert(NAME, fires=at(22), resolves=at(30)), *alert(NAME, fires=at(35))]


def test_an_alert_that_flaps_did_not_stay_firing() -> None:
    finding = answer(judged(PLAN, timeline(fault(), FLAPS)), "stays_firing")
    assert finding.outcome is Outcome.FAIL
    assert "stopped firing 25s before the fault ended" in finding.because


def test_an_early_end_that_was_not_marked_may_be_a_failed_evaluation() -> None:
    flaps = [
        *alert(NAME, fires=at(22), resolves=at(30), exact=False),
        *alert(NAME, fires=at(35), resolves=at(60)),
    ]
    finding = answer(judged(PLAN, timeline(fault(), flaps)), "stays_firing")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_end_that_was_never_reported_is_not_marked() -> None:
    flaps = [*alert(NAME, fires=at(22)), *alert(NAME, pends=at(33), fires=at(35))]
    finding = answer(judged(PLAN, timeline(fault(), flaps)), "stays_firing")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_alert_that_is_reported_twice_did_not_flap() -> None:
    twice = [*alert(NAME, fires=at(22)), *FIRED]
    finding = answer(judged(PLAN, timeline(fault(), twice)), "stays_firing")
    assert finding.outcome is Outcome.PASS
    assert len(finding.evidence["episodes"]) == 1


def test_an_alert_that_resets_before_the_end_of_the_fault() -> None:
    early = alert(NAME, fires=at(22), resolves=at(40))
    verdict = judged(PLAN, timeline(fault(), early))
    assert answer(verdict, "stays_firing").outcome is Outcome.FAIL
    finding = answer(verdict, "resets_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


def test_a_crash_that_heals_may_reset_before_its_end_is_confirmed() -> None:
    promises = (promise(NAME, resets_within=90.0),)
    planned = plan(step(faults=(stop(kind="process.kill"),), alerts=promises))
    early = alert(NAME, fires=at(22), resolves=at(40))
    killed = fault(kind="process.kill", by="self")
    assert answer(judged(planned, timeline(killed, early)), "stays_firing").outcome is (
        Outcome.PASS
    )
    flaps = timeline(killed, FLAPS)
    assert answer(judged(planned, flaps), "stays_firing").outcome is Outcome.FAIL


def test_an_alert_that_fires_only_after_the_fault_did_not_stay() -> None:
    after = alert(NAME, fires=at(58), resolves=at(60))
    finding = answer(judged(PLAN, timeline(fault(), after)), "stays_firing")
    assert finding.outcome is Outcome.PASS  # there was nothing left to fire for
    assert "fired only after the fault had ended" in finding.because


def test_an_alert_that_hands_over_to_another_window_keeps_firing() -> None:
    short = alert(NAME, fires=at(22), resolves=at(40), severity="page", window="5m")
    long = alert(NAME, fires=at(35), resolves=at(60), severity="page", window="1h")
    finding = answer(judged(PLAN, timeline(fault(), short, long)), "stays_firing")
    assert finding.outcome is Outcome.PASS
    later = alert(NAME, fires=at(45), resolves=at(60), severity="page", window="1h")
    finding = answer(judged(PLAN, timeline(fault(), short, later)), "stays_firing")
    assert finding.outcome is Outcome.FAIL


def test_nobody_saw_whether_it_kept_firing() -> None:
    story = timeline(fault(), FIRED, blind("prometheus", at(30), at(40)))
    finding = answer(judged(PLAN, story), "stays_firing")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_end_without_a_beginning_is_no_episode() -> None:
    orphan = [event(at(60), "alert_resolved", **FIRED[0].fields)]
    finding = answer(judged(PLAN, timeline(fault(), orphan)), "fires_within")
    assert finding.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("lost", "outcome"), [(57.0, Outcome.INCONCLUSIVE), (61.0, Outcome.PASS)]
)
def test_a_reset_stands_that_came_before_a_healthy_target_was_lost(
    lost: float, outcome: Outcome
) -> None:
    story = timeline(fault(), FIRED, scrape("lb:8405", job="lb", down=at(lost)))
    assert answer(judged(PLAN, story), "resets_within").outcome is outcome


def test_a_watch_in_two_pieces_is_one() -> None:
    monitoring = [
        *watched(until=at(50)),
        *watched(since=at(50.05)),
    ]
    story = timeline(fault(), alert(NAME, fires=at(22)), monitoring=monitoring)
    assert answer(judged(PLAN, story), "resets_within").outcome is Outcome.FAIL


def test_a_watch_with_a_hole_proves_nothing() -> None:
    monitoring = [
        *watched(until=at(70)),
        *watched(since=at(80)),
    ]
    story = timeline(fault(), alert(NAME, fires=at(22)), monitoring=monitoring)
    finding = answer(judged(PLAN, story), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "reaches only to 2026-01-01T00:01:10.000Z" in finding.because


def test_alertmanagers_own_expiry_confirms_no_reset() -> None:
    lost = alert(NAME, fires=at(22), resolves=at(70), exact=False)
    end = page("oncall", at(85), NAME, status="resolved", starts=at(22), ends=at(80))
    first = page("oncall", at(25), NAME, starts=at(22))
    finding = answer(judged(PLAN, timeline(fault(), lost, first, end)), "resets_within")
    assert finding.outcome is Outcome.PASS  # Prometheus was there, and said so
    dark = blind("prometheus", at(65), at(90))
    story = timeline(fault(), lost, first, end, dark)
    finding = answer(judged(PLAN, story), "resets_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
