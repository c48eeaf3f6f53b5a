"""The state machine of alerts, and the evaluations at which it looks."""

from dataclasses import replace

import pytest

from gameday.model.alerting.alert import AlertRule, RecordingRule, Rule
from gameday.model.alerting.recording import GroupRecord, Recording, SeriesRecord
from gameday.replays.machine import (
    Duplicate,
    Life,
    SeriesResult,
    Slots,
    Unexpandable,
    events_of,
    labels_of,
    lives,
    would_fire,
)
from gameday.replays.slots import GroupPhase, PhasesOfGroups, phases, slots
from tests.builders import rule

S = 1000  # ms
EVERY = Slots(first=0, last=60 * S, interval=S)


def rang(rule_: AlertRule, *true: range, times: Slots = EVERY) -> list[Life]:
    """Return an alert's lives; `true`: the seconds at which its expression was."""
    at = sorted(second * S for span in true for second in span)
    return lives(rule_, [SeriesResult(labels={"instance": "a"}, at=at)], times)


def test_it_fires_after_for_and_ends_at_the_first_evaluation_without_it() -> None:
    (life,) = rang(rule("Down", hold=3.0), range(10, 20))
    assert (life.active, life.firing, life.ended) == (10 * S, 13 * S, 20 * S)


def test_for_is_rounded_up_to_evaluations() -> None:
    times = Slots(first=0, last=60 * S, interval=5 * S)
    at = [second * S for second in range(10, 40, 5)]
    alert_lives = lives(rule("Down", hold=7.0), [SeriesResult(labels={}, at=at)], times)
    assert [alert.firing for alert in alert_lives] == [20 * S]
    assert would_fire(alert_lives[0], 5 * S) == 20 * S


def test_without_for_it_fires_at_once() -> None:
    (life,) = rang(rule("Down"), range(10, 12))
    assert life.firing == life.active == 10 * S
    assert [event.kind for event in events_of(life, EVERY)] == [
        "alert_firing",
        "alert_resolved",
    ]


def test_what_is_over_before_for_never_fires() -> None:
    (life,) = rang(rule("Down", hold=5.0), range(10, 14))
    assert life.firing is None
    kinds = [event.kind for event in events_of(life, EVERY)]
    assert kinds == ["alert_pending", "alert_cleared"]


def test_each_time_it_begins_anew() -> None:
    alert_lives = rang(rule("Down", hold=2.0), range(10, 14), range(20, 24))
    assert [alert.firing for alert in alert_lives] == [12 * S, 22 * S]


def test_keep_firing_for_bridges_gaps_and_delays_the_end() -> None:
    alert_lives = rang(rule("Down", keep_firing=5.0), range(10, 14), range(17, 20))
    assert [(alert.firing, alert.ended) for alert in alert_lives] == [(10 * S, 25 * S)]


def test_what_goes_on_to_the_end_has_no_end() -> None:
    (life,) = rang(rule("Down"), range(50, 61))
    assert life.ended is None


def test_each_set_of_labels_is_an_alert_of_its_own() -> None:
    results = [SeriesResult(labels={"instance": name}, at=[5 * S]) for name in "ab"]
    alert_lives = lives(rule("Down"), results, EVERY)
    assert [alert.labels["instance"] for alert in alert_lives] == ["a", "b"]


def test_a_template_of_a_label_is_filled_in_and_another_is_told() -> None:
    given = rule("Down", labels={"who": "{{ $labels.instance }}", "no": ""})
    assert labels_of(given, {"__name__": "up", "instance": "a"}) == {
        "alertname": "Down",
        "instance": "a",
        "who": "a",
    }
    with pytest.raises(Unexpandable, match="is a template"):
        labels_of(rule("Down", labels={"v": "{{ $value }}"}), {})


def test_a_query_offset_moves_the_stamps_back_to_the_evaluation() -> None:
    times = Slots(first=0, last=60 * S, interval=S, offset=30.0)
    (life,) = rang(rule("Down"), range(10, 12), times=times)
    assert [event.at for event in events_of(life, times)] == [40.0, 42.0]


def test_alerts_that_end_up_with_the_same_labels_are_no_evaluation() -> None:
    results = [SeriesResult(labels={"instance": name}, at=[5 * S]) for name in "ab"]
    with pytest.raises(Duplicate, match="have the same labels"):
        lives(rule("Down", labels={"instance": "all"}), results, EVERY)


# --- when a group is evaluated ----------------------------------------------------


def recorded(*series: SeriesRecord, last: float = 100.7302) -> Recording:
    group = GroupRecord(name="shop", file="rules.yaml", interval=1.0, last=last)
    return Recording(since=0.0, until=200.0, groups=(group,), series=series)


def phase_of(known: PhasesOfGroups, of: Rule) -> GroupPhase:
    phase = known.of(of)
    assert phase is not None
    return phase


def wrote(name: str, at: int, **labels: str) -> SeriesRecord:
    return SeriesRecord(labels={"__name__": name, **labels}, at=[at], values=[1.0])


def test_what_an_alert_wrote_tells_the_phase_to_the_millisecond() -> None:
    given = rule("Down", interval=1.0)
    told = wrote("ALERTS", 50_728, alertname="Down", severity="page")
    known = phases(recorded(told), [given])
    assert slots(given, known, 10.0, 20.0) == Slots(
        first=10_728, last=20_000, interval=S, offset=0.0, error=0.001
    )


def test_what_a_recording_rule_wrote_tells_it_too() -> None:
    record = RecordingRule(name="a:b", expr="up", group="shop", interval=1.0)
    known = phases(recorded(wrote("a:b", 50_728)), [record])
    assert phase_of(known, record).phase == 728


def test_without_either_the_last_evaluation_is_near_enough_and_says_how_near() -> None:
    given = rule("Down", interval=1.0)
    near = phase_of(phases(recorded(), [given]), given)
    assert abs(near.phase - 728) <= 5
    assert near.error > 0.005


def test_a_group_that_was_not_there_may_have_any_phase() -> None:
    new = rule("Down", group="new", interval=5.0)
    assert slots(new, phases(recorded(), []), 10.0, 20.0).error == 5.0


def test_another_interval_leaves_the_phase_open_unless_it_divides_the_old() -> None:
    told = wrote("ALERTS", 50_728, alertname="Down", severity="page")
    known = phases(recorded(told), [rule("Down", interval=1.0)])
    assert slots(rule("Down", interval=0.5), known, 0, 9).error == 0.001
    assert slots(rule("Down", interval=10.0), known, 0, 9).error == 10.0


def test_of_two_groups_that_may_have_written_it_neither_is_known() -> None:
    twins = [rule("Down", interval=1.0), rule("Down", group="b", interval=1.0)]
    told = wrote("ALERTS", 50_728, alertname="Down", severity="page")
    groups = tuple(
        GroupRecord(name=name, file="rules.yaml", interval=1.0, last=100.7302)
        for name in ("shop", "b")
    )
    known = phases(replace(recorded(told), groups=groups), twins)
    assert {phase_of(known, twin).error for twin in twins} == {0.006}


def test_of_two_groups_the_one_that_is_evaluated_then_has_written_it() -> None:
    twins = [rule("Down", interval=1.0), rule("Down", group="b", interval=1.0)]
    told = wrote("ALERTS", 50_728, alertname="Down", severity="page")
    groups = (
        GroupRecord(name="shop", file="rules.yaml", interval=1.0, last=100.7302),
        GroupRecord(name="b", file="rules.yaml", interval=1.0, last=100.1),
    )
    known = phases(replace(recorded(told), groups=groups), twins)
    assert [phase_of(known, twin).error for twin in twins] == [0.001, 0.006]


def test_groups_of_one_name_in_several_files_have_their_own_phases() -> None:
    groups = (
        GroupRecord(name="shop", file="/etc/p/a.yaml", interval=1.0, last=100.7302),
        GroupRecord(name="shop", file="/etc/p/b.yaml", interval=2.0, last=101.1002),
        GroupRecord(name="only", file="/etc/p/b.yaml", interval=5.0, last=101.9),
    )
    known = phases(replace(recorded(), groups=groups), [])
    first, second = (
        phase_of(known, rule("Down", file=f"repo/{name}.yaml")) for name in "ab"
    )
    assert (first.interval, second.interval) == (S, 2 * S)
    assert phase_of(known, rule("x", group="only", file="c.yaml")).interval == 5 * S
    assert known.of(rule("Down", file="repo/c.yaml")) is None
