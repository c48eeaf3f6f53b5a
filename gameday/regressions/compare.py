"""Runs against a baseline, measure by measure.

In this order: a broken promise; what was configured otherwise, with the shift that it
makes; what the phases of scrapes and evaluations explain; ranks for the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from gameday.regressions import ranks
from gameday.regressions.compared import Compared, CompareRules, Status
from gameday.regressions.measure import Family, Measure, MeasureKey, RunMeasure
from gameday.regressions.measure_comparison import MeasureComparison
from gameday.regressions.sides import Sides, chances_of


def compare(
    baseline: Iterable[Measure],
    runs: Sequence[Sequence[RunMeasure]],
    rules: CompareRules,
    families: Collection[Family] = (),
) -> list[Compared]:
    """Return every measure of the runs, the worst first.

    `families`: of the runs, which may have no measure at all. What the baseline knows
    of them and the runs do not ask any more is told as well.
    """
    before = _of_other_runs(baseline, runs)
    now = _by_key(runs, rules)
    sides = {key: Sides(before.get(key), seen) for key, seen in now.items()}
    known = [key for key in now if key in before]
    chances = chances_of({key: sides[key] for key in known})
    tried = {key.family for key in known}
    alpha = ranks.ALPHA / max(1, len(tried))  # what Holm asks of the first
    comparisons = [
        MeasureComparison(
            before.get(key), seen, sides[key], rules, chances, alpha
        ).compared(_unknown(key, before))
        for key, seen in now.items()
    ]
    kept = {*families, *(key.family for key in now)}
    comparisons += [
        _asked_no_more(measure)
        for key, measure in before.items()
        if key.family in kept and key not in now and key.question not in rules.ignored
    ]
    order = list(Status)
    return sorted(
        comparisons, key=lambda measure: (order.index(measure.status), measure.key)
    )


def _asked_no_more(measure: Measure) -> Compared:
    return Compared(
        key=measure.key,
        unit=measure.unit,
        status=Status.TOO_FEW,
        because="it was measured before, and these runs do not ask it any more; where "
        "that is meant, `gameday baseline set` takes it out",
        before=median(sample.measured for sample in measure.samples)
        if measure.samples
        else None,
        promised=measure.promised,
    )


def _of_other_runs(
    baseline: Iterable[Measure], runs: Sequence[Sequence[RunMeasure]]
) -> dict[MeasureKey, Measure]:
    """Return the measures without samples of these runs: none is its own baseline."""
    own = {
        sample.run for run in runs for seen in run for sample in seen.measure.samples
    }
    before = {}
    for measure in baseline:
        kept = tuple(sample for sample in measure.samples if sample.run not in own)
        before[measure.key] = replace(measure, samples=kept)
    return before


def _by_key(
    runs: Sequence[Sequence[RunMeasure]], rules: CompareRules
) -> dict[MeasureKey, list[RunMeasure]]:
    """Return what the runs measured, but for the questions that are ignored."""
    now: dict[MeasureKey, list[RunMeasure]] = {}
    for run in runs:
        for observed in run:
            if observed.measure.key.question not in rules.ignored:
                now.setdefault(observed.measure.key, []).append(observed)
    return now


def _unknown(key: MeasureKey, before: Mapping[MeasureKey, Measure]) -> str:
    """Return why there is nothing to compare a measure with, and what to do."""
    if key in before:
        return (
            "the baseline knows it from these runs only, and none is compared with "
            "itself; `gameday baseline set` adds others"
        )
    elsewhere = [
        f"{other.target}{f' of testbed {other.testbed}' if other.testbed else ''}"
        for other in sorted(before)
        if replace(other, target=key.target, testbed=key.testbed) == key
    ]
    said = "nothing is known of it from before"
    if elsewhere:
        here = f"{key.target}{f' of testbed {key.testbed}' if key.testbed else ''}"
        said += f" on {here}, only on {', '.join(elsewhere)}"
    return f"{said}; `gameday baseline set` keeps it"
