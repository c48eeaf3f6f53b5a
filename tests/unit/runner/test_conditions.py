"""What the aftermath waits for."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from gameday.model.events import event
from gameday.model.promise import Since, declared, within
from gameday.model.scenario import Expect, MetricPromise
from gameday.runner.conditions import PendingCondition, in_aftermath, until_over
from gameday.runner.run_state import RunState
from tests.unit.runner.world import plan


def run_state() -> RunState:
    """Return a run state in which step s had a fault from 10 s to 20 s."""
    made = RunState()
    started = {"step": "s", "id": "1", "fault": "process.stop", "service": "web"}
    ended = {"step": "s", "id": "1", "ok": True, "by": "run", "because": ""}
    made.see(event(10.0, "fault_started", instance="web-1", **started))
    made.see(event(20.0, "fault_ended", by_hand="", **ended))
    return made


def holds_again(seen: RunState) -> bool:
    planned = plan()
    step = planned.scenario.steps[0]
    waited = list(in_aftermath(seen, step, planned.steps[0]))
    conditions = [
        condition
        for condition in waited
        if condition.what == "the hypothesis holding again"
    ]
    return conditions[0].kept


def test_the_hypothesis_has_to_be_probed_once_more_in_the_aftermath_itself() -> None:
    seen = run_state()
    said = {"step": "s", "ok": True, "because": ""}
    # Between the fault's end and the aftermath: the judge counts it as during.
    seen.see(event(20.05, "hypothesis", phase="during", **said))
    assert not holds_again(seen)
    seen.see(event(20.5, "hypothesis", phase="after", **said))
    assert holds_again(seen)


def test_where_looks_failed_one_that_holds_may_be_luck() -> None:
    seen = run_state()
    said = {"step": "s", "because": ""}
    for second in range(9):
        ok = second % 3 > 0
        seen.see(event(11.0 + second, "hypothesis", phase="during", ok=ok, **said))
    for look in range(1, 9):
        seen.see(event(20 + look / 2, "hypothesis", phase="after", ok=True, **said))
        assert holds_again(seen) is (look == 8)  # (1 - 1/3)^8 < 5 %
    seen.see(event(25.0, "hypothesis", phase="after", ok=False, **said))
    assert not holds_again(seen)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([True] * 5, True),
        ([True] * 4, False),
        ([True] * 5 + [False], False),
        ([False] + [True] * 5, True),
        ([True] * 3 + [None] + [True] * 3, False),
    ],
)
def test_a_metric_is_waited_for_until_it_holds_for_good(
    said: list[bool | None], kept: bool
) -> None:
    seen = run_state()
    promise = MetricPromise(promql="q < 1", holds="after", within=60.0)
    planned = plan(Expect(metrics=(promise,)))
    for second, ok in enumerate(said):
        seen.see(event(21.0 + second, "metric", promql="q < 1", ok=ok))
    waited = in_aftermath(seen, planned.scenario.steps[0], planned.steps[0])
    (pending,) = [
        condition for condition in waited if condition.what == "q < 1 holding"
    ]
    assert (pending.kept, pending.until) == (kept, 80.0)


def test_what_failed_half_of_the_time_has_to_hold_longer() -> None:
    seen = run_state()
    promise = MetricPromise(promql="q < 1", holds="after", within=60.0)
    planned = plan(Expect(metrics=(promise,)))
    for second in range(10):
        ok = second % 4 != 0  # 3 of 10 were false: it takes 9 in a row
        seen.see(event(10.0 + second, "metric", promql="q < 1", ok=ok))
    kept = []
    for second in range(10):
        seen.see(event(21.0 + second, "metric", promql="q < 1", ok=True))
        waited = in_aftermath(seen, planned.scenario.steps[0], planned.steps[0])
        kept += [
            condition.kept for condition in waited if condition.what == "q < 1 holding"
        ]
    assert kept == [False] * 8 + [True] * 2


def test_looks_at_what_was_scraped_before_the_end_do_not_count() -> None:
    seen = run_state()
    promise = MetricPromise(promql="q < 1", holds="after", within=10.0)
    planned = plan(Expect(metrics=(promise,)))
    kept = []
    for second in range(25):
        look = event(21.0 + second, "metric", promql="q < 1", ok=True, stale=15.0)
        seen.see(look)
        waited = in_aftermath(seen, planned.scenario.steps[0], planned.steps[0])
        (pending,) = [
            condition for condition in waited if condition.what == "q < 1 holding"
        ]
        kept.append(pending.kept)
        assert pending.until == 45.0  # 10 s from the end at 20, and a scrape
    assert kept.index(True) == 19  # looks after 35: at 36, 37, 38, 39, 40


@pytest.mark.parametrize(
    ("said", "kept"), [([True] * 4, False), ([True] * 5, True), ([True, False], True)]
)
def test_without_a_time_it_is_looked_at_until_it_is_plain(
    said: list[bool], kept: bool
) -> None:
    seen = run_state()
    planned = plan(Expect(metrics=(MetricPromise(promql="q < 1", holds="after"),)))
    for second, ok in enumerate(said):
        seen.see(event(21.0 + second, "metric", promql="q < 1", ok=ok))
    waited = in_aftermath(seen, planned.scenario.steps[0], planned.steps[0])
    (pending,) = [
        condition for condition in waited if condition.what == "q < 1 holding"
    ]
    assert (pending.kept, pending.until) == (kept, 50.0)


@dataclass(frozen=True, kw_only=True)
class Promising:
    """Promises of which nothing here sees whether they are kept."""

    calms_within: Annotated[float | None, within("alert", Since.END)] = None
    rings_within: Annotated[float | None, within("alert")] = None
    heals_within: Annotated[float | None, within("recovery", Since.END)] = None


def test_what_nobody_sees_kept_is_waited_for_until_its_time_is_over() -> None:
    promises = declared(Promising)
    made = Promising(calms_within=5.0, rings_within=7.0, heals_within=9.0)
    waited = list(until_over(made, promises, Since.END, 20.0))
    assert waited == [PendingCondition(what="calms", until=25.0, kept=False)]
    assert waited[0].open(24.9)
    assert not waited[0].open(25.0)
    assert not list(until_over(Promising(), promises, Since.END, 20.0))
