"""Damage of a stored record: values that cannot be a field's, events that lack fields.

A required field with an impossible value (a null, a text for a number) is treated as
missing: it is removed from its event, and the check that needs it reports that. An
event that does not say what it is about is of no use at all.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from gameday.model.events.codec import (
    KINDS,
    Event,
    declared_fields,
    is_set,
    lacking,
    made,
)

# No answer would notice that such an event is lost to it. What else an event lacks is
# told by the answer that asks for it.
_TELL_WHICH = frozenset(
    ("step", "id", "fault", "service", "instance", "receiver", "slo", "phase", "ok")
)

Fits = Callable[[Any], bool]


def sound(events: Iterable[Event]) -> tuple[list[Event], str]:
    """Return the events that can be used, and what the first unusable one lacks.

    An unusable event lacks a field that says what it is about; the text is empty if
    there is none.
    """
    whole: list[Event] = []
    damage = ""
    for event in events:
        missing = [name for name in lacking(event) if name in _TELL_WHICH]
        if not missing:
            whole.append(event)
        elif not damage:
            damage = f"an event {event.kind} has no {', '.join(missing)}"
    return whole, damage


def fitting(event: Event) -> Event:
    """Return an event without the fields whose values cannot be theirs."""
    if event.kind not in KINDS:
        return event
    unfit = {
        name
        for name, fits in _fits_by_field(event.kind)
        if is_set(event, name) and not fits(getattr(event, name))
    }
    if not unfit:
        return event
    rest = {name: value for name, value in event.fields.items() if name not in unfit}
    return made(type(event), event.at, rest)


@cache
def _fits_by_field(kind: str) -> Sequence[tuple[str, Fits]]:
    """Return, for each field of a kind, whether a value fits."""
    known = KINDS[kind]
    hints = get_type_hints(known, include_extras=True)
    return [
        (field.name, _fits_type(hints[field.name])) for field in declared_fields(known)
    ]


def _fits_type(declared: Any) -> Fits:
    """Return whether a value fits a declared type."""
    origin, inner = get_origin(declared), get_args(declared)
    if declared is Any:
        return lambda _: True
    if origin is Annotated:
        base, also = _fits_type(inner[0]), inner[1]
        return lambda value: base(value) and also(value)
    if origin in (Union, UnionType):
        ways = [_fits_type(way) for way in inner]
        return lambda value: any(way(value) for way in ways)
    if origin is not None and issubclass(origin, Mapping):
        own = _fits_type(inner[1])
        return lambda value: type(value) is dict and all(map(own, value.values()))
    if origin is not None:  # a sequence
        each = _fits_type(inner[0])
        return lambda value: type(value) in (list, tuple) and all(map(each, value))
    return _FITS_BY_TYPE[declared]


def _is_number(value: Any) -> bool:
    """Whether a value is a number; one that no float can hold is none."""
    if type(value) is float:
        return True
    return type(value) is int and abs(value) < 1 << 1000


def _is_count(value: Any) -> bool:
    return _is_number(value) and math.isfinite(value)


_FITS_BY_TYPE: Mapping[Any, Fits] = {
    str: lambda value: type(value) is str,
    bool: lambda value: type(value) is bool,
    int: _is_count,
    float: _is_number,
    NoneType: lambda value: value is None,
}
