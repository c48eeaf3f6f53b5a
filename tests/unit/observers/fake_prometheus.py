"""A Prometheus of our own: series in memory, plain selectors, no PromQL."""

import bisect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from gameday.model.quantity import parse_duration, show_instant
from tests.unit.observers.fake import Asked, Reply

LOOKBACK = 300.0
Samples = list[tuple[float, float]]
Count = Callable[[Samples], float | None]


@dataclass
class FakePrometheus:
    """Answers as of `now`; `values`: what other expressions give.

    `selected`: by selector, series as (labels, samples).
    """

    now: float = 1000.0
    selected: dict[str, list[tuple[dict[str, str], Samples]]] = field(
        default_factory=dict
    )
    values: dict[str, Any] = field(default_factory=dict)
    groups: list[Any] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    listed: list[Any] = field(default_factory=list)
    metrics: str = "process_start_time_seconds 100\n"
    config: str = "global: {scrape_interval: 1s, evaluation_interval: 1s}"
    version: str = "3.16.0"
    broken: dict[str, Reply] = field(default_factory=dict)

    def target(self, **labels: str) -> None:
        """Add a target that was scraped just now, every second."""
        self.targets.append(
            {
                "labels": labels,
                "health": "up",
                "lastScrape": show_instant(self.now),
                "scrapeInterval": "1s",
                "scrapeTimeout": "1s",
            }
        )

    def answer(self, asked: Asked) -> Reply:
        """Return the answer to a request."""
        if asked.path in self.broken:
            return self.broken[asked.path]
        if asked.path == "/metrics":
            return Reply(self.metrics)
        name = asked.path.removeprefix("/api/v1/")
        answers: dict[str, Callable[[Any], Any]] = {
            "query": self._query,
            "query_range": self._grid,
            "label/__name__/values": self._names,
            "series": lambda _: self.listed,
            "rules": lambda _: {"groups": self.groups},
            "targets": lambda _: {"activeTargets": self.targets},
            "status/config": lambda _: {"yaml": self.config},
            "status/buildinfo": lambda _: {"version": self.version},
            "status/flags": lambda _: {"query.lookback-delta": "5m"},
            "status/runtimeinfo": lambda _: {"startTime": show_instant(100.0)},
        }
        data = answers[name](asked.params)
        if isinstance(data, Reply):
            return data
        return Reply({"status": "success", "data": data})

    def _query(self, params: Any) -> Any:
        expr, at = params["query"], float(params.get("time", self.now))
        if expr in self.values:
            return self.values[expr]
        if expr == "time()":
            return {"resultType": "scalar", "result": [self.now, str(self.now)]}
        if match := re.fullmatch(r"(.*)\[(\d+ms)\]", expr):
            since = at - parse_duration(match[2])
            return _result("matrix", self._between(match[1], since, at))
        last = self._between(expr, at - LOOKBACK, at)
        return _result("vector", [(labels, some[-1:]) for labels, some in last])

    def _names(self, params: Any) -> Any:
        asked = params["match[]"]
        asked = asked if isinstance(asked, list) else [asked]
        names = {
            labels.get("__name__", ""): selector
            for selector, series in self.selected.items()
            for labels, _ in series
        }
        return sorted(
            name
            for name, selector in names.items()
            if {selector, f'{{__name__="{name}"}}'} & set(asked)
        )

    def _grid(self, params: Any) -> Any:
        expr = params["query"]
        start, end, step = (float(params[name]) for name in ("start", "end", "step"))
        if match := re.fullmatch(r"(\w+)\((.*)\[(\d+)ms\]\)(?: > 0)?", expr):
            function, selector, reach = match.groups()
            if function in _FUNCTIONS:
                instants = start, end, step
                counted = self._counted(function, selector, int(reach), instants)
                return _result("matrix", counted)
        series = []
        seconds = LOOKBACK
        if match := re.fullmatch(r"last_over_time\((.*)\[(\d+ms)\]\)", expr):
            expr, seconds = match[1], parse_duration(match[2])
        for labels, samples in self.selected.get(expr, []):
            points = []
            for number in range(int((end - start) / step + 1e-6) + 1):
                at = round(start + number * step, 3)
                last = bisect.bisect_right(samples, (at, math.inf)) - 1
                if last >= 0 and samples[last][0] > at - seconds:
                    points.append((at, samples[last][1]))
            series.append((labels, points))
        return _result("matrix", [row for row in series if row[1]])

    def _counted(
        self,
        function: str,
        selector: str,
        reach: int,
        instants: tuple[float, float, float],
    ) -> Any:
        """Return each series' counts of what it has in a range before each instant.

        Up to version 2 a sample at the very beginning of a range is in it.
        """
        start, end, step = instants
        edge = -math.inf if self.version.startswith("2.") else math.inf
        series = []
        for labels, samples in self.selected.get(selector, []):
            points = []
            for number in range(int((end - start) / step + 1e-6) + 1):
                at = round(start + number * step, 3)
                since = round(at - reach / 1000, 3)
                low = bisect.bisect_right(samples, (since, edge))
                high = bisect.bisect_right(samples, (at, math.inf))
                counted = _FUNCTIONS[function](samples[low:high])
                points += [] if counted is None else [(at, counted)]
            series.append((labels, points))
        return [row for row in series if row[1]]

    def _between(self, selector: str, since: float, until: float) -> Any:
        series = []
        for labels, samples in self.selected.get(selector, []):
            some = [pair for pair in samples if since < pair[0] <= until]
            if some:
                series.append((labels, some))
        return series


def _resets(samples: Samples) -> float | None:
    return (
        float(sum(after[1] < before[1] for before, after in pairwise(samples))) or None
    )


def _sum(samples: Samples) -> float | None:
    return sum(value for _, value in samples) if samples else None


def _count(samples: Samples) -> float | None:
    return float(len(samples)) if samples else None


def _result(kind: str, series: Any) -> dict[str, Any]:
    shown = []
    for labels, samples in series:
        pairs = [[at, str(value)] for at, value in samples]
        row = {"metric": labels}
        shown.append(
            row | ({"values": pairs} if kind == "matrix" else {"value": pairs[0]})
        )
    return {"resultType": kind, "result": shown}


_FUNCTIONS: dict[str, Count] = {
    "resets": _resets,
    "count_over_time": _count,
    "sum_over_time": _sum,
}
