"""The few Protocols between the middle of the house and its edges."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from gameday.model.events import Event
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance

Emit = Callable[[Event], None]


class Clock(Protocol):
    """The only reader of time."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait that long."""


class Target(Protocol):
    """Finds instances, injects faults into them, and undoes these.

    All methods raise TargetNotFound where the target does not answer.
    """

    url: str

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances (of a service), stopped ones too, by name."""

    def fingerprint(self, touched: Collection[str] = ()) -> Fingerprint:
        """Return what has to be the same again when every fault is undone.

        `touched`: the instances whose namespaces are looked into as well. Only
        fingerprints of one and the same object can be compared.
        """

    def refusal(self, kind: str) -> str:
        """Return why this target cannot do this fault; empty when it can."""

    def fit(
        self, request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        """Return those of a service's instances that this fault can hit."""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this target does this fault."""

    def holds_deadline(self, kind: str) -> bool:
        """Return whether the fault ends by itself inside the target."""

    def needs(self, kind: str) -> str:
        """Return what has to be made before the fault can be done; empty: nothing."""

    def make_ready(self, kind: str) -> None:
        """Make it (a helper image); changes nothing that the system can feel."""

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo as data; changes nothing that the system can feel.

        `mark` names the run and the fault on whatever is left in the target.
        """

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target; FaultFailed when it did not work."""

    def verify(self, request: FaultRequest, victim: Instance, undo: Undo) -> Proof:
        """Return whether the fault is really there, as seen from outside of it."""

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""


class Observer(Protocol):
    """Something that reports events from `start` until `stop`.

    An observer never raises after `start`: what it cannot see it reports
    (`blind`, `sees`). `flush` brings in all that happened up to now and
    reports `observed`.
    """

    source: str

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""

    def flush(self, until: float) -> None:
        """Report everything up to that time; called at the end of each step."""

    def stop(self) -> None:
        """End; idempotent."""


class Store(Protocol):
    """Where a run is kept: the plan before, events as they come, the verdict."""

    def append(self, event: Event) -> None:
        """Keep one event."""

    def events(self) -> list[Event]:
        """Return what was kept so far."""

    def write(self, name: str, content: str) -> str:
        """Write a file of the run whole or not at all; return its path."""
