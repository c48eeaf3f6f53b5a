"""Promised expressions: during, after, throughout; and what nobody can tell."""

import pytest

from gameday.model.events import Event
from gameday.model.plan import Plan
from gameday.model.scenario import MetricPromise
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    END,
    alert,
    answer,
    at,
    cut,
    fault,
    judged,
    looks,
    plan,
    step,
    timeline,
    without,
)

DEPTH = "queue_depth < 10"
Part = list[Event]


def promised(holds: str, within: float | None = None, name: str = "") -> Plan:
    metric = MetricPromise(promql=DEPTH, holds=holds, within=within, name=name)
    return plan(step(metrics=(metric,)))


def found(holds: str, *parts: Part, within: float | None = None) -> Finding:
    return answer(judged(promised(holds, within), timeline(fault(), *parts)), "holds")


def test_the_finding_carries_the_name_or_the_expression() -> None:
    story = timeline(fault(), looks(DEPTH))
    for name, subject in (("", DEPTH), ("queue", "queue")):
        finding = answer(judged(promised("during", name=name), story), "holds")
        assert (finding.check, finding.subject, finding.outcome) == (
            "metric",
            subject,
            Outcome.PASS,
        )


@pytest.mark.parametrize(
    ("false", "expected"),
    [
        # of: during, after, throughout; the fault holds from 10 to 55
        ((), "pass pass pass"),
        ((30.0, 30.5), "fail pass fail"),
        ((80.0, 81.5), "pass fail fail"),
        ((5.0, 8.5), "pass pass pass"),  # before the fault
        ((10.0, 10.5), "pass pass pass"),  # scraped before the fault began
        ((12.0, 100.0), "fail fail fail"),
        ((54.5, 55.5), "fail pass fail"),  # scraped before the fault ended
    ],
)
def test_each_time_has_its_own_looks(
    false: tuple[float, float] | tuple[()], expected: str
) -> None:
    seen = looks(DEPTH, false=[false] if false else [])
    answers = [found(when, seen) for when in ("during", "after", "throughout")]
    assert " ".join(finding.outcome for finding in answers) == expected


def test_a_failure_says_when_and_what_it_was() -> None:
    finding = found("during", looks(DEPTH, false=[(30.0, 31.0)], value=14.0))
    assert finding.because == (
        "queue_depth < 10 did not hold 20s after the fault began: it was 14 for "
        '{queue="orders"}.'
    )


def test_what_did_not_hold_before_the_fault_either_is_said() -> None:
    finding = found("during", looks(DEPTH, false=[(0.0, 40.0)]))
    assert finding.outcome is Outcome.FAIL
    assert "did not hold before the fault either" in finding.because


@pytest.mark.parametrize("holds", ["during", "after", "throughout"])
def test_what_nobody_can_tell_is_inconclusive(holds: str) -> None:
    story = looks(DEPTH, untold=[(20.0, 21.0), (90.0, 91.0)])
    finding = found(holds, story)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "Prometheus has no series of it" in finding.because


@pytest.mark.parametrize("holds", ["during", "after", "throughout"])
def test_a_hole_in_the_looks_is_inconclusive(holds: str) -> None:
    gone = {20.0, 21.0, 22.0, 23.0, 90.0, 91.0, 92.0, 93.0}
    story = [
        look
        for look in looks(DEPTH)
        if look.kind != "metric" or look.at - at(0) not in gone
    ]
    finding = found(holds, story)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "obody looked at it" in finding.because


def test_a_break_that_was_seen_fails_in_spite_of_a_hole_elsewhere() -> None:
    gone = {20.0, 21.0, 22.0, 23.0}
    story = [
        look
        for look in looks(DEPTH, false=[(40.0, 41.0)])
        if look.kind != "metric" or look.at - at(0) not in gone
    ]
    assert found("during", story).outcome is Outcome.FAIL


def test_never_looked_at_is_inconclusive() -> None:
    assert found("throughout").outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (70.0, Outcome.PASS),  # 15 s after the end at 55
        (84.0, Outcome.PASS),
        (85.0, Outcome.PASS),  # exactly as promised
        (86.0, Outcome.INCONCLUSIVE),  # what was seen may have been scraped before
        (90.0, Outcome.FAIL),
    ],
)
def test_within_counts_from_the_faults_end_to_the_last_stretch(
    back: float, expected: Outcome
) -> None:
    finding = found("after", looks(DEPTH, false=[(20.0, back - 0.5)]), within=30.0)
    assert finding.outcome is expected
    assert finding.measured == back - 55.0
    assert (finding.promised, finding.unit) == (30.0, "s")


def test_back_only_for_a_moment_is_not_back() -> None:
    story = looks(DEPTH, false=[(20.0, 60.0), (65.0, 99.5)])
    finding = found("after", story, within=30.0)
    assert (finding.outcome, finding.measured) == (Outcome.FAIL, 45.0)


def test_never_back_fails_where_its_time_was_over_and_only_there() -> None:
    story = looks(DEPTH, false=[(20.0, END)])
    assert found("after", story, within=30.0).outcome is Outcome.FAIL
    finding = found("after", story, within=300.0)
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_one_lucky_look_at_the_end_is_too_few() -> None:
    false = [(12.0 + 3 * n, 13.0 + 3 * n) for n in range(46)]
    story = looks(DEPTH, false=[*false, (146.0, 149.0)])
    finding = found("after", story, within=300.0)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "too few to be no chance" in finding.because


def test_a_record_that_ends_in_the_fault_leaves_it_open() -> None:
    story = cut(timeline(fault(ends=None), looks(DEPTH)), at(40))
    for holds in ("during", "after", "throughout"):
        finding = answer(judged(promised(holds), story), "holds")
        assert finding.outcome is Outcome.INCONCLUSIVE


def test_a_metric_asks_without_any_alert() -> None:
    story = timeline(fault(), alert("Other", fires=at(20)), looks(DEPTH))
    verdict = judged(promised("during"), without(story, "nothing"))
    assert answer(verdict, "holds").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("stale", "outcome"), [(1.0, Outcome.FAIL), (15.0, Outcome.PASS)]
)
def test_what_is_scraped_seldom_may_be_from_before_the_fault(
    stale: float, outcome: Outcome
) -> None:
    seen = looks(DEPTH, false=[(0.0, 20.5)], stale=stale)
    assert found("during", seen).outcome is outcome


def test_a_return_that_rests_on_what_was_scraped_before_the_end_is_open() -> None:
    seen = looks(DEPTH, stale=200.0)
    finding = found("after", seen, within=10.0)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "had been scraped before the fault ended" in finding.because
