"""What cannot be answered any more, by what is there before the fault."""

from typing import Any

import pytest

from gameday.model.alerting.alert import AlertRule, InhibitRule, Matcher, Route, Routing
from gameday.model.alerting.standing import Standing, StandingAlert, StandingSilence
from gameday.model.plan import Monitoring
from gameday.plans.spoiled import Before, Spoiled, spoiled, why_nothing_to_learn
from tests.builders import equals, plan, promise, replica, rule, step

NAME = "WebReplicaDown"
FIRES = promise(NAME, fires_within=30.0)
PAGES = promise(NAME, fires_within=30.0, reaches="oncall")
PAGED = {"alertname": NAME, "severity": "page"}


def alert(state: str = "firing", **labels: str) -> StandingAlert:
    return StandingAlert(labels={**PAGED, **labels}, state=state, since=1_700_000_000.0)


def silence(*matchers: Matcher) -> StandingSilence:
    return StandingSilence(id="s1", matchers=matchers, by="ann")


def found(
    *promises: Any, monitoring: Monitoring | None = None, **there: Any
) -> list[Spoiled]:
    planned = plan(step(alerts=promises))
    before = Before(
        standing=Standing(**there),
        monitoring=monitoring or planned.monitoring,
        planned=planned.steps[0],
        instances=planned.instances,
    )
    return list(spoiled(planned.scenario.steps[0], before))


@pytest.mark.parametrize("state", ["pending", "firing"])
def test_an_alert_that_is_there_already_spoils_its_promise(state: str) -> None:
    (reason,) = found(FIRES, alerts=(alert(state),))
    assert reason.because == (
        f'WebReplicaDown{{severity="page"}} is already {state}, since '
        "2023-11-14T22:13:20.000Z"
    )
    assert reason.wholly


@pytest.mark.parametrize(
    "labels", [{"severity": "ticket"}, {"alertname": "Other"}, {"instance": "web-1"}]
)
def test_another_alert_and_another_instance_spoil_nothing(
    labels: dict[str, str],
) -> None:
    assert found(FIRES, alerts=(alert(**labels),)) == []  # web-2 is the victim


@pytest.mark.parametrize(
    "labels",
    [{"instance": "web-2"}, {"instance": "172.18.0.3:80"}, {"instance": "exporter:9"}],
)
def test_an_alert_about_a_victim_or_about_no_instance_of_its_service_does(
    labels: dict[str, str],
) -> None:
    assert len(found(FIRES, alerts=(alert(**labels),))) == 1


@pytest.mark.parametrize(("port", "spoils"), [(19411, 0), (19412, 1)])
def test_a_published_port_says_whose_alert_is_there(port: int, spoils: int) -> None:
    planned = plan(step(alerts=(FIRES,)))
    before = Before(
        standing=Standing(alerts=(alert(instance=f"127.0.0.1:{port}"),)),
        monitoring=planned.monitoring,
        planned=planned.steps[0],
        instances=tuple(replica(n, published=(f":1941{n}",)) for n in (1, 2)),
    )
    assert len(spoiled(planned.scenario.steps[0], before)) == spoils


def test_a_silence_spoils_what_is_asked_of_pages_alone() -> None:
    there = (silence(equals("alertname", NAME), equals("severity", "page")),)
    (reason,) = found(PAGES, silences=there)
    assert reason.because == "WebReplicaDown is silenced (silence s1 by ann)"
    assert not reason.wholly
    assert found(FIRES, silences=there) == []


def test_a_silence_of_something_else_spoils_nothing() -> None:
    there = (silence(equals("alertname", NAME), equals("instance", "web-9")),)
    assert found(PAGES, silences=there) == []


def test_a_silence_may_cover_the_rules_own_labels() -> None:
    team = rule(NAME, labels={"severity": "page", "team": "web"})
    there = (silence(equals("team", "web")),)
    assert len(found(PAGES, monitoring=Monitoring(rules=(team,)), silences=there)) == 1
    assert found(PAGES, monitoring=Monitoring(rules=()), silences=there) == []


def inhibited(
    equal_labels: tuple[str, ...], rules: tuple[AlertRule, ...]
) -> Monitoring:
    inhibit = InhibitRule(
        source=(equals("alertname", "Datacenter"),),
        target=(equals("severity", "page"),),
        equal=equal_labels,
    )
    routing = Routing(route=Route(receiver="oncall"), inhibit=(inhibit,))
    return Monitoring(rules=rules, routing=routing)


def test_an_inhibition_by_what_fires_already_spoils_pages_and_is_named() -> None:
    source = alert(alertname="Datacenter", severity="info", dc="a")
    (reason,) = found(PAGES, monitoring=inhibited((), ()), alerts=(source,))
    assert reason.because == (
        'WebReplicaDown is inhibited by Datacenter{dc="a", severity="info"}, which is '
        "firing"
    )
    assert not reason.wholly


@pytest.mark.parametrize(
    ("own", "spoils"), [({}, False), ({"dc": "b"}, False), ({"dc": "a"}, True)]
)
def test_an_inhibition_needs_labels_that_are_known_to_be_equal(
    own: dict[str, str], spoils: bool
) -> None:
    rules = (rule(NAME, labels={"severity": "page", **own}),)
    source = alert(alertname="Datacenter", severity="info", dc="a")
    monitoring = inhibited(("dc",), rules)
    assert bool(found(PAGES, monitoring=monitoring, alerts=(source,))) is spoils


def test_a_step_of_which_nothing_is_left_says_why() -> None:
    other = promise("Other", fires_within=5.0)
    one_step = plan(step(alerts=(FIRES, other))).scenario.steps[0]
    some = found(FIRES, other, alerts=(alert(),))
    assert why_nothing_to_learn(one_step, some) == ""
    every = found(FIRES, other, alerts=(alert(), alert(alertname="Other")))
    why = why_nothing_to_learn(one_step, every)
    assert why.startswith("step lose-a-replica: no alert promise could be answered: ")
    assert 'Other{severity="page"} is already firing' in why
    assert why.endswith("or go on all the same with --anyway")
    nothing = plan(step()).scenario.steps[0]
    assert why_nothing_to_learn(nothing, []) == ""
