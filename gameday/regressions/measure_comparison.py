"""One measure, before and now: what became of it, and why."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from gameday.model.quantity import show_duration, show_share
from gameday.model.verdict import Outcome
from gameday.regressions import ranks
from gameday.regressions.compared import Compared, CompareRules, Status
from gameday.regressions.configuration import changes, other_versions, shift
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure
from gameday.regressions.sides import Sides

MAD_TO_SIGMA = 1.4826  # of a normal distribution
CLOSE = 0.1  # of a promise: what is left where it will soon break
_TELL_NOISE = 3  # runs before: of fewer nobody knows how much they vary by themselves


class _Judged(NamedTuple):
    """What became of a measure, before all that is said beside it."""

    status: Status
    because: str
    p: float | None = None


class MeasureComparison:
    """One measure, before and now."""

    def __init__(
        self,
        before: Measure | None,
        seen: Sequence[RunMeasure],
        sides: Sides,
        rules: CompareRules,
        chances: Mapping[MeasureKey, tuple[float, float]],
        alpha: float,
    ) -> None:
        self._alpha = alpha
        self._before, self._seen = before, seen
        self._measure = seen[-1].measure
        self._key = self._measure.key
        self._chance = chances.get(self._key, (1.0, 1.0))
        self._threshold = rules.threshold(self._key.question)
        self._sides = sides
        self._new = [sample.measured for sample in sides.new]
        self._old = [sample.measured for sample in sides.old]
        samples = (*sides.old, *sides.new)
        left = ((sample.period or 0.0) + (sample.besides or 0.0) for sample in samples)
        self._left = max(left, default=0.0)
        self._changes = self._all(changes)
        self._versions = self._all(other_versions)

    def compared(self, unknown: str) -> Compared:
        """Return what became of the measure; `unknown`: why it has no baseline."""
        broken = [run for run in self._seen if run.outcome is Outcome.FAIL]
        if broken:
            return self._made(_Judged(Status.BROKEN, broken[0].because))
        if self._before is None or not self._old:
            return self._made(_Judged(Status.NO_BASELINE, unknown))
        if not self._new:
            silent = f"there is no answer: {self._seen[-1].because}"
            return self._made(_Judged(Status.TOO_FEW, silent))
        return self._made(self._judged(self._before))

    def _judged(self, before: Measure) -> _Judged:
        moved = self._moved()
        if moved is not None and moved > self._limit:
            more = f"more than the {self._show(self._limit)} that may be"
            return _Judged(Status.WORSE, f"{self._configured(moved)}, {more}")
        reachable = ranks.reachable(len(self._old), len(self._new)) <= self._alpha
        rest = self._ranked() if reachable else self._phased(before)
        return rest if moved is None else self._beside(rest, moved)

    def _all(
        self, differences: Callable[[Measure, Measure], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Return how any of the runs differs from the baseline, each once."""
        if self._before is None:
            return ()
        told = [
            difference
            for run in self._seen
            for difference in differences(self._before, run.measure)
        ]
        return tuple(dict.fromkeys(told))

    @property
    def _limit(self) -> float:
        """What may be; a share of nothing is one of the promise's hundredths."""
        middle = median(self._old)
        if middle or self._threshold.share is None:
            return self._threshold.of(middle)
        return (self._measure.promised or 0.0) / 100

    def _moved(self) -> float | None:
        """Return by what the changed configuration moves it; None: unknown, or none.

        Of runs that are configured differently the most counts.
        """
        if self._before is None:
            return None
        known = [shift(self._before, run.measure) for run in self._seen]
        return max((moved for moved in known if moved is not None), default=None)

    def _beside(self, rest: _Judged, moved: float) -> _Judged:
        """Judge what was configured, and what has become slower beside that."""
        said = self._configured(moved)
        slower = self._sides.difference_with_shifts > self._limit
        if rest.status is Status.WORSE and slower:
            return _Judged(rest.status, f"{said}; beside that {rest.because}", rest.p)
        faster = -moved > self._limit
        return _Judged(Status.BETTER if faster else Status.SAME, said)

    def _configured(self, moved: float | None) -> str:
        said = f"configured otherwise: {'; '.join(self._changes)}"
        return (
            said if moved is None else f"{said}; that moves it by {self._signed(moved)}"
        )

    def _ranked(self) -> _Judged:
        noise = self._noise
        beyond = max(self._limit, noise, self._error)
        slower, faster = self._chance
        said = (
            f"{self._signed(self._sides.difference)} in the middle{self._without}; its "
            f"own noise is {self._show(noise)}, {self._show(self._limit)} may be"
        )
        if self._sides.difference > beyond and slower <= ranks.ALPHA:
            return _Judged(Status.WORSE, f"{said}; p {slower:.3g}", slower)
        if -self._sides.difference > beyond and faster <= ranks.ALPHA:
            return _Judged(Status.BETTER, f"{said}; p {faster:.3g}", faster)
        return _Judged(Status.SAME, said, min(slower, faster))

    def _phased(self, before: Measure) -> _Judged:
        """Judge too few runs for ranks by what phases alone can explain."""
        few = self._few()
        if before.earliest is None or before.latest is None:
            return _Judged(Status.TOO_FEW, few)
        explained = before.latest - before.earliest
        latest = before.latest
        if self._sides.phased_out:
            # The arithmetic knows the rules, not when a system shows a change.
            latest = max(latest, median(self._sides.values_old) + explained)
        if self._sides.phased_out and len(self._old) >= _TELL_NOISE:
            # What lies between two evaluations nobody sees, nor how long groups wait.
            explained = min(explained, self._left)
        error = self._error
        said = f"{self._signed(self._sides.difference)}{self._without}"
        if self._sides.difference > explained + max(self._limit, self._noise) + error:
            return _Judged(
                Status.WORSE,
                f"{said}; the phases of scrapes and evaluations explain "
                f"{self._show(explained)} at most",
            )
        if median(self._sides.measured_less_shifts) <= latest + error:
            return _Judged(
                Status.SAME,
                f"{said}, within the {self._show(explained)} that phases explain",
            )
        return _Judged(Status.TOO_FEW, few)

    @property
    def _error(self) -> float:
        """The most that a run may have missed."""
        return max(sample.error for sample in self._sides.new)

    @property
    def _noise(self) -> float:
        """The measure's own noise before, as a standard deviation."""
        old = self._sides.values_old
        return MAD_TO_SIGMA * median(abs(value - median(old)) for value in old)

    @property
    def _without(self) -> str:
        return (
            " once the phase of each run is subtracted"
            if self._sides.phased_out
            else ""
        )

    def _few(self) -> str:
        """Return that ranks cannot tell, and how many runs could."""
        needed = ranks.repeats_needed(len(self._old), self._alpha)
        here, there = len(self._new), len(self._old)
        more = (
            f"{needed} runs would tell: `gameday run --repeat {needed}`"
            if needed
            else "the baseline needs more runs as well"
        )
        return f"{here} against {there} cannot tell by ranks; {more}"

    def _made(self, judged: _Judged) -> Compared:
        status, because, p = judged
        old = median(self._old) if self._old else None
        new = median(self._new) if self._new else None
        if self._changes and "; ".join(self._changes) not in because:
            because += f" ({self._configured(self._moved())})"
        if self._versions:
            because += f" (other versions: {'; '.join(self._versions)})"
        silent = sum(not run.measure.samples for run in self._seen)
        if silent and self._new and status is not Status.BROKEN:
            because += f" ({silent} of {len(self._seen)} runs have no answer)"
        return Compared(
            key=self._key,
            unit=self._measure.unit,
            status=status,
            because=because,
            before=old,
            now=new,
            promised=self._measure.promised,
            changes=(*self._changes, *self._versions),
            p=p,
            close=self._is_close(status),
        )

    def _is_close(self, status: Status) -> bool:
        """Whether it has risen, and one run more of that rise would break it.

        Of repeats the slowest says how near the limit is.
        """
        promised = self._measure.promised
        if status is Status.BROKEN or not promised or not self._old or not self._new:
            return False
        risen = self._sides.difference_with_shifts
        left = promised - max(self._new)
        return risen > self._error and left < max(CLOSE * promised, risen)

    def _show(self, value: float) -> str:
        ratio = self._measure.unit == "ratio"
        return show_share(value) if ratio else show_duration(round(value, 3))

    def _signed(self, value: float) -> str:
        return ("+" if value >= 0 else "") + self._show(value)
