"""Error budgets from raw counts, and whether the SLO sees what users see."""

from typing import Any

import pytest

from gameday.checks.load_agreement import agrees_with_load
from gameday.checks.question import Question
from gameday.checks.run import Run
from gameday.checks.step import StepRun
from gameday.model.scenario import SloPromise
from gameday.model.slo import Term
from gameday.model.timeline import Event, event
from gameday.model.verdict import Ending, Finding, Outcome
from tests.builders import (
    answer,
    at,
    blind,
    fault,
    judged,
    objective,
    plan,
    requests,
    scrape,
    step,
    timeline,
    traffic,
    watched,
)

NAME = "checkout-availability"
WINDOW = 30 * 86400 * 50  # events of 30 days at 50/s
ERRORS = {(11.0, 14.0): 20.0}  # 60 bad events
DAY = objective(window=86400.0)


def spent(
    *parts: list[Event], at_most: float = 0.02, load: float | None = None, **slo: Any
) -> Finding:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=at_most),))
    planned = plan(expect, slos=[objective(**slo)], load=load)
    return answer(judged(planned, timeline(fault(), *parts)), "spends_at_most")


def test_the_budget_is_spent_by_counted_events() -> None:
    found = spent(requests(errors=ERRORS))
    assert (found.outcome, found.unit, found.promised) == (Outcome.PASS, "ratio", 0.02)
    assert found.measured == round(60 / (0.001 * WINDOW), 9)
    assert found.error == 0.0
    told = found.evidence
    assert (told["bad"], told["total"]) == (60.0, 140 * 50.0)
    assert told["window_events"] == "rate x window"
    assert told["burn_rate"] == round(60 / 7000 / 0.001, 6)
    assert told["since"] == "2026-01-01T00:00:10.000Z"
    assert told["until"] == "2026-01-01T00:02:30.000Z"


def test_more_than_was_promised() -> None:
    found = spent(requests(errors=ERRORS), window=86400.0, at_most=0.01)
    assert found.outcome is Outcome.FAIL
    assert found.measured == round(60 / (0.001 * 86400 * 50), 9)
    assert "60 of 7000 events were bad" in found.because


def test_errors_that_are_born_in_the_fault_are_counted_from_zero() -> None:
    found = spent(requests(errors=ERRORS, born=True))
    assert found.evidence["bad"] == 60.0
    assert found.evidence["series_born"] == 1


def test_errors_before_the_fault_are_not_the_steps() -> None:
    assert spent(requests(errors={(2, 8): 50})).measured == 0.0


def test_the_windows_events_are_counted_where_samples_reach_back() -> None:
    whole = event(
        at(2), "window", slo=NAME, total=100_000.0, since=at(-9), complete=True
    )
    found = spent(requests(errors=ERRORS), [whole], at_most=0.7)
    assert found.measured == 0.6
    assert found.evidence["window_events"] == "counted"


@pytest.mark.parametrize(
    ("slo", "complete"), [(NAME, False), ("another", True)], ids=["partial", "another"]
)
def test_another_count_is_not_the_windows(slo: str, complete: bool) -> None:
    other = event(at(2), "window", slo=slo, total=10.0, since=at(-9), complete=complete)
    found = spent(requests(errors=ERRORS), [other])
    assert found.evidence["window_events"] == "rate x window"


def test_an_slo_as_a_difference_of_counters() -> None:
    def samples(side: str, sign: float, each: float) -> Event:
        values = [[at(s), each * s] for s in range(151)]
        labels = {"job": "lb", "instance": "lb:1", "x": f"{sign}"}
        return event(
            at(0),
            "sample",
            slo=NAME,
            side=side,
            sign=sign,
            series=labels,
            values=values,
        )

    parts = [
        samples("total", 1.0, 50),
        samples("bad", 1.0, 50),
        samples("bad", -1.0, 49),
    ]
    assert spent(parts).evidence["bad"] == 140.0


def test_a_series_in_several_pieces_is_one() -> None:
    pieces = []
    for one in requests(errors=ERRORS):
        values = one["values"]
        pieces += [
            event(at(0), "sample", **{**one.fields, "values": part})
            for part in (values[:70], values[60:])
        ]
    assert spent(pieces).evidence["bad"] == 60.0


def test_what_a_restart_may_have_lost_leaves_it_open() -> None:
    restarted = []
    for one in requests(errors={(20, 30): 20}):
        values = [[t, v if t < at(27) else v - 130] for t, v in one["values"]]
        if one["side"] == "total":
            values = one["values"]
        restarted.append(event(at(0), "sample", **{**one.fields, "values": values}))
    limit = 190 / (0.001 * WINDOW)
    found = spent(restarted, at_most=limit)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.error == round(20 / (0.001 * WINDOW), 9)
    assert "at restarts" in found.because
    assert spent(restarted, at_most=limit * 1.2).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "no samples"),
        ([requests(rate=0.0)], "counted no events"),
        ([requests(until=100)], "reach only to"),
        ([requests(), blind("prometheus", at(30), at(40))], "could not be seen"),
        ([requests(), scrape("lb:8405", job="lb", down=at(40))], "was lost"),
    ],
)
def test_what_could_not_be_counted(parts: list[list[Event]], why: str) -> None:
    found = spent(*parts)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert why in found.because.lower()


def test_samples_that_begin_after_the_fault() -> None:
    late = [
        event(at(0), "sample", **{**one.fields, "values": one["values"][20:]})
        for one in requests()
    ]
    assert "begin after the fault" in spent(late).because


def test_without_a_record_of_prometheus_nothing_is_counted() -> None:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.02),))
    story = timeline(fault(), requests(), eyes=watched("pager"))
    found = answer(judged(plan(expect, slos=[objective()]), story), "spends_at_most")
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("errors", "outcome"), [({}, Outcome.PASS), (ERRORS, Outcome.FAIL)]
)
def test_without_any_budget_the_first_bad_event_spends_it(
    errors: dict[tuple[float, float], float], outcome: Outcome
) -> None:
    assert spent(requests(errors=errors), objective=1.0).outcome is outcome


def test_an_slo_nobody_knows() -> None:
    expect = step(slos=(SloPromise(slo="unheard-of", spends_at_most=0.02),))
    found = answer(judged(plan(expect), timeline(fault())), "spends_at_most")
    assert found.outcome is Outcome.INCONCLUSIVE


def test_a_short_name_is_the_slo() -> None:
    slo = objective("shop-checkout", short_name="checkout", format="sloth")
    expect = step(slos=(SloPromise(slo="checkout", spends_at_most=0.02),))
    story = timeline(fault(), requests("shop-checkout", errors=ERRORS))
    found = answer(judged(plan(expect, slos=[slo]), story), "spends_at_most")
    assert (found.subject, found.outcome) == ("checkout", Outcome.PASS)


# --- the load ---


def agrees(*parts: list[Event], **slo: Any) -> Finding:
    planned = plan(slos=[objective(**slo)], load=50.0)
    return answer(judged(planned, timeline(fault(), *parts)), "agrees_with_load")


FAILED = {(11.0, 14.0): 20.0}


def test_users_and_slo_see_the_same() -> None:
    found = agrees(requests(errors=ERRORS), traffic(failed=FAILED))
    assert (found.outcome, found.subject) == (Outcome.PASS, NAME)
    assert (found.evidence["failed_by_load"], found.evidence["bad_by_slo"]) == (60, 60)


def test_one_scrapes_traffic_of_difference_is_none() -> None:
    assert agrees(requests(), traffic(failed={(11, 12): 50})).outcome is Outcome.PASS


def test_errors_that_only_users_saw() -> None:
    parts = (requests(), traffic(failed=FAILED))
    found = agrees(*parts)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "does not see what users see" in found.because
    other = spent(*parts, load=50.0)
    assert other.outcome is Outcome.INCONCLUSIVE
    assert "does not see what users see" in other.because


def test_errors_that_only_the_slo_saw() -> None:
    found = agrees(requests(errors=ERRORS), traffic())
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "the load only 0 failures" in found.because


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (traffic(sent=40.0), "sent 80% of its requests"),
        (traffic(late=0.6), "60% of its requests were late"),
        (traffic(until=100), "not recorded all through"),
        ([], "not recorded all through"),
        ([*traffic(), *blind("load", at(60))], "not running all the time"),
    ],
)
def test_a_load_that_did_not_keep_its_rate(parts: list[Event], why: str) -> None:
    found = agrees(requests(), parts)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert why in found.because
    derived = spent(requests(), parts, load=50.0)
    assert derived.outcome is Outcome.INCONCLUSIVE
    whole = event(at(2), "window", slo=NAME, total=1e9, since=at(-9), complete=True)
    counted = spent(requests(), parts, [whole], load=50.0)
    assert counted.outcome is Outcome.PASS


def test_a_load_that_stumbles_keeps_its_rate() -> None:
    assert agrees(requests(), traffic(sent=48.0, late=0.3)).outcome is Outcome.PASS


def test_an_slo_that_left_the_scenario_cannot_agree() -> None:
    found = agrees_with_load(
        StepRun(
            run=Run(plan=plan(), timeline=timeline(), ending=Ending.FINISHED),
            step=step(),
        ),
        Question(step="s", check="slo", subject="x", question="agrees_with_load"),
    )
    assert found.outcome is Outcome.INCONCLUSIVE


def test_nothing_counted_nothing_to_agree_with() -> None:
    assert agrees(traffic()).outcome is Outcome.INCONCLUSIVE


def test_a_slow_request_has_not_failed() -> None:
    slow = (
        Term(selector="latency_count"),
        Term(selector='latency_bucket{le="0.2"}', sign=-1.0),
    )
    planned = plan(slos=[objective("latency", bad=slow), objective()], load=50.0)
    story = timeline(fault(), requests(), requests("latency"), traffic(failed=FAILED))
    found = answer(judged(planned, story), "agrees_with_load")
    assert found.subject == NAME
    expect = step(slos=(SloPromise(slo="latency", spends_at_most=0.02),))
    planned = plan(expect, slos=[objective("latency", bad=slow)], load=50.0)
    assert answer(judged(planned, story), "spends_at_most").outcome is Outcome.PASS


def test_without_a_load_nobody_is_asked() -> None:
    names = [one.question for one in judged(plan(slos=[DAY]), timeline()).findings]
    assert "agrees_with_load" not in names
