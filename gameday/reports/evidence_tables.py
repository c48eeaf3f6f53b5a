"""Evidence as tables: any nesting of mappings and lists, within bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.frozen import frozen
from gameday.reports.wording import NOTHING, clock_time, is_instant, one_line, relative

_ROWS = 40  # of one table; the rest is in verdict.json
_COLUMNS = 8
_DEPTH = 4


@frozen
class Table:
    """Rows of text under a caption; `head` is empty for pairs of key and value.

    `left_off`: how many rows more there are.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_off: int = 0


def tables(evidence: Mapping[str, Any], zero: float) -> list[Table]:
    """Return evidence as tables; instants are shown in UTC and relative to `zero`."""
    return _of_mapping("", evidence, zero, _DEPTH)


def _of_mapping(
    caption: str, given: Mapping[str, Any], zero: float, depth: int
) -> list[Table]:
    pairs: list[tuple[str, ...]] = []
    nested: list[Table] = []
    for key, value in given.items():
        name = str(key)
        if _is_flat(value) or depth <= 0:
            pairs.append((_heading(name), _cell(name, value, zero)))
        else:
            title = f"{caption}: {_heading(name)}" if caption else _heading(name)
            nested += _of_nested(title, value, zero, depth - 1)
    own = [_table(caption, (), pairs, len(pairs))] if pairs else []
    return (own + nested)[:_ROWS]


def _of_nested(caption: str, value: Any, zero: float, depth: int) -> list[Table]:
    if isinstance(value, Mapping):
        return _of_mapping(caption, value, zero, depth)
    if all(isinstance(row, Mapping) for row in value):
        return [_of_mappings(caption, value, zero)]
    shown = value[:_ROWS]
    if all(_is_row(row) for row in value):
        rows = [tuple(_cell("", x, zero) for x in row[:_COLUMNS]) for row in shown]
    else:
        rows = [(_cell("", item, zero),) for item in shown]
    return [_table(caption, (), rows, len(value))]


def _of_mappings(
    caption: str, mappings: Sequence[Mapping[str, Any]], zero: float
) -> Table:
    """Return a table with a column for each key that a mapping has, up to a few."""
    keys = dict.fromkeys(str(key) for mapping in mappings for key in mapping)
    names = list(keys)[:_COLUMNS]
    rows = [
        tuple(_cell(name, mapping.get(name), zero) for name in names)
        for mapping in mappings[:_ROWS]
    ]
    head = tuple(_heading(name) for name in names)
    return _table(caption, head, rows, len(mappings))


def _table(
    caption: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], number: int
) -> Table:
    width = max((len(row) for row in rows), default=0)
    even = tuple(row + ("",) * (width - len(row)) for row in rows[:_ROWS])
    return Table(
        caption=one_line(caption, 120),
        head=head,
        rows=even,
        left_off=max(0, number - _ROWS),
    )


def _is_flat(value: Any) -> bool:
    """Return whether a value fits one cell: a scalar, labels, a list of names."""
    if isinstance(value, Mapping):
        return len(value) <= _COLUMNS and all(_is_scalar(x) for x in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_scalar(item) for item in value)
    return True


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_is_scalar(item) for item in value)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _heading(key: str) -> str:
    return one_line(key.replace("_", " "), 60)


def _cell(key: str, value: Any, zero: float) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _several(key, value, zero)
    if is_instant(key, value):
        return f"{clock_time(value)} ({relative(value, zero)})"
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(value)


def _several(key: str, value: Any, zero: float) -> str:
    """Return a mapping or a collection on one line, within bounds."""
    if isinstance(value, Mapping):
        inner = [(f"{name}=", str(name), part) for name, part in value.items()]
    else:
        ordered = (
            sorted(value, key=str) if isinstance(value, set | frozenset) else value
        )
        inner = [("", key, item) for item in ordered]
    # What is nested still deeper is counted only: a cell has one line.
    items = [
        f"{name}{_cell(of, part, zero) if _is_flat(part) else f'({len(part)} more)'}"
        for name, of, part in inner[:_ROWS]
    ]
    more = f" and {len(inner) - _ROWS} more" if len(inner) > _ROWS else ""
    return one_line(", ".join(items)) + more or NOTHING
