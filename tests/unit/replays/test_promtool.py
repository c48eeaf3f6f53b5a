"""A recording as a unit test for promtool."""

import yaml

from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import Read, SeriesRecord
from gameday.replays.machine import SeriesResult, Slots, lives
from gameday.replays.promtool import (
    Expected,
    UnitTest,
    cells,
    chosen,
    expects_alerts,
    render,
)
from tests.builders import rule

S = 1000
TIMES = Slots(first=10_500, last=20_500, interval=S)


def series(*samples: tuple[int, float | None], **labels: str) -> SeriesRecord:
    at, values = zip(*samples, strict=True)
    return SeriesRecord(labels={"__name__": "up", **labels}, at=at, values=values)


def test_a_sample_stands_at_the_first_evaluation_that_can_see_it() -> None:
    sampled = series((10_400, 1.0), (10_500, 2.0), (10_501, 3.0), (13_500, None))
    assert cells(sampled, TIMES) == ["2", "3", "_", "stale"]


def test_what_is_not_read_is_left_out() -> None:
    match = Matcher(name="job", op="=", value="a")
    mine, other = series((1, 1.0), job="a"), series((1, 1.0), job="b")
    assert chosen([other, mine], [Read(metric="up", matchers=(match,))]) == [mine]


def rung(slack: int, *true: range) -> UnitTest:
    """Return a test of an alert; promtool may differ by `slack`."""
    at = [second * S + 500 for span in true for second in span]
    down = [SeriesResult(labels={}, at=at)]
    times = Slots(first=500, last=60_500, interval=S)
    some = lives(rule("Down"), down, times)
    return UnitTest(
        run="r1",
        rules=("r.yaml",),
        slots=times,
        series=[],
        expected=[Expected(alert="Down", lives=some, slack=slack)],
    )


def rings(slack: int, *true: range) -> dict[str, list[int]]:
    """Return what a test expects, by time."""
    (case,) = yaml.safe_load(render(rung(slack, *true)))["tests"]
    return {
        each["eval_time"]: [sample["value"] for sample in each["exp_samples"] or []]
        for each in case["promql_expr_test"]
    }


def test_where_promtool_may_differ_only_what_is_sure_is_expected() -> None:
    down = range(10, 20)
    assert rings(0, down) == {
        "9000ms": [],
        "10000ms": [1],
        "19000ms": [1],
        "20000ms": [],
    }
    assert rings(2, down) == {
        "7000ms": [],
        "12000ms": [1],
        "17000ms": [1],
        "22000ms": [],
    }
    assert expects_alerts(rung(2, down))
    assert not expects_alerts(rung(2, range(10, 12)))
    assert rings(2, range(10, 12)) == {"7000ms": [], "14000ms": []}


def test_the_file_says_what_rings_when_and_just_before() -> None:
    down = [SeriesResult(labels={"job": "it's"}, at=range(12_500, 16_500, S))]
    alert_lives = lives(rule("Down", hold=2.0), down, TIMES)
    values = [(at, 0.0) for at in range(10_500, 20_501, S)]
    test = UnitTest(
        run="r1",
        rules=("../rules.yaml",),
        slots=TIMES,
        series=[series(*values, job="it's")],
        expected=[Expected(alert="Down", lives=alert_lives)],
    )
    made = yaml.safe_load(render(test))
    assert made["rule_files"] == ["../rules.yaml"]
    (case,) = made["tests"]
    assert case["input_series"] == [{"series": 'up{job="it\'s"}', "values": "0+0x10"}]
    rings = {
        expression["eval_time"]: [
            sample["value"] for sample in expression["exp_samples"] or []
        ]
        for expression in case["promql_expr_test"]
    }
    assert rings == {"3000ms": [], "4000ms": [1], "5000ms": [1], "6000ms": []}
