"""Promised alerts: in time, with their labels, and only where somebody watched."""

import pytest

from gameday.model.events import Event, event
from gameday.model.verdict import Ending, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    blind,
    cut,
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
PLAN = plan(step(alerts=(promise(NAME, fires_within=30.0),)))
FIRED = alert(NAME, pends=at(14), fires=at(22), resolves=at(60))


def test_an_alert_that_fires_in_time_keeps_its_promise() -> None:
    finding = answer(judged(PLAN, timeline(fault(), FIRED)), "fires_within")
    assert (finding.outcome, finding.measured, finding.promised) == (
        Outcome.PASS,
        12.0,
        30.0,
    )
    assert finding.subject == NAME
    assert finding.unit == "s"
    assert finding.evidence["firing"] == "2026-01-01T00:00:22.000Z"
    assert finding.because == (
        "WebReplicaDown fired 12s after the fault began; promised within 30s."
    )


def test_an_alert_that_fires_late_breaks_it() -> None:
    late = alert(NAME, fires=at(41), resolves=at(60))
    finding = answer(judged(PLAN, timeline(fault(), late)), "fires_within")
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 31.0)


def test_a_silent_alert_has_failed_where_everybody_watched() -> None:
    finding = answer(judged(PLAN, timeline(fault())), "fires_within")
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, None)
    assert "never fired" in finding.because


def test_an_alert_with_other_labels_is_another_alert() -> None:
    ticket = alert(NAME, fires=at(22), severity="ticket")
    verdict = judged(PLAN, timeline(fault(), ticket))
    finding = answer(verdict, "fires_within")
    assert finding.outcome is Outcome.FAIL
    assert finding.evidence["namesakes"][0]["labels"]["severity"] == "ticket"
    assert answer(verdict, "no_other_alerts").outcome is Outcome.FAIL


def test_a_rule_that_is_not_loaded_is_named() -> None:
    planned = with_rules(PLAN, rule("SomethingElse"))
    finding = answer(judged(planned, timeline(fault())), "fires_within")
    assert finding.outcome is Outcome.FAIL
    assert "no rule of that name" in finding.because


def test_of_several_instances_the_earliest_answers() -> None:
    second = alert(NAME, fires=at(20), resolves=at(60), severity="page", zone="b")
    finding = answer(judged(PLAN, timeline(fault(), FIRED, second)), "fires_within")
    assert finding.measured == 10.0


@pytest.mark.parametrize(
    "trouble",
    [
        blind("prometheus", at(20), at(35)),
        [event(at(25), "rule_failed", group="shop", alert=NAME, because="bad regex")],
        [event(at(25), "rule_failed", group="shop", alert="", because="missed")],
    ],
    ids=["Prometheus blind", "its rule failed", "its group failed"],
)
def test_silence_proves_nothing_where_nobody_could_hear(trouble: list[Event]) -> None:
    planned = with_rules(PLAN, rule(NAME))
    finding = answer(judged(planned, timeline(fault(), trouble)), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "2026-01-01T00:00:2" in finding.because


@pytest.mark.parametrize(
    "elsewhere",
    [
        blind("prometheus", at(60), at(70)),
        blind("alertmanager", at(11), at(39)),
        [event(at(25), "rule_failed", group="shop", alert="Other", because="")],
        [event(at(25), "rule_failed", group="else", alert="", because="")],
        [event(at(45), "rule_failed", group="shop", alert=NAME, because="")],
    ],
)
def test_trouble_elsewhere_excuses_nothing(elsewhere: list[Event]) -> None:
    planned = with_rules(PLAN, rule(NAME))
    finding = answer(judged(planned, timeline(fault(), elsewhere)), "fires_within")
    assert finding.outcome is Outcome.FAIL


def test_an_alert_seen_in_time_stays_seen_whatever_comes_later() -> None:
    story = timeline(fault(), FIRED, blind("prometheus", at(23), at(24)))
    assert answer(judged(PLAN, story), "fires_within").outcome is Outcome.PASS


def test_a_late_alert_may_be_the_outages_fault() -> None:
    late = alert(NAME, fires=at(41), resolves=at(60))
    story = timeline(fault(), late, blind("prometheus", at(12), at(38)))
    finding = answer(judged(PLAN, story), "fires_within")
    assert (finding.outcome, finding.measured) == (Outcome.INCONCLUSIVE, 31.0)


def test_a_failure_that_was_over_before_the_fault_is_none() -> None:
    failure = event(at(30), "rule_failed", group="g", alert=NAME, since=at(28))
    story = timeline(fault(begins=at(40), ends=at(75)), [failure])
    finding = answer(judged(PLAN, story), "fires_within")
    assert finding.outcome is Outcome.FAIL


def test_rules_that_were_no_longer_evaluated_prove_nothing() -> None:
    monitoring = [entry for entry in watched() if entry.kind == "observed"]
    stale = event(
        at(152), "evaluations", group="shop", file="r", interval=1.0, last=at(20)
    )
    finding = answer(
        judged(PLAN, timeline(fault(), monitoring=[*monitoring, stale])), "fires_within"
    )
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "evaluated only up to 2026-01-01T00:00:20.000Z" in finding.because


def test_without_a_record_of_prometheus_silence_proves_nothing() -> None:
    story = timeline(fault(), monitoring=watched("alertmanager", "pager"))
    finding = answer(judged(PLAN, story), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "no record that Prometheus was watched" in finding.because


def test_a_scenario_without_prometheus_cannot_tell() -> None:
    planned = plan(
        step(alerts=(promise(NAME, fires_within=30.0),)),
        observe=everything(prometheus=None),
    )
    story = timeline(fault(), monitoring=watched("alertmanager", "pager"))
    assert answer(judged(planned, story), "fires_within").outcome is (
        Outcome.INCONCLUSIVE
    )


def test_a_run_that_was_stopped_too_early_cannot_tell() -> None:
    story = cut(timeline(fault(ends=at(20)), ended=at(20.5)), at(20.5))
    finding = answer(
        judged(PLAN, story, ending=Ending.OPERATOR, because="SIGINT"), "fires_within"
    )
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "stopped 19.500 s before its time was over: SIGINT" in finding.because


def test_what_was_measured_before_a_stop_stays() -> None:
    story = cut(timeline(fault(ends=at(30)), FIRED, ended=at(31)), at(31))
    finding = answer(judged(PLAN, story, ending=Ending.GUARDRAIL), "fires_within")
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 12.0)


# --- already there, silenced, pending -----------------------------------------------


def test_an_alert_that_fires_already_cannot_answer() -> None:
    early = alert(NAME, fires=at(5))
    for question in ("fires_within", "stays_firing"):
        finding = answer(judged(PLAN, timeline(fault(), early)), question)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert "already firing when the fault began" in finding.because


def test_alert_at_start_says_so_too() -> None:
    told = event(
        at(10),
        "alert_at_start",
        step="lose-a-replica",
        alert=NAME,
        labels={"alertname": NAME, "severity": "page"},
        state="firing",
    )
    finding = answer(judged(PLAN, timeline(fault(), [told])), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_alert_that_was_pending_before_the_fault_is_not_its_effect() -> None:
    early = alert(NAME, pends=at(8), fires=at(12), resolves=at(60))
    finding = answer(judged(PLAN, timeline(fault(), early)), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "already pending" in finding.because


def test_an_alert_that_was_over_before_the_fault_spoils_nothing() -> None:
    cleared = [event(at(6), "alert_cleared", **alert(NAME, pends=at(4))[0].fields)]
    old = [*alert(NAME, fires=at(2), resolves=at(3)), *alert(NAME, pends=at(4))]
    finding = answer(
        judged(PLAN, timeline(fault(), old, cleared, FIRED)), "fires_within"
    )
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 12.0)


SILENCE = {"id": "s-1", "until": at(400)}


@pytest.mark.parametrize(
    "matchers",
    [
        [{"name": "alertname", "op": "=", "value": NAME}],
        [{"name": "severity", "op": "=~", "value": "page|ticket"}],
        [{"name": "team", "op": "=", "value": "web"}],
        [{"name": "instance", "op": "=", "value": "web-2:8000"}],
    ],
    ids=[
        "by name",
        "by promised label",
        "by the rule's label",
        "by what it fired with",
    ],
)
def test_an_alert_that_was_silenced_cannot_answer(matchers: list[object]) -> None:
    planned = with_rules(PLAN, rule(NAME, labels={"severity": "page", "team": "web"}))
    fired = alert(
        NAME, fires=at(22), severity="page", team="web", instance="web-2:8000"
    )
    silence = event(at(4), "silence", matchers=matchers, **SILENCE)
    finding = answer(
        judged(planned, timeline(fault(), fired, [silence])), "fires_within"
    )
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "silenced before the fault" in finding.because


@pytest.mark.parametrize(
    ("since", "until", "value"),
    [(at(4), at(9), NAME), (at(20), at(400), NAME), (at(4), at(400), "Other")],
    ids=["over before", "made later", "of another"],
)
def test_other_silences_spoil_nothing(since: float, until: float, value: str) -> None:
    matcher = {"name": "alertname", "op": "=", "value": value}
    silence = event(since, "silence", id="s", matchers=[matcher], until=until)
    finding = answer(judged(PLAN, timeline(fault(), FIRED, [silence])), "fires_within")
    assert finding.outcome is Outcome.PASS


# --- clocks and errors ----------------------------------------------------------------


def clock(source: str, offset: float, error: float) -> list[Event]:
    return [event(at(1), "clock", source=source, offset=offset, error=error)]


def test_a_clock_that_is_surely_off_is_corrected() -> None:
    story = timeline(fault(), FIRED, clock("prometheus", 2.0, 0.010))
    finding = answer(judged(PLAN, story), "fires_within")
    assert (finding.measured, finding.error) == (10.0, 0.01)
    assert finding.evidence["firing"] == "2026-01-01T00:00:22.000Z"  # its own stamp


def test_an_offset_within_its_error_is_only_an_error() -> None:
    story = timeline(fault(), FIRED, clock("prometheus", 0.002, 0.010))
    finding = answer(judged(PLAN, story), "fires_within")
    assert (finding.measured, finding.error) == (12.0, 0.01)


def test_the_surest_look_at_a_clock_counts() -> None:
    sure, vague = clock("prometheus", 2.0, 0.010), clock("prometheus", 9.0, 0.5)
    finding = answer(
        judged(PLAN, timeline(fault(), FIRED, vague, sure)),
        "fires_within",
    )
    assert finding.measured == 10.0


@pytest.mark.parametrize(
    ("fires", "outcome"),
    [
        (at(39.4), Outcome.PASS),
        (at(39.8), Outcome.INCONCLUSIVE),
        (at(40.3), Outcome.INCONCLUSIVE),
        (at(40.6), Outcome.FAIL),
    ],
)
def test_a_time_too_close_to_the_promise_to_call(
    fires: float, outcome: Outcome
) -> None:
    vague = alert(NAME, fires=fires, resolves=at(60), error=0.5)
    finding = answer(judged(PLAN, timeline(fault(), vague)), "fires_within")
    assert finding.outcome is outcome
    assert finding.error == 0.5


def test_under_a_query_offset_the_page_knows_the_time() -> None:
    planned = with_rules(PLAN, rule(NAME, query_offset=10.0))
    told = page("oncall", at(33), NAME, starts=at(32))
    finding = answer(judged(planned, timeline(fault(), FIRED, told)), "fires_within")
    assert finding.measured == 22.0
    assert finding.evidence["page_starts"] == "2026-01-01T00:00:32.000Z"


# --- a fault that was none -----------------------------------------------------------


def test_without_a_bite_nothing_follows() -> None:
    finding = answer(judged(PLAN, timeline(fault(bites=False), FIRED)), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "did not bite: the process still runs" in finding.because


def test_two_promises_of_one_name_are_told_apart() -> None:
    both = (
        promise(NAME, fires_within=30.0),
        promise(NAME, fires_within=30.0, labels={"severity": "ticket"}),
    )
    verdict = judged(plan(step(alerts=both)), timeline(fault(), FIRED))
    assert answer(verdict, "fires_within", NAME + '{severity="page"}').outcome is (
        Outcome.PASS
    )
    assert answer(verdict, "fires_within", NAME + '{severity="ticket"}').outcome is (
        Outcome.FAIL
    )


# --- a healthy target lost -----------------------------------------------------------


def test_silence_beside_a_lost_target_proves_nothing() -> None:
    lost = scrape("lb:8405", job="haproxy", down=at(15))
    finding = answer(judged(PLAN, timeline(fault(), lost)), "fires_within")
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "lb:8405 (job haproxy), which the fault did not hit" in finding.because


def test_what_fired_before_the_loss_stands() -> None:
    lost = scrape("lb:8405", job="haproxy", down=at(30))
    finding = answer(judged(PLAN, timeline(fault(), FIRED, lost)), "fires_within")
    assert finding.outcome is Outcome.PASS


def test_an_alert_that_was_pending_for_too_short_says_for_how_long() -> None:
    slow = rule("WebReplicaDown", hold=120.0)
    asked = with_rules(
        plan(step(alerts=(promise("WebReplicaDown", fires_within=45.0),))), slow
    )
    cleared = {"alert": "WebReplicaDown", "labels": PAGED, "exact": True}
    told = [
        *alert("WebReplicaDown", pends=at(12)),
        event(at(61), "alert_cleared", **cleared),
    ]
    finding = answer(judged(asked, timeline(fault(), told)), "fires_within")
    assert finding.outcome is Outcome.FAIL
    assert "never fired; it was pending for 49s of its 2m" in finding.because


def test_an_alert_that_was_never_pending_says_nothing_of_it() -> None:
    asked = plan(step(alerts=(promise("WebReplicaDown", fires_within=100.0),)))
    finding = answer(judged(asked, timeline(fault())), "fires_within")
    assert "pending" not in finding.because


PAGED = {"alertname": "WebReplicaDown", "severity": "page"}
