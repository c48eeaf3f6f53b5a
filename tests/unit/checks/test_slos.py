"""Error budgets from raw counts, and whether the SLO sees what users see."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gameday.checks.question import Question
from gameday.checks.run import Run
from gameday.checks.slos.load_agreement import agrees_with_load
from gameday.checks.step import StepRun
from gameday.model.events import Event, event
from gameday.model.scenario import Load, SloPromise
from gameday.model.slos.slo import Term
from gameday.model.verdict import Ending, Finding, Outcome
from tests.builders import (
    STEP,
    answer,
    at,
    blind,
    counter,
    every,
    fault,
    judged,
    measured,
    objective,
    phases,
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
    finding = spent(requests(errors=ERRORS))
    assert (finding.outcome, finding.unit, finding.promised) == (
        Outcome.PASS,
        "ratio",
        0.02,
    )
    assert finding.measured == round(60 / (0.001 * WINDOW), 9)
    assert finding.error == 0.0
    told = finding.evidence
    assert (told["bad"], told["total"]) == (60.0, 140 * 50.0)
    assert told["window_events"] == "rate x window"
    assert told["burn_rate"] == round(60 / 7000 / 0.001, 6)
    assert told["since"] == "2026-01-01T00:00:10.000Z"
    assert told["until"] == "2026-01-01T00:02:30.000Z"


def test_more_than_was_promised() -> None:
    finding = spent(requests(errors=ERRORS), window=86400.0, at_most=0.01)
    assert finding.outcome is Outcome.FAIL
    assert finding.measured == round(60 / (0.001 * 86400 * 50), 9)
    assert "60 of 7000 events were bad" in finding.because


def test_errors_that_are_born_in_the_fault_are_counted_from_zero() -> None:
    finding = spent(requests(errors=ERRORS, born=True))
    assert finding.evidence["bad"] == 60.0
    assert finding.evidence["series_born"] == 1


def test_errors_before_the_fault_are_not_the_steps() -> None:
    assert spent(requests(errors={(2, 8): 50})).measured == 0.0


def test_the_windows_events_are_counted_where_samples_reach_back() -> None:
    whole = event(
        at(2), "window", slo=NAME, total=100_000.0, since=at(-9), complete=True
    )
    finding = spent(requests(errors=ERRORS), [whole], at_most=0.7)
    own = 148 * 50  # from when it was counted to the step's end
    assert finding.measured == round(60 / (0.001 * (100_000 + own)), 9)
    assert finding.evidence["window_events"] == "counted"


def test_the_window_holds_the_steps_own_events() -> None:
    quiet = event(at(2), "window", slo=NAME, total=0.0, since=at(-9), complete=True)
    finding = spent(requests(errors=ERRORS), [quiet], at_most=9.0)
    assert finding.measured == round(60 / (0.001 * 148 * 50), 9)


def test_what_the_window_may_lack_is_in_the_error() -> None:
    told = event(
        at(2), "window", slo=NAME, total=92_600, unknown=100_000, complete=True
    )
    parts = (requests(errors=ERRORS), [told])
    finding = spent(*parts, at_most=0.45)
    assert (finding.measured, finding.error) == (0.6, 0.3)  # of 100 000, or 200 000
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert spent(*parts, at_most=0.29).outcome is Outcome.FAIL
    assert spent(*parts, at_most=0.6).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("slo", "complete"), [(NAME, False), ("another", True)], ids=["partial", "another"]
)
def test_another_count_is_not_the_windows(slo: str, complete: bool) -> None:
    other = event(at(2), "window", slo=slo, total=10.0, since=at(-9), complete=complete)
    finding = spent(requests(errors=ERRORS), [other])
    assert finding.evidence["window_events"] == "rate x window"


def test_an_slo_as_a_difference_of_counters() -> None:
    def samples(side: str, sign: float, rate: float) -> Event:
        values = [[at(s), rate * s] for s in range(151)]
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
    for request in requests(errors=ERRORS):
        values = request.values
        pieces += [
            event(at(0), "sample", **{**request.fields, "values": part})
            for part in (values[:70], values[60:])
        ]
    assert spent(pieces).evidence["bad"] == 60.0


def test_what_a_restart_may_have_lost_leaves_it_open() -> None:
    restarted = []
    for request in requests(errors={(20, 30): 20}):
        values = [[t, v if t < at(27) else v - 130] for t, v in request.values]
        if request.side == "total":
            values = request.values
        restarted.append(event(at(0), "sample", **{**request.fields, "values": values}))
    limit = 190 / (0.001 * WINDOW)
    finding = spent(restarted, at_most=limit)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.error == round(50 / (0.001 * WINDOW), 9)  # a scrape's traffic
    assert "may have been there" in finding.because
    assert spent(restarted, at_most=limit * 1.4).outcome is Outcome.PASS


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
    finding = spent(*parts)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert why in finding.because.lower()


@pytest.mark.parametrize(
    "later",
    [
        [requests(errors={(11, 31): 50.0}, until=100)],
        [requests(errors={(11, 31): 50.0}), blind("prometheus", at(60), at(70))],
        [
            requests(errors={(11, 31): 50.0}),
            scrape("lb:8405", job="lb", down=at(100)),
        ],
    ],
    ids=["samples end", "blind", "target lost"],
)
def test_what_was_overspent_stays_so_whatever_came_after(
    later: list[list[Event]],
) -> None:
    assert spent(*later, at_most=0.001).outcome is Outcome.FAIL
    assert spent(*later, at_most=0.01).outcome is Outcome.INCONCLUSIVE


def test_what_was_unseen_before_more_was_spent_than_promised_is_doubt() -> None:
    unseen = blind("prometheus", at(12), at(14))
    finding = spent(requests(errors={(11, 31): 50.0}), unseen, at_most=0.001)
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_a_difference_of_two_counters_is_decided_at_the_end() -> None:
    errors = requests(errors={(11, 31): 50.0})
    good = event(
        at(0),
        "sample",
        slo=NAME,
        side="bad",
        sign=-1.0,
        series=errors[1].series,
        values=[[at(second), 0.0] for second in range(150)],
    )
    unseen = blind("prometheus", at(60), at(70))
    finding = spent([*errors, good], unseen, at_most=0.001)
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_samples_that_begin_after_the_fault() -> None:
    late = [
        event(at(0), "sample", **{**request.fields, "values": request.values[20:]})
        for request in requests()
    ]
    assert "begin after the fault" in spent(late).because


def test_without_a_record_of_prometheus_nothing_is_counted() -> None:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.02),))
    story = timeline(fault(), requests(), monitoring=watched("pager"))
    finding = answer(judged(plan(expect, slos=[objective()]), story), "spends_at_most")
    assert finding.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("errors", "outcome"), [({}, Outcome.PASS), (ERRORS, Outcome.FAIL)]
)
def test_without_any_budget_the_first_bad_event_spends_it(
    errors: dict[tuple[float, float], float], outcome: Outcome
) -> None:
    assert spent(requests(errors=errors), objective=1.0).outcome is outcome


def test_an_slo_nobody_knows() -> None:
    expect = step(slos=(SloPromise(slo="unheard-of", spends_at_most=0.02),))
    finding = answer(judged(plan(expect), timeline(fault())), "spends_at_most")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_a_short_name_is_the_slo() -> None:
    slo = objective("shop-checkout", short_name="checkout", format="sloth")
    expect = step(slos=(SloPromise(slo="checkout", spends_at_most=0.02),))
    story = timeline(fault(), requests("shop-checkout", errors=ERRORS))
    finding = answer(judged(plan(expect, slos=[slo]), story), "spends_at_most")
    assert (finding.subject, finding.outcome) == ("checkout", Outcome.PASS)


# --- the load ---


def agrees(*parts: list[Event], **slo: Any) -> Finding:
    planned = plan(slos=[objective(**slo)], load=50.0)
    return answer(judged(planned, timeline(fault(), *parts)), "agrees_with_load")


FAILED = {(11.0, 14.0): 20.0}


def test_users_and_slo_see_the_same() -> None:
    finding = agrees(requests(errors=ERRORS), traffic(failed=FAILED))
    assert (finding.outcome, finding.subject) == (Outcome.PASS, NAME)
    assert (finding.evidence["failed_by_load"], finding.evidence["bad_by_slo"]) == (
        60,
        60,
    )


def test_one_scrapes_traffic_of_difference_is_none() -> None:
    assert agrees(requests(), traffic(failed={(11, 12): 50})).outcome is Outcome.PASS


def test_errors_that_only_users_saw() -> None:
    parts = (requests(), traffic(failed=FAILED))
    finding = agrees(*parts)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "does not see what users see" in finding.because
    other = spent(*parts, load=50.0)
    assert other.outcome is Outcome.INCONCLUSIVE
    assert "does not see what users see" in other.because


def test_an_slo_that_counts_more_than_the_load_failed_is_not_blind() -> None:
    finding = agrees(requests(errors=ERRORS), traffic())
    assert finding.outcome is Outcome.PASS
    assert "60 more than the load, so it is not blind" in finding.because


def test_gamedays_own_probes_are_told_apart() -> None:
    http = {"name": "shop answers", "provider": {"type": "http", "url": "http://x"}}
    process = {"name": "worker runs", "provider": {"type": "process", "path": "ps"}}
    document = {"steady-state-hypothesis": {"title": "t", "probes": [http, process]}}
    asked = step()
    asked = replace(asked, experiment=replace(asked.experiment, document=document))
    probes = [
        event(at(when), "probe", step=STEP, phase=phase, name=name, ok=ok)
        for when, phase, name, ok in (
            (4, "before", "shop answers", True),  # before the fault
            (12, "during", "shop answers", False),
            (13, "during", "shop answers", False),
            (14, "during", "worker runs", False),
            (70, "after", "shop answers", True),
        )
    ]
    story = timeline(fault(), requests(errors=ERRORS), traffic(), probes)
    finding = answer(
        judged(plan(asked, slos=[objective()], load=50.0), story), "agrees_with_load"
    )
    assert finding.evidence["own_probes"] == {"sent": 3, "failed": 2}
    assert "own HTTP probes: 2 of 3 failed" in finding.because


def test_failures_that_only_users_saw_are_in_the_error() -> None:
    unseen = traffic(failed={(11.0, 13.0): 20.0})  # 40: less than a scrape's traffic
    tight = 30 / (0.001 * WINDOW)
    finding = spent(requests(), unseen, load=50.0, at_most=tight)
    assert (finding.outcome, finding.measured) == (Outcome.INCONCLUSIVE, 0.0)
    assert finding.error == round(40 / (0.001 * WINDOW), 9)
    assert finding.evidence["failed_unseen"] == 40
    loose = spent(requests(), unseen, load=50.0, at_most=1.5 * tight)
    assert loose.outcome is Outcome.PASS


def test_exactly_equal_to_the_promise_keeps_it() -> None:
    whole = event(
        at(2), "window", slo=NAME, total=1e7 - 7400, since=at(-9), complete=True
    )
    errors = {(20.0, 40.0): 1.0}
    equal = spent(requests(errors=errors), [whole], objective=0.9999, at_most=0.02)
    assert equal.outcome is Outcome.PASS
    over = spent(requests(errors=errors), [whole], objective=0.9999, at_most=0.0199999)
    assert over.outcome is Outcome.FAIL


def test_the_rate_is_that_of_the_load() -> None:
    """Before the load there was nothing to count, and that is not the usual."""
    quiet = [(float(second), 0.0) for second in range(-600, 0)]
    busy = [(float(second), 50.0 * second) for second in range(151)]
    errors = [(float(s), 0.0 if s < 12 else 60.0) for s in range(-600, 151)]
    parts = [
        counter(*quiet, *busy, instance="lb:1"),
        counter(*errors, side="bad", instance="lb:1", code="500"),
    ]
    finding = spent(*parts, traffic(failed={(11.0, 12.0): 60.0}), load=50.0)
    assert finding.evidence["events_in_window"] == pytest.approx(WINDOW)


# --- which SLOs see the load ---


def two(load: Load, *parts: list[Event]) -> list[str]:
    """Return which of two SLOs are asked whether they agree with the load."""
    planned = plan(slos=[objective("orders"), objective("search")], load=50.0)
    planned = replace(planned, scenario=replace(planned.scenario, load=load))
    story = timeline(fault(), requests("orders"), requests("search"), *parts)
    findings = judged(planned, story).findings
    return [
        finding.subject
        for finding in findings
        if finding.question == "agrees_with_load"
    ]


FED = [event(at(3), "feeds", slos=["search"], because="its rate rose by 50/s")]
LOAD = Load(url="http://127.0.0.1:8080/checkout", rate=50.0)


def test_the_slos_that_see_the_load_are_asked() -> None:
    assert two(LOAD, traffic()) == ["orders", "search"]  # an older run: all of them
    assert two(LOAD, traffic(), FED) == ["search"]
    assert two(replace(LOAD, feeds=("orders",)), traffic(), FED) == ["orders"]
    assert two(LOAD, traffic(), [event(at(3), "feeds", slos=[])]) == []


def test_an_slo_that_does_not_see_the_load_is_not_spoiled_by_it() -> None:
    expect = step(slos=(SloPromise(slo="orders", spends_at_most=0.02),))
    planned = plan(expect, slos=[objective("orders"), objective("search")], load=50.0)
    failures = traffic(failed={(11.0, 40.0): 20.0}, sent=30.0)
    parts = (fault(), requests("orders"), requests("search"), failures)
    finding = answer(judged(planned, timeline(*parts, FED)), "spends_at_most")
    assert finding.outcome is Outcome.PASS
    finding = answer(judged(planned, timeline(*parts)), "spends_at_most")
    assert finding.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("selector", "asked"),
    [
        ('requests_total{code=~"5..",role="edge"}', True),
        ('requests_total{code=~"5..",tier="edge",title="x"}', True),
        ('s3_bucket_requests_total{code=~"5.."}', True),
        ('requests_total{path="/x_bucket{le="1"}",code="500"}', True),
        ('latency_bucket{le="0.2"}', False),
        ('{__name__="latency_bucket",le="0.2"}', False),
    ],
)
def test_a_selector_is_parsed_never_searched(selector: str, asked: bool) -> None:
    planned = plan(slos=[objective(bad=(Term(selector=selector),))], load=50.0)
    names = [
        finding.question for finding in judged(planned, timeline(fault())).findings
    ]
    assert ("agrees_with_load" in names) is asked


def test_a_metric_nobody_has_ever_seen_cannot_acquit() -> None:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.02),))
    known = plan(expect, slos=[objective()])
    never = plan(expect, slos=[objective()], unknown_metrics=("requests_total",))
    total, bad = requests(errors=ERRORS, born=True)
    for planned, parts, outcome in (
        (known, [total], Outcome.PASS),  # no error yet: its labels are not born
        (never, [total], Outcome.INCONCLUSIVE),
        (never, [total, bad], Outcome.PASS),  # it appeared in the run
    ):
        finding = answer(judged(planned, timeline(fault(), parts)), "spends_at_most")
        assert finding.outcome is outcome
        if planned is never and len(parts) == 1:
            assert "never seen requests_total" in finding.because


# --- counters of targets that come and go ---


def test_a_series_born_on_a_target_that_was_only_known_by_its_scrapes() -> None:
    rest = every(5, 50, since=15, first=200)
    born = [(when, 200.0) for when, _ in rest]
    parts = [
        counter(*every(1, 50, until=10)),
        counter(*[(when, 0.0) for when, _ in every(1, 0, until=10)], side="bad"),
        counter(*rest, instance="web-3:80"),
        counter(*born, side="bad", instance="web-3:80", code="500"),
    ]
    known = spent(*parts, scrape("web-3:80"), at_most=0.001)
    assert (known.outcome, known.evidence["bad"]) == (Outcome.FAIL, 200)
    unheard = spent(*parts, at_most=0.001)
    assert (unheard.outcome, unheard.evidence["bad"]) == (Outcome.INCONCLUSIVE, 0)


def test_a_new_pod_that_came_up_in_the_fault_counts_from_zero() -> None:
    rest = every(5, 50, since=15, first=200)
    parts = [
        counter(*every(1, 50), instance="lb:1"),
        counter(*rest, instance="web-9:80"),
        counter(*[(when, 200.0) for when, _ in rest], side="bad", instance="web-9:80"),
    ]
    up = [
        event(at(14), "instance", service="web", instance="web-9", state="up", up=True)
    ]
    assert spent(*parts, at_most=0.0005).outcome is Outcome.INCONCLUSIVE
    assert spent(*parts, up, at_most=0.0005).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("ahead", "came_up", "outcome"),
    [
        (40.0, 14.0, Outcome.FAIL),  # 200 errors since it came up
        (-40.0, 14.0, Outcome.FAIL),
        (-40.0, -20.0, Outcome.INCONCLUSIVE),  # before the fault: from earlier, maybe
    ],
)
def test_when_a_pod_came_up_is_told_on_the_clock_of_the_samples(
    ahead: float, came_up: float, outcome: Outcome
) -> None:
    def theirs(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(when + ahead, value) for when, value in pairs]

    rest = every(5, 50, since=15, first=200)
    bad = [(when, 200.0) for when, _ in rest]
    about = {"service": "web", "instance": "web-9", "state": "up"}
    parts = [
        counter(*theirs(every(1, 50)), instance="lb:1"),
        counter(*theirs(rest), instance="web-9:80"),
        counter(*theirs(bad), side="bad", instance="web-9:80"),
        [event(at(1), "clock", source="prometheus", offset=ahead, error=0.001)],
        [
            event(at(came_up - 1), "instance", up=False, **about),
            event(at(came_up), "instance", up=True, **about),
        ],
    ]
    assert spent(*parts, at_most=0.0005).outcome is outcome


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_restart_may_take_errors_that_no_scrape_has_shown(elsewhere: bool) -> None:
    """The counter of errors is born with the first one, and dies with its process."""
    begun = [*every(15, 50, until=45, first=1000), *every(15, 50, since=60, until=150)]
    parts = [
        counter(*begun),
        counter(*every(15, 50), instance="web-3:8000"),
    ]
    if elsewhere:
        none = every(15, 0)
        parts.append(counter(*none, side="bad", instance="web-3:8000", code="500"))
    finding = spent(*parts, at_most=0.0001)
    assert (finding.outcome, finding.evidence["may_be_missing"]) == (
        Outcome.INCONCLUSIVE,
        750,
    )
    assert spent(*parts, at_most=0.01).outcome is Outcome.PASS


def test_a_difference_of_two_jobs_that_step_out_of_line_is_doubt() -> None:
    edge, own = every(15, 50, until=180), every(15, 50, since=-6, until=174)
    parts = [
        counter(*edge, instance="lb:1"),
        counter(*edge, side="bad", instance="lb:1"),
        counter(*own, side="bad", sign=-1.0, job="app", instance="app:1"),
    ]
    for over, outcome in ((150, Outcome.PASS), (155, Outcome.INCONCLUSIVE)):
        scenery = phases(over=at(over))
        expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.001),))
        told = timeline(
            fault(),
            *parts,
            scenery=scenery,
            monitoring=watched(until=at(190)),
            ended=at(190),
        )
        finding = answer(
            judged(plan(expect, slos=[objective()]), told), "spends_at_most"
        )
        assert finding.outcome is outcome


def test_a_difference_below_nothing_beyond_its_error_fits_nothing() -> None:
    parts = [
        counter(*every(1, 50), instance="lb:1"),
        counter(*every(1, 50), side="bad", instance="lb:1"),
        counter(*every(1, 60), side="bad", sign=-1.0, job="app", instance="app:1"),
    ]
    finding = spent(parts[0], parts[1], parts[2])
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "do not fit" in finding.because


@pytest.mark.parametrize(
    ("until", "outcome"), [(150, Outcome.INCONCLUSIVE), (12, Outcome.PASS)]
)
def test_a_clock_that_was_set_moves_the_steps_ends(
    until: float, outcome: Outcome
) -> None:
    """Errors just before the step count or not, by when the clock was set."""
    clocks = [measured("prometheus", at(1), 0.0), measured("prometheus", at(until), 0)]
    if until > 100:
        clocks[1] = measured("prometheus", at(until), -5.0)
    limit = 30 / (0.001 * WINDOW)
    finding = spent(requests(errors={(6, 8): 50}), clocks, at_most=limit)
    assert finding.outcome is outcome


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
    finding = agrees(requests(), parts)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert why in finding.because
    derived = spent(requests(), parts, load=50.0)
    assert derived.outcome is Outcome.INCONCLUSIVE
    whole = event(at(2), "window", slo=NAME, total=1e9, since=at(-9), complete=True)
    counted = spent(requests(), parts, [whole], load=50.0)
    assert counted.outcome is Outcome.PASS


def test_a_load_that_stumbles_keeps_its_rate() -> None:
    assert agrees(requests(), traffic(sent=48.0, late=0.3)).outcome is Outcome.PASS


def test_an_slo_that_left_the_scenario_cannot_agree() -> None:
    finding = agrees_with_load(
        StepRun(
            run=Run(plan=plan(), timeline=timeline(), ending=Ending.FINISHED),
            step=step(),
        ),
        Question(step="s", check="slo", subject="x", question="agrees_with_load"),
    )
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_nothing_counted_nothing_to_agree_with() -> None:
    assert agrees(traffic()).outcome is Outcome.INCONCLUSIVE


def test_what_is_said_of_a_grouped_slo_is_said_of_all_groups_together() -> None:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.02),))
    grouped = replace(objective(), grouped_by=("handler",))
    finding = answer(
        judged(plan(expect, slos=[grouped]), timeline(fault(), requests())),
        "spends_at_most",
    )
    assert "events, all groups of handler together, were bad: 0%" in finding.because
    assert finding.evidence["groups_counted_together"] == ["handler"]


def test_the_group_that_burns_fastest_is_in_the_evidence() -> None:
    grouped = replace(objective(), grouped_by=("handler",))
    busy = [*every(1, 50)]
    few = [*every(1, 1)]
    some = [(when, 6.0 if when > 60 else 0.0) for when, _ in few]
    story = timeline(
        fault(),
        counter(*busy, handler="/buy"),
        counter(*[(when, 0.0) for when, _ in busy], side="bad", handler="/buy"),
        counter(*few, handler="/help"),
        counter(*some, side="bad", handler="/help"),
    )
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=0.5),))
    finding = answer(judged(plan(expect, slos=[grouped]), story), "spends_at_most")
    fastest = finding.evidence["fastest_group"]
    assert (fastest["labels"], fastest["bad"]) == ({"handler": "/help"}, 6.0)
    assert fastest["burn_rate"] > 10 * finding.evidence["burn_rate"]


SLOW = (
    Term(selector="latency_count"),
    Term(selector='latency_bucket{le="0.2"}', sign=-1.0),
)


def latency(*, bucket: bool = True) -> list[Any]:
    """Return the counters of an SLO all of whose requests are quick enough."""
    total, bad = (
        counter(*every(1, 50), slo="latency", side=side, job="lb", instance="lb:8405")
        for side in ("total", "bad")
    )
    quick = counter(
        *every(1, 50),
        slo="latency",
        side="bad",
        sign=-1.0,
        job="lb",
        instance="lb:8405",
        le="0.2",
    )
    return [*total, *bad, *(quick if bucket else [])]


def test_a_slow_request_has_not_failed() -> None:
    planned = plan(slos=[objective("latency", bad=SLOW), objective()], load=50.0)
    story = timeline(fault(), requests(), latency(), traffic(failed=FAILED))
    finding = answer(judged(planned, story), "agrees_with_load")
    assert finding.subject == NAME
    expect = step(slos=(SloPromise(slo="latency", spends_at_most=0.02),))
    planned = plan(expect, slos=[objective("latency", bad=SLOW)], load=50.0)
    assert answer(judged(planned, story), "spends_at_most").outcome is Outcome.PASS


@pytest.mark.parametrize("question", ["spends_at_most", "recovers_within"])
def test_without_the_bucket_of_good_events_nobody_knows_how_many_were_bad(
    question: str,
) -> None:
    expect = step(
        slos=(SloPromise(slo="latency", spends_at_most=0.02),), recovers_within=60.0
    )
    planned = plan(expect, slos=[objective("latency", bad=SLOW)])
    finding = answer(judged(planned, timeline(fault(), latency())), question)
    assert finding.outcome is Outcome.PASS
    story = timeline(fault(), latency(bucket=False))
    finding = answer(judged(planned, story), question)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert 'Prometheus has no bucket latency_bucket{le="0.2"}' in finding.because


def test_without_a_load_nobody_is_asked() -> None:
    names = [
        finding.question for finding in judged(plan(slos=[DAY]), timeline()).findings
    ]
    assert "agrees_with_load" not in names
