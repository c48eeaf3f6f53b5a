"""Runs against a baseline, measure by measure.

In this order: a broken promise; what was configured otherwise, with the shift that it
makes; what the phases of scrapes and evaluations explain; ranks for the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median

from gameday.model.quantity import show_duration, show_share
from gameday.model.verdict import Outcome
from gameday.regressions import ranks
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure
from gameday.regressions.sides import Sides, chances_of

MAD_TO_SIGMA = 1.4826  # of a normal distribution
CLOSE = 0.1  # of a promise: what is left where it will soon break


class Status(StrEnum):
    """What became of a measure."""

    BROKEN = "broken"
    WORSE = "worse"
    TOO_FEW = "too-few"
    NO_BASELINE = "no-baseline"
    SAME = "same"
    BETTER = "better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How much worse is a regression: a share of the baseline, or so many seconds."""

    share: float | None = None
    absolute: float | None = None

    def of(self, value: float) -> float:
        """Return it in the measure's unit."""
        return abs(value) * self.share if self.share is not None else self.absolute or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRules:
    """How to compare; `thresholds` by question, `default` for the others."""

    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    default: Threshold = field(default_factory=lambda: Threshold(share=0.2))
    ignored: Collection[str] = ()

    def threshold(self, question: str) -> Threshold:
        """Return the threshold of a question."""
        return self.thresholds.get(question, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One measure: what became of it, and why; medians in its unit."""

    key: MeasureKey
    unit: str
    status: Status
    because: str
    before: float | None = None
    now: float | None = None
    promised: float | None = None
    changes: tuple[str, ...] = ()
    p: float | None = None
    close: bool = False  # kept, risen, and nearly at its promise's limit


def compare(
    baseline: Iterable[Measure],
    runs: Sequence[Sequence[RunMeasure]],
    rules: CompareRules,
) -> list[Compared]:
    """Return every measure of the runs, the worst first."""
    held = {
        sample.run for run in runs for seen in run for sample in seen.measure.samples
    }
    before = {measure.key: _without(measure, held) for measure in baseline}
    now: dict[MeasureKey, list[RunMeasure]] = {}
    for run in runs:
        for observed in run:
            if observed.measure.key.question not in rules.ignored:
                now.setdefault(observed.measure.key, []).append(observed)
    sides = {key: Sides(before.get(key), seen) for key, seen in now.items()}
    known = [key for key in now if key in before]
    chances = chances_of({key: sides[key] for key in known})
    families = {key.family for key in known}
    alpha = ranks.ALPHA / max(1, len(families))  # what Holm asks of the first
    comparisons = [
        _Comparison(before.get(key), seen, sides[key], rules, chances, alpha).compared()
        for key, seen in now.items()
    ]
    order = list(Status)
    return sorted(
        comparisons, key=lambda measure: (order.index(measure.status), measure.key)
    )


def _without(measure: Measure, runs: Collection[str]) -> Measure:
    """Return a measure of other runs: none is compared with itself."""
    kept = tuple(sample for sample in measure.samples if sample.run not in runs)
    return replace(measure, samples=kept)


def _unknown(before: Measure | None) -> str:
    """Return why there is nothing to compare a measure with, and what to do."""
    if before is None:
        return "nothing is known of it from before; `gameday baseline set` keeps it"
    return (
        "the baseline knows it from these runs only, and none is compared with itself; "
        "`gameday baseline set` adds others"
    )


_TELL_NOISE = 3  # runs before: of fewer nobody knows how much they vary by themselves


class _Comparison:
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
        periods = (sample.period or 0.0 for sample in (*sides.old, *sides.new))
        self._left = max(periods, default=0.0)
        self._changes = () if before is None else _changes(before, self._measure)

    def compared(self) -> Compared:
        """Return what became of the measure."""
        broken = [run for run in self._seen if run.outcome is Outcome.FAIL]
        if broken:
            return self._made(Status.BROKEN, broken[0].because)
        if self._before is None or not self._old:
            return self._made(Status.NO_BASELINE, _unknown(self._before))
        if not self._new:
            return self._made(
                Status.TOO_FEW, f"there is no answer: {self._seen[-1].because}"
            )
        shift = self._shift(self._before)
        if shift is not None:
            return self._configured(shift)
        reachable = ranks.reachable(len(self._old), len(self._new)) <= self._alpha
        return self._ranked() if reachable else self._phased(self._before)

    @property
    def _difference(self) -> float:
        """By how much it is more in the middle, without the phases where known."""
        return median(self._sides.values_new) - median(self._sides.values_old)

    @property
    def _limit(self) -> float:
        return self._threshold.of(median(self._old))

    def _shift(self, before: Measure) -> float | None:
        """Return by what the changed configuration moves it; None: unknown, or none.

        A longer interval makes only the latest moment later: the worse of both counts.
        """
        if not self._changes or any(
            change.startswith("query ") for change in self._changes
        ):
            return None
        if before.earliest is None or self._measure.earliest is None:
            return None
        shift = self._measure.earliest - before.earliest
        if before.latest is None or self._measure.latest is None:
            return shift
        return max(shift, self._measure.latest - before.latest)

    def _configured(self, shift: float) -> Compared:
        said = f"configured otherwise: {'; '.join(self._changes)}; that moves it by "
        said += self._signed(shift)
        if shift > self._limit:
            more = f"{said}, more than the {self._show(self._limit)} that may be"
            return self._made(Status.WORSE, more)
        status = Status.BETTER if -shift > self._limit else Status.SAME
        return self._made(status, said)

    def _ranked(self) -> Compared:
        noise = self._noise
        beyond = max(self._limit, noise)
        slower, faster = self._chance
        said = (
            f"{self._signed(self._difference)} in the middle{self._without}; its own "
            f"noise is {self._show(noise)}, {self._show(self._limit)} may be"
        )
        if self._difference > beyond and slower <= ranks.ALPHA:
            return self._made(Status.WORSE, f"{said}; p {slower:.3g}", slower)
        if -self._difference > beyond and faster <= ranks.ALPHA:
            return self._made(Status.BETTER, f"{said}; p {faster:.3g}", faster)
        return self._made(Status.SAME, said, min(slower, faster))

    def _phased(self, before: Measure) -> Compared:
        """Judge too few runs for ranks by what phases alone can explain."""
        few = self._few()
        if before.earliest is None or before.latest is None:
            return self._made(Status.TOO_FEW, few)
        explained = before.latest - before.earliest
        latest = before.latest
        if self._sides.phased_out:
            # The arithmetic knows the rules, not when a system shows a change.
            latest = max(latest, median(self._sides.values_old) + explained)
        if self._sides.phased_out and len(self._old) >= _TELL_NOISE:
            # What lies between two evaluations nobody sees.
            explained = min(explained, self._left)
        error = max(sample.error for sample in self._sides.new)
        said = f"{self._signed(self._difference)}{self._without}"
        if self._difference > explained + max(self._limit, self._noise) + error:
            return self._made(
                Status.WORSE,
                f"{said}; the phases of scrapes and evaluations explain "
                f"{self._show(explained)} at most",
            )
        if median(self._new) <= latest + error:
            return self._made(
                Status.SAME,
                f"{said}, within the {self._show(explained)} that phases explain",
            )
        return self._made(Status.TOO_FEW, few)

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

    def _made(self, status: Status, because: str, p: float | None = None) -> Compared:
        old = median(self._old) if self._old else None
        new = median(self._new) if self._new else None
        changes = "; ".join(self._changes)
        if changes and changes not in because:
            because += f" (configured otherwise: {changes})"
        return Compared(
            key=self._key,
            unit=self._measure.unit,
            status=status,
            because=because,
            before=old,
            now=new,
            promised=self._measure.promised,
            changes=self._changes,
            p=p,
            close=_is_close(status, old, new, self._measure.promised),
        )

    def _show(self, value: float) -> str:
        ratio = self._measure.unit == "ratio"
        return show_share(value) if ratio else show_duration(round(value, 3))

    def _signed(self, value: float) -> str:
        return ("+" if value >= 0 else "") + self._show(value)


def _changes(before: Measure, now: Measure) -> tuple[str, ...]:
    """Return what is configured otherwise, each with its values."""
    old, new = before.settings, now.settings
    return tuple(
        f"{name} {old.get(name) or 'none'} → {new.get(name) or 'none'}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _is_close(
    status: Status, old: float | None, new: float | None, promised: float | None
) -> bool:
    if status is Status.BROKEN or old is None or new is None or not promised:
        return False
    return new > old and promised - new < CLOSE * promised
