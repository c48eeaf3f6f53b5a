"""A recording as a unit test for `promtool test rules`: a game day to keep for good.

Evaluations begin at 0 there and have one interval, so each sample stands at the first
evaluation that can see it. Expected is `ALERTS` itself, which has no annotations.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from gameday.frozen import frozen
from gameday.model.alerting.recording import Read, SeriesRecord
from gameday.model.alerting.regex import RegexError
from gameday.replays.machine import Life, Slots

LONG = 3  # equal values in a row that are written as one
Cell = str  # of a series at one evaluation: a value, `_` or `stale`


@frozen
class Expected:
    """A promised alert and its lives in the record.

    `slack`: evaluations by which promtool may differ, which evaluates every group at
    the same moments.
    """

    alert: str
    lives: Sequence[Life]
    slack: int = 0

    def edges(self) -> set[int]:
        """Return when what fires changes."""
        fired = [life for life in self.lives if life.firing is not None]
        return {
            at for life in fired for at in (life.firing, life.ended) if at is not None
        }


@frozen
class UnitTest:
    """What one file tests: rules (paths), the series they read, what has to ring."""

    run: str
    rules: tuple[str, ...]
    slots: Slots
    series: Sequence[SeriesRecord]
    expected: Sequence[Expected]


def chosen(series: Iterable[SeriesRecord], reads: Sequence[Read]) -> list[SeriesRecord]:
    """Return the series that some selector reads."""
    chosen_series = [
        recorded for recorded in series if any(_fits(recorded, read) for read in reads)
    ]
    return sorted(chosen_series, key=lambda series: sorted(series.labels.items()))


def _fits(record: SeriesRecord, read: Read) -> bool:
    try:
        return record.labels.get("__name__") == read.metric and all(
            matcher.matches(record.labels) for matcher in read.matchers
        )
    except RegexError:
        return True  # read too much rather than too little


def expects_alerts(test: UnitTest) -> bool:
    """Whether a rule that never fires would break it."""
    return any(
        labels
        for expected in test.expected
        for _, labels in _moments(expected, test.slots)
    )


def render(test: UnitTest) -> str:
    """Return the file for promtool."""
    return "\n".join(_lines(test)) + "\n"


def _lines(test: UnitTest) -> Iterator[str]:
    interval = f"{test.slots.interval}ms"
    yield f"# Made by `gameday replay --emit promtool` of the run {test.run}."
    yield f"rule_files: {json.dumps(list(test.rules))}"
    yield f"evaluation_interval: {interval}"
    yield "tests:"
    yield f"  - interval: {interval}"
    yield "    input_series:"
    for recorded in test.series:
        values = " ".join(_runs(cells(recorded, test.slots)))
        if values:
            yield f"      - series: {_quoted(_selector(recorded.labels))}"
            yield f"        values: {_quoted(values)}"
    yield "    promql_expr_test:"
    for expected in test.expected:
        for at, labels in _moments(expected, test.slots):
            name = json.dumps(expected.alert)
            expr = f'ALERTS{{alertname={name}, alertstate="firing"}}'
            yield f"      - expr: {_quoted(expr)}"
            yield f"        eval_time: {at - test.slots.first}ms"
            yield f"        exp_samples: {'[]' if not labels else ''}".rstrip()
            for labels_of_alert in labels:
                shown = _selector({**labels_of_alert, "__name__": "ALERTS"})
                yield f"          - {{labels: {_quoted(shown)}, value: 1}}"


def cells(record: SeriesRecord, slots: Slots) -> list[Cell]:
    """Return what a series has at each evaluation, `_` where nothing came."""
    cells_by_slot: dict[int, Cell] = {}
    for at, value in zip(record.at, record.values, strict=True):
        place = -(-(at - slots.first) // slots.interval)
        if 0 <= place <= (slots.last - slots.first) // slots.interval:
            cells_by_slot[place] = "stale" if value is None else _number(value)
    if not cells_by_slot:
        return []
    return [cells_by_slot.get(place, "_") for place in range(max(cells_by_slot) + 1)]


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _runs(values: Iterable[Cell]) -> Iterator[str]:
    """Yield the values in promtool's notation, equal ones in a row as one."""
    for value, group in groupby(values):
        count = len(list(group))
        if count < LONG or value == "stale":
            yield from [value] * count
        elif value == "_":
            yield f"_x{count}"
        else:
            yield f"{value}+0x{count - 1}"


def _moments(
    expected: Expected, slots: Slots
) -> Iterator[tuple[int, list[Mapping[str, str]]]]:
    """Yield the evaluations at which what fires changes, and those just before.

    Where promtool may differ, those that are as near as is sure.
    """
    for at in _sure_moments(expected, slots):
        fires: list[Mapping[str, str]] = [
            {**life.labels, "alertstate": "firing"}
            for life in expected.lives
            if life.fires_at(at)
        ]
        yield at, fires


def _sure_moments(expected: Expected, slots: Slots) -> list[int]:
    edges = expected.edges()
    apart = expected.slack * slots.interval
    moments = {at - slots.interval - apart for at in edges}
    moments |= {at + apart for at in edges}
    return sorted(
        at
        for at in moments
        if slots.first <= at <= slots.last
        and not any(edge - apart <= at < edge + apart for edge in edges)
    )


def _selector(labels: Mapping[str, str]) -> str:
    pairs = ", ".join(
        f"{name}={json.dumps(text, ensure_ascii=False)}"
        for name, text in sorted(labels.items())
        if name != "__name__"
    )
    return f"{labels.get('__name__', '')}{{{pairs}}}"


def _quoted(text: str) -> str:
    """Return a text as a YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"
