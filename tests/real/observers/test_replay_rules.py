"""Records with recording rules, replayed by a real Prometheus of each generation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from gameday.app.evidence.replay_run import ReplayAnswer, RunReplay, TodaysFiles
from gameday.clock import SystemClock
from gameday.errors import UsageError
from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.alerting.recording import (
    GroupRecord,
    RecordedMetric,
    Recording,
    SeriesRecord,
)
from gameday.model.verdict import Finding
from gameday.runner.evaluation.scratch import Scratch
from gameday.runner.evaluation.server import Server
from tests.builders import at, fault, judged, measured, plan, promise, step, timeline
from tests.builders import rule as alert_rule

pytestmark = pytest.mark.alerting

S = 1000  # ms
SINCE, END = -900, 150  # seconds of the record
DOWN, BACK = 11, 60  # when a replica was not there
MADE = RecordingRule(
    name="job:up",
    expr="sum by (job) (up)",
    group="shop",
    interval=1.0,
    query_offset=0.0,
)
FEW = replace(
    alert_rule("Few", hold=2.0, interval=1.0, query_offset=0.0, place=1),
    expr="job:up < 2",
)
AGAIN = replace(
    alert_rule("Again", hold=0.0, interval=1.0, query_offset=0.0, place=2, labels={}),
    expr='ALERTS{alertname="Few", alertstate="firing"}',
)
PROMISED = promise("Few", fires_within=30.0)


def stamp(second: float, phase: int) -> int:
    return round(at(second) * S) + phase


def series(
    name: str, since: int, until: int, phase: int, **labels: str
) -> SeriesRecord:
    """Return a series of ones, or of how many were up, with its end."""
    seconds = range(since, until + 1)
    there = [1.0 if name in ("up", "ALERTS") else 2.0 for _ in seconds]
    if name == "job:up":
        there = [1.0 if DOWN <= second < BACK else 2.0 for second in seconds]
    ends = until < END
    values: list[float | None] = [*there[:-1], None] if ends else [*there]
    times = [stamp(second, phase) for second in seconds]
    return SeriesRecord(labels={"__name__": name, **labels}, at=times, values=values)


def up(instance: str, since: int, until: int) -> SeriesRecord:
    return series("up", since, until, 100, job="web", instance=instance)


def ringing(name: str, state: str, since: int, until: int) -> SeriesRecord:
    return series(
        *("ALERTS", since, until, 500),
        alertname=name,
        alertstate=state,
        job="web",
        severity="page",
    )


RECORD = Recording(
    since=at(SINCE),
    until=at(END),
    stored=tuple(RecordedMetric(metric=name) for name in ("ALERTS", "up", "job:up")),
    groups=(GroupRecord(name="shop", file="", interval=1.0, last=at(END) + 0.5005),),
    series=(
        up("a", SINCE, END),
        up("b", SINCE, DOWN),
        replace(
            up("b", BACK, END), labels={"__name__": "up", "job": "web", "instance": "c"}
        ),
        series("job:up", SINCE, END, 500, job="web"),
        ringing("Few", "pending", DOWN, DOWN + 2),
        ringing("Few", "firing", DOWN + 2, BACK),
    ),
)
STORY = timeline(
    fault("web-2", begins=at(10), ends=at(55)), [measured("prometheus", at(1), 0.0)]
)


@pytest.fixture
def server(programs: dict[str, str]) -> Iterator[Server]:
    with Scratch(programs["prometheus"], 300.0, SystemClock()) as server:
        yield server


def replayed(
    server: Server,
    *recorded: RecordingRule,
    alerts: Sequence[AlertRule] = (FEW,),
    moment: float | None = None,
) -> ReplayAnswer:
    asks = plan(
        step(alerts=(PROMISED,)), rules=(FEW, AGAIN)[: len(alerts)], recorded=(MADE,)
    )
    work = RunReplay(asks, STORY, RECORD, server, SystemClock())
    given = TodaysFiles(alerts=tuple(alerts), recorded=recorded)
    return work.answer(judged(asks, STORY), given, moment)


def fires(answer: ReplayAnswer) -> Finding:
    return next(f for f in answer.replayed.findings if f.question == "fires_within")


def test_the_record_holds_for_what_is_as_it_was(server: Server) -> None:
    assert fires(replayed(server, MADE)).measured == 3.5


def test_a_recording_rule_that_means_the_same_rings_at_the_same_time(
    server: Server,
) -> None:
    same = replace(MADE, expr="sum by (job) (up) + 0")
    assert fires(replayed(server, same)).measured == 3.5


def test_another_threshold_in_a_recording_rule_is_seen(server: Server) -> None:
    blind = replace(MADE, expr="sum by (job) (up) + 1")
    assert fires(replayed(server, blind)).outcome == "fail"


def test_one_that_is_made_after_its_reader_is_seen_one_evaluation_later(
    server: Server,
) -> None:
    last = replace(MADE, place=3)
    assert fires(replayed(server, last)).measured == 4.5


def test_one_that_nothing_makes_any_more_fails(server: Server) -> None:
    answer = fires(replayed(server))
    assert answer.outcome == "fail"
    assert "no recording rule makes job:up any more" in answer.because


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        ("sum by (job) (up * on (job) group_left () other)", "was not recorded"),
        ("sum by (job) (up) + 0 * job:up", "reads what is made of it"),
        ("sum by (job) (up / on (job) up)", "refuses its expression"),
    ],
)
def test_one_that_cannot_be_computed_leaves_its_readers_open(
    server: Server, expr: str, why: str
) -> None:
    answer = fires(replayed(server, replace(MADE, expr=expr)))
    assert answer.outcome == "inconclusive"
    assert why in answer.because


def test_one_in_a_group_of_another_interval_may_be_made_at_any_time(
    server: Server,
) -> None:
    slow = replace(MADE, group="slow", interval=60.0)
    assert fires(replayed(server, slow)).outcome == "inconclusive"


def test_the_time_of_day_below_an_alert_is_moved_as_well(server: Server) -> None:
    hours = replace(
        MADE, expr="sum by (job) (up) * on () group_left () vector(hour() >= bool 0)"
    )
    assert fires(replayed(server, hours, moment=at(3600))).outcome == "inconclusive"
    assert fires(replayed(server, MADE, moment=at(3600))).outcome == "pass"


def test_what_reads_a_changed_alert_is_open(server: Server) -> None:
    slower = replace(FEW, hold=5.0)
    answer = replayed(server, MADE, alerts=(slower, AGAIN))
    assert fires(answer).measured == 6.5
    others = next(
        f for f in answer.replayed.findings if f.question == "no_other_alerts"
    )
    assert others.outcome == "inconclusive"
    assert "reads ALERTS of Few, which changed" in others.because


def test_a_server_that_has_the_run_is_never_written_to(server: Server) -> None:
    assert server.write(RECORD.series)
    assert fires(replayed(server, MADE)).measured == 3.5
    with pytest.raises(UsageError, match="name a program or an empty server"):
        replayed(server, replace(MADE, expr="sum by (job) (up) + 0"))
