"""What a target may tell by itself, so that nobody has to ask again and again.

A target that can is `Watched`; one that cannot is looked at (`Target.instances`).
"""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from gameday.model.target import Instance
from gameday.ports import Emit

# The instances, when they were so (s since the epoch), and by how many seconds that
# may be too late.
Heard = Callable[[list[Instance], float, float], None]


class Following(Protocol):
    """Something that tells from now on, from a thread of its own."""

    def look(self) -> None:
        """Ask as well, and tell what that brings; TargetNotFound: nobody answers."""

    def stop(self) -> None:
        """Tell nothing from now on; idempotent."""


@runtime_checkable
class Watched(Protocol):
    """A target that tells its instances as they are, and again on every change."""

    def watch(self, heard: Heard) -> Following:
        """Begin to tell."""


@runtime_checkable
class Telling(Protocol):
    """A target that tells of more than instances: workloads, and its own events."""

    def workloads(self, services: Mapping[str, str], emit: Emit) -> Following:
        """Report `workload` events of these (`deployment/web` -> service)."""

    def events(self, emit: Emit) -> Following:
        """Report `cluster_event` events from now on."""


@runtime_checkable
class Clocked(Protocol):
    """A target that stamps with a clock of its own, such as an engine far away."""

    def clock_offset(self) -> tuple[float, float]:
        """Return its clock minus ours, and how far that may be off (s)."""
