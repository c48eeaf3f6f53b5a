"""Recovery: SLIs come back within their objective, the hypothesis holds again."""

from typing import Any

import pytest

from gameday.model.events import Event, event
from gameday.model.slos.slo import Slices
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from tests.builders import (
    END,
    answer,
    at,
    blind,
    counter,
    cut,
    every,
    fault,
    hypothesis,
    judged,
    objective,
    phases,
    plan,
    requests,
    scrape,
    step,
    stop,
    timeline,
    traffic,
)

QUIET = [entry for entry in phases() if entry.kind == "phase"]


def recovers(*parts: list[Event], within: float = 60.0, **slo: Any) -> Finding:
    planned = plan(step(recovers_within=within), slos=[objective(**slo)])
    return answer(judged(planned, timeline(fault(), *parts)), "recovers_within")


def test_an_sli_that_is_back_with_the_fault() -> None:
    finding = recovers(requests(errors={(11, 55): 10}))
    assert (finding.outcome, finding.measured, finding.subject) == (
        Outcome.PASS,
        0.0,
        "web",
    )
    assert finding.evidence["slis"]["checkout-availability"]["recovered"] is True


def test_an_sli_of_slices_is_within_what_a_slice_tolerates() -> None:
    """10 of 50 events a second are bad up to 90 s; the budget of slices is 0.1 %."""
    errors = requests(errors={(11, 90): 10})
    measured_by = {
        target: recovers(errors, slices=Slices(length=60.0, target=target)).measured
        for target in (0.75, 0.85)
    }
    assert measured_by[0.75] == 0.0
    assert (measured_by[0.85] or 0.0) > 0.0


def test_an_sli_that_takes_a_while() -> None:
    finding = recovers(requests(errors={(11, 67): 10}))
    assert (finding.outcome, finding.measured, finding.error) == (
        Outcome.PASS,
        12.0,
        1.0,
    )


@pytest.mark.parametrize(
    ("bad", "recovered"), [(2.0, True), (3.0, False)], ids=["few", "many"]
)
def test_the_last_scrapes_are_looked_at_as_five(bad: float, recovered: bool) -> None:
    """2 of the last 250 are within 1 %, though they are 4 % of the last scrape's 50."""
    last = requests(errors={(END - 1, END): bad})
    finding = recovers(last, objective=0.99, within=120.0)
    assert finding.evidence["slis"]["checkout-availability"]["recovered"] is recovered


@pytest.mark.parametrize(
    ("again", "outcome", "measured"),
    [
        ((80, 100), Outcome.FAIL, 45.0),  # its time is over at 85
        ((86, 100), Outcome.PASS, 5.0),  # another matter than this recovery
        ((20, 100), Outcome.FAIL, 45.0),  # it never was back
    ],
)
def test_a_recovery_lasts_to_the_end_of_its_time(
    again: tuple[int, int], outcome: Outcome, measured: float
) -> None:
    finding = recovers(requests(errors={(11, 60): 10, again: 10}), within=30.0)
    assert (finding.outcome, finding.measured) == (outcome, measured)


def test_a_relapse_whose_first_scrape_straddles_the_time_leaves_it_open() -> None:
    """Bad events between the scrapes at 105 s and 120 s; the time is over at 118 s."""
    seen = slow({(11, 30): 10, (107, 109): 10}, interval=15)
    finding = recovers(seen, within=63.0)
    assert finding.outcome is Outcome.INCONCLUSIVE


# --- scrapes of their own ---


def slow(
    errors: dict[tuple[float, float], float] | None = None, interval: int = 30
) -> list[Event]:
    """Return what is scraped seldom of a counter, beside alerts scraped each second."""
    seldom_scraped = []
    for request in requests(errors=errors or {}, until=180):
        seldom = request.values[::interval]
        seldom_scraped.append(
            event(at(0), "sample", **{**request.fields, "values": seldom})
        )
    return seldom_scraped


@pytest.mark.parametrize("interval", [2, 7, 15, 30])
def test_an_sli_has_scrapes_of_its_own(interval: int) -> None:
    finding = recovers(slow(interval=interval))
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


@pytest.mark.parametrize(
    ("within", "outcome"),
    [(36.0, Outcome.PASS), (20.0, Outcome.INCONCLUSIVE), (4.0, Outcome.FAIL)],
)
def test_what_a_slow_scrape_shows_came_after_the_one_before(
    within: float, outcome: Outcome
) -> None:
    """Errors up to 67 s are seen at 90 s: they ended between 60 s and 90 s."""
    finding = recovers(slow({(11, 67): 10}), within=within)
    assert (finding.measured, finding.error) == (35.0, 30.0)
    assert finding.outcome is outcome


def test_a_grid_that_is_off_the_scrapes_measures_by_the_scrapes() -> None:
    finding = recovers(slow({(11, 67): 10}, interval=7))
    assert finding.measured == 15.0  # the scrape at 70 s
    assert finding.error == 7.0


def test_targets_of_one_sli_may_be_scraped_differently() -> None:
    parts = [
        counter(*every(15, 30, until=150), instance="lb:1"),
        counter(*every(1, 20), instance="lb:2"),
        counter(*every(1, 0), side="bad", instance="lb:2"),
    ]
    finding = recovers(*parts)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


def test_a_difference_of_two_jobs_is_out_only_beyond_its_skew() -> None:
    edge, own = every(15, 50, until=180), every(15, 50, since=-6, until=174)
    jitter = [
        (when + 4 * (number % 2), value) for number, (when, value) in enumerate(own)
    ]
    parts = [
        counter(*edge, instance="lb:1"),
        counter(*edge, side="bad", instance="lb:1"),
        counter(*jitter, side="bad", sign=-1.0, job="app", instance="app:1"),
    ]
    assert recovers(*parts).outcome is Outcome.PASS
    half = [(when, value / 2) for when, value in own]
    parts[2] = counter(*half, side="bad", sign=-1.0, job="app", instance="app:1")
    assert recovers(*parts).outcome is Outcome.FAIL


def test_what_a_crash_loop_loses_may_have_been_bad() -> None:
    """Recovered by what was seen at once, but for what three more restarts took."""
    values, count = [], 0.0
    for second in range(151):
        count = 0.0 if second in (60, 70, 80) else count + 50.0
        values.append((float(second), count))
    errors = [(float(second), 0.0) for second in range(151)]
    parts = [counter(*values), counter(*errors, side="bad", code="500")]
    assert recovers(*parts, within=30.0).outcome is Outcome.PASS
    assert recovers(*parts, within=20.0).outcome is Outcome.INCONCLUSIVE


def test_an_end_that_was_only_looked_for_is_as_exact_as_the_look() -> None:
    """A crash that was over by 14 s, or up to 2 s before: nobody looked meanwhile."""
    planned = plan(
        step(faults=[stop(kind="process.kill")], recovers_within=51.0),
        slos=[objective()],
    )
    about = {"service": "web", "instance": "web-2", "state": "running", "health": ""}
    crash = fault(kind="process.kill", ends=at(14), by="self")
    for error, outcome in ((0.0, Outcome.PASS), (2.0, Outcome.INCONCLUSIVE)):
        seen = [event(at(14), "instance", up=True, error=error, **about)]
        told = timeline(crash, seen, requests(errors={(11, 65): 10}))
        assert answer(judged(planned, told), "recovers_within").outcome is outcome


@pytest.mark.parametrize(
    ("within", "outcome"), [(5.0, Outcome.INCONCLUSIVE), (15.0, Outcome.PASS)]
)
def test_failures_that_only_users_saw_may_have_come_later(
    within: float, outcome: Outcome
) -> None:
    """40 failures up to 65 s, fewer than one scrape's traffic, and none counted."""
    planned = plan(step(recovers_within=within), slos=[objective()], load=50.0)
    told = timeline(fault(), requests(), traffic(failed={(55, 65): 4}))
    assert answer(judged(planned, told), "recovers_within").outcome is outcome
    counted = requests(errors={(55, 65): 4})
    told = timeline(fault(), counted, traffic(failed={(55, 65): 4}))
    finding = answer(judged(planned, told), "recovers_within")
    assert (finding.measured, finding.error) == (10.0, 1.0)


@pytest.mark.parametrize(
    ("shown", "outcome"), [(0.0, Outcome.PASS), (9.0, Outcome.INCONCLUSIVE)]
)
def test_what_a_new_pod_shows_first_may_have_come_after_the_fault(
    shown: float, outcome: Outcome
) -> None:
    parts = [
        counter(*every(1, 50), instance="lb:1"),
        counter(*every(1, 10, since=80, first=700), instance="web-9:80"),
        counter(*every(1, 0, since=80, first=shown), side="bad", instance="web-9:80"),
    ]
    assert recovers(*parts, within=20.0).outcome is outcome


# --- several SLIs ---


@pytest.mark.parametrize(
    ("first", "second", "outcome", "measured"),
    [
        (60, 70, Outcome.PASS, 15.0),
        (150, 70, Outcome.FAIL, None),  # one of them never came back
        (150, 148, Outcome.FAIL, None),  # the other did, but later than it was seen
        (60, 130, Outcome.FAIL, 75.0),
    ],
)
def test_of_several_slis_the_last_to_recover_answers(
    first: float, second: float, outcome: Outcome, measured: float | None
) -> None:
    planned = plan(step(recovers_within=60.0), slos=[objective("a"), objective("b")])
    parts = {"a": {(11.0, first): 10.0}, "b": {(11.0, second): 10.0}}
    for names in (("a", "b"), ("b", "a")):  # whichever is which
        story = timeline(
            fault(),
            requests(names[0], errors=parts["a"]),
            requests(names[1], errors=parts["b"]),
        )
        finding = answer(judged(planned, story), "recovers_within")
        assert (finding.outcome, finding.measured) == (outcome, measured)


def test_an_sli_that_failed_is_not_hidden_by_one_that_nobody_saw() -> None:
    planned = plan(step(recovers_within=60.0), slos=[objective("a"), objective("b")])
    story = timeline(fault(), requests("a", errors={(11, 150): 10}))
    assert answer(judged(planned, story), "recovers_within").outcome is Outcome.FAIL
    story = timeline(fault(), requests("a"))
    finding = answer(judged(planned, story), "recovers_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_sli_that_takes_too_long() -> None:
    finding = recovers(requests(errors={(11, 67): 10}), within=10.0)
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 12.0)


def test_a_scrape_around_the_promise_leaves_it_open() -> None:
    finding = recovers(requests(errors={(11, 67): 10}), within=11.5)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "only exact to 1s" in finding.because


def test_an_sli_that_stays_out() -> None:
    finding = recovers(requests(errors={(11, 150): 10}))
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, None)
    assert "still outside" in finding.because


def test_a_single_stray_error_is_no_outage() -> None:
    assert recovers(requests(errors={(100, 101): 1})).measured == 0.0


def test_two_close_to_each_other_are() -> None:
    finding = recovers(requests(errors={(100, 101): 1, (102, 103): 1}))
    assert finding.measured == 46.0  # up to the scrape at 101, where that burst begins


def test_what_the_objective_allows_is_within_it() -> None:
    finding = recovers(requests(errors={(11, 150): 4}), objective=0.9)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


def served(*silent: tuple[float, float]) -> list[Event]:
    """Requests at 50/s, none of them between these times."""
    count, values = 0.0, []
    for second in range(151):
        if not any(since < second <= until for since, until in silent):
            count += 50
        values.append([at(second), count])
    request = requests()[0]
    return [event(at(0), "sample", **{**request.fields, "values": values})]


def test_nobody_served_is_not_recovered() -> None:
    assert recovers(served((20, 70))).measured == 15.0
    finding = recovers(served((20, 150)))
    assert finding.outcome is Outcome.INCONCLUSIVE  # no event to tell it by
    assert recovers(served((100, 150))).outcome is Outcome.FAIL


def test_a_missed_scrape_is_no_outage() -> None:
    assert recovers(served((70, 72))).measured == 0.0


def test_little_traffic_has_empty_scrapes() -> None:
    assert recovers(requests(rate=1.0)).measured == 0.0


def test_the_slowest_sli_counts() -> None:
    planned = plan(step(recovers_within=60.0), slos=[objective("a"), objective("b")])
    story = timeline(fault(), requests("a"), requests("b", errors={(11, 60): 10}))
    finding = answer(judged(planned, story), "recovers_within")
    assert finding.measured == 5.0
    assert "b was within its objective again" in finding.because


@pytest.mark.parametrize(
    "parts",
    [[], [requests(), blind("prometheus", at(60), at(70))]],
    ids=["no samples", "blind"],
)
def test_an_sli_nobody_saw(parts: list[list[Event]]) -> None:
    assert recovers(*parts).outcome is Outcome.INCONCLUSIVE


def test_an_sli_that_does_not_see_what_users_see() -> None:
    planned = plan(step(recovers_within=60.0), slos=[objective()], load=50.0)
    story = timeline(fault(), requests(), traffic(failed={(11, 14): 40}))
    finding = answer(judged(planned, story), "recovers_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_a_fault_that_was_not_seen_to_end_has_no_recovery() -> None:
    planned = plan(step(recovers_within=60.0), slos=[objective()])
    story = timeline(fault(ends=None), requests())
    assert answer(judged(planned, story), "recovers_within").outcome is (
        Outcome.INCONCLUSIVE
    )


def test_a_run_that_was_stopped_before_the_recovery() -> None:
    story = timeline(fault(), requests(errors={(11, 70): 10}, until=70), ended=at(70))
    planned = plan(step(recovers_within=60.0), slos=[objective()])
    verdict = judged(
        planned, cut(story, at(70)), ending=Ending.OPERATOR, because="SIGINT"
    )
    finding = answer(verdict, "recovers_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


# --- without SLOs ---


def by_hypothesis(*looks: tuple[float, bool | None], ended: float = 152) -> Finding:
    told = [entry for when, ok in looks for entry in hypothesis(at(when), "after", ok)]
    story = timeline(fault(), told, scenery=QUIET, ended=at(ended))
    verdict = judged(
        plan(step(recovers_within=30.0)), cut(story, at(ended)), ending=Ending.FINISHED
    )
    return answer(verdict, "recovers_within")


@pytest.mark.parametrize(
    ("looks", "outcome", "measured"),
    [
        ([(56, True), (57, True)], Outcome.PASS, 0.0),
        ([(56, False), (58, True)], Outcome.PASS, 3.0),
        ([(56, False), (90, True)], Outcome.INCONCLUSIVE, 35.0),
        ([(56, False), (90, False), (91, True)], Outcome.FAIL, 36.0),
        ([(90, False)], Outcome.FAIL, None),
        ([(90, None)], Outcome.INCONCLUSIVE, None),
        ([], Outcome.INCONCLUSIVE, None),
    ],
)
def test_the_hypothesis_tells_where_there_is_no_slo(
    looks: list[tuple[float, bool | None]], outcome: Outcome, measured: float | None
) -> None:
    finding = by_hypothesis(*looks)
    assert (finding.outcome, finding.measured) == (outcome, measured)


@pytest.mark.parametrize(
    ("lost", "outcome"),
    [
        (60.0, Outcome.INCONCLUSIVE),
        (100.0, Outcome.INCONCLUSIVE),
        (120.0, Outcome.PASS),
    ],
)
def test_a_recovery_stands_if_its_time_was_over_when_a_healthy_target_was_lost(
    lost: float, outcome: Outcome
) -> None:
    gone = scrape("lb-2:9121", job="lb", down=at(lost))
    assert recovers(requests(errors={(11, 67): 10}), gone).outcome is outcome


def test_a_hypothesis_that_was_given_no_time_to_hold_again() -> None:
    looks = hypothesis(at(60), "after", False)
    scenery = [entry for entry in QUIET if entry.phase != "settle"]
    story = timeline(fault(), looks, scenery=scenery, ended=at(65))
    verdict = judged(plan(step(recovers_within=30.0)), cut(story, at(65)))
    finding = answer(verdict, "recovers_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "20.000 s before its time was over" in finding.because


def test_of_several_slos_the_one_that_never_recovers_answers() -> None:
    slos = [objective("a"), objective("b")]
    planned = plan(step(recovers_within=93.0), slos=slos, scrape_interval=5.0)
    story = timeline(
        fault(),
        requests("a", errors={(11, 150): 10}),
        requests("b", errors={(11, 144): 10}),
    )
    finding = answer(judged(planned, story), "recovers_within")
    assert finding.outcome is Outcome.FAIL


# --- one lucky look ---


def looks(*said: bool, since: float = 55.5, **more: Any) -> list[Event]:
    phase = "after" if since > 55 else "during"
    return [
        event(
            at(since + number / 2),
            "hypothesis",
            step="lose-a-replica",
            phase=phase,
            ok=ok,
            took=0.01,
            every=0.5,
            **more,
        )
        for number, ok in enumerate(said)
    ]


def lucky(*said: bool, within: float = 20.0) -> Verdict:
    """A third of all looks are false while the fault holds."""
    during = looks(*(number % 3 > 0 for number in range(89)), since=10.5)
    planned = plan(step(recovers_within=within, steady_state="may_deviate"))
    story = timeline(fault(), during, looks(*said), scenery=QUIET)
    return judged(planned, story)


def thirds(count: int) -> list[bool]:
    return [number % 3 > 0 for number in range(count)]


def test_a_third_that_fails_for_good_is_no_recovery() -> None:
    verdict = lucky(*thirds(189))
    assert answer(verdict, "recovers_within").outcome is not Outcome.PASS
    assert answer(verdict, "after").outcome is Outcome.FAIL


def test_a_third_that_fails_for_good_did_not_hold_after_it() -> None:
    """An SLI that never came back says no time until which looks may fail."""
    planned = plan(step(recovers_within=30.0), slos=[objective()])
    failing = [False, True, True] * 63
    story = timeline(fault(), requests(errors={(11, 150): 10}), looks(*failing))
    verdict = judged(planned, story)
    assert answer(verdict, "recovers_within").outcome is Outcome.FAIL
    assert answer(verdict, "after").outcome is Outcome.FAIL


def test_a_recovery_begins_where_the_stretch_does() -> None:
    verdict = lucky(*thirds(10), *[True] * 179)
    finding = answer(verdict, "recovers_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 5.5)
    assert answer(verdict, "after").outcome is Outcome.PASS


def test_too_few_looks_leave_it_open() -> None:
    verdict = lucky(*thirds(10), *[True] * 5)
    assert answer(verdict, "recovers_within").outcome is Outcome.INCONCLUSIVE
    assert answer(verdict, "after").outcome is Outcome.INCONCLUSIVE


def test_what_breaks_again_within_its_time_had_not_recovered() -> None:
    verdict = lucky(*[True] * 20, False, *[True] * 168)
    assert answer(verdict, "recovers_within").measured == 11.0
    assert answer(verdict, "after").outcome is Outcome.PASS


def test_what_breaks_again_after_its_time_did_not_stay() -> None:
    verdict = lucky(*[True] * 100, False, *[True] * 88)
    assert answer(verdict, "recovers_within").measured == 0.0
    finding = answer(verdict, "after")
    assert finding.outcome is Outcome.FAIL
    assert "1 of 189" in finding.because


def test_an_older_record_may_end_with_its_first_look_that_holds() -> None:
    during = [*hypothesis(at(20), "during", False), *hypothesis(at(30), "during", True)]
    planned = plan(step(recovers_within=20.0, steady_state="may_deviate"))

    def after(*said: bool) -> Verdict:
        told = [
            entry
            for number, ok in enumerate(said)
            for entry in hypothesis(at(56 + number), "after", ok)
        ]
        return judged(planned, timeline(fault(), during, told, scenery=QUIET))

    for said in ((True,), (False, False, True)):
        assert answer(after(*said), "after").outcome is Outcome.PASS
        assert answer(after(*said), "recovers_within").outcome is Outcome.PASS
    lucky = after(False, True, False, True)
    assert answer(lucky, "recovers_within").outcome is Outcome.INCONCLUSIVE
