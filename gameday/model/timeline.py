"""The timeline: what happened, in order, as one append-only list of events.

Every event has `at` (seconds since the epoch, on the clock of the system that knows
it; in files RFC 3339 with milliseconds), a kind and the fields of its kind, which
`gameday.model.events` declares.
"""

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from gameday.errors import LacksField
from gameday.model.quantity import parse_instant, show_instant


class EventKind(Protocol):
    """What a class of `gameday.model.events` says of itself."""

    kind: ClassVar[str]  # the name in files


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, at `at` seconds since the epoch."""

    at: float
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            told = f"the event {self.kind} of {show_instant(self.at)} has no {name!r}"
            raise LacksField(f"{told}: the timeline is not as a run wrote it") from None

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or the default where the event has none."""
        return self.fields.get(name, default)

    def is_a(self, *kinds: type[EventKind]) -> bool:
        """Return whether it is of one of these kinds."""
        return any(self.kind == kind.kind for kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """Return the event as a line of `timeline.ndjson` has it."""
        return {"at": show_instant(self.at), "kind": self.kind, **self.fields}


def event(at: float, kind: type[EventKind] | str, /, **fields: Any) -> Event:
    """Return an event of a kind, or of the kind's name; times to the millisecond."""
    name = kind if isinstance(kind, str) else kind.kind
    return Event(at=round(at, 3), kind=name, fields=fields)


def event_from_json(line: Mapping[str, Any]) -> Event:
    """Return the event that a line of `timeline.ndjson` describes.

    TypeError and ValueError where it describes none.
    """
    kind: object = line["kind"]
    if not isinstance(kind, str):
        raise TypeError("an event has a kind, which is a text")
    rest = {key: value for key, value in line.items() if key not in ("at", "kind")}
    return Event(at=round(parse_instant(line["at"]), 3), kind=kind, fields=rest)


class Timeline:
    """Events in order of time; ties keep the order in which they came."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: tuple[Event, ...] = tuple(sorted(events, key=lambda e: e.at))
        self._by_kind: dict[str, list[Event]] = {}
        for event in self.events:
            self._by_kind.setdefault(event.kind, []).append(event)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def of(self, *kinds: type[EventKind]) -> list[Event]:
        """Return the events of these kinds, in order."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0].kind, [])
        events = [event for kind in kinds for event in self._by_kind.get(kind.kind, [])]
        return sorted(events, key=lambda e: e.at)

    def between(self, start: float, end: float, *kinds: type[EventKind]) -> list[Event]:
        """Return the events of these kinds in the closed interval."""
        events = self.of(*kinds)
        low = bisect.bisect_left(events, start, key=lambda e: e.at)
        high = bisect.bisect_right(events, end, key=lambda e: e.at)
        return events[low:high]
