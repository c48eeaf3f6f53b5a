"""What all kinds of events have in common, and the codec between class and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from gameday.errors import LacksField
from gameday.frozen import frozen
from gameday.model.quantity import LATEST, parse_instant, show_instant

if TYPE_CHECKING:
    from typing import Self


def _is_duration(value: float | None) -> bool:
    return value is None or abs(value) < LATEST


def _is_instant(value: float | None) -> bool:
    return value is None or 0 <= value < LATEST


# What follows a type says which of its values a stored field may have (`fitting`).
Seconds = Annotated[float, _is_duration]  # a duration, or the error of a time
Instant = Annotated[float, _is_instant]  # seconds since the epoch
Ratio = Annotated[float, _is_duration]  # a share, from 0 to 1
Labels = Mapping[str, str]

KINDS: dict[str, type[Event]] = {}  # by the kind's name in a file
_FIELDS: dict[type, tuple[Field[Any], ...]] = {}  # of each kind, beside `at`
_Kind = TypeVar("_Kind", bound="Event")


@frozen
class Event:
    """One thing that happened, at `at` seconds since the epoch (to the millisecond).

    `at` is on the clock of the system that knows it. Each kind of event is a subclass;
    its docstring and fields are its documentation. A field with a default is one that
    runs stored by an earlier version may lack; asking for another that a damaged record
    lacks is LacksField. `omits`: fields that are written only where they are other than
    their default.
    """

    at: Instant

    kind: ClassVar[str] = ""
    omits: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, kind: str = "", omits: tuple[str, ...] = ()) -> None:
        """Register a kind; slots make each class a second time, without these words."""
        if kind:
            cls.kind, cls.omits = kind, omits
        if cls.kind:
            KINDS[cls.kind] = cls

    def __post_init__(self) -> None:
        """Round the time to what a file holds of it."""
        object.__setattr__(self, "at", round(self.at, 3))

    if not TYPE_CHECKING:  # so that a misspelt field is found before it is asked for

        def __getattr__(self, name: str) -> Any:
            """Say that the record has no such field; called where none is set."""
            if all(declared.name != name for declared in fields(self)):
                raise AttributeError(f"{type(self).__name__} has no {name!r}")
            lacks = f"the event {self.kind} of {show_instant(self.at)} has no {name!r}"
            raise LacksField(f"{lacks}: the timeline is not as a run wrote it")

    @property
    def fields(self) -> dict[str, Any]:
        """The fields beside `at` that a line of a file has of it."""
        return {
            declared.name: getattr(self, declared.name)
            for declared in declared_fields(type(self))
            if is_set(self, declared.name) and not self._is_omitted(declared)
        }

    def _is_omitted(self, declared: Field[Any]) -> bool:
        value = getattr(self, declared.name)
        return declared.name in self.omits and bool(value == default_of(declared))

    def but(self, **changes: Any) -> Self:
        """Return it with other values, which may be its time."""
        return made(type(self), changes.pop("at", self.at), {**self.fields, **changes})

    def to_json(self) -> dict[str, Any]:
        """Return the event as a line of `timeline.ndjson` has it."""
        return {"at": show_instant(self.at), "kind": self.kind, **self.fields}


@frozen
class StepEvent(Event):
    """What happened in a step, which it names; empty outside of steps."""

    step: str


@frozen
class OtherEvent(Event):
    """An event of a kind that this version does not know, as its line has it."""

    line: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the line as it was."""
        return {"at": show_instant(self.at), **self.line}


def declared_fields(kind: type[Event]) -> tuple[Field[Any], ...]:
    """Return the fields of a kind of event, beside `at`."""
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(known for known in fields(kind) if known.name != "at")
    return _FIELDS[kind]


def is_set(event: Event, name: str) -> bool:
    """Return whether an event has a field, which a damaged record may lack."""
    try:
        object.__getattribute__(event, name)
    except AttributeError:
        return False
    return True


def default_of(declared: Field[Any]) -> Any:
    """Return the default of a field; MISSING where every version wrote it."""
    if declared.default is MISSING and declared.default_factory is not MISSING:
        return declared.default_factory()
    return declared.default


def event(at: float, kind: str, /, **given: Any) -> Event:
    """Return an event as a line of a file has it, of which fields may be lacking.

    Fields that this version does not know are passed over, and those that an earlier
    version did not write have their default.
    """
    if kind not in KINDS:
        return OtherEvent(at=at, line={"kind": kind, **given})
    return made(KINDS[kind], at, given)


def made(kind: type[_Kind], at: float, given: Mapping[str, Any]) -> _Kind:
    """Return an event of a kind with these fields; others have their default."""
    entry, put = object.__new__(kind), object.__setattr__
    put(entry, "at", round(at, 3))
    for declared in declared_fields(kind):
        name = declared.name
        value = given[name] if name in given else default_of(declared)
        if value is not MISSING:
            put(entry, name, value)
    return entry


def event_from_json(line: Mapping[str, Any]) -> Event:
    """Return the event that a line of `timeline.ndjson` describes.

    TypeError and ValueError where it describes none.
    """
    kind: object = line["kind"]
    if not isinstance(kind, str):
        raise TypeError("an event has a kind, which is a text")
    given = {name: value for name, value in line.items() if name not in ("at", "kind")}
    return event(parse_instant(line["at"]), kind, **given)


def lacking(entry: Event) -> list[str]:
    """Return the fields that an event has not, and that every version wrote."""
    return [
        declared.name
        for declared in declared_fields(type(entry))
        if not is_set(entry, declared.name)
    ]
