"""What Alertmanager would have sent: when, to whom, and what held it back."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.checks.pages.mutes import MutingSilence
from gameday.model.alerting.alert import (
    InhibitRule,
    Integration,
    Receiver,
    Route,
    Routing,
)
from gameday.model.alerting.time_interval import intervals_of
from gameday.model.events import Page
from gameday.replays.notify import Firing, NotifyContext, events_of
from tests.builders import equals

ONCALL = Route(
    receiver="oncall",
    matchers=(equals("severity", "page"),),
    group_by=("alertname",),
    group_wait=10.0,
    group_interval=60.0,
    repeat_interval=3600.0,
)
ROUTING = Routing(
    route=Route(receiver="team", group_wait=0.0, routes=(ONCALL,)),
    receivers=(
        Receiver(name="oncall", integrations=(Integration(kind="pagerduty"),)),
        Receiver(
            name="team", integrations=(Integration(kind="slack", send_resolved=False),)
        ),
    ),
)


def firing(name: str, fires: float, ends: float | None = None, **labels: str) -> Firing:
    given = labels or {"severity": "page"}
    rest = {} if ends is None else {"ends": ends}
    return Firing(labels={"alertname": name, **given}, fires=fires, **rest)


def told(*firings: Firing, routing: Routing = ROUTING, **rest: Any) -> list[Any]:
    return events_of(firings, NotifyContext(routing=routing, until=10_000.0, **rest))


def pages(events: list[Any]) -> list[tuple[float, str, str]]:
    return [(e.at, e.receiver, e.status) for e in events if e.kind == "page"]


def with_route(**changed: Any) -> Routing:
    oncall = replace(ONCALL, **changed)
    return replace(ROUTING, route=replace(ROUTING.route, routes=(oncall,)))


def test_the_first_page_waits_for_the_group_and_the_end_for_its_interval() -> None:
    sent = pages(told(firing("Down", 100.0, 150.0)))
    assert sent == [(110.0, "oncall", "firing"), (170.0, "oncall", "resolved")]


def test_what_is_over_before_its_group_is_sent_is_never_sent() -> None:
    assert pages(told(firing("Down", 100.0, 105.0))) == []


def test_another_alert_of_a_living_group_waits_for_its_interval() -> None:
    sent = told(
        firing("Down", 100.0, instance="a", severity="page"),
        firing("Down", 130.0, instance="b", severity="page"),
    )
    assert pages(sent)[:2] == [(110.0, "oncall", "firing"), (170.0, "oncall", "firing")]


def test_an_alert_of_another_group_does_not_wait() -> None:
    sent = told(firing("Down", 100.0), firing("Slow", 130.0))
    assert pages(sent)[:2] == [(110.0, "oncall", "firing"), (140.0, "oncall", "firing")]


def test_what_goes_on_is_told_again_after_the_repeat_interval() -> None:
    sent = pages(told(firing("Down", 0.0, 5000.0)))
    assert [at for at, _, status in sent if status == "firing"] == [10.0, 3610.0]


def test_without_send_resolved_nobody_hears_of_the_end() -> None:
    sent = pages(told(firing("Down", 100.0, 150.0, severity="none")))
    assert sent == [(100.0, "team", "firing")]


def test_an_alert_goes_where_the_routes_lead_it() -> None:
    (routed,) = [e for e in told(firing("Down", 1.0)) if e.kind == "routed"]
    assert routed.receivers == ["oncall"]


def test_a_mute_time_interval_holds_pages_back_until_it_is_over() -> None:
    given = {"time_intervals": [{"name": "first-minutes", "time_intervals": [
        {"times": [{"start_time": "00:00", "end_time": "00:05"}]}]}]}  # fmt: skip
    routing = replace(
        with_route(mute_times=("first-minutes",)), intervals=intervals_of(given)
    )
    events = told(firing("Down", 100.0), routing=routing)
    assert pages(events)[0] == (350.0, "oncall", "firing")
    muted = [e for e in events if e.kind == "suppressed"]
    assert [(e.by, e.detail) for e in muted] == [("mute_time", "first-minutes")]
    at_noon = told(firing("Down", 100.0), routing=routing, moved=43_200.0)
    assert pages(at_noon)[0] == (110.0, "oncall", "firing")


INHIBIT = InhibitRule(
    source=(equals("alertname", "Cluster"),),
    target=(equals("alertname", "Down"),),
    equal=("zone",),
)


def test_an_inhibition_holds_a_page_back_while_its_source_fires() -> None:
    routing = replace(ROUTING, inhibit=(INHIBIT,))
    source = firing("Cluster", 90.0, 200.0, severity="page", zone="a")
    target = firing("Down", 100.0, 500.0, severity="page", zone="a")
    events = told(source, target, routing=routing)
    down = [e for e in events if e.kind == "page" and "Down" in str(e.alerts)]
    assert down[0].at == 230.0
    kinds = [e.kind for e in events if e.kind.endswith("suppressed")]
    assert kinds == ["suppressed", "unsuppressed"]
    other = firing("Down", 100.0, 500.0, severity="page", zone="b")
    assert (110.0, "oncall", "firing") in pages(told(source, other, routing=routing))


def test_a_silence_of_the_record_holds_a_page_back() -> None:
    silence = MutingSilence("s1", (equals("alertname", "Down"),), 0.0, 300.0)
    events = told(firing("Down", 100.0), silences=[silence])
    assert pages(events)[0].count("oncall") == 1
    assert pages(events)[0][0] == 350.0


def test_what_ends_just_as_its_group_is_flushed_may_be_told_one_interval_later() -> (
    None
):
    (first, end) = [e for e in told(firing("Down", 100.0, 170.0)) if e.kind == "page"]
    assert (first.late, end.at, end.late) == (0.0, 170.0, 60.0)
    (_, early) = [e for e in told(firing("Down", 100.0, 160.0)) if e.kind == "page"]
    assert (early.at, early.late) == (170.0, 0.0)


# --- as Alertmanager 0.31 sent it: group_wait 1 s, group_interval 3 s ---------------


def said(page: Page) -> str:
    return "".join(sorted(entry["labels"]["alertname"] for entry in page.alerts))


A, B, T, SOURCE = "A", "B", "T", "Source"
ON = None  # it goes on


@pytest.mark.parametrize(
    ("alerts", "silenced", "ends", "expected"),
    [
        pytest.param(
            [(A, 0, ON), (B, 0, 5), (B, 9, ON)],
            None,
            False,
            [(1, "firing", "AB")],
            id="without send_resolved it does not say again what it said last",
        ),
        pytest.param(
            [(A, 0, 6.5)],
            (5, 60),
            True,
            [(1, "firing", "A")],
            id="a silence swallows the end",
        ),
        pytest.param(
            [(T, 0, 6.5), (SOURCE, 3.3, ON)],
            None,
            True,
            [(1, "firing", "T"), (4, "firing", "Source")],
            id="an inhibition swallows the end",
        ),
        pytest.param(
            [(A, 0, ON), (B, 4.7, 6)],
            None,
            True,
            [(1, "firing", "A"), (7, "firing", "AB")],
            id="it tells of the end of what it never said",
        ),
        pytest.param(
            [(A, 0, ON), (B, 0, ON)],
            (2, 6),
            True,
            [(1, "firing", "AB")],
            id="after a silence it does not say again what it said before",
        ),
        pytest.param(
            [(A, 0, 6.5), (A, 40, ON)],
            (5, 15),
            True,
            [(1, "firing", "A")],
            id="it remembers what it said though the group is gone",
        ),
        pytest.param(
            [(A, 0, 5), (A, 12, ON)],
            None,
            True,
            [(1, "firing", "A"), (7, "resolved", "A"), (13, "firing", "A")],
            id="an end that was told makes the next beginning news",
        ),
    ],
)
def test_an_integration_is_told_what_alertmanager_tells(
    alerts: list[tuple[str, float, float | None]],
    silenced: tuple[float, float] | None,
    ends: bool,
    expected: list[tuple[float, str, str]],
) -> None:
    way = Integration(kind="webhook", send_resolved=ends)
    routing = Routing(
        route=Route(receiver="all", group_wait=1.0, group_interval=3.0),
        receivers=(Receiver(name="all", integrations=(way,)),),
        inhibit=(
            InhibitRule(
                source=(equals("alertname", SOURCE),),
                target=(equals("alertname", T),),
            ),
        ),
    )
    silences = (
        [MutingSilence("s", (equals("alertname", A),), *silenced)] if silenced else []
    )
    events = told(
        *(firing(name, fires, over) for name, fires, over in alerts),
        routing=routing,
        silences=silences,
    )
    shown = [
        (e.at, e.status, said(e))
        for e in events
        if e.kind == "page" and e.at < 60
    ]  # fmt: skip
    assert shown == expected


def test_a_group_that_was_empty_may_live_on_for_half_a_minute() -> None:
    again = told(firing("Down", 100.0, 105.1), firing("Down", 200.0, 250.0))
    (page,) = [e for e in again if e.kind == "page" and e.status == "firing"]
    assert (page.at, page.late) == (210.0, 0.0)
    soon = told(firing("Down", 100.0, 109.1), firing("Down", 115.0, 250.0))
    (page,) = [e for e in soon if e.kind == "page" and e.status == "firing"]
    assert (page.at, page.late) == (125.0, 45.0)  # or with the old group, at 170


def test_a_group_that_may_have_been_told_of_an_end_later_lives_on_longer() -> None:
    routing = with_route(group_wait=0.0, group_interval=2.0)
    ended = firing("Down", 100.0, 104.0)  # just as it is flushed: at 104 or at 106
    events = told(ended, firing("Down", 135.0, 150.0), routing=routing)
    late = [e.late for e in events if e.kind == "page" and e.at == 135.0]
    assert late == [1.0]
    just = told(ended, firing("Down", 134.0, 150.0), routing=routing)
    late = [e.late for e in just if e.kind == "page" and e.at == 134.0]
    assert late == [2.0]
    events = told(ended, firing("Down", 138.0, 150.0), routing=routing)
    assert [e.late for e in events if e.kind == "page" and e.at == 138.0] == [0.0]


def test_an_inhibition_that_begins_as_a_page_is_due_leaves_it_open() -> None:
    routing = replace(with_route(group_wait=0.0), inhibit=(INHIBIT,))
    source = firing("Cluster", 100.0, 200.0, severity="page", zone="a")
    target = firing("Down", 100.0, 500.0, severity="page", zone="a")
    events = told(source, target, routing=routing)
    (down, *_) = [e for e in events if e.kind == "page" and "Down" in str(e.alerts)]
    assert (down.at, down.doubt) == (
        100.0,
        "an inhibition began just as the page was due",
    )
