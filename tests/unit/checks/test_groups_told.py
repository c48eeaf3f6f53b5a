"""Pages that carry nothing but the key of their group: whose they can be."""

from typing import Any

import pytest

from gameday.checks.pages.groups import groups_of, hashed
from gameday.model.alerting.alert import Integration, Matcher, Receiver, Route, Routing
from gameday.model.events import Event, event
from gameday.model.verdict import Outcome
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    page,
    plan,
    promise,
    step,
    timeline,
)

NAME = "WebReplicaDown"
PROMISE = promise(NAME, reaches="oncall", pages_within=45.0, page_resolves_within=60.0)
OTHER = promise("NetworkDown", fires_within=30.0)
LABELS: dict[str, Any] = {"severity": "page", "team": "web"}
FIRED = alert(NAME, fires=at(22), resolves=at(60), **LABELS)
NETWORK = alert("NetworkDown", fires=at(22), resolves=at(60), **LABELS)
ROUTING = Routing(
    route=Route(receiver="oncall", group_by=("team",), group_wait=5.0),
    receivers=(Receiver(name="oncall"),),
)
KEY = '{}:{team="web"}'
PLAN = plan(step(alerts=(PROMISE, OTHER)), routing=ROUTING)


def told(when: float, status: str = "firing", key: str = KEY) -> list[Event]:
    fields = {"receiver": "oncall", "vendor": "pagerduty", "alerts": [], "seq": 1}
    return [event(at(when), "page", status=status, dedup_key=hashed(key), **fields)]


def muted(since: float, until: float | None = None, **more: str) -> list[Event]:
    about = {
        "alert": NAME,
        "labels": {"alertname": NAME, **LABELS},
        "by": "inhibition",
        "detail": "NetworkDown",
        **more,
    }
    events = [event(at(since), "suppressed", **about)]
    return events + (
        [] if until is None else [event(at(until), "unsuppressed", **about)]
    )


def outcomes(*parts: list[Event], planned: object = PLAN) -> str:
    verdict = judged(planned, timeline(fault(), *parts))  # type: ignore[arg-type]
    names = ("reaches", "pages_within", "page_resolves_within")
    findings = [answer(verdict, name, NAME) for name in names]
    return " ".join(finding.outcome for finding in findings)


def test_the_only_one_of_its_group_was_told_of() -> None:
    assert outcomes(FIRED, told(27), told(65, "resolved")) == "pass pass pass"


def test_two_that_were_due_leave_it_open() -> None:
    assert outcomes(FIRED, NETWORK, told(27)).startswith("inconclusive inconclusive")


def test_what_was_inhibited_by_an_alert_of_the_fault_was_not_told_of() -> None:
    assert outcomes(FIRED, NETWORK, muted(22.5), told(27)).startswith("fail fail")


def test_what_an_alert_from_before_the_fault_inhibits_is_open() -> None:
    older = alert("NetworkDown", fires=at(2), resolves=at(60), **LABELS)
    answers = outcomes(FIRED, older, muted(22.5), told(27))
    assert answers.startswith("inconclusive inconclusive")
    verdict = judged(PLAN, timeline(fault(), FIRED, older, muted(22.5)))
    because = answer(verdict, "reaches").because
    assert 'NetworkDown{severity="page", team="web"}' in because
    assert "2026-01-01T00:00:02" in because


def test_an_inhibitor_is_known_by_its_fingerprint_too() -> None:
    labels = {"alertname": "Burn", **LABELS, "cluster": "eu"}
    about = {"alert": "Burn", "labels": labels, "receivers": ["oncall"]}
    seen = event(at(1), "routed", starts=at(-30), fingerprint="27be", **about)
    held = muted(22.5, detail="27be")
    assert outcomes(FIRED, [seen], held).startswith("inconclusive inconclusive")
    later = event(at(23), "routed", starts=at(21), fingerprint="27be", **about)
    assert outcomes(FIRED, [later], held).startswith("fail fail")


def test_where_the_fault_held_it_back_as_well_the_older_changes_nothing() -> None:
    older = alert("Burn", fires=at(2), **LABELS)
    both = [*muted(22.5), *muted(22.5, detail="Burn")]
    assert outcomes(FIRED, NETWORK, older, both).startswith("fail fail")
    brief = [*muted(22.5, 30), *muted(22.5, detail="Burn")]
    answers = outcomes(FIRED, NETWORK, older, brief)
    assert answers.startswith("inconclusive inconclusive")


def test_a_page_from_before_it_fired_is_another_alerts() -> None:
    assert outcomes(FIRED, told(15)).startswith("fail fail")


def test_the_end_of_a_group_is_that_of_all_it_was_told_of() -> None:
    first = page("oncall", at(25), NAME, "NetworkDown", vendor="pagerduty", **LABELS)
    keyed = event(first[0].at, "page", **{**first[0].fields, "group_key": KEY})
    assert outcomes(FIRED, NETWORK, [keyed]) == "pass pass fail"
    over = told(65, "resolved")
    assert outcomes(FIRED, NETWORK, [keyed], over) == "pass pass pass"


def test_a_key_with_a_regular_expression_is_alertmanagers_own() -> None:
    matchers = (
        Matcher(name="team", op="=~", value="web|db"),
        Matcher(name="severity", op="=", value="page"),
    )
    child = Route(receiver="oncall", matchers=matchers, group_by=("alertname",))
    routing = Routing(route=Route(receiver="team", routes=(child,)))
    planned = plan(step(alerts=(PROMISE,)), routing=routing)
    tail = ':{alertname="WebReplicaDown"}'
    for way in ("web|db", "^(?:web|db)$"):
        key = f'{{}}/{{severity="page",team=~"{way}"}}{tail}'
        assert outcomes(FIRED, told(27, key=key), planned=planned).startswith(
            "pass pass"
        )
    key = f'{{}}/{{severity="page",team=~"web"}}{tail}'
    assert outcomes(FIRED, told(27, key=key), planned=planned).startswith(
        "inconclusive"
    )


def test_matchers_are_sorted_as_alertmanager_sorts_them() -> None:
    matchers = tuple(
        Matcher(name="a", op=op, value="x") for op in ("!=", "=~", "=", "!~")
    )
    labels = {"a": "x"}
    root = Route(receiver="r", matchers=matchers)
    key = groups_of(labels, Routing(route=root))[0].key
    assert key == '{a="x",a!="x",a=~"x",a!~"x"}:{}'


@pytest.mark.parametrize("name", ["service.name", '"service.name"'])
def test_a_name_that_needs_quotes_may_have_them(name: str) -> None:
    routing = Routing(route=Route(receiver="oncall", group_by=("service.name",)))
    (group,) = groups_of({"service.name": "web"}, routing)
    assert group.called(f'{{}}:{{{name}="web"}}')


def test_a_route_that_no_alertmanager_would_load_says_nothing() -> None:
    broken = Route(receiver="oncall", matchers=(Matcher(name="a", op="=~", value="("),))
    routing = Routing(route=Route(receiver="team", routes=(broken,)))
    assert groups_of({"a": "x"}, routing) == []


# --- who tells the end ---


@pytest.mark.parametrize(
    ("pagerduty_tells", "outcome"), [(True, Outcome.FAIL), (False, Outcome.PASS)]
)
def test_an_integration_that_tells_no_end_is_not_waited_for(
    pagerduty_tells: bool, outcome: Outcome
) -> None:
    ways = (
        Integration(kind="webhook"),
        Integration(kind="pagerduty", send_resolved=pagerduty_tells),
    )
    routing = Routing(
        route=Route(receiver="oncall"),
        receivers=(Receiver(name="oncall", integrations=ways),),
    )
    planned = plan(step(alerts=(PROMISE,)), routing=routing)
    parts = [
        page("oncall", at(25), NAME, starts=at(22), **LABELS),
        page("oncall", at(25), NAME, vendor="pagerduty", **LABELS),
        page("oncall", at(65), NAME, status="resolved", starts=at(22), **LABELS),
    ]
    verdict = judged(planned, timeline(fault(), FIRED, *parts))
    assert answer(verdict, "page_resolves_within").outcome is outcome


# --- silences ---


def silenced(
    *matchers: tuple[str, str, str], since: float = -3600, until: float = 3600
) -> list[Event]:
    fields = [{"name": name, "op": op, "value": text} for name, op, text in matchers]
    about = {"id": "s1", "since": at(since), "until": at(until)}
    return [event(at(1), "silence", matchers=fields, **about)]


@pytest.mark.parametrize(
    ("silence", "outcome"),
    [
        ((("team", "=~", r"\pL+b"),), "inconclusive"),
        ((("team", "=~", r"\pL+x"),), "pass"),
        ((("team", "!~", "("),), "pass"),
        ((("zone", "=", ""), ("team", "=", "web")), "inconclusive"),
        ((("zone", "!=", ""), ("team", "=", "web")), "pass"),
        ((("team", "=~", "(?=w).*"),), "pass"),
        ((), "pass"),
    ],
)
def test_silences_match_as_alertmanagers_do(
    silence: tuple[tuple[str, str, str], ...], outcome: str
) -> None:
    answers = outcomes(FIRED, silenced(*silence), told(27))
    assert answers.startswith(f"{outcome} {outcome}")


def test_a_silence_of_one_of_two_spoils_nothing() -> None:
    asked = promise(NAME, labels={"severity": "page"}, fires_within=30.0)
    zones = [
        alert(NAME, fires=at(22), severity="page", zone=zone) for zone in ("a", "b")
    ]
    for matchers, outcome in (
        ((("zone", "=", "a"),), Outcome.PASS),
        ((("zone", "=~", "a|b"),), Outcome.INCONCLUSIVE),
    ):
        parts = [*zones, silenced(*matchers)]
        verdict = judged(plan(step(alerts=(asked,))), timeline(fault(), *parts))
        assert answer(verdict, "fires_within").outcome is outcome


def test_a_silence_that_was_deleted_before_the_fault_is_over() -> None:
    ended = event(at(5), "silence_ended", id="s1")
    silence = silenced(("team", "=", "web"))
    assert outcomes(FIRED, silence, [ended], told(27)).startswith("pass pass")
    later = event(at(30), "silence_ended", id="s1")
    assert outcomes(FIRED, silence, [later], told(27)).startswith("inconclusive")


def test_a_silence_that_was_lifted_before_it_fired_held_nothing_back() -> None:
    silence = silenced(("severity", "=", "page"), until=20)
    assert outcomes(FIRED, silence, told(27)).startswith("pass pass")
    assert outcomes(FIRED, silence).startswith("fail fail")
    assert outcomes(silence).startswith("inconclusive inconclusive")


def test_a_silence_of_the_fault_explains_a_late_page_and_a_missing_one() -> None:
    silence = silenced(("team", "=", "web"), since=15, until=57)
    assert outcomes(FIRED, silence, told(58)).startswith("pass inconclusive")
    assert outcomes(FIRED, silence).startswith("inconclusive inconclusive")
    other = silenced(("team", "=", "db"), since=15, until=57)
    assert outcomes(FIRED, other, told(58)).startswith("pass fail")
    assert outcomes(FIRED, silence, told(27)).startswith("pass pass")
