"""What becomes of a measure in a comparison, and what is asked of one."""

from collections.abc import Collection, Mapping
from dataclasses import field
from enum import StrEnum

from gameday.frozen import frozen
from gameday.regressions.measure import MeasureKey


class Status(StrEnum):
    """What became of a measure."""

    BROKEN = "broken"
    WORSE = "worse"
    TOO_FEW = "too-few"
    NO_BASELINE = "no-baseline"
    SAME = "same"
    BETTER = "better"


@frozen
class Threshold:
    """How much worse is a regression: a share of the baseline, or so many seconds."""

    share: float | None = None
    absolute: float | None = None

    def of(self, value: float) -> float:
        """Return it in the measure's unit."""
        return abs(value) * self.share if self.share is not None else self.absolute or 0


@frozen
class CompareRules:
    """How to compare; `thresholds` by question, `default` for the others."""

    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    default: Threshold = field(default_factory=lambda: Threshold(share=0.1))
    ignored: Collection[str] = ()

    def threshold(self, question: str) -> Threshold:
        """Return the threshold of a question."""
        return self.thresholds.get(question, self.default)


@frozen
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
