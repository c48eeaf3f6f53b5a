"""The two sides of a comparison, and how likely chance alone makes their difference."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from gameday.regressions import ranks
from gameday.regressions.configuration import shift, shift_less_phases
from gameday.regressions.measure import (
    Family,
    Measure,
    MeasureKey,
    RunMeasure,
    RunSample,
)
from gameday.regressions.steady import without_phases


class Sides:
    """A measure's samples before and now; their values, less the phases where known.

    What a changed configuration moves, by the rules' own arithmetic, is taken off the
    new values. `difference_with_shifts`: by how much they are more without that.
    """

    def __init__(self, before: Measure | None, seen: Sequence[RunMeasure]) -> None:
        self.old = before.samples if before is not None else ()
        pairs = [
            (sample, run.measure) for run in seen for sample in run.measure.samples
        ]
        self.new = [sample for sample, _ in pairs]
        steady = without_phases(self.old, self.new)
        self.phased_out = steady is not None
        self.values_old, values_new = steady or (
            [sample.measured for sample in self.old],
            [sample.measured for sample in self.new],
        )
        arithmetic = shift_less_phases if self.phased_out else shift
        less = [_known(before, measure, arithmetic) for _, measure in pairs]
        self.values_new = _difference(values_new, less)
        self.difference_with_shifts = _apart(self.values_old, values_new)
        self.measured_less_shifts = _difference(
            [sample.measured for sample in self.new],
            [_known(before, measure, shift) for _, measure in pairs],
        )

    @property
    def difference(self) -> float:
        """By how much it is more in the middle, beside what was configured."""
        return _apart(self.values_old, self.values_new)


def _known(
    before: Measure | None,
    now: Measure,
    arithmetic: Callable[[Measure, Measure], float | None],
) -> float:
    return (arithmetic(before, now) if before is not None else None) or 0.0


def _difference(values: Sequence[float], less: Sequence[float]) -> list[float]:
    return [value - lower for value, lower in zip(values, less, strict=True)]


def _apart(old: Sequence[float], new: Sequence[float]) -> float:
    return median(new) - median(old) if old and new else 0.0


def chances_of(
    sides: Mapping[MeasureKey, Sides],
) -> dict[MeasureKey, tuple[float, float]]:
    """Return for each measure the p of slower and of faster, over all measures."""
    families: dict[Family, dict[MeasureKey, Sides]] = {}
    for key, side in sides.items():
        families.setdefault(key.family, {})[key] = side
    up: dict[str, dict[str, float]] = {}
    down: dict[str, dict[str, float]] = {}
    for family, mine in families.items():
        old = _by_run(
            {key: (measure.old, measure.values_old) for key, measure in mine.items()}
        )
        new = _by_run(
            {key: (measure.new, measure.values_new) for key, measure in mine.items()}
        )
        if old and new:
            up[repr(family)] = ranks.slower(old, new)
            down[repr(family)] = ranks.slower(_turned(old), _turned(new))
    slower, faster = ranks.holm(up), ranks.holm(down)
    return {
        key: (slower[name].get(repr(key), 1.0), faster[name].get(repr(key), 1.0))
        for family, mine in families.items()
        if (name := repr(family)) in up
        for key in mine
    }


def _by_run(
    columns: Mapping[MeasureKey, tuple[Sequence[RunSample], Sequence[float]]],
) -> list[dict[str, float]]:
    """Return what each run came to, by measure."""
    runs: dict[str, dict[str, float]] = {}
    for key, (samples, values) in columns.items():
        for sample, value in zip(samples, values, strict=True):
            runs.setdefault(sample.run, {})[repr(key)] = value
    return list(runs.values())


def _turned(runs: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    return [{name: -value for name, value in run.items()} for run in runs]
