"""Whatever the phases: what happens lies between the times that the lint tells."""

import math
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gameday.model.alerting.alert import (
    AlertRule,
    Matcher,
    RecordingRule,
    Route,
    Routing,
)
from gameday.model.plan import Monitoring, ScrapeJob
from gameday.model.scenario import AlertPromise
from gameday.model.timing.alert_timing import (
    DelayRange,
    fires,
    page_ends,
    pages,
    resets,
)
from tests.unit.model.simulated import (
    Alerting,
    Both,
    Expression,
    Fault,
    Group,
    Metric,
    Notifying,
    OverTime,
    Scrape,
    record,
    scraped,
)

SECONDS = st.sampled_from([1.0, 3.0, 5.0, 15.0])
PHASES = st.floats(0.0, 0.999)
OFFSETS = st.sampled_from([0.0, 0.0, 7.0, 40.0])
BACK = st.sampled_from([30.0, 45.0, 120.0])
FUNCTIONS = st.sampled_from(["max_over_time", "min_over_time", "avg_over_time"])
SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def over(draw: st.DrawFn, name: str) -> Expression:
    """Something that is above 0 in a fault that has settled, and 0 in health."""
    offset = draw(st.sampled_from([0.0, 0.0, 0.0, 60.0]))
    kind = draw(st.sampled_from(["instant", "range", "rate", "subquery"]))
    if kind == "instant":
        return Metric(name, offset)
    if kind == "rate" and name == "bad":
        return OverTime("rate", Metric("errors_total", offset), draw(BACK))
    inner = OverTime(draw(FUNCTIONS), Metric(name, offset), draw(BACK))
    if kind == "range":
        return inner
    return OverTime(draw(FUNCTIONS), inner, draw(BACK), step=draw(SECONDS))


def group(draw: st.DrawFn) -> Group:
    return Group(interval=draw(SECONDS), phase=draw(PHASES), offset=draw(OFFSETS))


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A scrape job, perhaps recording rules below, and an alert rule on top."""
    interval = draw(SECONDS)
    took = draw(st.floats(0.0, 1.0)) * interval
    scrape = Scrape(interval=interval, phase=draw(PHASES), took=took)
    alerts = group(draw)
    recorded: list[tuple[str, Expression, Group, int]] = []
    name = "bad"
    for number in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from([-1, -1, 0]))  # -1: in a group of its own
        home = alerts if place == 0 else group(draw)
        rule = draw(over(name))
        name = f"level:{number}"
        recorded.append((name, rule, home, place))
    rule = draw(over(name))
    if draw(st.booleans()):
        # Half of them the same but for the window, the others anything.
        function, offset = draw(FUNCTIONS), draw(st.sampled_from([0.0, 60.0]))
        same = [OverTime(function, Metric(name, offset), draw(BACK)) for _ in "ab"]
        rule = Both(same[0], draw(st.sampled_from([same[1], rule])))
    alert = Alerting(
        rule=rule,
        above=0.0,
        group=alerts,
        hold=draw(st.sampled_from([0.0, 4.0, 15.0, 61.0])),
        keep=draw(st.sampled_from([0.0, 0.0, 16.0])),
    )
    notifying = Notifying(
        wait=draw(st.sampled_from([0.0, 1.0, 30.0])),
        interval=draw(st.sampled_from([1.0, 30.0])),
        alive=draw(st.booleans()),
        phase=draw(PHASES),
    )
    start = 600 + draw(st.floats(0, 60))
    return {
        "scrape": scrape,
        "recorded": recorded,
        "alert": alert,
        "notifying": notifying,
        "start": start,
    }


def told(world: dict[str, Any]) -> tuple[AlertRule, Monitoring]:
    """Return the world as gameday knows it: without any phase."""
    alert, scrape, notifying = world["alert"], world["scrape"], world["notifying"]
    rule = AlertRule(
        name="A",
        expr=alert.text(),
        group="alerts",
        file="f",
        place=9,
        hold=alert.hold,
        keep_firing=alert.keep,
        interval=alert.group.interval,
        query_offset=alert.group.offset,
    )
    recorded = tuple(
        RecordingRule(
            name=name,
            expr=expression.text(),
            group="alerts" if place == 0 else name,
            file="f",
            place=at,
            interval=home.interval,
            query_offset=home.offset,
        )
        for at, (name, expression, home, place) in enumerate(world["recorded"])
    )
    job = ScrapeJob(name="j", interval=scrape.interval, timeout=scrape.interval)
    route = Route(
        receiver="r", group_wait=notifying.wait, group_interval=notifying.interval
    )
    monitoring = Monitoring(
        rules=(rule,),
        recorded=recorded,
        jobs=(job,),
        evaluation_interval=1.0,
        routing=Routing(route=route),
    )
    return rule, monitoring


def inside(span: DelayRange, seconds: float) -> None:
    assert span.earliest - 1e-6 <= seconds <= span.latest + 1e-6, (span, seconds)


@SETTINGS
@given(worlds())
def test_firing_reset_and_pages_lie_between_the_times_that_are_told(
    world: dict[str, Any],
) -> None:
    rule, monitoring = told(world)
    promise = AlertPromise(alert="A", reaches=("r",))
    fired_in, reset_in = fires(rule, monitoring), resets(rule, monitoring)
    assume(not math.isinf(fired_in.latest))  # a window that may be empty
    # It lasts until the page is out: the end of what nobody heard of is not told.
    lasts = pages(promise, rule, monitoring).latest + 1
    fault = Fault(start=world["start"], end=world["start"] + lasts)
    until = fault.end + reset_in.latest + 60
    samples = scraped(world["scrape"], fault, until)
    for name, expression, home, _ in world["recorded"]:
        record(samples, name, expression, home, until)
    alert, notifying = world["alert"], world["notifying"]
    episodes = alert.episodes(samples, until)
    assert episodes, fired_in
    fired, resolved = episodes[0][0], episodes[-1][1]
    inside(fired_in, fired - fault.start)
    inside(reset_in, resolved - fault.end)
    first = notifying.page(fired) - fault.start
    if notifying.alive:
        assert first <= pages(promise, rule, monitoring).latest + 1e-6
    else:
        inside(pages(promise, rule, monitoring), first)
    told_in = notifying.end(episodes[-1][0], resolved) - fault.end
    inside(page_ends(promise, rule, monitoring), told_in)


def test_the_simulation_knows_a_fault_from_health() -> None:
    """A scrape each second, evaluated half a second later: pending at once."""
    fault = Fault(start=10.0, end=20.0)
    samples = scraped(Scrape(interval=1, phase=0, took=0.1), fault, 40)
    alert = Alerting(
        rule=Metric("bad"), above=0, group=Group(interval=1, phase=0.5), hold=2
    )
    assert alert.episodes(samples, 40) == [(12.5, 20.5)]


def test_an_unknown_route_is_any_of_them() -> None:
    """The page of the slower route is inside of what is told as well."""
    slow = Route(
        receiver="r",
        matchers=(Matcher(name="x", op="=", value="1"),),
        group_wait=0,
        group_interval=100,
    )
    routing = Routing(
        route=Route(receiver="r", group_wait=5, group_interval=10, routes=(slow,))
    )
    monitoring = Monitoring(
        jobs=(ScrapeJob(name="j", interval=1, timeout=1),),
        evaluation_interval=1,
        routing=routing,
    )
    span = pages(
        AlertPromise(alert="A"), AlertRule(name="A", expr="up == 0"), monitoring
    )
    assert (span.earliest, span.latest) == (0, 103)
