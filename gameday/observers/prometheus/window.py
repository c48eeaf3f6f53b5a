"""How many events an SLO's own window had, where samples reach back to its start.

Thirty days of raw samples are too many to fetch. The counters are read on a grid
of instants instead; deltas between those are exact, except where a counter was
reset in a cell of the grid: such cells are read raw, up to a bound.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gameday.model.counting import count
from gameday.model.slo import Series, Slo, Term
from gameday.observers.prometheus.api import PrometheusApi, window

CELLS = 720
MOST_RAW = 100  # cells of the grid that are read raw
Key = frozenset[tuple[str, str]]
_OLDEST = re.compile(rb"^prometheus_tsdb_lowest_timestamp_seconds (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Events in all since `since`; `complete`: that is the window's whole length."""

    total: float
    since: float
    complete: bool


def window_total(api: PrometheusApi, slo: Slo, now: float) -> Window:
    """Return the events of the SLO's window that ends now, or of what there is."""
    start = now - slo.window
    oldest = _oldest(api)
    since = max(start, oldest)
    step = max(1.0, math.ceil((now - since) / CELLS * 1000) / 1000)
    # The grid ends now; it may begin a little earlier than the window.
    since = now - step * math.ceil((now - since) / step - 1e-9)
    reader = _Grid(api, since, now, step)
    total = sum(term.sign * reader.term(term) for term in slo.total)
    reaches = reader.first <= since + max(step, 2 * slo.window / CELLS)
    complete = oldest <= start and reaches
    return Window(total=total, since=max(since, reader.first), complete=complete)


def _oldest(api: PrometheusApi) -> float:
    """Return the time of the oldest sample; 0 where it is not told."""
    answer = api.client.get("/metrics")
    found = _OLDEST.search(answer.body)
    return float(found[1]) if found else 0.0


class _Grid:
    """Counts one term after the other on the same grid."""

    def __init__(
        self, api: PrometheusApi, since: float, now: float, step: float
    ) -> None:
        self._api = api
        self._since, self._now, self._step = since, now, step
        self._raw_left = MOST_RAW
        self._witnesses: list[Series] | None = None
        self.first = now

    def term(self, term: Term) -> float:
        """Return the increase of a term over the grid."""
        found = self._ask(term.selector)
        self.first = min([self.first, *(one.samples[0][0] for one in found)])
        resets = self._resets(term.selector) if found else {}
        value = count(found, self._since, self._now, witnesses=self._ups()).value
        return value + self._lost(term.selector, found, resets)

    def _ask(self, expr: str) -> list[Series]:
        found = self._api.grid(expr, self._since, self._now, self._step)
        return [one for one in found if one.samples]

    def _ups(self) -> list[Series]:
        if self._witnesses is None:
            self._witnesses = self._ask("up")
        return self._witnesses

    def _resets(self, selector: str) -> dict[float, set[Key]]:
        """Return the ends of the cells in which counters were reset."""
        cells: dict[float, set[Key]] = {}
        for one in self._ask(f"resets({selector}[{window(self._step)}]) > 0"):
            for at, _ in one.samples:
                cells.setdefault(at, set()).add(_key(one.labels))
        return cells

    def _lost(
        self, selector: str, found: Iterable[Series], resets: dict[float, set[Key]]
    ) -> float:
        """Return what the grid does not see of cells with resets."""
        series = {_key(one.labels): dict(one.samples) for one in found}
        lost = 0.0
        for end, keys in sorted(resets.items(), reverse=True)[: self._raw_left]:
            self._raw_left -= 1
            for raw in self._api.raw(selector, self._step + 0.001, end):
                key = _key(raw.labels)
                before = series.get(key, {}).get(round(end - self._step, 3))
                if key in keys and before is not None:
                    lost += _difference(raw, before, series[key].get(end))
        return lost


def _difference(raw: Series, before: float, after: float | None) -> float:
    """Return a cell's events from raw samples, less what its two ends say."""
    if after is None:
        return 0.0
    seen = after - before if after >= before else after
    value, previous = 0.0, before
    for _, now in raw.samples:
        value += now - previous if now >= previous else now
        previous = now
    return value - seen


def _key(labels: Mapping[str, str]) -> Key:
    return frozenset(pair for pair in labels.items() if pair[0] != "__name__")
