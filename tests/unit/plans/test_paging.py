"""What stands in a page's way as `plan` sees it: at the game day's own time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gameday.model.alerting.alert import (
    AlertRule,
    InhibitRule,
    Integration,
    Matcher,
    Receiver,
    Route,
    Routing,
)
from gameday.model.alerting.time_interval import TimeInterval, TimeRange
from gameday.model.experiment import Experiment
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise, Expect, Step
from gameday.plans.paging import page_doubts

RULE = AlertRule(name="Down", expr="up == 0", interval=1, labels={"severity": "page"})
NIGHT = TimeInterval(name="night", ranges=(TimeRange(minutes=((22 * 60, 24 * 60),)),))
ROUTE = Route(receiver="oncall", group_wait=1, group_interval=60, mute_times=("night",))
ROUTING = Routing(
    route=Route(receiver="team", routes=(ROUTE,)),
    receivers=(Receiver(name="oncall", integrations=(Integration(kind="webhook"),)),),
    time_intervals=("night",),
    intervals=(NIGHT,),
)
PROMISE = AlertPromise(alert="Down", reaches=("oncall",))
STEP = Step(
    name="s",
    experiment=Experiment(path="e.yaml", title="t", document={}),
    expect=Expect(alerts=(PROMISE,)),
)


def said(when: str, routing: Routing = ROUTING, *rules: AlertRule) -> list[str]:
    """Return the states that the doubts give the promise at an hour of the day."""
    at = datetime.fromisoformat(f"2026-03-03T{when}").replace(tzinfo=UTC).timestamp()
    monitoring = Monitoring(
        rules=(RULE, *rules),
        routing=routing,
        scrape_interval=1,
        scrape_timeout=1,
        evaluation_interval=1,
        at=at,
        live=True,
    )
    doubts = page_doubts(STEP, PROMISE, "reaches", [RULE], monitoring)
    return [doubt.state for doubt in doubts]


@pytest.mark.parametrize(
    ("when", "states"),
    [
        ("12:00", []),
        # A page may come until 63 s later: it is out before the night begins.
        ("21:57", []),
        ("21:59", ["not_guaranteed"]),
        ("22:30", ["cannot_be_kept"]),
        ("23:59", ["not_guaranteed"]),
    ],
)
def test_a_route_is_muted_by_the_time_that_it_is(when: str, states: list[str]) -> None:
    assert said(when) == states


def test_another_route_that_is_open_is_enough() -> None:
    open_ = replace(ROUTE, mute_times=())
    both = Route(receiver="team", routes=(replace(ROUTE, goes_on=True), open_))
    assert said("22:30", replace(ROUTING, route=both)) == []


def test_inhibition_by_what_may_always_fire_is_not_certain() -> None:
    """Whether the equal label agrees depends on a series that is not known."""
    inhibit = InhibitRule(
        source=(Matcher(name="alertname", op="=", value="Watchdog"),),
        target=(Matcher(name="severity", op="=", value="page"),),
        equal=("zone",),
    )
    dog = AlertRule(name="Watchdog", expr="vector(1)", interval=1)
    routing = replace(ROUTING, inhibit=(inhibit,))
    assert said("12:00", routing, dog) == ["not_guaranteed"]
    certain = replace(routing, inhibit=(replace(inhibit, equal=()),))
    assert said("12:00", certain, dog) == ["cannot_be_kept"]
    assert said("12:00", certain) == []
