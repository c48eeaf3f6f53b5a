"""Every question has its own deadline: `reaches` by the rules and the routes."""

from dataclasses import replace

import pytest

from gameday.model.alerting.alert import Route, Routing
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.timing.alert_timing import first_page_within
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    fault,
    judged,
    page,
    phases,
    plan,
    promise,
    rule,
    step,
    timeline,
    with_rules,
)

NAME = "WebReplicaDown"
REACHES = plan(step(alerts=(promise(NAME, reaches="oncall"),)))


def routed(wait: float = 10.0, interval: float = 60.0) -> Plan:
    route = Route(
        receiver="oncall",
        group_by=("severity",),
        group_wait=wait,
        group_interval=interval,
    )
    return replace(
        REACHES, monitoring=replace(REACHES.monitoring, routing=Routing(route=route))
    )


def held(seconds: float, **expect: float) -> Plan:
    promised = promise(NAME, reaches="oncall", **expect)
    return plan(replace(step(alerts=(promised,)), hold=seconds))


def reaches(planned: Plan, *parts: list[Event], ends: float = 55.0) -> Finding:
    story = timeline(
        fault(ends=at(ends)), *parts, scenery=phases(ends=at(ends), over=at(150))
    )
    return answer(judged(planned, story), "reaches")


FIRED = alert(NAME, fires=at(22), resolves=at(60))


def test_a_page_that_was_due_and_did_not_come_fails() -> None:
    finding = reaches(routed(), FIRED)
    assert finding.outcome is Outcome.FAIL


def test_without_routes_a_page_may_take_five_minutes() -> None:
    finding = reaches(REACHES, FIRED)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "before its time was over" in finding.because


def test_a_page_at_another_receiver_is_the_routes_answer() -> None:
    assert reaches(REACHES, FIRED, page("tickets", at(25), NAME)).outcome is (
        Outcome.FAIL
    )


def test_what_the_system_held_back_is_its_answer() -> None:
    labels = {"alertname": NAME, "severity": "page"}
    mute = event(
        at(23), "suppressed", alert=NAME, labels=labels, by="mute_time", detail="night"
    )
    assert reaches(REACHES, FIRED, [mute]).outcome is Outcome.FAIL


def test_a_group_that_may_be_alive_pages_after_its_interval() -> None:
    other = alert("Latency", fires=at(12), resolves=at(70))
    assert reaches(routed(interval=60.0), FIRED, other).outcome is Outcome.INCONCLUSIVE
    longer = alert(NAME, fires=at(22), resolves=at(90))
    assert reaches(routed(interval=60.0), longer, other).outcome is Outcome.FAIL
    assert reaches(routed(interval=300.0), longer, other).outcome is (
        Outcome.INCONCLUSIVE
    )


def test_an_alert_that_was_over_before_its_page_was_due_leaves_it_open() -> None:
    short = alert(NAME, fires=at(22), resolves=at(30))
    finding = reaches(routed(wait=30.0), short, ends=28)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "fired for 8s only" in finding.because
    unknown = reaches(held(60, pages_within=45.0), short, ends=28)
    assert unknown.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("hold", "outcome"), [(60.0, Outcome.FAIL), (10.0, Outcome.INCONCLUSIVE)]
)
def test_a_silent_alert_whose_hold_was_too_short_leaves_it_open(
    hold: float, outcome: Outcome
) -> None:
    planned = held(hold, fires_within=30.0)
    ends = 10 + hold
    story = timeline(fault(ends=at(ends)), scenery=phases(ends=at(ends)))
    finding = answer(judged(planned, story), "fires_within")
    assert finding.outcome is outcome


def test_a_silent_alert_fails_where_the_hold_lasts_as_long_as_it_was_waited_for() -> (
    None
):
    assert reaches(REACHES).outcome is Outcome.FAIL


def by_rules(hold: float, wait: float = 10.0, interval: float = 20.0) -> Plan:
    """Return a plan whose rule fires at most 32 s after the fault, `for` 30 s."""
    planned = with_rules(routed(wait, interval), rule(NAME, hold=hold, interval=1.0))
    return replace(planned, monitoring=replace(planned.monitoring, scrape_timeout=1.0))


@pytest.mark.parametrize(
    ("hold", "over", "outcome"),
    [
        (30.0, 150, Outcome.FAIL),  # waited for longer than the plan says it may take
        (30.0, 58, Outcome.INCONCLUSIVE),  # over before that
        (300.0, 150, Outcome.INCONCLUSIVE),
    ],
)
def test_a_silent_alert_is_waited_for_as_long_as_the_plan_says(
    hold: float, over: float, outcome: Outcome
) -> None:
    planned = by_rules(hold)
    latest = first_page_within(promise(NAME, reaches="oncall"), planned.monitoring)
    scenery = phases(ends=at(55), over=at(over))
    finding = answer(judged(planned, timeline(fault(), scenery=scenery)), "reaches")
    assert finding.outcome is outcome
    assert (10 + latest <= over) == (outcome is Outcome.FAIL)


def test_what_happens_after_the_latest_page_was_due_excuses_nothing() -> None:
    later = timeline(fault(), blind("prometheus", at(100), at(110)))
    assert answer(judged(by_rules(30.0), later), "reaches").outcome is Outcome.FAIL
    during = timeline(fault(), blind("prometheus", at(40), at(50)))
    assert answer(judged(by_rules(30.0), during), "reaches").outcome is (
        Outcome.INCONCLUSIVE
    )


@pytest.mark.parametrize(
    ("by", "fires", "outcome"),
    [
        ("rollback", 60.0, Outcome.INCONCLUSIVE),  # undone at 45 s
        ("heal", 60.0, Outcome.INCONCLUSIVE),
        ("rollback", 45.0, Outcome.FAIL),
        ("self", 60.0, Outcome.FAIL),  # that was all of the fault that there was
    ],
)
def test_a_silent_alert_whose_fault_was_undone_before_its_time(
    by: str, fires: float, outcome: Outcome
) -> None:
    """Whatever the scenario says of the hold, the record says how long it was."""
    planned = plan(step(alerts=(promise(NAME, fires_within=fires),)))
    story = timeline(fault(by=by))
    assert answer(judged(planned, story), "fires_within").outcome is outcome
