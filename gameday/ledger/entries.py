"""What the ledger holds: runs, planned faults, faults and their transitions."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from gameday.frozen import frozen
from gameday.model.faults.fault import FaultRequest, FaultState, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.procfs import ProcessId

OPEN = (
    FaultState.PLANNED,
    FaultState.INJECTING,
    FaultState.BITING,
    FaultState.UNDOING,
    FaultState.FAILED,
)


@frozen
class RunEntry:
    """One run that holds, or held, a target. Times in seconds since the epoch.

    `ended`: since when none of its faults may begin any more.
    """

    run: str
    target: str
    scenario: str
    process: ProcessId
    user: str
    host: str
    opened: float
    closed: float | None = None
    ended: float | None = None

    def here(self, host: str) -> bool:
        """Whether this machine can tell if its process lives."""
        return self.host == host


@frozen
class PlannedVictims:
    """What the plan decided for one fault: its victims and its longest time (s)."""

    run: str
    step: str
    ordinal: int
    request: FaultRequest
    victims: tuple[Instance, ...]
    duration: float


@frozen
class FaultEntry:
    """One fault on one instance. `until`: the latest end, seconds since the epoch.

    `by`: the process that injects it. `state` and `at` are those of its last
    transition. `id` is 0 until the ledger has given it one. `bit`: its injection was
    seen to be over; until then a call may still be under way.
    """

    run: str
    step: str
    kind: str
    victim: Instance
    arguments: Mapping[str, Any]
    duration: float
    until: float
    undo: Undo
    mark: str
    by: ProcessId
    id: int = 0
    state: FaultState = FaultState.PLANNED
    at: float = 0.0
    bit: bool = False

    @property
    def broken(self) -> bool:
        """Whether the target may feel it: it was at least about to be injected."""
        return self.state in OPEN and self.state is not FaultState.PLANNED


@frozen
class Transition:
    """One step of a fault's life, in the order of `number`.

    `by`: who (rollback, run, self, heal, watchdog, deadline, hand). `extra` holds the
    proof ({"bites": …, "because": …, "evidence": …}) where there is one.
    """

    number: int
    fault: int
    run: str
    step: str
    kind: str
    service: str
    instance: str
    arguments: Mapping[str, Any]
    duration: float
    state: FaultState
    at: float
    note: str = ""
    by: str = ""
    by_hand: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def proof(self) -> Mapping[str, Any] | None:
        """The proof that it bites, or that it does not; None: not asked here."""
        return self.extra.get("proof")


@frozen
class RecoveredFault:
    """Something that a dead run had left in a target, and what became of it.

    `what`: a sentence's subject, such as `process.stop on web-1`.
    """

    run: str
    what: str
    undone: Undone


@frozen
class Healed:
    """One fault that was undone, or could not be."""

    fault: FaultEntry
    undone: Undone
    at: float
