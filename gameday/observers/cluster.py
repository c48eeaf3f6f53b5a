"""ClusterObserver: what a target reports by itself, beside its instances.

Its workloads (`cluster`) and its own events (`events`) arrive in a thread of the
target. A look every few seconds shows whether the target still reports.
"""

from collections.abc import Callable
from typing import Protocol

from gameday.errors import GamedayError, ObserverLost
from gameday.observers.health import ObserverHealth, Rounds
from gameday.ports import Clock, Emit

EVERY = 2.0  # seconds between two looks
STARTING = 3.0  # seconds in which it need not tell yet


class Subscription(Protocol):
    """A target that tells: looked at by `look`, until `stop`."""

    def look(self) -> None:
        """Return if the target still reports; raise a GamedayError if it does not."""

    def stop(self) -> None:
        """End."""


class ClusterObserver:
    """Reports whatever `follow` tells; `source`: what it is called when it is blind."""

    def __init__(
        self, source: str, follow: Callable[[Emit], Subscription], clock: Clock
    ) -> None:
        self.source = source
        self._follow = follow
        self._clock = clock
        self._following: Subscription | None = None
        self._health = ObserverHealth(source, clock)
        self._rounds = Rounds(self._health, self._round)
        self._since = 0.0

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return self._health.blind_because

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""
        self._health.begin(emit, since)
        self._since = since
        self._following = self._follow(self._health.emit)
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report up to when it was seen."""
        if self._rounds.ended:
            return
        self._rounds.ask_once()
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        following = self._following
        self._rounds.stop(following.stop if following else lambda: None)

    def _round(self) -> float:
        asked = self._clock.now()
        try:
            if self._following is not None:
                self._following.look()
        except GamedayError as problem:
            if asked < self._since + STARTING:
                return EVERY / 10  # its watches are only about to begin
            raise ObserverLost(str(problem)) from None
        self._health.note_answer(asked)
        return EVERY
