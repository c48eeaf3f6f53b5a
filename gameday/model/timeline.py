"""The timeline: what happened, in order, as one append-only list of events.

Every event has `at` (seconds since the epoch, on the clock of the system that knows
it; in files RFC 3339 with milliseconds) and the fields of its kind, which
`gameday.model.events` declares.
"""

import bisect
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, overload

from gameday.model.events import Event

_A = TypeVar("_A", bound=Event)
_B = TypeVar("_B", bound=Event)
_C = TypeVar("_C", bound=Event)


class Timeline:
    """Events in order of time; ties keep the order in which they came."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: tuple[Event, ...] = tuple(sorted(events, key=lambda e: e.at))
        self._by_kind: dict[type[Event], list[Any]] = {}
        for event in self.events:
            self._by_kind.setdefault(type(event), []).append(event)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    @overload
    def of(self, first: type[_A], /) -> list[_A]: ...

    @overload
    def of(self, first: type[_A], second: type[_B], /) -> list[_A | _B]: ...

    @overload
    def of(
        self, first: type[_A], second: type[_B], third: type[_C], /
    ) -> list[_A | _B | _C]: ...

    @overload
    def of(self, *kinds: type[Event]) -> list[Event]: ...

    def of(self, *kinds: type[Event]) -> list[Any]:
        """Return the events of these kinds, or of kinds below them, in order."""
        if len(kinds) == 1 and kinds[0].kind:
            return self._by_kind.get(kinds[0], [])
        events = [
            event
            for known, events in self._by_kind.items()
            if issubclass(known, kinds)
            for event in events
        ]
        return sorted(events, key=lambda e: e.at)

    def between(self, start: float, end: float, kind: type[_A]) -> list[_A]:
        """Return the events of a kind in the closed interval."""
        events = self.of(kind)
        low = bisect.bisect_left(events, start, key=lambda e: e.at)
        high = bisect.bisect_right(events, end, key=lambda e: e.at)
        return events[low:high]
