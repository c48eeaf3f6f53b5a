"""InstancesObserver: asks the target for its instances, and reports every change.

An instance that came up carries the target's own stamp as its time; how exact
that is stands in `error`. A change without a stamp is timed by our own look:
known to the time since the look before.
"""

from collections.abc import Callable, Iterable

from gameday.errors import ObserverLost, TargetNotFound
from gameday.model.target import Instance
from gameday.model.timeline import Event, event
from gameday.observers.sight import Rounds, Sight
from gameday.ports import Clock, Emit

PERIOD = 0.2  # seconds between two looks


class InstancesObserver:
    """Reports each instance once, then each change of what it is or how it does."""

    source = "target"

    def __init__(
        self, look: Callable[[], list[Instance]], clock: Clock, every: float = PERIOD
    ) -> None:
        self._ask = look
        self._clock = clock
        self._every = every
        self._sight = Sight(self.source, clock)
        self._rounds = Rounds(self._sight, self._round)
        self._known: dict[str, Instance] = {}
        self._looked = 0.0

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        try:
            self._ask()
        except (TargetNotFound, ObserverLost) as problem:
            return str(problem)
        return ""

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""
        self._sight.begin(emit, since)
        self._looked = since
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report how the instances are now."""
        if self._rounds.ended:
            return
        self._rounds.once()
        self._sight.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        self._rounds.stop(lambda: None)

    def _round(self) -> float:
        asked = self._clock.now()
        try:
            found = self._ask()
        except TargetNotFound as problem:
            raise ObserverLost(str(problem)) from None
        took = self._clock.now() - asked
        for one in self._changes(found, asked):
            self._sight.emit(one)
        self._looked = asked
        self._sight.good(asked)
        return max(self._every - took, took)

    def _changes(self, found: Iterable[Instance], asked: float) -> list[Event]:
        now = {one.name: one for one in found}
        gone = [one for name, one in self._known.items() if name not in now]
        events = [
            self._say(one, self._known.get(name), asked)
            for name, one in now.items()
            if _differs(one, self._known.get(name))
        ]
        events += [
            event(
                asked,
                "instance",
                service=one.service,
                instance=one.name,
                state="gone",
                health="",
                up=False,
                error=self._since_last(asked),
            )
            for one in gone
        ]
        self._known = now
        return events

    def _say(self, one: Instance, before: Instance | None, asked: float) -> Event:
        at, error = asked, self._since_last(asked)
        started = one.started_at
        if before is None:
            error = 0.0
        elif started is not None and one.state == "running" and _anew(one, before):
            # The instance's start is stamped; its health comes to be seen later.
            at, error = started, one.exact
        return event(
            at,
            "instance",
            service=one.service,
            instance=one.name,
            state=one.state,
            health=one.health,
            up=one.up,
            error=error,
        )

    def _since_last(self, asked: float) -> float:
        return round(max(0.0, asked - self._looked), 3)


def _anew(one: Instance, before: Instance) -> bool:
    """Return whether it was started since the last look, by its stamp."""
    return one.started_at != before.started_at and one.health in ("", "starting")


def _differs(one: Instance, before: Instance | None) -> bool:
    if before is None:
        return True
    return (one.identity, one.state, one.health) != (
        before.identity,
        before.state,
        before.health,
    )
