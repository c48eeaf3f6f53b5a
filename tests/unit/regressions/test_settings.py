"""What is kept beside a measure: all that decides it, and nothing else."""

from dataclasses import replace
from typing import Any

from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.plan import Plan, ScrapeJob
from gameday.model.scenario import AlertPromise
from gameday.model.verdict import Finding, Outcome
from gameday.plans.timing import timings
from gameday.regressions.measure import observed
from gameday.regressions.settings import settings
from tests.builders import STEP, judged, plan, promise, rule, step, stop, timeline

ALERT = "WebReplicaDown"


def asked(*promises: AlertPromise, rules: tuple[AlertRule, ...], **rest: Any) -> Plan:
    held = step(alerts=promises, hypothesis=False)
    made = plan(held, rules=rules, **rest)
    return replace(made, timings=timings(made.scenario, made.monitoring))


def of(
    made: Plan, subject: str = ALERT, question: str = "fires_within"
) -> dict[str, str]:
    """Return what decides when an alert fires."""
    finding = Finding(
        step=STEP,
        check="alert",
        subject=subject,
        question=question,
        outcome=Outcome.PASS,
        because="",
    )
    return dict(settings(made, finding))


def scraped_by(web: float, other: float, expr: str) -> dict[str, str]:
    reads = replace(rule(ALERT), expr=expr)
    jobs = (
        ScrapeJob(name="web", interval=web, timeout=1.0),
        ScrapeJob(name="other", interval=other, timeout=1.0),
    )
    return of(
        asked(
            promise(ALERT, fires_within=40.0),
            rules=(reads,),
            jobs=jobs,
            scrape_interval=max(web, other),
        )
    )


def test_the_interval_is_that_of_the_jobs_which_the_rule_reads() -> None:
    """Else a slower job that has nothing to do with it would cover the change."""
    expr = 'up{job="web"} == 0'
    assert scraped_by(1.0, 30.0, expr)["scrape interval"] == "1s"
    assert scraped_by(15.0, 30.0, expr)["scrape interval"] == "15s"
    assert scraped_by(1.0, 30.0, "up == 0")["scrape interval"] == "30s"


def test_recording_rules_that_the_alert_rests_on_decide_as_well() -> None:
    recorded = (
        RecordingRule(name="job:up", expr="min(instance:up)", interval=30.0),
        RecordingRule(name="instance:up", expr="up", interval=5.0),
        RecordingRule(name="unread", expr="up", interval=9.0),
    )
    reads = replace(rule(ALERT), expr="job:up == 0")
    made = asked(promise(ALERT, fires_within=40.0), rules=(reads,), recorded=recorded)
    decides = of(made)
    assert decides["interval of job:up"] == "30s"
    assert decides["query of instance:up"] == "up"
    assert not any("unread" in name for name in decides)


def test_of_two_promises_of_one_name_each_has_its_own_rule() -> None:
    ticket = {"severity": "ticket"}
    promises = (
        promise(ALERT, fires_within=40.0),
        promise(ALERT, labels=ticket, fires_within=60.0),
    )
    rules = (
        rule(ALERT, hold=5.0, interval=1.0),
        rule(ALERT, hold=25.0, interval=1.0, labels=ticket),
    )
    made = asked(*promises, rules=rules)
    page, late = (f'{ALERT}{{severity="{word}"}}' for word in ("page", "ticket"))
    assert of(made, page)[f"for of {ALERT}"] == "5s"
    assert of(made, late)[f"for of {ALERT}"] == "25s"
    earliest = {
        seen.measure.key.subject: seen.measure.earliest
        for seen in observed(made, judged(made, timeline()))
    }
    assert earliest == {page: 5.0, late: 25.0}


def test_the_fault_is_told_in_words_and_its_length_where_it_decides() -> None:
    faults = (
        replace(stop(), arguments={"signal": "SIGKILL"}),
        replace(stop(), selection=replace(stop().selection, count=None, share=0.34)),
    )
    held = step(faults=faults, alerts=(promise(ALERT, fires_within=40.0),))
    made = plan(replace(held, hold=45.0), rules=(rule(ALERT),))
    assert of(made)["fault"] == (
        "process.stop on 1 of web signal SIGKILL; process.stop on 34% of web"
    )
    assert "hold" not in of(made)
    assert of(made, question="resets_within")["hold"] == "45s"
