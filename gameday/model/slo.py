"""SLOs: an objective over a window, on counts of good and bad events."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One signed counter selector of an event count, such as `+ requests{a="b"}`.

    The count of a sum of terms over a time is the sum of `sign` times the
    selected counters' increases.
    """

    selector: str
    sign: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """An SLO on a ratio of events, counted from Prometheus counters.

    `objective` is a ratio strictly between 0 and 1 (or 1). `window` in seconds.
    `bad` are the events that spend the budget, `total` all of them.
    `window_stated` is false where the file names none (Sloth: 30 days).
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

    @property
    def budget(self) -> float:
        """The error budget as a ratio: 1 - objective."""
        return 1.0 - self.objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Raw samples of one counter: labels and (time, value) pairs in order."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]
