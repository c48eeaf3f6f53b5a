"""A comparison: what is named worse, what is not, and what nobody can tell."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from gameday.model.verdict import Outcome
from gameday.regressions import baseline, render
from gameday.regressions.baseline import NotABaseline, parse
from gameday.regressions.compare import compare
from gameday.regressions.compared import CompareRules, Status, Threshold
from gameday.regressions.measure import Measure, RunMeasure, RunSample
from tests.unit.regressions.measures import (
    FREE,
    KEY,
    LONGER,
    QUIET,
    SETTINGS,
    compared,
    measure,
    now,
)


def test_a_broken_promise_is_broken_whatever_was_measured_before() -> None:
    comparison = compared(measure(*QUIET), now(61.0, outcome=Outcome.FAIL))
    assert comparison.status is Status.BROKEN
    assert "because of that" in comparison.because


def test_what_was_never_measured_has_no_baseline() -> None:
    assert compared(None, now(10.0)).status is Status.NO_BASELINE


def test_a_question_without_an_answer_is_not_the_same() -> None:
    comparison = compared(measure(*QUIET), now(outcome=Outcome.INCONCLUSIVE))
    assert comparison.status is Status.TOO_FEW


# --- the phase is subtracted ------------------------------------------------------


def phased(*pairs: tuple[float, float], prefix: str = "old", **rest: Any) -> Measure:
    """Return a measure of runs that took the first, of which the phase is the second.

    Scrapes and evaluations are ten seconds apart: by arithmetic alone a run may take
    between nine and 34 s.
    """
    made = measure(earliest=9.0, latest=34.0, prefix=prefix, **rest)
    samples = tuple(
        RunSample(
            run=f"{prefix}{number}", measured=taken, waited=waited or None, period=10.0
        )
        for number, (taken, waited) in enumerate(pairs)
    )
    return replace(made, samples=samples)


def now_phased(*pairs: tuple[float, float]) -> list[list[RunMeasure]]:
    made = phased(*pairs, prefix="new")
    return [
        [
            RunMeasure(
                measure=replace(made, samples=(sample,)),
                outcome=Outcome.PASS,
                because="",
            )
        ]
        for sample in made.samples
    ]


BEFORE = ((12.0, 2.0), (15.0, 5.0), (19.0, 9.0))  # ten seconds, whatever the phase


def test_a_run_that_only_had_a_late_phase_is_the_same() -> None:
    comparison = compared(phased(*BEFORE), now_phased((27.0, 17.0)))
    assert comparison.status is Status.SAME
    assert "+0ms once the phase of each run is subtracted" in comparison.because


def test_a_system_that_takes_its_time_may_be_later_than_the_rules_alone_allow() -> None:
    """34 s at the latest, by the rules; this system shows a change after 18 s more."""
    comparison = compared(phased((30.0, 2.0)), now_phased((36.0, 8.0)))
    assert comparison.status is Status.SAME
    assert (
        compared(phased((30.0, 0.0)), now_phased((36.0, 0.0))).status is Status.TOO_FEW
    )


def test_a_slower_run_is_worse_though_the_phase_could_explain_it() -> None:
    """Without the phases ten to 34 s are possible, and 30 s would say nothing."""
    comparison = compared(phased(*BEFORE), now_phased((32.0, 2.0)))
    assert comparison.status is Status.WORSE
    assert "+20s once the phase of each run is subtracted" in comparison.because
    unknown = compared(phased(*BEFORE), now_phased((32.0, 0.0)))
    assert unknown.status is Status.SAME


def test_a_page_may_have_waited_for_its_group_as_well() -> None:
    """Ten seconds between two evaluations, and 15 s until the group is told again."""
    before = phased(*BEFORE)
    waiting = replace(
        before,
        samples=tuple(replace(sample, besides=15.0) for sample in before.samples),
    )
    runs = now_phased((35.0, 2.0))
    assert compared(waiting, runs).status is not Status.WORSE
    assert compared(before, runs).status is Status.WORSE
    assert compared(waiting, now_phased((40.0, 2.0))).status is Status.WORSE


def test_of_one_run_before_nobody_knows_how_much_it_varies() -> None:
    """So that all which phases could explain may be, though they are known."""
    alone = phased(BEFORE[0])
    assert compared(alone, now_phased((32.0, 2.0))).status is Status.SAME
    assert compared(alone, now_phased((52.0, 2.0))).status is Status.WORSE


def test_what_is_left_between_two_evaluations_is_no_regression() -> None:
    assert compared(phased(*BEFORE), now_phased((22.0, 2.0))).status is Status.SAME


def test_ranks_are_of_what_is_left_without_the_phases() -> None:
    old = [
        (10.0 + wait + wobble / 10, wait)
        for wait, wobble in zip(
            (0.5, 9.0, 4.0, 7.0, 2.0, 9.5, 1.0, 5.0, 8.0, 3.0), range(10), strict=True
        )
    ]
    new = [(14.0 + wait, wait) for wait in (0.6, 4.0, 1.1)]
    comparison = compared(phased(*old), now_phased(*new))
    assert comparison.status is Status.WORSE
    assert "p 0.00" in comparison.because


def test_too_few_says_how_many_repeats_would_tell() -> None:
    comparison = compared(measure(*QUIET, **FREE), now(10.0, **FREE))
    assert comparison.status is Status.TOO_FEW
    assert "2 runs would tell: `gameday run --repeat 2`" in comparison.because


def test_phases_are_kept_in_the_baseline() -> None:
    text = baseline.render([phased(*BEFORE)])
    (read,) = parse(text)
    assert read.samples == phased(*BEFORE).samples
    assert "waited" not in baseline.render([measure(10.0)])


# --- configuration first ----------------------------------------------------------


def test_a_longer_for_is_worse_by_exactly_its_shift_in_one_run() -> None:
    runs = now(31.0, settings=LONGER, earliest=29.0, latest=33.0)
    comparison = compared(measure(10.0), runs)
    assert comparison.status is Status.WORSE
    assert comparison.changes == ("for of WebReplicaDown 5s → 25s",)
    assert "moves it by +20s" in comparison.because


def test_a_change_within_the_threshold_is_the_same_and_named() -> None:
    runs = now(11.5, settings=LONGER, earliest=10.0, latest=14.0)
    comparison = compared(measure(*QUIET), runs)
    assert comparison.status is Status.SAME
    assert "5s → 25s" in comparison.because


def test_a_shorter_for_is_better() -> None:
    runs = now(5.0, settings=LONGER, earliest=4.0, latest=8.0)
    assert compared(measure(10.0), runs).status is Status.BETTER


def test_a_longer_interval_is_worse_by_what_it_does_to_the_worst_case() -> None:
    before = measure(10.0, settings={**SETTINGS, "scrape interval": "2s"})
    slow = {**SETTINGS, "scrape interval": "15s"}
    comparison = compared(before, now(10.0, settings=slow, earliest=9.0, latest=26.0))
    assert comparison.status is Status.WORSE
    assert "scrape interval 2s → 15s" in comparison.because
    assert "moves it by +13s" in comparison.because


def test_a_changed_query_is_named_and_no_arithmetic_is_trusted() -> None:
    other = {**SETTINGS, "query of WebReplicaDown": "up < 1"}
    comparison = compared(measure(10.0), now(10.0, settings=other))
    assert comparison.changes == ("query of WebReplicaDown up == 0 → up < 1",)
    assert "up < 1" in comparison.because
    assert "moves it" not in comparison.because


# --- phases -----------------------------------------------------------------------


def test_one_run_within_what_phases_explain_is_the_same() -> None:
    comparison = compared(measure(9.1), now(12.9))
    assert comparison.status is Status.SAME
    assert "4s" in comparison.because


def test_one_run_beyond_every_phase_and_the_threshold_is_worse() -> None:
    assert compared(measure(9.1), now(20.0)).status is Status.WORSE


def test_one_run_a_little_beyond_every_phase_cannot_tell() -> None:
    assert compared(measure(12.9), now(14.0)).status is Status.TOO_FEW


@pytest.mark.parametrize(
    ("before", "needed"), [(QUIET, "2 runs would tell"), ((1.0, 2.0), "5 runs would")]
)
def test_one_run_of_what_has_no_arithmetic_says_how_many_would_tell(
    before: Sequence[float], needed: str
) -> None:
    comparison = compared(measure(*before, **FREE), now(10.5, **FREE))
    assert comparison.status is Status.TOO_FEW
    assert f"1 against {len(before)}" in comparison.because
    assert needed in comparison.because


# --- ranks ------------------------------------------------------------------------


def test_three_runs_find_a_fifth_more_against_ten_without_a_word() -> None:
    """A threshold as large as the change would find it half of the time."""
    fifth = 1.2 * median(QUIET)
    comparison = compared(measure(*QUIET), now(fifth - 0.2, fifth, fifth + 0.2))
    assert comparison.status is Status.WORSE
    assert comparison.p is not None
    assert comparison.p <= 0.05


def test_less_than_the_threshold_is_the_same_however_sure() -> None:
    assert compared(measure(*QUIET), now(11.2, 11.3, 11.4)).status is Status.SAME


def test_less_than_its_own_noise_is_the_same() -> None:
    noisy = measure(*(2.0 * number for number in range(1, 11)))
    assert compared(noisy, now(17.0, 17.5, 18.5)).status is Status.SAME


def test_three_faster_runs_are_better() -> None:
    assert compared(measure(*QUIET), now(7.0, 7.1, 7.2)).status is Status.BETTER


def test_a_threshold_of_its_own_can_be_given() -> None:
    rules = CompareRules(thresholds={"fires_within": Threshold(absolute=5.0)})
    runs = now(12.6, 12.8, 12.9)
    assert compared(measure(*QUIET), runs, rules).status is Status.SAME


def test_a_run_is_never_compared_with_itself() -> None:
    before = measure(10.0, prefix="new")
    comparison = compared(before, now(10.0))
    assert comparison.status is Status.NO_BASELINE
    assert "knows it from these runs only" in comparison.because


def test_an_ignored_question_is_left_out() -> None:
    rules = CompareRules(ignored=("fires_within",))
    assert compare([measure(*QUIET)], now(99.0), rules) == []


def test_several_scenarios_need_more_before_they_claim() -> None:
    """Against six, two runs reach 1/28: enough for one scenario, not for two."""
    old = tuple(10.0 + number / 10 for number in range(6))
    before, runs = measure(*old, **FREE), now(15.0, 16.0, **FREE)
    assert compared(before, runs).status is Status.WORSE
    first, second = (replace(KEY, scenario=name) for name in ("a", "b"))
    comparisons = compare(
        [measure(*old, key=key, **FREE) for key in (first, second)],
        [*now(15.0, 16.0, key=first, **FREE), *now(10.1, 10.3, key=second, **FREE)],
        CompareRules(),
    )
    assert [comparison.status for comparison in comparisons] == [
        Status.TOO_FEW,
        Status.TOO_FEW,
    ]


def test_a_kept_promise_that_nears_its_limit_is_told() -> None:
    comparison = compared(measure(10.0, promised=12.0), now(11.5, promised=12.0))
    assert comparison.status is Status.SAME
    assert comparison.close
    assert any("close to its promise" in line for line in render.lines([comparison]))
    falling = compared(measure(11.6, promised=12.0), now(11.5, promised=12.0))
    assert not falling.close


# --- the file ---------------------------------------------------------------------


def test_a_baseline_reads_back_as_it_was_written_sorted() -> None:
    second = replace(measure(1.0), key=replace(KEY, scenario="a"))
    text = baseline.render([measure(*QUIET), second])
    assert parse(text) == [second, measure(*QUIET)]
    assert baseline.render(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no baseline"),
        ("[]", "no baseline"),
        ('{"schema": "gameday-baseline/v9"}', "write it anew"),
        ('{"schema": "gameday-baseline/v1", "measures": [{}]}', "damaged"),
    ],
)
def test_another_file_is_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(NotABaseline, match=words):
        parse(text)


def test_a_run_that_is_added_is_one_line_to_review() -> None:
    before = baseline.render([measure(*QUIET)]).splitlines()
    known = baseline.added([measure(*QUIET)], now(11.0)[0])
    after = baseline.render(known).splitlines()
    assert len(after) == len(before) + 1
    assert '    {"run": "new0", "measured": 11.0, "error": 0.0}' in after


def test_runs_are_added_once_each() -> None:
    first = baseline.added([measure(10.0)], now(11.0)[0])
    (again,) = baseline.added(first, now(11.0)[0])
    assert [sample.measured for sample in again.samples] == [10.0, 11.0]


def test_what_is_configured_otherwise_begins_anew() -> None:
    (kept,) = baseline.added([measure(10.0)], now(31.0, settings=LONGER)[0])
    assert [sample.measured for sample in kept.samples] == [31.0]


def test_a_baseline_does_not_grow_without_end() -> None:
    (kept,) = baseline.added([measure(*map(float, range(80)))], now(1.0)[0])
    assert len(kept.samples) == baseline.MOST_SAMPLES
    assert kept.samples[-1].measured == 1.0


def test_an_open_question_adds_nothing() -> None:
    assert baseline.added([], now(outcome=Outcome.INCONCLUSIVE)[0]) == []
