"""What a run depends on: protocols for what the runner may not import."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from gameday.frozen import frozen
from gameday.model.alerting.standing import Standing
from gameday.model.events import Event
from gameday.model.faults.fault import FaultRequest
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance
from gameday.ports import Clock, Emit, Observer, Store
from gameday.runner.conditions import PendingCondition
from gameday.runner.engine.fork_server import Child, Tell
from gameday.runner.engine.jobs import Job
from gameday.runner.guardrail_monitor import Guard
from gameday.runner.run_state import RunState

Item = TypeVar("Item")


class Pace(Clock, Protocol):
    """A clock that can also wait for what comes first: an event or a tick."""

    def take(self, items: "SimpleQueue[Item]", seconds: float) -> Item | None:
        """Return the queue's next item; None when none came in that time."""


class LedgerPort(Protocol):
    """The part of the ledger that the driver needs."""

    def plan_fault(
        self,
        step: str,
        ordinal: int,
        request: FaultRequest,
        victims: Sequence[Instance],
        duration: float,
    ) -> None:
        """Write down which victims a fault of the run will have."""

    def plan_again(self, step: str) -> None:
        """Look up again which victims a step has, where the run itself replaced one."""

    def open_rollbacks(self, step: str, document: Mapping[str, Any]) -> int:
        """Write down what undoes a step's foreign actions; 0: there is nothing."""

    def rolled_back(self, number: int, failed: Sequence[str]) -> None:
        """Note that they were played, and what did not work."""

    def new_events(self) -> list[Event]:
        """Return the transitions since the last call, as events."""

    def healed_itself(self, fault: str, at: float) -> None:
        """Note that a fault's instance is back without an undo."""

    def end(self) -> None:
        """Let no fault of the run begin any more."""

    def heal(self) -> list[str]:
        """Undo what the run holds open; return what is still broken."""

    def has_open_faults(self) -> bool:
        """Return whether the run holds any fault."""


class EnginePort(Protocol):
    """Starts experiments in processes of their own."""

    def experiment(self, job: Job, tell: Tell) -> Child:
        """Start one experiment."""

    def rollbacks(self, job: Job, tell: Tell) -> Child:
        """Start an experiment's rollbacks alone."""

    def prober(self, job: Job, every: float, tell: Tell) -> Child:
        """Start looking at a hypothesis."""


class RunningLoad(Protocol):
    """A load that runs."""

    def stop(self, patience: float) -> None:
        """End it."""


def _not_lost() -> str:
    return ""


@frozen
class InjectionMoment:
    """When a step's fault is ordered, and why then; seconds since the epoch."""

    at: float
    text: str


def _at_once(_step: str) -> InjectionMoment | None:
    return None


Told = Callable[[Fingerprint | str], None]  # a fingerprint, or why there is none
TakeFingerprint = Callable[
    [Told], None
]  # returns at once, tells later, from any thread


class Screen(Protocol):
    """Shows a run: as a live view or as plain lines."""

    def show(self, event: Event, run_state: RunState) -> None:
        """Show one event."""

    def tick(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        """Show what is awaited, a few times a second."""


@frozen
class RunDependencies:
    """Everything that a run touches, behind a protocol each.

    `why_lost`: why the target is not this run's any more; empty while it is.
    `standing`: the alerts and silences that are there now. `anyway`: go on where
    nothing can be learned of any promised alert. `followed`: another scenario comes
    after this one. `moment`: when a step's fault is to begin; None: at once. `ahead`:
    see `Job`.
    """

    clock: Pace
    ledger: LedgerPort
    engine: EnginePort
    store: Store
    screen: Screen
    observers: Sequence[Observer] = ()
    guards: Sequence[Guard] = ()
    traffic: Callable[[Emit], RunningLoad] | None = None
    fingerprint: TakeFingerprint | None = None
    fingerprint_takes: float = 0.0  # seconds longer than a look takes in general
    environment: Mapping[str, str] = field(default_factory=dict)
    why_lost: Callable[[], str] = _not_lost
    standing: Callable[[], Standing] = Standing
    anyway: bool = False
    followed: bool = False
    moment: Callable[[str], InjectionMoment | None] = _at_once
    ahead: Callable[[], None] | None = None
