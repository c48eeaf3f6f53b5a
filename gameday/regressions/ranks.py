"""Ranks: whether later runs are slower than earlier ones, however they are spread.

All measures of a scenario are tried at once. The labels "earlier" and "later" are
dealt to the runs anew in every way there is; a measure counts as slower where few of
these ways have any measure that stands out as much (Westfall and Young's max-T). So the
number of measures costs no false alarms, and measures that move together cost little.
Of measures whose ranks are equally high, as all are where three runs are the slowest of
thirteen, the one stands out whose values lie further apart.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

ALPHA = 0.05
MOST_WAYS = 20_000  # beyond that many, so many are drawn

Values = Mapping[str, float]  # what one run measured, by measure
Standing = tuple[float, float]  # in standard deviations: of ranks, and of values
NOTHING: Standing = (-math.inf, -math.inf)


def reachable(earlier: int, later: int) -> float:
    """Return the smallest p that so many runs can reach at all."""
    return 1.0 / math.comb(earlier + later, later) if later else 1.0


def repeats_needed(earlier: int, alpha: float = ALPHA) -> int | None:
    """Return how many later runs can tell against so many; None: no number can."""
    for later in range(1, 101):
        if reachable(earlier, later) <= alpha:
            return later
    return None


def slower(earlier: Sequence[Values], later: Sequence[Values]) -> dict[str, float]:
    """Return for each measure how often chance alone makes one stand out so."""
    runs = [*earlier, *later]
    names = sorted({name for run in runs for name in run})
    columns = [_Column([run.get(name) for run in runs]) for name in names]
    first, count = len(earlier), len(runs)
    seen = [column.standing(range(first, count)) for column in columns]
    beaten = [0] * len(names)
    ways = 0
    for way in _ways(count, len(later)):
        ways += 1
        most = max((column.standing(way) for column in columns), default=NOTHING)
        for index, standing in enumerate(seen):
            beaten[index] += most >= standing
    return {
        name: 1.0 if seen[index] == NOTHING else beaten[index] / ways
        for index, name in enumerate(names)
    }


def holm(chances: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the p of each scenario's measures, as so many scenarios are tried.

    The scenario that stands out most is multiplied by the most, and where chance may
    have made it, it may have made all that stand out less.
    """
    ordered = sorted(chances, key=lambda name: min(chances[name].values()))
    adjusted: dict[str, dict[str, float]] = {}
    least = 0.0
    for place, name in enumerate(ordered):
        factor = len(ordered) - place
        adjusted[name] = {
            measure: min(1.0, max(least, p * factor))
            for measure, p in chances[name].items()
        }
        least = min(adjusted[name].values())
    return adjusted


def _ways(count: int, later: int) -> Iterator[Sequence[int]]:
    """Yield which runs are called later: every choice, or as many as are enough."""
    if math.comb(count, later) <= MOST_WAYS:
        yield from combinations(range(count), later)
        return
    chance = random.Random(count * 1000 + later)  # noqa: S311 - the same each time
    yield range(count - later, count)
    for _ in range(MOST_WAYS - 1):
        yield chance.sample(range(count), later)


def _ranks(values: Sequence[float | None]) -> list[float | None]:
    """Return ranks from 1, ties sharing the middle one; None stays None."""
    known = sorted(value for value in values if value is not None)
    ranks = {
        value: (known.index(value) + 1 + len(known) - known[::-1].index(value)) / 2
        for value in set(known)
    }
    return [None if value is None else ranks[value] for value in values]


def _variance(values: Sequence[float]) -> float:
    middle = sum(values) / len(values) if values else 0.0
    return sum((value - middle) ** 2 for value in values) / max(1, len(values))


class _Column:
    """One measure of all runs: values and ranks; None where a run has none."""

    def __init__(self, values: Sequence[float | None]) -> None:
        self._values = values
        self._ranks = _ranks(values)
        known = [value for value in values if value is not None]
        self._total = len(known)
        self._middle = sum(known) / len(known) if known else 0.0
        squares = sum((value - self._middle) ** 2 for value in known)
        self._spread = math.sqrt(squares / len(known)) if known else 0.0
        self._variance = _variance([rank for rank in self._ranks if rank is not None])

    def standing(self, later: Sequence[int]) -> Standing:
        """Return by how much these runs are high among all."""
        mine = [index for index in later if self._ranks[index] is not None]
        here, total = len(mine), self._total
        if not here or here == total:
            return NOTHING
        ranks = sum(self._ranks[index] or 0.0 for index in mine)
        # Of a sum that is drawn without putting back. Ties make ranks vary less, and
        # so does a measure of which most runs are the same.
        spread = math.sqrt(here * (total - here) / (total - 1) * self._variance)
        high = (ranks - here * (total + 1) / 2) / spread if spread else 0.0
        values = sum(self._values[index] or 0.0 for index in mine) / here
        apart = (values - self._middle) / self._spread if self._spread else 0.0
        return round(high, 9), round(apart, 9)
