"""A recorded run under other rules and routes: what follows, and what does not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gameday.model.alerting.alert import (
    AlertRule,
    Integration,
    Matcher,
    Receiver,
    Route,
    Routing,
)
from gameday.model.alerting.relabel import RelabelRule
from gameday.model.alerting.time_interval import TimeInterval
from gameday.model.scenario import NoOtherAlerts
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome
from gameday.replays.judged import Replayed, compared, judged, unanswered
from gameday.replays.machine import SeriesResult, Slots, lives
from gameday.replays.story import ReplayedAlert, TodaysRules
from tests.builders import (
    alert,
    at,
    cut,
    fault,
    measured,
    page,
    plan,
    promise,
    rule,
    step,
    timeline,
)
from tests.builders import judged as judged_then

NAME = "WebReplicaDown"
S = 1000
TIMES = Slots(first=round(at(0) * S), last=round(at(152) * S), interval=S)
ONCALL = Route(
    receiver="oncall",
    matchers=(Matcher(name="severity", op="=", value="page"),),
    group_wait=0.0,
    group_interval=2.0,
)
ROUTING = Routing(
    route=Route(receiver="team", group_wait=0.0, routes=(ONCALL,)),
    receivers=(
        Receiver(name="oncall", integrations=(Integration(kind="pagerduty"),)),
        Receiver(name="team", integrations=(Integration(kind="webhook"),)),
    ),
)
PROMISE = promise(
    NAME, fires_within=60.0, reaches="oncall", pages_within=70.0, resets_within=30.0
)
STORY = timeline(
    fault("web-2", begins=at(10), ends=at(55)),
    alert(NAME, fires=at(15), resolves=at(57)),
    page("oncall", at(15.1), NAME),
    [measured("prometheus", at(1), 0.0)],
)


def replayed(
    *rules: AlertRule,
    true: tuple[float, float] | None = (12, 56),
    routing: Routing = ROUTING,
    unknown: dict[int, str] | None = None,
    promised: Any = PROMISE,
    story: Timeline = STORY,
    hold: float | None = 45.0,
    others: NoOtherAlerts | None = None,
    then: Sequence[AlertRule] = (rule(NAME, hold=3.0),),
    ends: float = 152.0,
    monitoring: Any = None,
    **rest: Any,
) -> Replayed:
    """Return the run under these rules; `true`: when the first one's expression was."""
    asked = step(alerts=(promised,))
    if others is not None:
        asked = replace(asked, expect=replace(asked.expect, no_other_alerts=others))
    asks = plan(
        replace(asked, hold=hold), rules=then, routing=ROUTING, **(monitoring or {})
    )
    rung = []
    if true is not None:
        since, until = (round(at(second) * S) for second in true)
        results = [SeriesResult(labels={"server": "web-2"}, at=range(since, until, S))]
        rung = [
            ReplayedAlert(life=life, slots=TIMES)
            for life in lives(rules[0], results, TIMES)
        ]
    today = TodaysRules(
        rules=rules,
        routing=routing,
        rung=tuple(rung),
        unknown=unknown or {},
        until=at(ends),
        **rest,
    )
    return judged(asks, story, judged_then(asks, story), today)


def the(answers: Replayed, question: str) -> Finding:
    return next(finding for finding in answers.findings if finding.question == question)


def outcomes(answers: Replayed) -> dict[str, str]:
    return {finding.question: finding.outcome.value for finding in answers.findings}


def test_the_same_rule_gives_the_same_answers() -> None:
    answers = replayed(rule(NAME, hold=3.0))
    assert set(outcomes(answers).values()) == {"pass"}
    assert the(answers, "fires_within").measured == 5.0
    assert the(answers, "pages_within").error == 1.0
    assert {finding.question for finding in answers.others} >= {
        "bites",
        "undone",
        "during",
    }


def test_an_alert_that_now_fires_too_late_fails() -> None:
    promised = replace(PROMISE, fires_within=20.0)
    answers = replayed(rule(NAME, hold=30.0), promised=promised)
    assert the(answers, "fires_within").outcome is Outcome.FAIL
    assert the(answers, "fires_within").measured == 32.0


def test_first_true_and_for_beyond_the_promise_fail_though_the_fault_ended() -> None:
    answers = replayed(rule(NAME, hold=300.0))
    fires = the(answers, "fires_within")
    assert fires.outcome is Outcome.FAIL
    assert "5m2s after the fault began, later than promised" in fires.because


@pytest.mark.parametrize("hold", [45.0, None])
def test_a_fault_that_ended_first_leaves_it_open(hold: float | None) -> None:
    answers = replayed(rule(NAME, hold=50.0), hold=hold)
    fires = the(answers, "fires_within")
    assert fires.outcome is Outcome.INCONCLUSIVE
    assert "The fault ended at 2026-01-01T00:00:55.000Z" in fires.because
    assert the(answers, "reaches").outcome is not Outcome.PASS


def test_a_fault_that_was_held_longer_than_promised_leaves_nothing_open() -> None:
    promised = promise(NAME, fires_within=40.0)
    answers = replayed(rule(NAME, hold=50.0), promised=promised)
    assert the(answers, "fires_within").outcome is Outcome.FAIL


def test_what_was_never_true_could_still_have_become_so() -> None:
    answers = replayed(rule(NAME, hold=3.0), true=None)
    assert the(answers, "fires_within").outcome is Outcome.INCONCLUSIVE
    late = replayed(rule(NAME, hold=20.0), true=None)
    assert the(late, "fires_within").outcome is Outcome.FAIL
    assert "was never true" in the(late, "fires_within").because


def test_another_label_is_another_alert() -> None:
    answers = replayed(rule(NAME, hold=3.0, labels={"severity": "ticket"}))
    assert the(answers, "no_other_alerts").outcome is Outcome.FAIL
    assert the(answers, "fires_within").outcome is not Outcome.PASS


def test_a_route_that_leads_elsewhere_fails() -> None:
    route = replace(ONCALL, matchers=(Matcher(name="team", op="=", value="web"),))
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(route,)))
    answers = replayed(rule(NAME, hold=3.0), routing=routing)
    assert the(answers, "reaches").outcome is Outcome.FAIL
    assert the(answers, "pages_within").outcome is Outcome.FAIL
    assert the(answers, "fires_within").outcome is Outcome.PASS


def test_a_page_that_is_due_after_its_promise_fails() -> None:
    route = replace(ONCALL, group_wait=120.0)
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(route,)))
    answers = replayed(rule(NAME, hold=3.0), routing=routing)
    pages = the(answers, "pages_within")
    assert pages.outcome is Outcome.FAIL
    assert "due 2m5s after the fault began" in pages.because


def test_a_page_that_may_come_an_interval_later_is_not_called_in_time() -> None:
    promised = replace(PROMISE, page_resolves_within=3.0)
    route = replace(ONCALL, group_interval=6.0)
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(route,)))
    answers = replayed(
        rule(NAME, hold=3.0), true=(12, 57), promised=promised, routing=routing
    )
    ends = the(answers, "page_resolves_within")  # at 57, which is 15 and seven sixes
    assert (ends.measured, ends.error) == (2.0, 7.0)
    assert ends.outcome is Outcome.INCONCLUSIVE


def test_an_alert_that_keeps_firing_beyond_its_promise_fails() -> None:
    answers = replayed(rule(NAME, hold=3.0, keep_firing=3600.0))
    resets = the(answers, "resets_within")
    assert resets.outcome is Outcome.FAIL
    assert "keep_firing_for" in resets.because


def test_a_rule_that_cannot_be_replayed_is_inconclusive_whatever_rang() -> None:
    answers = replayed(
        rule(NAME, hold=3.0), unknown={0: "queue: it was not recorded"}, true=None
    )
    kinds = outcomes(answers)
    assert set(kinds.values()) == {"inconclusive"}
    assert "queue: it was not recorded" in the(answers, "fires_within").because


def test_another_rule_that_cannot_be_replayed_spoils_only_nothing_else_rang() -> None:
    answers = replayed(rule(NAME, hold=3.0), rule("Other"), unknown={1: "not recorded"})
    kinds = outcomes(answers)
    assert kinds.pop("no_other_alerts") == "inconclusive"
    assert set(kinds.values()) == {"pass"}


COME = ("fires_within", "reaches", "pages_within")


def test_a_rule_that_is_gone_or_renamed_fails_however_short_the_fault_was() -> None:
    for rules in ((), (rule("WebGone", hold=3.0),)):
        answers = replayed(*rules, true=None, hold=None)
        assert {outcomes(answers)[question] for question in COME} == {"fail"}


def test_other_labels_fail_however_short_the_fault_was() -> None:
    answers = replayed(rule(NAME, labels={"severity": "ticket"}), true=None, hold=None)
    assert outcomes(answers)["fires_within"] == "fail"


def test_a_rule_that_reads_what_nothing_makes_fails() -> None:
    why = "no recording rule makes job:up any more"
    answers = replayed(rule(NAME, hold=3.0), true=None, never={0: why}, hold=None)
    fires = the(answers, "fires_within")
    assert fires.outcome is Outcome.FAIL
    assert why in fires.because


def test_what_was_evaluated_elsewhere_is_not_replayed() -> None:
    answers = replayed(rule("Another"), true=None, then=(rule("Another"),))
    assert {outcomes(answers)[question] for question in COME} == {"inconclusive"}
    assert "came from elsewhere" in the(answers, "reaches").because


def test_a_group_that_may_be_evaluated_at_any_time_may_have_rung() -> None:
    slow = rule(NAME, hold=0.0, interval=60.0)
    answers = replayed(slow, true=None, perhaps={0: "at any time of 1m"})
    assert the(answers, "fires_within").outcome is Outcome.INCONCLUSIVE
    slower = rule(NAME, hold=90.0, interval=60.0)
    late = replayed(slower, true=None, perhaps={0: "at any time of 1m"})
    assert the(late, "fires_within").outcome is Outcome.FAIL
    other = replayed(rule(NAME, hold=3.0), rule("New"), perhaps={1: "any time"})
    assert the(other, "no_other_alerts").outcome is Outcome.INCONCLUSIVE


def test_an_excepted_rule_that_is_not_replayed_is_no_doubt() -> None:
    mine = replace(PROMISE, fires_within=60.0)
    rules = (rule(NAME, hold=3.0), rule("Noise"))
    spoiled = replayed(*rules, unknown={1: "x"}, promised=mine)
    assert the(spoiled, "no_other_alerts").outcome is Outcome.INCONCLUSIVE
    excepted = replayed(
        *rules, unknown={1: "x"}, others=NoOtherAlerts(except_=("Noise",))
    )
    assert the(excepted, "no_other_alerts").outcome is Outcome.PASS


def test_what_was_true_for_a_while_only_is_not_taken_to_have_gone_on() -> None:
    answers = replayed(rule(NAME, hold=20.0), true=(12, 20))
    fires = the(answers, "fires_within")
    assert fires.outcome is Outcome.FAIL  # 55 s, when the fault ended, + 20 s
    assert "not true when the fault ended" in fires.because


def test_a_page_that_was_due_after_the_fault_ended_is_left_open() -> None:
    route = replace(ONCALL, group_wait=50.0)  # due at 65 s; the fault ended at 55 s
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(route,)))
    answers = replayed(rule(NAME, hold=3.0), routing=routing, hold=None)
    assert the(answers, "fires_within").outcome is Outcome.PASS
    for question in ("reaches", "pages_within"):
        assert the(answers, question).outcome is Outcome.INCONCLUSIVE
    assert "before its page was due" in the(answers, "pages_within").because


def test_a_page_that_is_muted_or_goes_elsewhere_is_not_left_open() -> None:
    route = replace(ONCALL, group_wait=50.0, active_times=("never",))
    routing = replace(
        ROUTING,
        route=replace(ROUTING.route, routes=(route,)),
        intervals=(TimeInterval(name="never"),),
    )
    answers = replayed(rule(NAME, hold=3.0), routing=routing, hold=None)
    assert the(answers, "pages_within").outcome is Outcome.FAIL


def test_labels_that_are_lost_on_the_way_leave_pages_open() -> None:
    relabel = RelabelRule(action="hashmod", source=("x",), target="severity")
    answers = replayed(rule(NAME, hold=3.0), monitoring={"relabels": (relabel,)})
    for question in ("reaches", "pages_within"):
        assert the(answers, question).outcome is Outcome.INCONCLUSIVE
    gone = RelabelRule(action="drop", source=("severity",), regex="page")
    dropped = replayed(rule(NAME, hold=3.0), monitoring={"relabels": (gone,)})
    assert the(dropped, "pages_within").outcome is Outcome.FAIL


def test_an_end_that_is_due_after_the_record_and_its_promise_fails() -> None:
    route = replace(ONCALL, group_interval=120.0)  # at 135 s; the end was at 57 s
    routing = replace(ROUTING, route=replace(ROUTING.route, routes=(route,)))
    promised = replace(PROMISE, page_resolves_within=60.0)
    story = cut(STORY, at(80))
    answers = replayed(
        rule(NAME, hold=3.0), routing=routing, promised=promised, story=story, ends=80
    )
    assert the(answers, "page_resolves_within").outcome is Outcome.FAIL


def test_a_page_has_its_own_time_also_where_its_alert_did_not_fire() -> None:
    promised = replace(PROMISE, fires_within=40.0, pages_within=70.0)
    answers = replayed(rule(NAME, hold=300.0), promised=promised)
    pages = the(answers, "pages_within")
    assert pages.outcome is Outcome.FAIL
    assert "5m2s after the fault began, later than promised" in pages.because
    soon = replayed(rule(NAME, hold=50.0), promised=promised)
    assert the(soon, "fires_within").outcome is Outcome.FAIL
    assert the(soon, "pages_within").outcome is Outcome.INCONCLUSIVE


def test_an_end_that_nobody_tells_of_fails() -> None:
    way = Integration(kind="pagerduty", send_resolved=False)
    receivers = (Receiver(name="oncall", integrations=(way,)), *ROUTING.receivers[1:])
    promised = replace(PROMISE, page_resolves_within=30.0)
    answers = replayed(
        rule(NAME, hold=3.0),
        routing=replace(ROUTING, receivers=receivers),
        promised=promised,
    )
    assert the(answers, "page_resolves_within").outcome is Outcome.FAIL


def test_an_alert_that_still_fires_when_the_record_ends_is_left_open() -> None:
    promised = replace(PROMISE, page_resolves_within=60.0)
    answers = replayed(
        rule(NAME, hold=3.0),
        true=(12, 80),
        promised=promised,
        story=cut(STORY, at(70)),
        ends=70,
    )
    assert the(answers, "page_resolves_within").outcome is Outcome.INCONCLUSIVE


def test_a_rule_that_is_gone_fails_or_leaves_it_open_but_never_passes() -> None:
    answers = replayed(rule("Other"), true=None)
    assert the(answers, "fires_within").outcome is not Outcome.PASS


def test_an_alert_that_was_there_before_the_fault_answers_nothing() -> None:
    answers = replayed(rule(NAME, hold=3.0), true=(2, 56))
    assert the(answers, "fires_within").outcome is Outcome.INCONCLUSIVE


def test_a_run_without_a_record_answers_every_question_with_the_reason() -> None:
    asks = plan(step(alerts=(PROMISE,)))
    answers = unanswered(judged_then(asks, STORY), "nothing was recorded")
    assert len(answers.findings) == 6
    assert {finding.outcome for finding in answers.findings} == {Outcome.INCONCLUSIVE}
    assert {finding.because for finding in answers.findings} == {
        "nothing was recorded."
    }


def rows(rung: Sequence[ReplayedAlert]) -> list[Any]:
    return compared(STORY, rung, at(10))


def test_what_rang_then_and_now_is_put_side_by_side() -> None:
    (then,) = rows(())
    assert "replayed" not in then
    labels = {"alertname": NAME, "severity": "page"}
    results = [
        SeriesResult(labels={}, at=range(round(at(12) * S), round(at(57) * S), S))
    ]
    alert_lives = lives(rule(NAME, hold=3.0), results, TIMES)
    (both,) = rows([ReplayedAlert(life=life, slots=TIMES) for life in alert_lives])
    assert both["labels"] == labels
    assert both["recorded"] == both["replayed"]
