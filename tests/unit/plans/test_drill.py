"""A drill, planned: which labels, which ways, and what it may not do."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gameday.model.alerting.alert import (
    InhibitRule,
    Integration,
    Matcher,
    Receiver,
    Route,
    Routing,
)
from gameday.model.alerting.time_interval import intervals_of
from gameday.plans.drill import (
    Around,
    DrillPlan,
    LiveGroup,
    parse_between,
    plan_drill,
    too_early,
)
from tests.builders import equals

ONCALL = Route(
    receiver="oncall",
    matchers=(Matcher(name="severity", op="=~", value="page|critical"),),
    group_by=("alertname",),
    group_wait=5.0,
)
ROUTING = Routing(
    route=Route(receiver="team", routes=(ONCALL,)),
    receivers=(
        Receiver(name="oncall", integrations=(Integration(kind="pagerduty"),)),
        Receiver(name="team", integrations=(Integration(kind="slack"),)),
    ),
)
NOTHING = Around(silences={})


def planned(
    name: str = "oncall",
    routing: Routing = ROUTING,
    around: Around = NOTHING,
    **labels: str,
) -> DrillPlan:
    return plan_drill(name, "d1", labels, routing, around)


def test_the_labels_are_those_that_the_routes_ask_for() -> None:
    plan = planned()
    assert plan.labels == {
        "alertname": "GamedayDrill",
        "severity": "page",
        "gameday_drill": "d1",
    }
    assert [path[-1].receiver for path in plan.paths] == ["oncall"]
    assert plan.refusals == ()
    assert plan.waits == 35.0


def test_of_several_labels_those_are_taken_that_page_nobody_else() -> None:
    chat = Route(
        receiver="team",
        matchers=(Matcher(name="severity", op="=~", value="page|ticket"),),
        goes_on=True,
    )
    root = Route(receiver="nobody", routes=(chat, ONCALL))
    plan = planned("team", replace(ROUTING, route=root))
    assert plan.labels["severity"] == "ticket"
    assert [receiver.name for receiver in plan.receivers] == ["team"]


def test_a_receiver_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="there are: oncall, team"):
        planned("nobody")


def test_a_route_for_drills_does_not_count() -> None:
    drills = Route(
        receiver="oncall",
        matchers=(Matcher(name="gameday_drill", op="=~", value=".+"),),
    )
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(drills,)))
    plan = planned("oncall", routing, severity="page")
    assert plan.paths == ()
    assert "not to oncall" in plan.refusals[0]


def test_labels_that_lead_elsewhere_are_refused() -> None:
    (why,) = planned(severity="ticket").refusals
    assert "goes to team, not to oncall" in why


def test_a_receiver_without_integrations_is_refused() -> None:
    routing = replace(ROUTING, receivers=(Receiver(name="oncall"),))
    assert "no integration" in planned(routing=routing).refusals[0]


INHIBIT = InhibitRule(source=(equals("severity", "page"),), target=())


def test_labels_that_are_the_source_of_an_inhibition_are_refused() -> None:
    routing = replace(ROUTING, inhibit=(INHIBIT,))
    around = Around(firing=({"alertname": "Slow"},), silences={})
    plan = planned(routing=routing, around=around)
    assert "source of an inhibition" in plan.refusals[0]
    assert plan.inhibits == ("Slow",)


def test_a_drill_that_would_be_muted_is_refused() -> None:
    rule = InhibitRule(
        source=(equals("alertname", "Down"),), target=(equals("severity", "page"),)
    )
    routing = replace(ROUTING, inhibit=(rule,))
    calm = planned(routing=routing)
    down = Around(firing=({"alertname": "Down"},), silences={})
    assert calm.refusals == ()
    assert "is inhibited" in planned(routing=routing, around=down).refusals[0]
    silenced = Around(silences={"s1": (equals("severity", "page"),)})
    assert "silence s1" in planned(around=silenced).refusals[0]


def test_a_group_that_is_there_already_is_not_joined() -> None:
    group = LiveGroup(
        labels={"alertname": "GamedayDrill"},
        receiver="oncall",
        alerts=({"alertname": "Real"},),
    )
    (why,) = planned(around=Around(groups=(group,), silences={})).refusals
    assert "join a group of oncall that is there already (Real)" in why
    other = replace(group, labels={"alertname": "Real"})
    assert planned(around=Around(groups=(other,), silences={})).refusals == ()
    all_in_one = replace(ONCALL, group_by=())
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(all_in_one,)))
    whole = replace(group, labels={})
    plan = planned(routing=routing, around=Around(groups=(whole,), silences={}))
    assert "join a group" in plan.refusals[0]


def test_a_group_of_another_receiver_that_hears_of_it_is_not_joined() -> None:
    """A real page must not be sent again with a drill in it."""
    all_ = Route(receiver="team", group_by=("alertname",), goes_on=True)
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(all_, ONCALL)))
    group = LiveGroup(
        labels={"alertname": "GamedayDrill"},
        receiver="team",
        alerts=({"alertname": "Real"},),
    )
    (why,) = planned(
        routing=routing, around=Around(groups=(group,), silences={})
    ).refusals
    assert "join a group of team" in why


@pytest.mark.parametrize(
    ("hours", "refused"), [("08:00-09:00", False), ("09:00-10:00", True)]
)
def test_a_route_that_is_muted_now_is_refused(hours: str, refused: bool) -> None:
    """Else nothing would come, and the receiver would seem dead."""
    start, end = hours.split("-")
    times = {"times": [{"start_time": start, "end_time": end}]}
    document = {"time_intervals": [{"name": "night", "time_intervals": [times]}]}
    (night,) = intervals_of(document)
    route = replace(ONCALL, mute_times=("night",))
    routing = replace(
        ROUTING, route=replace(ROUTING.route, routes=(route,)), intervals=(night,)
    )
    now = datetime(2026, 1, 15, 9, 30, tzinfo=UTC).timestamp()
    refusals = planned(routing=routing, around=Around(silences={}, at=now)).refusals
    assert [why for why in refusals if "muted now, by night" in why] == list(refusals)
    assert bool(refusals) is refused


def test_a_group_that_waits_longer_than_the_drill_lasts_is_refused() -> None:
    slow = replace(ONCALL, group_wait=290.0)
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(slow,)))
    assert "waits so long" in planned(routing=routing).refusals[0]


@pytest.mark.parametrize(
    ("when", "allowed"),
    [
        ("2026-01-02T10:00", True),  # a Friday
        ("2026-01-02T08:59", False),
        ("2026-01-02T17:00", False),
        ("2026-01-03T10:00", False),  # a Saturday
    ],
)
def test_nobody_is_paged_outside_of_the_times(when: str, *, allowed: bool) -> None:
    times = parse_between("09:00-17:00 Mon-Fri")
    now = datetime.fromisoformat(when)
    assert (too_early(planned(), times, now) == "") is allowed
    assert too_early(planned("team"), times, now) == ""


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("09:00-17:00", (0, 1, 2, 3, 4, 5, 6)),
        ("09:00-17:00 Sat", (5,)),
        ("09:00-17:00 fri-mon", (4, 5, 6, 0)),
    ],
)
def test_days_of_the_week(text: str, days: tuple[int, ...]) -> None:
    assert parse_between(text).days == days


@pytest.mark.parametrize(
    "text", ["", "9-17", "17:00-09:00", "09:00-25:00", "09:00-17:00 Xyz"]
)
def test_what_is_no_time_of_the_week_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="write 09:00-17:00 Mon-Fri"):
        parse_between(text)
