"""Where a change falls between scrapes and evaluations."""

import pytest

from gameday.model.alerting.alert import AlertRule, RecordingRule
from gameday.model.plan import Monitoring
from gameday.model.timing.phase import Grid, Phases, common, undecided


@pytest.mark.parametrize(
    ("interval", "other", "period"),
    [(1.0, 1.0, 1.0), (10.0, 15.0, 30.0), (0.5, 0.75, 1.5), (15.0, 60.0, 60.0)],
)
def test_all_repeats_after_the_least_common_multiple(
    interval: float, other: float, period: float
) -> None:
    assert common(interval, other) == period


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (100.0, 103.0),  # just scraped, judged 3 s later
        (100.1, 113.0),  # missed that scrape: the one at 110, judged at 113
        (109.9, 113.0),
        (110.0, 113.0),
    ],
)
def test_a_change_is_seen_by_the_first_evaluation_after_the_next_scrape(
    change: float, seen: float
) -> None:
    phases = Phases(Grid(100.0, 10.0), Grid(1003.0, 10.0))
    assert phases.seen(change) == pytest.approx(seen)


def test_a_phase_is_the_same_in_every_run() -> None:
    """Whatever evaluation of a run it is told by."""
    earlier = Phases(Grid(100.0, 10.0), Grid(1003.0, 15.0))
    other = Phases(Grid(4000.0, 10.0), Grid(1003.0 + 15 * 7, 15.0))
    assert earlier.period == 30.0
    assert earlier.position(5000.0) == pytest.approx(other.position(5000.0))
    assert earlier.position(5030.0) == pytest.approx(earlier.position(5000.0))


def rule(expr: str, **rest: float) -> AlertRule:
    return AlertRule(name="A", expr=expr, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (rule("up == 0"), ""),
        (rule("rate(errors[10s]) > 1"), "a range of 10s decides"),
        (rule("job:up:sum == 0"), "a recording rule decides as well"),
        (rule("up == 0", query_offset=5.0), "evaluated as of 5s ago"),
        (rule("time() - seen > 60"), "depends on the time of day"),
        (rule("no promql at all"), "does not know"),
    ],
)
def test_what_makes_a_phase_unknown_is_said(asked: AlertRule, why: str) -> None:
    monitoring = Monitoring(
        recorded=(RecordingRule(name="job:up:sum", expr="sum(up)"),)
    )
    said = undecided(asked, monitoring)
    assert why in said
    assert bool(said) == bool(why)
