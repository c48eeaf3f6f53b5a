"""How many events an SLO's own window had, where samples reach back to its start.

Thirty days of raw samples are too many to fetch. The last value that each series had
in each cell of a grid is read instead, so that a pod which lived within one cell is
counted as well. Deltas between these are exact, except where a counter was reset in
a cell: such cells are read raw, up to a bound. Of a gauge the samples of each cell are
counted, or summed up.

A series that begins inside the window counts from zero. Where its target was not
scraped before, and its process is not known to be younger than the window, its first
value may be older: by that much the window may have fewer events.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gameday.frozen import frozen
from gameday.model.reading import pairs, reads_gauge, reads_histogram
from gameday.model.slos.scraped import Target, target_of
from gameday.model.slos.slo import OBSERVATIONS, SAMPLES, VALUES, Series, Slo, Term
from gameday.observers.prometheus.api import LOOKBACK, PrometheusApi, quoted, window

CELLS = 720
MOST_RAW = 100  # cells of the grid that are read raw
_BEGINS = 2.0  # cells in which the first samples of all come
_TICK = 0.001  # seconds; Prometheus tells no samples apart that are closer
_OVER_TIME = {SAMPLES: "count_over_time", VALUES: "sum_over_time"}
Key = frozenset[tuple[str, str]]
_OLDEST = re.compile(rb"^prometheus_tsdb_lowest_timestamp_seconds (\S+)", re.MULTILINE)


@frozen
class CountedWindow:
    """Events in all since `since`; `complete`: that is the window's whole length.

    There may be up to `unknown` more, and up to `surplus` fewer.
    """

    total: float
    since: float
    complete: bool
    unknown: float = 0.0
    surplus: float = 0.0


def countable(terms: Iterable[Term]) -> bool:
    """Return whether Prometheus counts all of this over days.

    It has no function for how many samples compare with a limit.
    """
    return all(not reads_gauge(term) or term.reads in _OVER_TIME for term in terms)


def window_total(api: PrometheusApi, slo: Slo, now: float) -> CountedWindow:
    """Return the events of the SLO's window that ends now, or of what there is."""
    return events_since(api, slo.total, slo.window, now)


def events_since(
    api: PrometheusApi, terms: Sequence[Term], length: float, now: float
) -> CountedWindow:
    """Return the events of the last `length` seconds, or of what there is of them."""
    start = now - length
    oldest = _oldest(api)
    since = max(start, oldest)
    step = max(1.0, math.ceil((now - since) / CELLS * 1000) / 1000)
    # The grid ends now; it may begin a little earlier than the window.
    since = now - step * math.ceil((now - since) / step - 1e-9)
    reader = _Grid(api, since, now, step)
    counts = [(term.sign, reader.term(term)) for term in terms]
    plus = [count for sign, count in counts if sign > 0]
    minus = [count for sign, count in counts if sign < 0]
    reaches = reader.first <= since + max(step, 2 * length / CELLS)
    complete = oldest <= start and reaches
    return CountedWindow(
        total=sum(sign * count.events for sign, count in counts),
        since=max(since, reader.first),
        complete=complete,
        unknown=sum(edge.unread for edge in plus) + sum(edge.older for edge in minus),
        surplus=sum(edge.older for edge in plus) + sum(edge.unread for edge in minus),
    )


def _oldest(api: PrometheusApi) -> float:
    """Return the time of the oldest sample; 0 where it is not told."""
    answer = api.client.get("/metrics")
    match = _OLDEST.search(answer.body)
    return float(match[1]) if match else 0.0


@dataclass(slots=True)
class _Counted:
    """Events of a term: `older` of them may have come before the window.

    `unread`: what may be missing of the cells that were not read raw.
    """

    events: float = 0.0
    older: float = 0.0
    unread: float = 0.0


class _Grid:
    """Counts one term after the other on the same grid."""

    def __init__(
        self, api: PrometheusApi, since: float, now: float, step: float
    ) -> None:
        self._api = api
        self._since, self._now, self._step = since, now, step
        self._raw_left = MOST_RAW
        self._scraped: dict[Target, float] | None = None
        self._cell: float | None = None
        self._began: dict[str, dict[Target, float]] = {}
        self.first = now

    def term(self, term: Term) -> _Counted:
        """Return the increase of a term over the grid."""
        if reads_gauge(term):
            return self._samples(term)
        answer = self._counts(term)
        self.first = min([self.first, *(series.samples[0][0] for series in answer)])
        counted = _Counted()
        for series in answer:
            values = [value for _, value in series.samples]
            counted.events += sum(_delta(a, b) for a, b in pairwise(values))
            self._birth(series, counted)
        if answer:
            self._raw_cells(term, answer, counted)
        return counted

    def _samples(self, term: Term) -> _Counted:
        """Return how many samples a gauge has, or what their values sum up to."""
        function = _OVER_TIME[term.reads]
        if self._cell is None:  # no sample is of two cells
            self._cell = self._step - (_TICK if self._api.is_closed() else 0.0)
        samples = self._ask(f"{function}({term.selector}[{window(self._cell)}])")
        self.first = min([self.first, *(series.samples[0][0] for series in samples)])
        # What came before the grid is of the cell that ends where it begins.
        return _Counted(
            events=sum(
                value
                for series in samples
                for at, value in series.samples
                if at > self._since
            )
        )

    def _birth(self, series: Series, counted: _Counted) -> None:
        """Count the first value of a series that was born inside the window."""
        at, value = series.samples[0]
        if at <= self._begin() + _BEGINS * self._step:
            return  # it was there from the start
        counted.events += value
        target = target_of(series)
        if self._first_scrapes().get(target, at) < at:
            return  # its target was scraped without it
        began = self._processes(target[0]).get(target)
        if began is None or began < self._since - self._step:
            counted.older += value

    def _ask(self, expr: str) -> list[Series]:
        grid = self._api.grid(expr, self._since, self._now, self._step)
        return [series for series in grid if series.samples]

    def _last_values(self, selector: str) -> list[Series]:
        """Return the last value that each series had in each cell."""
        return self._ask(self._last(selector))

    def _counts(self, term: Term) -> list[Series]:
        """Return the events that each series had counted by each cell's end."""
        last = self._last(term.selector)
        if not reads_histogram(term):
            return self._ask(last)
        every = f"histogram_count({last})"
        if term.reads == OBSERVATIONS:
            return self._ask(every)
        quick = f"histogram_fraction(0, {term.limit!r}, {last}) * {every}"
        return self._ask(f"({quick}) >= 0 or 0 * {every}")  # of none, no share

    def _last(self, selector: str) -> str:
        reach = window(max(self._step, LOOKBACK))
        return f"last_over_time({selector}[{reach}])"

    def _first_scrapes(self) -> dict[Target, float]:
        if self._scraped is None:
            self._scraped = {}
            for series in self._last_values("up"):
                at = series.samples[0][0]
                target = target_of(series)
                self._scraped[target] = min(at, self._scraped.get(target, at))
        return self._scraped

    def _begin(self) -> float:
        """Return when the first target was scraped, of all that is known."""
        return min(self._first_scrapes().values(), default=self._since)

    def _processes(self, job: str) -> dict[Target, float]:
        """Return when the processes of a job's targets had first begun."""
        if job not in self._began:
            labels = quoted({"job": job})
            starts = self._last_values(f"process_start_time_seconds{{{labels}}}")
            self._began[job] = {
                target_of(series): min(value for _, value in series.samples)
                for series in starts
            }
        return self._began[job]

    def _resets(self, selector: str) -> dict[float, set[Key]]:
        """Return the ends of the cells in which counters were reset."""
        cells: dict[float, set[Key]] = {}
        for series in self._ask(f"resets({selector}[{window(self._step)}]) > 0"):
            for at, _ in series.samples:
                cells.setdefault(at, set()).add(_key(series.labels))
        return cells

    def _raw_cells(
        self, term: Term, all_series: Iterable[Series], counted: _Counted
    ) -> None:
        """Add what the grid does not see of cells with resets."""
        series = {_key(kept.labels): dict(kept.samples) for kept in all_series}
        cells = sorted(self._resets(term.selector).items(), reverse=True)
        for end, keys in cells[: self._raw_left]:
            for raw in self._api.raw(term.selector, self._step + 0.001, end):
                key = _key(raw.labels)
                if key in keys and end in series.get(key, {}):
                    before = series[key].get(round(end - self._step, 3), 0.0)
                    values = [value for _, value in pairs(term, raw, 0.0, 0.0)]
                    counted.events += _unseen(values, before, series[key][end])
        for _, keys in cells[self._raw_left :]:
            counted.unread += sum(_busiest(series.get(key, {})) for key in keys)
        self._raw_left = max(0, self._raw_left - len(cells))


def _delta(before: float, after: float) -> float:
    return after - before if after >= before else after


def _busiest(values: Mapping[float, float]) -> float:
    """Return the most events that a series had between two instants of the grid."""
    ordered = [values[at] for at in sorted(values)]
    return max((_delta(a, b) for a, b in pairwise(ordered)), default=0.0)


def _unseen(values: Iterable[float], before: float, after: float) -> float:
    """Return a cell's events from raw samples, less what its two ends say."""
    value, previous = 0.0, before
    for now in values:
        value += _delta(previous, now)
        previous = now
    return value - _delta(before, after)


def _key(labels: Mapping[str, str]) -> Key:
    return frozenset(pair for pair in labels.items() if pair[0] != "__name__")
