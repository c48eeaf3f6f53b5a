"""Nothing else may ring: what counts, what does not, and what nobody heard."""

from dataclasses import replace

import pytest

from gameday.model.events import Event, event
from gameday.model.scenario import NoOtherAlerts
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    everything,
    fault,
    judged,
    page,
    plan,
    promise,
    rule,
    scrape,
    step,
    timeline,
    watched,
    with_rules,
)

NAME = "WebReplicaDown"
PROMISED = alert(NAME, fires=at(22), resolves=at(60))


def asked(*parts: list[Event], **settings: object) -> Finding:
    quiet = NoOtherAlerts(**settings)  # type: ignore[arg-type]
    expect = step(alerts=(promise(NAME, fires_within=30.0),), no_other_alerts=quiet)
    return answer(judged(plan(expect), timeline(fault(), *parts)), "no_other_alerts")


def test_what_was_promised_may_ring() -> None:
    finding = asked(PROMISED)
    assert (finding.outcome, finding.subject) == (Outcome.PASS, "lose-a-replica")


@pytest.mark.parametrize("when", [10.0, 40.0, 149.0])
def test_anything_else_from_the_fault_to_the_end_of_the_aftermath(when: float) -> None:
    finding = asked(PROMISED, alert("Latency", fires=at(when)))
    assert finding.outcome is Outcome.FAIL
    assert finding.evidence["offenders"][0]["alert"] == "Latency"
    assert "nobody promised Latency" in finding.because.replace("N", "n", 1)


@pytest.mark.parametrize(
    "other",
    [
        alert("Watchdog", fires=at(2)),
        alert("Latency", fires=at(151)),
        alert("Latency", pends=at(20)),
    ],
    ids=["fired before", "fires after the step", "only pending"],
)
def test_what_is_no_effect_of_the_fault(other: list[Event]) -> None:
    assert asked(PROMISED, other).outcome is Outcome.PASS


def test_what_is_excepted_may_ring() -> None:
    finding = asked(alert("NodeClockSkew", fires=at(40)), except_=("NodeClockSkew",))
    assert finding.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("team", "outcome"), [("web", Outcome.FAIL), ("db", Outcome.PASS)]
)
def test_it_may_be_narrowed_to_some_labels(team: str, outcome: Outcome) -> None:
    finding = asked(alert("Latency", fires=at(40), team=team), matching={"team": "web"})
    assert finding.outcome is outcome


def test_it_may_be_narrowed_by_name() -> None:
    finding = asked(alert("Latency", fires=at(40)), matching={"alertname": "Errors"})
    assert finding.outcome is Outcome.PASS


def test_a_page_about_an_alert_of_somebody_else_counts() -> None:
    stranger = page("oncall", at(40), "LogErrors", starts=at(39))
    finding = asked(PROMISED, stranger)
    assert finding.outcome is Outcome.FAIL
    assert finding.evidence["pages"] == ["LogErrors"]


@pytest.mark.parametrize(
    "told",
    [
        page("oncall", at(40), "LogErrors", starts=at(4)),
        page("oncall", at(40), "LogErrors", status="resolved"),
        page("oncall", at(40), "LogErrors", starts=at(4), status="resolved"),
        [*page("oncall", at(5), "LogErrors"), *page("oncall", at(40), "LogErrors")],
        page("oncall", at(40), NAME, starts=at(22)),
        page("oncall", at(40), NAME, starts=at(39), severity="page", cluster="b"),
    ],
    ids=[
        "repeated",
        "over, and nobody knows since when",
        "over, and began before",
        "told before the fault",
        "promised",
        "promised, from another Prometheus",
    ],
)
def test_pages_that_tell_nothing_new(told: list[Event]) -> None:
    assert asked(PROMISED, told).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "told",
    [
        page("oncall", at(40), "LogErrors"),
        page("oncall", at(40), "LogErrors", vendor="pagerduty"),
        page("oncall", at(40), "LogErrors", starts=at(39), status="resolved"),
        page("dba", at(40), NAME, starts=at(39), severity="page", job="db")
        + page("dba", at(40), NAME, starts=at(39), severity="ticket"),
        page("dba", at(40), NAME, severity="page", instance="172.18.0.4:8000"),
    ],
    ids=[
        "says nothing of since when",
        "by a vendor without times",
        "over, but it began in the fault",
        "a promised name with other labels",
        "of an instance that was spared",
    ],
)
def test_pages_of_what_nobody_promised(told: list[Event]) -> None:
    exact = page("oncall", at(25), NAME, starts=at(22))
    assert asked(PROMISED, exact, told).outcome is Outcome.FAIL


def bare(vendor: str = "slack", status: str = "firing", key: str = "") -> list[Event]:
    return page("chat", at(40), vendor=vendor, status=status, group_key=key)


@pytest.mark.parametrize("status", ["firing", "resolved", "unknown"])
def test_a_page_that_nobody_understands_leaves_it_open(status: str) -> None:
    finding = asked(PROMISED, bare(status=status))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "a page at chat" in finding.because.lower()


def test_an_entry_that_says_nothing_is_not_understood() -> None:
    (told,) = page("oncall", at(25), NAME, starts=at(22))
    empty = {"labels": {}, "status": "firing", "fingerprint": ""}
    entries = [*told.alerts, empty]
    more = event(told.at, "page", **{**told.fields, "alerts": entries})
    assert asked(PROMISED, [told]).outcome is Outcome.PASS
    assert asked(PROMISED, [more]).outcome is Outcome.INCONCLUSIVE


def test_what_was_heard_beside_it_counts() -> None:
    other = alert("Latency", fires=at(30))
    assert asked(PROMISED, other, bare()).outcome is Outcome.FAIL


def test_a_page_of_a_known_group_is_understood() -> None:
    known = page("oncall", at(25), NAME, starts=at(22), group_key="{}:{}")
    told = bare("opsgenie", key="{}:{}")
    assert asked(PROMISED, known, told).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "before",
    [
        alert("Expires", pends=at(5)),
        alert("Expires", fires=at(5), resolves=at(20)),
    ],
)
def test_what_was_there_before_the_fault_and_rings_again_is_open(
    before: list[Event],
) -> None:
    finding = asked(PROMISED, before, alert("Expires", fires=at(40)))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "before the fault" in finding.because


def test_what_was_over_before_the_fault_and_rings_again_counts() -> None:
    before = alert("Latency", fires=at(2), resolves=at(6))
    again = alert("Latency", fires=at(40))
    assert asked(PROMISED, before, again).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("instance", "outcome"),
    [
        ("172.18.0.3:8000", Outcome.PASS),
        ("172.18.0.4:8000", Outcome.FAIL),
        ("web-1", Outcome.FAIL),
        ("lb:8405", Outcome.PASS),
    ],
)
def test_an_alert_of_an_instance_that_was_spared_is_another(
    instance: str, outcome: Outcome
) -> None:
    fired = alert(NAME, fires=at(22), severity="page", instance=instance)
    assert asked(fired).outcome is outcome


@pytest.mark.parametrize("source", ["prometheus", "alertmanager", "pager"])
def test_silence_proves_nothing_while_nobody_listens(source: str) -> None:
    finding = asked(PROMISED, blind(source, at(100), at(110)))
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_what_was_heard_in_spite_of_it_counts() -> None:
    finding = asked(
        alert("Latency", fires=at(40)), blind("prometheus", at(100), at(110))
    )
    assert finding.outcome is Outcome.FAIL


def test_without_a_pager_none_is_missed() -> None:
    planned = plan(step(), observe=everything(pages=None, alertmanager=None))
    story = timeline(fault(), monitoring=watched("prometheus"))
    assert answer(judged(planned, story), "no_other_alerts").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ({}, Outcome.INCONCLUSIVE),
        ({"except_": ("Latency",)}, Outcome.PASS),
        ({"matching": {"team": "db"}}, Outcome.PASS),
        ({"matching": {"team": "web"}}, Outcome.INCONCLUSIVE),
    ],
)
def test_a_rule_that_failed_could_have_rung(
    settings: dict[str, object], outcome: Outcome
) -> None:
    failure = event(at(30), "rule_failed", group="shop", alert="Latency", because="x")
    quiet = NoOtherAlerts(**settings)  # type: ignore[arg-type]
    planned = with_rules(
        plan(step(no_other_alerts=quiet)),
        rule("Latency", labels={"team": "web"}),
        rule("Errors", labels={"team": "db"}),
    )
    finding = answer(judged(planned, timeline(fault(), [failure])), "no_other_alerts")
    assert finding.outcome is outcome


def test_where_no_rule_can_ring_none_is_missed() -> None:
    failure = event(at(30), "rule_failed", group="shop", alert="Latency", because="x")
    quiet = NoOtherAlerts(except_=("Latency",))
    planned = with_rules(plan(step(no_other_alerts=quiet)), rule("Latency"))
    finding = answer(judged(planned, timeline(fault(), [failure])), "no_other_alerts")
    assert finding.outcome is Outcome.PASS


def test_rules_nobody_could_list_may_all_have_rung() -> None:
    failure = event(at(30), "rule_failed", group="shop", alert="Latency", because="x")
    assert asked([failure]).outcome is Outcome.INCONCLUSIVE


LOST = scrape("lb:8405", job="haproxy", down=at(30))


@pytest.mark.parametrize(
    ("fires", "outcome"),
    [(None, Outcome.INCONCLUSIVE), (40.0, Outcome.INCONCLUSIVE), (25.0, Outcome.FAIL)],
)
def test_a_lost_target_may_be_what_rings(fires: float | None, outcome: Outcome) -> None:
    other = [] if fires is None else alert("TargetMissing", fires=at(fires))
    finding = asked(PROMISED, other, LOST)
    assert finding.outcome is outcome


@pytest.mark.parametrize(
    ("settings", "rings", "outcome"),
    [
        ({}, "", Outcome.INCONCLUSIVE),  # BalancerDown could have rung
        ({"matching": {"team": "lb"}}, "", Outcome.INCONCLUSIVE),
        ({"matching": {"team": "db"}}, "", Outcome.PASS),
        ({"except_": ("BalancerDown",)}, "", Outcome.PASS),
        ({"matching": {"team": "db"}}, "DatabaseDown", Outcome.FAIL),
        ({"matching": {"team": "db"}}, "FromElsewhere", Outcome.INCONCLUSIVE),
    ],
)
def test_a_lost_target_that_no_such_alert_reads_says_nothing(
    settings: dict[str, object], rings: str, outcome: Outcome
) -> None:
    quiet = NoOtherAlerts(**settings)  # type: ignore[arg-type]
    planned = with_rules(
        plan(step(no_other_alerts=quiet)),
        replace(rule("BalancerDown", labels={"team": "lb"}), expr='up{job="haproxy"}'),
        replace(rule("DatabaseDown", labels={"team": "db"}), expr='up{job="db"}'),
    )
    other = alert(rings, fires=at(40), team="db") if rings else []
    finding = answer(judged(planned, timeline(fault(), other, LOST)), "no_other_alerts")
    assert finding.outcome is outcome, finding.because


def test_it_is_not_asked_where_it_is_switched_off() -> None:
    planned = plan(step(no_other_alerts=NoOtherAlerts(asked=False)))
    names = [
        finding.question for finding in judged(planned, timeline(fault())).findings
    ]
    assert "no_other_alerts" not in names
