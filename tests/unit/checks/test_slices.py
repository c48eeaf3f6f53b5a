"""Budgets of slices of time: OpenSLO's Timeslices, from raw counters."""

from bisect import bisect_right
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.checks.record.samples import read_samples
from gameday.model.events import Event
from gameday.model.scenario import SloPromise
from gameday.model.slos.slices import bounds, judge, spans
from gameday.model.slos.slo import Slices
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome
from gameday.store import plans
from tests.builders import (
    answer,
    at,
    blind,
    counter,
    fault,
    judged,
    measured,
    objective,
    plan,
    requests,
    step,
    timeline,
    traffic,
)

NAME = "checkout-availability"
MINUTES = Slices(length=60.0, target=0.99)
# Sixty slices in the window, of which six may be bad. The fault begins at 10 s, and the
# step ends at 150 s: two slices were seen whole, the third is cut off by its end.
HOUR = objective(window=3600.0, objective=0.9, slices=MINUTES)
SLICE = round(1 / 6, 9)  # of the budget


def spent(
    *parts: list[Event],
    at_most: float = 0.02,
    slices: Slices = MINUTES,
    load: float | None = None,
) -> Finding:
    expect = step(slos=(SloPromise(slo=NAME, spends_at_most=at_most),))
    planned = plan(expect, slos=[replace(HOUR, slices=slices)], load=load)
    return answer(judged(planned, timeline(fault(), *parts)), "spends_at_most")


def test_no_bad_event_spends_nothing() -> None:
    finding = spent(requests(), at_most=0.0)
    assert (finding.outcome, finding.measured, finding.error) == (Outcome.PASS, 0, 0)
    told = finding.evidence
    assert (told["slices"], told["slices_in_window"]) == (3, 60.0)
    assert (told["slice_s"], told["slice_target"]) == (60.0, 0.99)
    assert told["slices_not_seen_whole"] == 1


@pytest.mark.parametrize(
    ("at_most", "outcome"), [(0.2, Outcome.PASS), (0.1, Outcome.FAIL)]
)
def test_a_slice_with_too_many_bad_events_is_bad_as_a_whole(
    at_most: float, outcome: Outcome
) -> None:
    finding = spent(requests(errors={(11.0, 14.0): 20.0}), at_most=at_most)
    assert finding.outcome is outcome
    assert (finding.measured, finding.error) == (SLICE, 0.0)
    assert "1 of 3 slices of 1m were bad, with less than 99% good" in finding.because


def test_a_slice_with_few_bad_events_is_good() -> None:
    finding = spent(requests(errors={(11.0, 14.0): 5.0}), at_most=0.0)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)
    assert finding.evidence["bad"] == 15.0


def test_exactly_the_target_is_good() -> None:
    assert spent(requests(errors={(11.0, 14.0): 10.0}), at_most=0.0).measured == 0.0
    assert spent(requests(errors={(11.0, 14.0): 10.1}), at_most=0.0).measured == SLICE


def test_bad_events_in_several_slices() -> None:
    finding = spent(requests(errors={(50.0, 70.0): 20.0}), at_most=0.4)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, round(2 / 6, 9))


def test_what_was_bad_before_the_fault_is_not_the_steps() -> None:
    finding = spent(requests(errors={(2.0, 8.0): 50.0}), at_most=0.0)
    assert (finding.outcome, finding.measured) == (Outcome.PASS, 0.0)


def test_a_slice_is_judged_with_what_came_before_the_fault() -> None:
    errors = {(2.0, 8.0): 50.0, (11.0, 12.0): 1.0}
    assert spent(requests(errors=errors), at_most=0.2).measured == SLICE


def test_the_slice_in_which_the_step_ends_may_be_bad() -> None:
    errors = requests(errors={(125.0, 128.0): 20.0})
    finding = spent(errors, at_most=0.1)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert (finding.measured, finding.error) == (SLICE, SLICE)
    assert "were not seen to the end" in finding.because
    assert spent(errors, at_most=0.17).outcome is Outcome.PASS


def test_a_slice_of_which_the_beginning_was_not_seen_may_be_bad() -> None:
    late = requests(errors={(11.0, 14.0): 20.0})
    for event in late:
        event.values[:] = [pair for pair in event.values if pair[0] >= at(5)]
    finding = spent(late, at_most=0.1)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.evidence["slices_not_seen_whole"] == 2


def test_a_scrape_on_both_sides_of_an_edge_leaves_it_open() -> None:
    """Scraped at 55 and 70 s: nobody knows on which side of 60 s the errors came."""
    times = [*range(0, 56, 5), *range(70, 151, 5)]
    total = counter(*((when, 50.0 * when) for when in times))
    bad = counter(*((when, 40.0 * (when >= 70)) for when in times), side="bad")
    finding = spent(total, bad, at_most=0.1)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "bad or good by what one scrape shows" in finding.because
    told = finding.evidence
    assert (told["bad_slices_surely"], told["bad_slices_perhaps"]) == (0, 2)


def test_slices_in_which_nobody_was_scraped_were_not_seen() -> None:
    """The only target is away from 58 to 122 s, and comes back with its counts."""
    times = [when for when in range(151) if not 58 < when < 122]
    total = counter(*((when, 50.0 * when) for when in times))
    for failing, perhaps in ((0.0, 0), (100.0, 3)):
        bad = counter(*((when, failing * (when >= 122)) for when in times), side="bad")
        told = spent(total, bad).evidence
        assert (told["bad_slices_surely"], told["bad_slices_perhaps"]) == (0, perhaps)


def test_what_a_reset_lost_may_have_been_bad() -> None:
    values = [(when, 50.0 * (when if when < 80 else when - 80)) for when in range(151)]
    errors = counter(*((when, 0.0) for when in range(151)), side="bad")
    finding = spent(counter(*values), errors, at_most=0.1)
    assert finding.evidence["bad_slices_perhaps"] == 1
    assert finding.outcome is Outcome.INCONCLUSIVE


def test_an_overspent_budget_is_settled_when_its_slice_is_over() -> None:
    """Prometheus is not seen from 130 s on; the first slice was bad by then."""
    errors = requests(errors={(11.0, 14.0): 20.0})
    assert spent(errors, blind("prometheus", at(130), at(150))).outcome is Outcome.FAIL
    unseen = spent(errors, blind("prometheus", at(20), at(40)))
    assert unseen.outcome is Outcome.INCONCLUSIVE


def test_failures_that_only_users_saw_may_have_made_a_slice_bad() -> None:
    load = traffic(failed={(20.0, 21.0): 40.0})
    finding = spent(requests(), load, at_most=0.1, load=50.0)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.evidence["bad_slices_perhaps"] == 1
    few = traffic(failed={(20.0, 21.0): 10.0})
    assert spent(requests(), few, at_most=0.1, load=50.0).outcome is Outcome.PASS


def test_slices_lie_on_prometheus_clock() -> None:
    """It is 30 s ahead: what comes at 40 s of ours falls into its second slice."""
    ahead = [measured("prometheus", at(0), 30.0)]
    errors = requests(errors={(70.0, 73.0): 20.0}, until=190)
    told = spent(errors, ahead, at_most=0.2)
    assert (told.measured, told.evidence["slices"]) == (SLICE, 3)


def test_what_a_clock_is_off_by_may_move_bad_events_into_the_step() -> None:
    unsure = [measured("prometheus", at(0), 0.0, error=5.0)]
    errors = requests(errors={(6.0, 8.0): 50.0}, until=160)
    finding = spent(errors, unsure, at_most=0.1)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.evidence["bad_slices_perhaps"] == 1


def test_a_stored_plan_keeps_its_slices() -> None:
    planned = plan(step(), slos=[HOUR, objective("other")])
    read = plans.from_json(plans.to_json(planned), "plan.json")
    assert [slo.slices for slo in read.scenario.slos] == [MINUTES, None]


def _tenths(number: int) -> float:
    return number / 10


@st.composite
def _happened(draw: st.DrawFn) -> dict[str, Any]:
    """Draw requests of two targets, each scraped at its own times."""
    targets = []
    for _ in range(2):
        interval = draw(st.sampled_from([1.0, 5.0, 15.0]))
        offset = draw(st.integers(0, 19)) / 20 * interval
        missed = draw(st.sets(st.integers(0, 40), max_size=10))
        events = draw(
            st.lists(
                st.tuples(st.integers(0, 1800).map(_tenths), st.booleans()),
                min_size=1,
                max_size=60,
            )
        )
        number = int(180 / interval) + 2
        scrapes = [
            offset - interval + interval * each
            for each in range(number + 1)
            if each not in missed or each in (0, number)
        ]
        targets.append((scrapes, sorted(events)))
    return {"targets": targets, "target": draw(st.sampled_from([0.5, 0.8, 1.0]))}


def _sampled(scrapes: list[float], times: list[float], side: str, number: int) -> Any:
    pairs = [(when, float(bisect_right(times, when))) for when in scrapes]
    return counter(*pairs, slo=NAME, side=side, instance=f"web-{number}:80")


@given(_happened())
@settings(max_examples=60, deadline=None)
def test_what_happened_lies_between_surely_and_perhaps(
    happened: dict[str, Any],
) -> None:
    slices = Slices(length=20.0, target=happened["target"])
    told, everything = [], []
    for number, (scrapes, events) in enumerate(happened["targets"]):
        every_time = [when for when, _ in events]
        bad_times = [when for when, bad in events if bad]
        told += _sampled(scrapes, every_time, "total", number)
        told += _sampled(scrapes, bad_times, "bad", number)
        everything += events
    counters = read_samples(Timeline(told)).of(NAME)
    for span in spans(slices.length, at(0), at(180)):
        inside = [bad for when, bad in everything if span.begin < at(when) <= span.end]
        is_bad = bool(inside) and sum(inside) / len(inside) > slices.tolerated + 1e-9
        bad, total = (
            bounds(partial(counters.count, side), span) for side in ("bad", "total")
        )
        verdict = judge(slices, bad, total)
        assert bad.least <= sum(inside) <= bad.most
        assert total.least <= len(inside) <= total.most
        assert verdict.surely <= is_bad <= verdict.perhaps
