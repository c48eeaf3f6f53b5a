"""What the load's users saw: failures and slow answers, and what was never sent."""

import pytest

from gameday.model.events import Event, Load
from gameday.model.plan import Plan
from gameday.model.scenario import LoadPromise
from gameday.model.verdict import Finding, Outcome
from tests.builders import answer, at, fault, judged, plan, step, timeline, traffic

PROMISE = LoadPromise(fails_at_most=0.01, p99_within=0.5)
# The step lasts from 10 to 150: 140 s with 50 requests each, 7000 in all.


def asked(load: float | None = 50.0) -> Plan:
    return plan(step(load=PROMISE), load=load)


def found(question: str, requests: list[Event], load: float | None = 50.0) -> Finding:
    return answer(judged(asked(load), timeline(fault(), requests)), question)


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [(0, Outcome.PASS), (7, Outcome.PASS), (8, Outcome.FAIL), (50, Outcome.FAIL)],
)
def test_the_share_of_failed_requests(failures: float, outcome: Outcome) -> None:
    finding = found("fails_at_most", traffic(failed={(20.0, 30.0): failures}))
    assert (finding.check, finding.subject, finding.outcome) == (
        "load",
        "lose-a-replica",
        outcome,
    )
    assert finding.measured == pytest.approx(10 * failures / 7000)
    assert (finding.promised, finding.unit) == (0.01, "ratio")


def test_failures_before_the_fault_do_not_count() -> None:
    finding = found("fails_at_most", traffic(failed={(0.0, 9.0): 50.0}))
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [(0, Outcome.INCONCLUSIVE), (3, Outcome.FAIL)],
)
def test_requests_never_sent_may_have_failed(failures: float, outcome: Outcome) -> None:
    few = traffic(sent=40.0, failed={(0.0, 150.0): failures})
    finding = found("fails_at_most", few)
    assert finding.outcome is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert "could not keep its rate" in finding.because


def test_seconds_that_nobody_wrote_down_may_have_failed() -> None:
    some = [entry for entry in traffic() if not at(60) <= entry.since < at(70)]
    assert found("fails_at_most", some).outcome is Outcome.INCONCLUSIVE
    assert found("fails_at_most", []).outcome is Outcome.INCONCLUSIVE


def test_without_a_load_of_ours_nobody_can_tell() -> None:
    for question in ("fails_at_most", "p99_within"):
        assert found(question, [], load=None).outcome is Outcome.INCONCLUSIVE


def slow(slow_requests: float, **rest: float) -> list[Event]:
    """Return requests of which so many a second take 0.6 to 0.63 s."""
    waits = [[0.01, 0.011, 50.0 - slow_requests], [0.6, 0.63, slow_requests]]
    return traffic(latencies=waits, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slow_requests", "outcome", "measured"),
    [
        (0.0, Outcome.PASS, 0.011),
        (0.5, Outcome.PASS, 0.011),
        (1.0, Outcome.FAIL, 0.63),
    ],
)
def test_99_of_100_requests_are_answered_in_time(
    slow_requests: float, outcome: Outcome, measured: float
) -> None:
    finding = found("p99_within", slow(slow_requests))
    assert (finding.outcome, finding.measured) == (outcome, measured)
    assert (finding.promised, finding.unit) == (0.5, "s")


def test_answers_as_slow_as_promised_keep_it() -> None:
    finding = found("p99_within", traffic(latencies=[[0.48, 0.5, 50.0]]))
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.5)


def test_a_range_with_the_promise_inside_of_it_is_too_coarse() -> None:
    finding = found("p99_within", traffic(latencies=[[0.49, 0.51, 50.0]]))
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_what_the_load_itself_sent_late_is_not_the_systems_fault() -> None:
    assert found("p99_within", slow(1.0, late=0.5)).outcome is Outcome.INCONCLUSIVE
    assert found("p99_within", slow(0.0, late=0.5)).outcome is Outcome.PASS
    assert found("p99_within", slow(40.0, late=0.1)).outcome is Outcome.FAIL


def test_where_every_request_failed_nobody_waited_for_an_answer() -> None:
    gone = traffic(failed={(0.0, 150.0): 50.0}, latencies=[[0.01, 0.011, 50.0]])
    assert found("p99_within", gone).outcome is Outcome.INCONCLUSIVE


def test_an_old_record_does_not_tell_how_long_requests_took() -> None:
    assert found("p99_within", traffic()).outcome is Outcome.INCONCLUSIVE


def test_the_second_in_which_the_load_ends_is_not_short() -> None:
    *whole, last = traffic(until=150.0)
    assert isinstance(last, Load)
    ends = last.but(at=last.at + 0.5, sent=3.0, until=last.until + 0.5)
    finding = found("fails_at_most", [*whole, ends])
    assert (finding.outcome, finding.error) == (Outcome.PASS, 0.0)
    earlier = last.but(sent=3.0)
    assert found("fails_at_most", [*whole, earlier]).error == pytest.approx(
        46 / 7000, 0.1
    )
