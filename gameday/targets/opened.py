"""A target that was opened: what it has besides instances, and who does its faults.

An ability that a platform lacks is None: a supervisor keeps no marks, a Docker engine
has no rights to grant, and only a cluster reports changes by itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.faults.rights import RbacRule
from gameday.model.target import Instance
from gameday.ports import Emit, Target
from gameday.targets.ownership import Holder, Leftover

# The instances, when they were so (s since the epoch), and by how many seconds that
# may be too late.
InstancesCallback = Callable[[list[Instance], float, float], None]
# The target's clock minus ours, and how far that may be off (s).
ClockOffset = Callable[[], tuple[float, float]]


class TargetMarks(Protocol):
    """What says on the target itself what gameday left there."""

    def sweep(self, run: str) -> int:
        """Remove every mark and helper of a run; return how many there were."""

    def forget(self, undo: Undo) -> None:
        """Remove the mark of one fault that is undone."""

    def leftovers(self) -> list[Leftover]:
        """Return all marked objects of this target, and what could not be read."""

    def drop(self, left: Leftover) -> None:
        """Remove the mark itself."""

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Remove our rules wherever no helper holds them; return instance, number."""

    def why_gone(self) -> str:
        """Return why the target does not exist, by its own word; empty: it may.

        A target that does not answer is not gone, but raises TargetNotFound.
        """


class TargetLock(Protocol):
    """Who has the target, across users and machines."""

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has the lock.

        Where only heartbeats tell whether it lives: one that is overdue by its stamp
        is looked for again, unless `wait` is false. `decide`: one that is recent is
        not believed either, but waited for, until it comes or is overdue
        (`DECIDED` seconds at most).
        """

    def release(self, run: str) -> None:
        """Let go of a run's lock; nothing happens where another has it."""

    def why_lost(self) -> str:
        """Return why this process's lock is another's now; empty: it is still ours.

        Asked all the time while a run goes on, so that it has to answer at once.
        """

    def free_command(self) -> str:
        """Return the command that frees it when its holder is known to be gone."""


class Subscription(Protocol):
    """Something that tells from now on, from a thread of its own."""

    def look(self) -> None:
        """Ask as well, and tell what that brings; TargetNotFound: nobody answers."""

    def stop(self) -> None:
        """Tell nothing from now on; idempotent."""


class TargetStream(Protocol):
    """What a target tells by itself, so that nobody has to ask again and again."""

    def watch(self, heard: InstancesCallback) -> Subscription:
        """Tell the instances as they are, and again on every change."""

    def workloads(self, services: Mapping[str, str], emit: Emit) -> Subscription:
        """Report `workload` events of these (`deployment/web` -> service)."""

    def events(self, emit: Emit) -> Subscription:
        """Report `cluster_event` events from now on."""


class TargetRights(Protocol):
    """What an account may do in the target."""

    def missing(self, kinds: Collection[str]) -> Sequence[RbacRule]:
        """Return what a run with these faults lacks: the missing verbs alone."""


class FaultDriver(Protocol):
    """What one family of faults does on a target: some methods of the port `Target`."""

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo; change nothing that can be felt."""

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target."""

    def verify(self, request: FaultRequest, victim: Instance, undo: Undo, /) -> Proof:
        """Return whether it is really there."""

    def undo(self, undo: Undo) -> Undone:
        """Undo and confirm."""


class OpenTarget(Target, Protocol):
    """An opened target with the abilities that its platform has; None: it has not.

    A target without a stream is polled for its instances. A target without a clock of
    its own stamps events with this machine's clock.
    """

    @property
    def lock(self) -> TargetLock | None:
        """Return its lock."""

    @property
    def marks(self) -> TargetMarks | None:
        """Return its marks."""

    @property
    def stream(self) -> TargetStream | None:
        """Return what it tells by itself."""

    @property
    def rights(self) -> TargetRights | None:
        """Return what this account may do in it."""

    @property
    def clock_offset(self) -> ClockOffset | None:
        """Return what compares its own clock with ours."""
