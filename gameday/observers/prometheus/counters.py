"""Raw counter samples of the SLOs' terms: each scrape once, kept for guardrails."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from gameday.model.slo import Series, Slo
from gameday.model.timeline import Event, event

Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Kept:
    samples: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Where a selector is used: an SLO's side (bad, total) with a sign."""

    slo: str
    side: str
    sign: float


class Counters:
    """New samples by selector become `sample` events of every SLO that uses it."""

    def __init__(self, slos: Iterable[Slo]) -> None:
        self.uses: dict[str, list[Use]] = {}
        for slo in slos:
            for side, terms in (("bad", slo.bad), ("total", slo.total)):
                for term in terms:
                    use = Use(slo=slo.name, side=side, sign=term.sign)
                    self.uses.setdefault(term.selector, []).append(use)
        self._kept: dict[str, dict[Key, _Kept]] = {one: {} for one in self.uses}
        self._lock = threading.Lock()

    def feed(self, selector: str, found: Iterable[Series]) -> list[Event]:
        """Take raw samples, and return those that are new as events."""
        events = []
        for one in found:
            fresh = self._keep(selector, one)
            if not fresh:
                continue
            values = [[at, value] for at, value in fresh]
            events += [
                event(
                    fresh[-1][0],
                    "sample",
                    slo=use.slo,
                    side=use.side,
                    sign=use.sign,
                    series=dict(one.labels),
                    values=values,
                )
                for use in self.uses[selector]
            ]
        return events

    def series(self, selector: str) -> list[Series]:
        """Return all that was seen of a selector since the start."""
        with self._lock:
            return [
                Series(labels=dict(key), samples=tuple(kept.samples))
                for key, kept in self._kept[selector].items()
            ]

    def jobs(self) -> list[str]:
        """Return the jobs that the counters come from."""
        with self._lock:
            labels = [dict(key) for kept in self._kept.values() for key in kept]
        return sorted({label["job"] for label in labels if label.get("job")})

    def newest(self) -> float:
        """Return the newest sample's time; 0 where there is none."""
        with self._lock:
            times = (
                kept.samples[-1][0]
                for one in self._kept.values()
                for kept in one.values()
            )
            return max(times, default=0.0)

    def _keep(self, selector: str, one: Series) -> list[tuple[float, float]]:
        with self._lock:
            key = tuple(sorted(one.labels.items()))
            kept = self._kept[selector].setdefault(key, _Kept())
            last = kept.samples[-1][0] if kept.samples else 0.0
            fresh = [pair for pair in one.samples if pair[0] > last]
            kept.samples += fresh
            return fresh
