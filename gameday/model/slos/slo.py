"""SLOs: an objective over a window, on counts of good and bad events."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.frozen import frozen

Pair = tuple[float, float]  # a sample: its time and its value

COUNTER = "counter"
SAMPLES = "samples"  # of a gauge
VALUES = "values"  # the sum of a gauge's samples: of 0 and 1 those that are 1
OBSERVATIONS = "observations"  # of a native histogram
UP_TO = "observations up to"  # those of 0 up to a limit


@frozen
class Term:
    """One signed counter selector of an event count, such as `+ requests{a="b"}`.

    The count of a sum of terms over a time is the sum of `sign` times the
    selected counters' increases. What is no counter becomes one (`reads`, with its
    `limit`): see `gameday.model.reading`.
    """

    selector: str
    sign: float = 1.0
    reads: str = COUNTER
    limit: float = 0.0


@frozen
class Slices:
    """Stretches of time that are good or bad as a whole.

    `length` in seconds; good is one whose share of good events is at least `target`.
    """

    length: float
    target: float

    @property
    def tolerated(self) -> float:
        """The share of bad events that a good one has at most."""
        return 1.0 - self.target


@frozen
class Slo:
    """An SLO on a ratio of events, counted from what Prometheus scraped.

    `objective` is a ratio strictly between 0 and 1 (or 1). `window` in seconds.
    `bad` are the events that spend the budget, `total` all of them.
    `window_stated` is false where the file names none (Sloth: 30 days).
    `slices`: the objective is the share of good slices of the window, not of events.
    `grouped_by`: labels by which the format promises it of each group; all groups are
    counted together.
    """

    name: str
    service: str
    objective: float
    window: float
    bad: tuple[Term, ...]
    total: tuple[Term, ...]
    format: str  # openslo, sloth, pyrra
    path: str = ""
    line: int | None = None
    window_stated: bool = True
    short_name: str = ""  # Sloth: NAME beside SERVICE-NAME
    slices: Slices | None = None
    grouped_by: tuple[str, ...] = ()

    @property
    def budget(self) -> float:
        """The error budget as a ratio: 1 - objective."""
        return 1.0 - self.objective

    @property
    def tolerated(self) -> float:
        """The share of bad events up to which the SLI is within its objective."""
        return self.budget if self.slices is None else self.slices.tolerated


@frozen(kw_only=False)
class Bucket:
    """One bucket of a native histogram: its bounds, and the observations in it."""

    lower: float
    upper: float
    count: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """Raw samples of one series: labels and (time, value) pairs in order.

    `histograms`: the samples that are native histograms.
    """

    labels: Mapping[str, str]
    samples: tuple[Pair, ...]
    histograms: tuple[tuple[float, tuple[Bucket, ...]], ...] = ()

    @cached_property
    def numbers(self) -> tuple[Pair, ...]:
        """The samples that are numbers; a staleness marker is a NaN."""
        return tuple(pair for pair in self.samples if pair[1] == pair[1])
