"""Rules that fail, miss evaluations, or change."""

from typing import Any

from gameday.observers.prometheus.api import SelfMetrics, self_metrics
from gameday.observers.prometheus.episodes import Gap
from gameday.observers.prometheus.rule_watch import RuleWatch
from gameday.observers.prometheus.rules import LiveRuleGroup, read_groups


def rule(name: str = "Down", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "alerting",
        "query": "up == 0",
        "duration": 3,
        "labels": {"severity": "page"},
        "annotations": {"summary": "down"},
        "health": "ok",
        "lastError": "",
        "lastEvaluation": "2026-01-01T00:00:10.000123456Z",
        "alerts": [],
        **changes,
    }


def groups(*rules: dict[str, Any], **changes: Any) -> tuple[LiveRuleGroup, ...]:
    group = {
        "name": "shop",
        "file": "rules.yaml",
        "interval": 1,
        "lastEvaluation": "2026-01-01T00:00:10.000123456Z",
        "rules": list(rules),
        **changes,
    }
    return read_groups([group])


def metrics(missed: float = 0.0, failed: float = 0.0) -> SelfMetrics:
    key = "rules.yaml;shop"
    return SelfMetrics(started=50.0, missed={key: missed}, failed={key: failed})


def test_the_same_rules_again_are_nothing_new() -> None:
    watch = RuleWatch()
    for at in (10.0, 11.0):
        assert watch.look(groups(rule()), metrics(), at, at) == []


def test_a_failing_rule_is_said_once_until_it_has_recovered() -> None:
    watch = RuleWatch()
    watch.look(groups(rule()), None, 10.0, 10.0)
    sick = groups(rule(health="err", lastError="many-to-many\nmatching"))
    (failed,) = watch.look(sick, None, 11.0, 11.0)
    assert (failed.group, failed.alert) == ("shop", "Down")
    assert failed.because == "the evaluation failed: many-to-many matching"
    assert failed.at == 1767225610.0
    assert watch.look(sick, None, 12.0, 12.0) == []
    assert watch.look(groups(rule()), None, 13.0, 13.0) == []
    assert len(watch.look(sick, None, 14.0, 14.0)) == 1


def test_a_failing_recording_rule_is_the_groups() -> None:
    watch = RuleWatch()
    recorded = rule("job:errors:rate1m", type="recording", health="err", lastError="no")
    (failed,) = watch.look(groups(recorded), None, 10.0, 10.0)
    assert failed.alert == ""
    assert failed.because.startswith("job:errors:rate1m: ")


def test_missed_and_failed_evaluations_are_counted_between_looks() -> None:
    watch = RuleWatch()
    watch.look(groups(rule()), metrics(missed=5, failed=2), 10.0, 10.0)
    assert watch.look(groups(rule()), metrics(missed=5, failed=2), 12.0, 12.0) == []
    events = watch.look(groups(rule()), metrics(missed=6, failed=5), 14.0, 14.0)
    assert [event.because for event in events] == [
        "1 evaluation of the group did not happen",
        "3 evaluations of its rules failed",
    ]
    assert all(event.since == 12.0 for event in events)
    assert all(event.alert == "" for event in events)


def test_failures_that_a_failing_rule_explains_are_its_own() -> None:
    watch = RuleWatch()
    sick = groups(rule("A", health="err", lastError="no"), rule("B"))
    watch.look(sick, metrics(failed=2), 10.0, 10.0)
    (failed,) = watch.look(sick, metrics(failed=5), 12.0, 12.0)
    assert (failed.alert, failed.since) == ("A", 10.0)


def test_a_rule_that_goes_on_failing_is_told_with_since_when() -> None:
    watch = RuleWatch()
    watch.look(groups(rule(health="err", lastError="no"), rule("B")), None, 10.0, 10.0)
    (failed,) = watch.still_failing(1767225690.0)
    assert (failed.alert, failed.at) == ("Down", 1767225690.0)
    assert failed.since == 1767225610.0
    watch.look(groups(rule(), rule("B")), None, 11.0, 11.0)
    assert watch.still_failing(12.0) == []


def test_a_changed_rule_is_named_and_its_neighbour_is_not() -> None:
    watch = RuleWatch()
    watch.look(groups(rule("A"), rule("B")), None, 10.0, 10.0)
    (failed,) = watch.look(groups(rule("A", duration=9), rule("B")), None, 11.0, 11.0)
    assert (failed.alert, failed.because) == ("A", "changed during the run")
    assert watch.look(groups(rule("A", duration=9), rule("B")), None, 12.0, 12.0) == []


def test_rules_that_come_and_go_have_changed() -> None:
    watch = RuleWatch()
    recorded = rule("b:c", type="recording")
    watch.look(groups(rule("A"), recorded), None, 10.0, 10.0)
    events = watch.look(groups(rule("New")), None, 11.0, 11.0)
    named = {(event.alert, event.because) for event in events}
    assert named == {
        ("A", "removed during the run"),
        ("New", "loaded only during the run"),
        ("", "b:c removed during the run"),
    }
    assert {event.what for event in events} == {"changed"}
    assert {event.rule for event in events if not event.alert} == {"b:c"}


def test_a_rule_that_moved_to_another_group_is_told_of_both() -> None:
    watch = RuleWatch()
    watch.look(groups(rule("A")), None, 10.0, 10.0)
    events = watch.look(groups(rule("A"), name="else"), None, 11.0, 11.0)
    assert {(event.group, event.alert) for event in events} == {
        ("shop", "A"),
        ("else", "A"),
    }


def last(at: float) -> str:
    return f"1970-01-01T00:00:{at:06.3f}Z"


def test_a_group_that_stands_still_is_told_without_any_metrics() -> None:
    watch = RuleWatch()
    assert watch.look(groups(rule(), lastEvaluation=last(10)), None, 11.0, 11.0) == []
    assert watch.look(groups(rule(), lastEvaluation=last(10)), None, 12.4, 12.4) == []
    (noticed,) = watch.look(groups(rule(), lastEvaluation=last(10)), None, 13.0, 13.0)
    assert (noticed.since, noticed.at, noticed.what) == (11.0, 13.0, "missed")
    assert watch.look(groups(rule(), lastEvaluation=last(10)), None, 20.0, 20.0) == []
    (over,) = watch.look(groups(rule(), lastEvaluation=last(20)), None, 21.0, 21.0)
    assert (over.since, over.at) == (11.0, 20.0)
    assert watch.look(groups(rule(), lastEvaluation=last(21)), None, 22.0, 22.0) == []


def test_another_interval_changes_every_rule_of_the_group() -> None:
    watch = RuleWatch()
    watch.look(groups(rule("A"), rule("B")), None, 10.0, 10.0)
    events = watch.look(groups(rule("A"), rule("B"), interval=5), None, 11.0, 11.0)
    assert {event.alert for event in events} == {"A", "B"}


def test_an_annotation_changes_no_verdict() -> None:
    watch = RuleWatch()
    watch.look(groups(rule()), None, 10.0, 10.0)
    assert watch.look(groups(rule(annotations={})), None, 11.0, 11.0) == []


def test_failures_and_changes_lie_between_two_looks_however_long_these_take() -> None:
    watch = RuleWatch()
    watch.look(groups(rule()), metrics(failed=1), 10.0, 10.4)
    events = watch.look(groups(rule(duration=9)), metrics(failed=2), 12.0, 12.7)
    assert sorted((event.what, event.since, event.at) for event in events) == [
        ("changed", 10.0, 12.7),
        ("failed", 10.0, 12.7),
    ]


def test_a_restart_fails_every_group_once() -> None:
    watch = RuleWatch()
    watch.look(groups(rule()), metrics(missed=9), 10.0, 10.0)
    assert watch.restarted(50.0, 10.0) == []
    assert watch.restarted(50.0, 11.0) == []
    (failed,) = watch.restarted(80.0, 85.0)
    assert failed.group == "shop"
    assert "restarted" in failed.because
    assert (failed.since, failed.at) == (10.0, 85.0)
    # The counters begin again at zero; that is no new failure.
    assert watch.look(groups(rule()), metrics(missed=1), 86.0, 86.0) == []


def test_evaluations_say_up_to_when_each_group_was_evaluated() -> None:
    watch = RuleWatch()
    never = "0001-01-01T00:00:00Z"
    watch.look(groups(rule()) + groups(rule(), lastEvaluation=never), None, 11.0, 11.0)
    (evaluations,) = watch.evaluations(12.0)
    assert (evaluations.group, evaluations.file, evaluations.interval) == (
        "shop",
        "rules.yaml",
        1.0,
    )
    assert evaluations.last == 1767225610.0


def test_a_gap_in_the_samples_names_the_alert() -> None:
    gap = Gap(group="shop", alert="Down", at=104.0, missed=2)
    (failed,) = RuleWatch().gaps([gap])
    assert (failed.at, failed.alert) == (104.0, "Down")
    assert failed.because == "was not evaluated, or failed, 2 times"


def test_the_page_of_its_own_metrics_is_read() -> None:
    page = (
        b"# TYPE x counter\n"
        b'prometheus_rule_group_iterations_missed_total{rule_group="r.yaml;a"} 3\n'
        b'prometheus_rule_evaluation_failures_total{rule_group="r.yaml;b \\"c\\""} 1\n'
        b"process_start_time_seconds 1.5e+09\n"
    )
    counts = self_metrics(page)
    assert counts.started == 1.5e9
    assert counts.missed == {"r.yaml;a": 3.0}
    assert counts.failed == {'r.yaml;b "c"': 1.0}
