"""Which recording rules are others than they were, and who is affected."""

from dataclasses import replace

import pytest

from gameday.files.promql.promql_canonical import canonical
from gameday.files.promql.promql_reads import reads
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.replays.lineage import (
    Lineage,
    RuleLanguage,
    ahead,
    behind,
    trace,
    unsettled,
)
from tests.builders import rule

LANGUAGE = RuleLanguage(spell=canonical, reads=reads, group=lambda rule: rule.group)


def record(name: str, expr: str, place: int = 0, **rest: object) -> RecordingRule:
    given: dict[str, object] = {"group": "made", "interval": 15.0, **rest}
    return RecordingRule(name=name, expr=expr, place=place, **given)  # type: ignore[arg-type]


def few(group: str) -> AlertRule:
    return replace(rule("Few", group=group, place=1), expr="job:up < job:twice")


UP = record("job:up", "sum by (job) (up)")
TWICE = record("job:twice", "job:up * 2", 1)
OTHER = record("job:other", "sum(other)", 2)


def traced(*now: RecordingRule, changed: tuple[str, ...] = ()) -> Lineage:
    return trace((UP, TWICE, OTHER), now, LANGUAGE, changed)


def test_the_same_rules_are_as_recorded_however_they_are_spelt() -> None:
    spelt = record("job:up", "sum  by(job)(up)")
    assert traced(spelt, TWICE, OTHER).replaced == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        record("job:up", "sum by (job) (up) + 0"),
        record("job:up", "sum by (job) (up)", labels={"team": "a"}),
        record("job:up", "sum by (job) (up)", interval=60.0),
        record("job:up", "sum by (job) (up)", group="elsewhere"),
        record("job:up", "sum by (job) (up)", query_offset=30.0),
    ],
)
def test_another_one_is_computed_anew_and_what_reads_it(changed: RecordingRule) -> None:
    lineage = traced(changed, TWICE, OTHER)
    assert [made.name for made in lineage.anew] == ["job:up", "job:twice"]
    assert lineage.replaced == {"job:up", "job:twice"}
    assert lineage.gone == frozenset()


def test_what_is_made_after_its_reader_makes_another_reader() -> None:
    lineage = traced(record("job:up", "sum by (job) (up)", 3), TWICE, OTHER)
    assert lineage.replaced == {"job:twice"}


def test_what_nothing_makes_any_more_is_gone() -> None:
    lineage = traced(TWICE, OTHER)
    assert lineage.gone == {"job:up"}
    assert lineage.replaced == {"job:up", "job:twice"}


def test_what_reads_itself_is_unknown_and_not_as_recorded() -> None:
    lineage = traced(record("job:up", "sum by (job) (up) + job:up"), TWICE, OTHER)
    assert lineage.anew == ()
    assert set(lineage.unknown) == {"job:up", "job:twice"}
    assert lineage.replaced == {"job:up", "job:twice"}


def test_what_reads_a_changed_alert_is_not_as_recorded() -> None:
    firing = record("firing", 'count(ALERTS{alertname=~"Down.*"})', 3)
    before = (UP, firing)
    assert trace(before, before, LANGUAGE, ["Slow"]).replaced == frozenset()
    assert trace(before, before, LANGUAGE, ["DownNow"]).replaced == {"firing"}


def test_only_alerts_that_may_be_meant_are_asked_for() -> None:
    assert "ALERTS of Down" in unsettled(reads('ALERTS{alertname="Down"}'), ["Down"])
    assert not unsettled(reads('ALERTS{alertname!="Down"}'), ["Down"])
    assert unsettled(reads("ALERTS_FOR_STATE"), ["Down"])
    assert not unsettled(reads("up"), ["Down"])


def test_what_is_made_later_in_the_same_group_is_seen_one_evaluation_later() -> None:
    reader = few("made")
    later = record("job:twice", "up", 2)
    assert behind(reader, (UP, later), LANGUAGE) == {"job:twice"}
    assert ahead(reader, (UP, later), LANGUAGE) == {"job:up"}
    elsewhere = few("alerts")
    assert behind(elsewhere, (UP, later), LANGUAGE) == frozenset()
