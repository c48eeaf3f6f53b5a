"""InstancesObserver: asks the target for its instances, and reports every change.

The time of an instance that came up is the target's own stamp, converted to our clock
(`stamp` keeps the original); `error` says how exact that is. A change without a stamp
is timed by our own look: it happened since the look before. A target that reports
changes by itself is listened to, and asked now and then: silence alone does not show
that it still reports.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from gameday.errors import ObserverLost, TargetNotFound
from gameday.model.events import ClockCompared, Event, InstanceChanged
from gameday.model.target import Instance
from gameday.observers.health import ObserverHealth, Rounds, why_unseen
from gameday.ports import Clock, Emit

PERIOD = 0.2  # seconds between two looks
LISTENING = 1.0  # the same where the target tells its changes
OVERDUE = 2.0  # seconds since a look after which nothing told counts as prompt


class Subscription(Protocol):
    """A target that tells: looked at by `look`, until `stop`."""

    def look(self) -> None:
        """Have it tell what there is now; TargetNotFound where it does not answer."""

    def stop(self) -> None:
        """End."""


Offset = Callable[[], tuple[float, float]]  # a clock minus ours, and the error (s)
InstancesCallback = Callable[[list[Instance], float, float], None]
Watch = Callable[[InstancesCallback], Subscription]


class InstancesObserver:
    """Reports each instance once, then each change of what it is or how it does."""

    source = "target"

    def __init__(
        self,
        look: Callable[[], list[Instance]],
        clock: Clock,
        every: float = PERIOD,
        watch: Watch | None = None,
        offset: Offset | None = None,
    ) -> None:
        self._ask = look
        self._clock = clock
        self._every = every
        self._watch = watch
        self._measure = offset
        self._offset = (0.0, 0.0)
        self._following: Subscription | None = None
        self._health = ObserverHealth(self.source, clock)
        ask = self._ask_round if watch is None else self._listen
        self._rounds = Rounds(self._health, ask)
        self._telling = threading.Lock()
        self._known: dict[str, Instance] = {}
        self._looked = 0.0

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return why_unseen(self._ask)

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""
        self._health.begin(emit, since)
        self._compare_clocks()
        self._looked = since
        if self._watch is not None:
            self._following = self._watch(self._on_change)
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report how the instances are now."""
        if self._rounds.ended:
            return
        self._rounds.ask_once()
        self._compare_clocks()
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        following = self._following
        self._rounds.stop(following.stop if following else lambda: None)

    def _compare_clocks(self) -> None:
        """Measure the target's clock against ours, where it has one of its own."""
        if self._measure is None:
            return
        try:
            offset, error = self._measure()
        except (TargetNotFound, ObserverLost):
            return  # what it says of its instances says so already
        self._offset = (offset if abs(offset) > error else 0.0, error)
        compared = ClockCompared(
            at=self._clock.now(),
            source=self.source,
            offset=round(offset, 4),
            error=round(error, 4),
        )
        self._health.emit(compared)

    def _ask_round(self) -> float:
        asked = self._clock.now()
        try:
            instances_now = self._ask()
        except TargetNotFound as problem:
            raise ObserverLost(str(problem)) from None
        took = self._clock.now() - asked
        self._report(instances_now, asked, max(0.0, asked - self._looked))
        self._looked = asked
        self._health.note_answer(asked)
        return max(self._every - took, took)

    def _listen(self) -> float:
        asked = self._clock.now()
        try:
            if self._following is not None:
                self._following.look()
        except TargetNotFound as problem:
            raise ObserverLost(str(problem)) from None
        self._looked = asked
        self._health.note_answer(asked)
        return self._every

    def _on_change(self, instances: list[Instance], at: float, late: float) -> None:
        """Take what the target reports: late if it had just not answered."""
        since = max(0.0, at - self._looked)
        self._report(instances, at, max(late, since) if since > OVERDUE else late)

    def _report(self, instances: Iterable[Instance], at: float, error: float) -> None:
        with self._telling:
            for change in self._changes(instances, at, round(error, 3)):
                self._health.emit(change)

    def _changes(
        self, instances: Iterable[Instance], at: float, error: float
    ) -> list[Event]:
        now = {instance.name: instance for instance in instances}
        gone = [instance for name, instance in self._known.items() if name not in now]
        events = [
            self._change_event(instance, self._known.get(name), at, error)
            for name, instance in now.items()
            if _differs(instance, self._known.get(name))
        ]
        events += [
            InstanceChanged(
                at=at,
                service=instance.service,
                instance=instance.name,
                state="gone",
                health="",
                up=False,
                error=error,
                stamp=None,
            )
            for instance in gone
        ]
        self._known = now
        return events

    def _change_event(
        self, instance: Instance, before: Instance | None, seen: float, error: float
    ) -> Event:
        at, stamp = seen, None
        started = instance.started_at
        if before is None:
            error = 0.0
        elif (
            started is not None
            and instance.state == "running"
            and _was_restarted(instance, before)
        ):
            # The instance's start is stamped; its health comes to be seen later.
            offset, unsure = self._offset
            at, error, stamp = started - offset, instance.exact + unsure, started
        return InstanceChanged(
            at=at,
            service=instance.service,
            instance=instance.name,
            state=instance.state,
            health=instance.health,
            up=instance.up,
            error=round(error, 4),
            stamp=stamp,
            id=instance.identity.get("id", ""),
            container=instance.identity.get("container", ""),
            ended=instance.ended,
        )


def _was_restarted(instance: Instance, before: Instance) -> bool:
    """Return whether it was started since the last look, by its stamp."""
    return instance.started_at != before.started_at and instance.health in (
        "",
        "starting",
    )


def _differs(instance: Instance, before: Instance | None) -> bool:
    if before is None:
        return True
    return (instance.identity, instance.state, instance.health) != (
        before.identity,
        before.state,
        before.health,
    )
