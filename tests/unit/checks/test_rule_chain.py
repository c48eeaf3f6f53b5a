"""The chain of an alert: recording rules in other groups, and the targets it reads."""

from dataclasses import replace

import pytest

from gameday.model.alerting.alert import RecordingRule
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.verdict import Outcome
from tests.builders import (
    answer,
    at,
    fault,
    judged,
    plan,
    promise,
    rule,
    scrape,
    step,
    timeline,
    with_rules,
)

NAME = "BudgetBurns"
BURNS = replace(
    rule(NAME, group="alerts"), expr='slo:burn{job="api"} > 14.4', reads=("slo:burn",)
)
RECORDED = (
    RecordingRule(name="slo:burn", expr="slo:errors / slo:total", group="burn"),
    RecordingRule(name="slo:errors", expr='rate(e{job="api"}[5m])', group="sli"),
    RecordingRule(name="slo:total", expr='rate(t{job="api"}[5m])', group="sli"),
    RecordingRule(name="other:ratio", expr='x{job="db"}', group="else"),
)


def planned(recorded: tuple[RecordingRule, ...] = RECORDED) -> Plan:
    made = with_rules(
        plan(step(alerts=(promise(NAME, fires_within=30.0),))),
        BURNS,
    )
    return replace(made, monitoring=replace(made.monitoring, recorded=recorded))


def missed(group: str, **more: str) -> list[Event]:
    told = {"group": group, "alert": "", "because": "missed", "since": at(24)}
    return [event(at(25), "rule_failed", **{**told, **more})]


def fires(*parts: list[Event], known: tuple[RecordingRule, ...] = RECORDED) -> Outcome:
    story = timeline(fault(), *parts)
    return answer(judged(planned(known), story), "fires_within").outcome


@pytest.mark.parametrize("group", ["alerts", "burn", "sli"])
def test_the_groups_of_all_that_feeds_an_alert_are_on_its_chain(group: str) -> None:
    assert fires(missed(group)) is Outcome.INCONCLUSIVE


def test_other_groups_are_not() -> None:
    assert fires(missed("else")) is Outcome.FAIL


def test_a_recording_rule_that_fails_is_known_by_its_name() -> None:
    assert fires(missed("sli", rule="slo:errors")) is Outcome.INCONCLUSIVE
    assert fires(missed("sli", rule="neighbour")) is Outcome.FAIL


def test_an_older_record_names_it_in_words_only() -> None:
    why = "slo:burn: the evaluation failed: many-to-many"
    assert fires(missed("burn", because=why), known=()) is Outcome.INCONCLUSIVE
    other = "x:y: the evaluation failed: many-to-many"
    assert fires(missed("burn", because=other), known=()) is Outcome.FAIL


def test_groups_are_known_by_their_files_too() -> None:
    made = planned()
    files = replace(BURNS, file="a.yaml")
    made = replace(made, monitoring=replace(made.monitoring, rules=(files,)))

    def outcome(file: str) -> Outcome:
        story = timeline(fault(), missed("alerts", file=file))
        return answer(judged(made, story), "fires_within").outcome

    assert outcome("a.yaml") is Outcome.INCONCLUSIVE
    assert outcome("b.yaml") is Outcome.FAIL


def test_a_lost_target_that_the_alert_does_not_read_changes_nothing() -> None:
    assert fires(scrape("10.0.0.1:80", job="api", down=at(20))) is Outcome.INCONCLUSIVE
    assert fires(scrape("10.0.0.1:80", job="db", down=at(20))) is Outcome.FAIL
