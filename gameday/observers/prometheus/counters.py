"""Raw samples of the SLOs' terms as counters: each scrape once, kept for guardrails."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from gameday.frozen import frozen
from gameday.model.events import Sample
from gameday.model.reading import pairs, reads_gauge
from gameday.model.slos.slo import Series, Slo, Term

Key = tuple[tuple[str, str], ...]
Reading = tuple[str, str, float]  # a selector, and what is read of it


@dataclass(slots=True)
class _Kept:
    samples: list[tuple[float, float]] = field(default_factory=list)


@frozen
class Use:
    """Where a selector is used: an SLO's side (bad, total), and as which term."""

    slo: str
    side: str
    term: Term


class SampleCounters:
    """New samples by selector become `sample` events of every SLO that uses it."""

    def __init__(self, slos: Iterable[Slo]) -> None:
        slos = tuple(slos)
        self._slices = {slo.name: slo.slices.length for slo in slos if slo.slices}
        self.uses: dict[str, list[Use]] = {}
        for slo in slos:
            for side, terms in (("bad", slo.bad), ("total", slo.total)):
                for term in terms:
                    use = Use(slo=slo.name, side=side, term=term)
                    self.uses.setdefault(term.selector, []).append(use)
        self._kept: dict[Reading, dict[Key, _Kept]] = {
            _reading(use.term): {} for uses in self.uses.values() for use in uses
        }
        self._lock = threading.Lock()

    def feed(self, selector: str, all_series: Iterable[Series]) -> list[Sample]:
        """Take raw samples, and return those that are new as events."""
        events = []
        readings = {_reading(use.term): use.term for use in self.uses[selector]}
        for series in all_series:
            fresh = {key: self._keep(term, series) for key, term in readings.items()}
            events += [
                _sample(use, series, fresh[_reading(use.term)])
                for use in self.uses[selector]
                if fresh[_reading(use.term)]
            ]
        return events

    def sliced(self, selector: str) -> float:
        """Return the longest slice of time that a selector counts for; 0: of none.

        A slice that had begun before is judged with what came before.
        """
        names = (use.slo for use in self.uses[selector])
        return max((self._slices.get(name, 0.0) for name in names), default=0.0)

    def series(self, term: Term) -> list[Series]:
        """Return all that was counted of a term since the start."""
        with self._lock:
            return [
                Series(labels=dict(key), samples=tuple(kept.samples))
                for key, kept in self._kept[_reading(term)].items()
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
                for series in self._kept.values()
                for kept in series.values()
            )
            return max(times, default=0.0)

    def _keep(self, term: Term, series: Series) -> list[tuple[float, float]]:
        with self._lock:
            key = tuple(sorted(series.labels.items()))
            kept = self._kept[_reading(term)].setdefault(key, _Kept())
            last = kept.samples[-1] if kept.samples else (0.0, 0.0)
            fresh = list(pairs(term, series, *last))
            kept.samples += fresh
            return fresh


def _reading(term: Term) -> Reading:
    return term.selector, term.reads, term.limit


def _sample(use: Use, series: Series, fresh: list[tuple[float, float]]) -> Sample:
    gauge = {"gauge": True} if reads_gauge(use.term) else {}
    return Sample(
        at=fresh[-1][0],
        slo=use.slo,
        side=use.side,
        sign=use.term.sign,
        series=dict(series.labels),
        values=[[at, value] for at, value in fresh],
        **gauge,
    )
