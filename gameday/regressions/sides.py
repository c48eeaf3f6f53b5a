"""The two sides of a comparison, and how likely chance alone makes their difference."""

from collections.abc import Mapping, Sequence

from gameday.regressions import ranks
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure, RunSample
from gameday.regressions.steady import without_phases


class Sides:
    """A measure's samples before and now; their values, less the phases where known."""

    def __init__(self, before: Measure | None, seen: Sequence[RunMeasure]) -> None:
        self.old = before.samples if before is not None else ()
        self.new = [sample for run in seen for sample in run.measure.samples]
        steady = without_phases(self.old, self.new)
        self.phased_out = steady is not None
        self.values_old, self.values_new = steady or (
            [sample.measured for sample in self.old],
            [sample.measured for sample in self.new],
        )


def chances_of(
    sides: Mapping[MeasureKey, Sides],
) -> dict[MeasureKey, tuple[float, float]]:
    """Return for each measure the p of slower and of faster, over all measures."""
    families: dict[tuple[str, str, str], dict[MeasureKey, Sides]] = {}
    for key, side in sides.items():
        families.setdefault(key.family, {})[key] = side
    up: dict[str, dict[str, float]] = {}
    down: dict[str, dict[str, float]] = {}
    for family, mine in families.items():
        old = _by_run({key: (one.old, one.values_old) for key, one in mine.items()})
        new = _by_run({key: (one.new, one.values_new) for key, one in mine.items()})
        if old and new:
            up[repr(family)] = ranks.slower(old, new)
            down[repr(family)] = ranks.slower(_turned(old), _turned(new))
    made: dict[MeasureKey, tuple[float, float]] = {}
    factors = [
        ranks.holm({family: min(found.values()) for family, found in way.items()})
        for way in (up, down)
    ]
    for family, mine in families.items():
        name = repr(family)
        if name in up:
            for key in mine:
                made[key] = (
                    min(1.0, up[name].get(repr(key), 1.0) * factors[0][name]),
                    min(1.0, down[name].get(repr(key), 1.0) * factors[1][name]),
                )
    return made


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
