"""Clocks and instants, as other systems write them."""

import pytest

from gameday.checks.record.clocks import Clocks, Offset, instant
from gameday.model.events import event
from gameday.model.verdict import Finding, Outcome
from tests.builders import (
    alert,
    answer,
    at,
    fault,
    judged,
    measured,
    page,
    plan,
    promise,
    step,
    timeline,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1_767_225_600.5, 1_767_225_600.5),
        ("2026-01-01T00:00:00.5Z", 1_767_225_600.5),
        ("0001-01-01T00:00:00Z", None),  # Go's zero time: still firing
        ("soon", None),
        (None, None),
        (0, None),
    ],
)
def test_an_instant(written: object, seconds: float | None) -> None:
    assert instant(written) == seconds


def clock(*measured: tuple[float, float, float]) -> Clocks:
    """Return the clock of a source by (at, offset, error)."""
    return Clocks({"pager": [Offset(*measurement) for measurement in measured]})


def test_there_and_back() -> None:
    clocks = clock((0.0, 2.0, 0.5))
    assert clocks.to_our_clock("pager", 102.0) == 100.0
    assert clocks.to_source_clock("pager", 100.0) == 102.0
    assert (clocks.error("pager"), clocks.error("pager", 7.0)) == (0.5, 0.5)
    assert (clocks.to_our_clock("target", 100.0), clocks.error("target")) == (
        100.0,
        0.0,
    )


def test_an_offset_within_its_own_error_is_not_applied() -> None:
    clocks = clock((0.0, 0.2, 0.5))
    assert clocks.to_our_clock("pager", 100.0) == 100.0
    assert clocks.stamp_error("pager", 100.0) == 0.5


def test_of_measurements_that_agree_the_surest_counts() -> None:
    clocks = clock((0.0, 2.3, 0.5), (100.0, 2.0, 0.01))
    assert clocks.to_our_clock("pager", 52.0) == 50.0
    assert clocks.stamp_error("pager", 52.0) == 0.01


def test_a_clock_that_was_set_is_doubt_only_between_two_measurements() -> None:
    clocks = clock((0.0, 0.0, 0.001), (60.0, 0.0, 0.001), (120.0, -40.0, 0.001))
    assert (clocks.to_our_clock("pager", 15.0), clocks.stamp_error("pager", 15.0)) == (
        15.0,
        0.001,
    )
    assert clocks.to_our_clock("pager", 140.0) == 180.0  # 140 s of ours: measured then
    assert clocks.stamp_error("pager", 140.0) == 0.001
    assert clocks.stamp_error("pager", 70.0) == pytest.approx(40.0, abs=0.01)


def test_a_clock_that_was_set_forward_tells_what_it_said_before() -> None:
    clocks = clock((10.0, 0.0, 0.001), (150.0, 40.0, 0.001))
    assert (clocks.to_our_clock("pager", 22.0), clocks.stamp_error("pager", 22.0)) == (
        22.0,
        0.001,
    )
    assert clocks.stamp_error("pager", 80.0) == pytest.approx(40.0, abs=0.01)


# --- in a verdict ---


def fires(*clocks: tuple[float, float], within: float = 30.0) -> Finding:
    """Return the answer about an alert that was stamped 12 s after the fault."""
    expect = step(alerts=(promise("WebReplicaDown", fires_within=within),))
    story = timeline(
        fault(),
        alert("WebReplicaDown", fires=at(22), resolves=at(60)),
        [measured("prometheus", at(when), offset) for when, offset in clocks],
    )
    return answer(judged(plan(expect), story), "fires_within")


@pytest.mark.parametrize(
    ("clocks", "outcome"),
    [
        (((1, 0.0), (150, 0.0)), Outcome.PASS),
        (((1, 0.0), (150, -40.0)), Outcome.INCONCLUSIVE),
        (((1, 0.0), (100, 0.0), (150, -40.0)), Outcome.PASS),
        (((1, -40.0), (150, -40.0)), Outcome.FAIL),
        (((1, 0.0), (30, 0.0), (150, -40.0)), Outcome.INCONCLUSIVE),
        (((1, 0.0), (70, -40.0), (150, -40.0)), Outcome.INCONCLUSIVE),
        (((1, 0.0), (50, -40.0), (150, -40.0)), Outcome.INCONCLUSIVE),
        (((1, -40.0), (30, -40.0), (150, 0.0)), Outcome.FAIL),
    ],
)
def test_when_it_fired_is_known_as_surely_as_the_clock(
    clocks: tuple[tuple[float, float], ...], outcome: Outcome
) -> None:
    assert fires(*clocks).outcome is outcome


def test_a_contradiction_that_cannot_matter_leaves_the_answer() -> None:
    assert fires((1, 0.0), (150, -40.0), within=60.0).outcome is Outcome.PASS


def test_the_pagers_clock_is_applied_piecewise_too() -> None:
    expect = step(
        alerts=(promise("WebReplicaDown", reaches="oncall", pages_within=30.0),)
    )
    parts = (
        fault(),
        alert("WebReplicaDown", fires=at(22), resolves=at(60)),
        page("oncall", at(25), "WebReplicaDown"),
    )
    stepped = [measured("pager", at(1), 0.0), measured("pager", at(150), -40.0)]
    known = [*stepped, measured("pager", at(100), 0.0)]
    for clocks, outcome in ((stepped, Outcome.INCONCLUSIVE), (known, Outcome.PASS)):
        finding = answer(judged(plan(expect), timeline(*parts, clocks)), "pages_within")
        assert finding.outcome is outcome


def test_a_silences_stamps_are_alertmanagers() -> None:
    """Made a second after the fault; Alertmanager's clock is five seconds behind."""
    matchers = [{"name": "alertname", "op": "=", "value": "WebReplicaDown"}]
    stamps = {"since": at(11 - 5), "until": at(500 - 5)}
    silence = event(at(11), "silence", id="s1", matchers=matchers, **stamps)
    behind = measured("alertmanager", at(5), offset=-5.0, error=0.1)
    asked = promise("WebReplicaDown", fires_within=30.0)
    planned = plan(step(alerts=(asked,)))
    fired = alert("WebReplicaDown", fires=at(22), resolves=at(60))
    findings = {
        known: answer(
            judged(planned, timeline(fault(), fired, [silence], told)), "fires_within"
        ).outcome
        for known, told in ((True, [behind]), (False, []))
    }
    assert findings == {True: Outcome.PASS, False: Outcome.INCONCLUSIVE}
