"""What is configured otherwise: named, and never a cloak for what became slower."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gameday.model.verdict import Outcome
from gameday.regressions import baseline
from gameday.regressions.compare import compare
from gameday.regressions.compared import Compared, CompareRules, Status
from gameday.regressions.measure import Measure, RunMeasure
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

A_LITTLE = {**SETTINGS, "for of WebReplicaDown": "6s"}


def a_little_longer(*values: float) -> list[list[RunMeasure]]:
    """Return runs of which `for`, and with it both limits, is a second longer."""
    return now(*values, settings=A_LITTLE, earliest=10.0, latest=14.0)


def test_a_small_change_hides_no_regression_of_the_system() -> None:
    comparison = compared(measure(*QUIET), a_little_longer(31.0, 31.2, 31.4))
    assert comparison.status is Status.WORSE
    assert "for of WebReplicaDown 5s → 6s; that moves it by +1s" in comparison.because
    assert "beside that +19.75s in the middle" in comparison.because
    assert comparison.because.count("configured otherwise") == 1


def test_nor_does_it_in_one_run_that_no_phase_explains() -> None:
    assert compared(measure(10.0), a_little_longer(31.0)).status is Status.WORSE


def test_runs_that_are_slower_by_the_change_alone_are_the_same() -> None:
    comparison = compared(measure(*QUIET), a_little_longer(11.3, 11.5, 11.6))
    assert comparison.status is Status.SAME
    assert "beside that" not in comparison.because


def test_one_run_that_ranks_cannot_judge_is_the_same_by_arithmetic() -> None:
    assert compared(measure(12.9), a_little_longer(15.2)).status is Status.SAME


def test_a_shorter_for_hides_a_regression_only_as_far_as_it_makes_up_for_it() -> None:
    for values, slower in (((14.0, 14.1, 14.2), True), ((10.4, 10.5, 10.6), False)):
        runs = now(*values, settings=LONGER, earliest=7.0, latest=11.0)
        comparison = compared(measure(*QUIET), runs)
        assert (comparison.status is Status.WORSE) == slower


def test_a_promise_that_a_change_broke_says_by_how_much_it_moved() -> None:
    late: dict[str, Any] = {"settings": LONGER, "earliest": 59.0, "latest": 63.0}
    runs = now(61.0, outcome=Outcome.FAIL, **late)
    comparison = compared(measure(10.0), runs)
    assert comparison.status is Status.BROKEN
    assert "for of WebReplicaDown 5s → 25s; that moves it by +50s" in comparison.because


def test_of_runs_that_are_configured_differently_none_is_overlooked() -> None:
    longer = now(30.4, settings=LONGER, earliest=29.0, latest=33.0)
    for runs in ([*longer, *now(10.4)], [*now(10.4), *longer]):
        comparison = compared(measure(*QUIET), runs)
        assert comparison.status is Status.WORSE
        assert comparison.changes == ("for of WebReplicaDown 5s → 25s",)


def test_another_version_is_named_and_moves_nothing() -> None:
    before = measure(*QUIET, generation={"Prometheus": "2.42.0", "Alertmanager": "1"})
    after = now(10.2, 10.3, generation={"Prometheus": "3.16.0"})
    comparison = compared(before, after)
    assert comparison.status is Status.SAME
    assert comparison.changes == ("Prometheus 2.42.0 → 3.16.0",)
    assert "other versions: Prometheus 2.42.0 → 3.16.0" in comparison.because
    kept = baseline.added([before], after[0])[0]
    assert len(kept.samples) == len(QUIET) + 1


def test_another_fault_is_named_and_no_arithmetic_is_trusted() -> None:
    before = measure(*QUIET, settings={**SETTINGS, "fault": "process.stop on web"})
    paused = {**SETTINGS, "fault": "process.pause on web"}
    comparison = compared(before, now(20.0, 20.1, settings=paused))
    assert comparison.status is Status.WORSE
    assert "process.stop on web → process.pause on web" in comparison.because
    assert "moves it" not in comparison.because


def test_a_longer_fault_spoils_no_arithmetic() -> None:
    before = measure(10.0, settings={**SETTINGS, "hold": "15s"})
    longer = {**LONGER, "hold": "45s"}
    comparison = compared(before, now(10.0, settings=longer, earliest=29.0))
    assert comparison.status is Status.WORSE
    assert "that moves it by +20s" in comparison.because
    only_held = now(12.5, settings={**SETTINGS, "hold": "45s"})
    assert "moves it" not in compared(before, only_held).because


def test_a_baseline_that_does_not_say_its_fault_is_kept() -> None:
    told = {**SETTINGS, "fault": "process.stop on web", "hold": "15s"}
    runs = now(10.2, settings=told)
    assert compared(measure(*QUIET), runs).changes == ()
    (kept,) = baseline.added([measure(*QUIET)], runs[0])
    assert len(kept.samples) == len(QUIET) + 1
    assert kept.settings == told


# --- what is not asked any more ---------------------------------------------------


def another(*values: float) -> Measure:
    return measure(*values, key=replace(KEY, subject="Other"))


def test_a_promise_that_was_taken_out_is_told_and_not_passed_over() -> None:
    comparisons = compare([measure(*QUIET), another(5.0)], now(10.0), CompareRules())
    gone, kept = comparisons
    assert (gone.key.subject, gone.status) == ("Other", Status.TOO_FEW)
    assert (gone.before, gone.now) == (5.0, None)
    assert "do not ask it any more" in gone.because
    assert kept.status is Status.SAME


def test_of_other_scenarios_and_ignored_questions_nothing_is_told() -> None:
    elsewhere = measure(5.0, key=replace(KEY, scenario="another"))
    resets = measure(5.0, key=replace(KEY, question="resets_within"))
    rules = CompareRules(ignored=("resets_within",))
    (only,) = compare([measure(*QUIET), elsewhere, resets], now(10.0), rules)
    assert only.key == KEY


def test_a_run_of_which_nothing_is_measured_says_which_scenario_it_held() -> None:
    (gone,) = compare([another(5.0)], [[]], CompareRules(), {KEY.family})
    assert gone.status is Status.TOO_FEW


def test_setting_the_baseline_takes_out_what_is_not_asked_any_more() -> None:
    elsewhere = measure(5.0, key=replace(KEY, scenario="another"))
    known = baseline.added([measure(10.0), another(5.0), elsewhere], now(10.1)[0])
    assert {each.key for each in known} == {KEY, elsewhere.key}


# --- what else was silent ---------------------------------------------------------


def test_what_is_known_elsewhere_only_says_where() -> None:
    elsewhere = measure(5.0, key=replace(KEY, target="local", testbed="laptop"))
    (comparison,) = compare([elsewhere], now(10.0), CompareRules())
    assert comparison.status is Status.NO_BASELINE
    assert "on docker, only on local of testbed laptop" in comparison.because


def test_a_run_without_an_answer_among_others_is_counted() -> None:
    runs = [*now(10.2, 10.3), *now(outcome=Outcome.INCONCLUSIVE)]
    comparison = compared(measure(*QUIET), runs)
    assert comparison.status is Status.SAME
    assert "1 of 3 runs have no answer" in comparison.because


def of_nothing(*values: float) -> Compared:
    """Return what became of a measure that always was nothing; 60 s are promised."""
    return compared(measure(*[0.0] * 10, **FREE), now(*values, **FREE))


def test_a_share_of_nothing_is_a_hundredth_of_the_promise() -> None:
    """Else one failed request would be infinitely more than none."""
    assert of_nothing(0.0, 0.3, 0.3).status is Status.SAME
    assert of_nothing(2.0, 2.1, 2.2).status is Status.WORSE


def imprecise(values: Sequence[float], error: float) -> list[list[RunMeasure]]:
    def with_error(seen: RunMeasure) -> RunMeasure:
        (sample,) = seen.measure.samples
        exact = replace(seen.measure, samples=(replace(sample, error=error),))
        return replace(seen, measure=exact)

    return [[with_error(run[0])] for run in now(*values)]


def test_what_may_be_missed_in_measuring_is_no_regression() -> None:
    slower = (12.6, 12.8, 12.9)
    assert compared(measure(*QUIET), imprecise(slower, 0.1)).status is Status.WORSE
    assert compared(measure(*QUIET), imprecise(slower, 4.0)).status is Status.SAME


def test_the_slowest_repeat_says_how_near_the_limit_is() -> None:
    before = measure(6.3, 7.4, 8.5, 6.4, 8.2, promised=10.0, **FREE)
    after = now(6.4, 8.3, 9.8, promised=10.0, **FREE)
    assert compared(before, after).close


def test_a_rise_that_would_break_it_the_next_time_is_told() -> None:
    before = measure(22.0, promised=30.0, latest=26.0)
    assert compared(before, now(26.3, promised=30.0, latest=26.0)).close
    assert not compared(before, now(25.0, promised=30.0, latest=26.0)).close
