"""What all kinds of events have in common, and the codec between class and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Annotated, Any, ClassVar

from gameday.model.quantity import LATEST
from gameday.model.timeline import Event, event


def _is_duration(value: float | None) -> bool:
    return value is None or abs(value) < LATEST


def _is_instant(value: float | None) -> bool:
    return value is None or 0 <= value < LATEST


# What follows a type says which of its values a stored field may have (`fitting`).
Seconds = Annotated[float, _is_duration]  # a duration, or the error of a time
Instant = Annotated[float, _is_instant]  # seconds since the epoch
Ratio = Annotated[float, _is_duration]  # a share, from 0 to 1
Labels = Mapping[str, str]

KINDS: dict[str, type[TypedEvent]] = {}  # by the kind's name in a file


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedEvent:
    """One kind of event; the class's docstring and fields are its documentation.

    A field with a default is one that runs stored by an earlier version may lack.
    `omits`: fields that are written only where they are other than their default.
    """

    kind: ClassVar[str] = ""
    omits: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, kind: str = "", omits: tuple[str, ...] = ()) -> None:
        """Register a kind; slots make each class a second time, without these words."""
        if kind:
            cls.kind, cls.omits = kind, omits
        KINDS[cls.kind] = cls

    def at(self, when: float) -> Event:
        """Return it as the event of a timeline, in the form that files have."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for declared in fields(self):
            if declared.name in self.omits and values[declared.name] == default_of(
                declared
            ):
                del values[declared.name]
        return event(when, self.kind, **values)


def default_of(told: Field[Any]) -> Any:
    """Return the default of a field; MISSING where every version wrote it."""
    if told.default_factory is not MISSING:
        return told.default_factory()
    return told.default


def read(stored: Event) -> TypedEvent | None:
    """Return an event as its class; None where this version does not know the kind.

    Fields that it does not know are passed over, and those that an earlier version did
    not write have their default. ValueError, naming it, where one is missing that every
    version wrote.
    """
    known = KINDS.get(stored.kind)
    if known is None:
        return None
    given = {
        field.name: stored.fields[field.name]
        for field in fields(known)
        if field.name in stored.fields
    }
    try:
        return known(**given)
    except TypeError:
        names = ", ".join(lacking(stored))
        raise ValueError(f"an event {stored.kind} has no {names}") from None


def lacking(stored: Event) -> list[str]:
    """Return the fields that an event has not, and that every version wrote."""
    known = KINDS.get(stored.kind)
    return [
        field.name
        for field in (fields(known) if known is not None else ())
        if field.name not in stored.fields and default_of(field) is MISSING
    ]
