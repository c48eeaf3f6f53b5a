"""Memory filled: pages taken inside the container's cgroup, up to a share of its limit.

Never without a limit: that would fill the machine.
"""

import mmap
import signal
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.process.container import main_process
from gameday.targets.sidecar.resource.cgroups import Cgroups, Memory, find, host_memory
from gameday.targets.sidecar.resource.stress import Say, StressProcesses
from gameday.targets.sidecar.work import (
    CLOCK,
    SignalQueue,
    WorkFailed,
    proof_of,
    report,
)

_CHUNK = 8 << 20  # bytes taken at a time
_LONGEST = 60.0  # seconds until it has to be full
_SLACK = 0.02  # of the limit: what the kernel accounts late
_MEGA = 1 << 20
FULL = b"full"


def fill(memory: Memory, target: int, say_it: Say) -> None:
    """Take memory until `target` bytes are in use there; keep it forever."""
    taken = []
    while (missing := target - memory.used()) >= mmap.PAGESIZE:
        pages = max(1, min(_CHUNK, missing) // mmap.PAGESIZE)
        chunk = mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE)
        chunk[:: mmap.PAGESIZE] = b"\1" * pages
        taken.append(chunk)
    say_it(FULL)
    while True:
        signal.pause()


class Fill:
    """One process inside the container's memory cgroup holds what is missing."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._share = float(spec["fill"])
        self._burners = StressProcesses([])
        self._cgroups: Cgroups | None = None
        self._memory: Memory | None = None
        self._before = self._kills = 0

    def prepare(self) -> None:
        """Find the container's memory limit; refuse where there is none."""
        container = self._spec["container"]
        main = main_process(container)
        self._cgroups = find(self._spec["cgroups"], container, main)
        if self._cgroups is None or not self._cgroups.for_memory():
            raise WorkFailed(
                "the container has no memory cgroup of its own; filling it would fill "
                "the machine"
            )
        self._memory = self._cgroups.memory(host_memory())
        if self._memory is None:
            raise WorkFailed(
                "the container has no memory limit; filling it would fill the machine"
            )
        self._burners = StressProcesses(self._cgroups.for_memory(), main)

    def apply(self) -> Mapping[str, Any]:
        """Start filling; it takes its time."""
        memory, cgroups = self._known()
        self._before, self._kills = memory.used(), cgroups.oom_kills()
        target = int(self._share * memory.limit)
        if self._before >= target:
            raise WorkFailed(
                f"{self._before / memory.limit:.0%} of the limit are in use already; "
                f"nothing to fill up to {self._share:.0%}"
            )
        self._burners.start(lambda say_it: fill(memory, target, say_it))
        return {"way": "inside its cgroup", "limit": memory.limit}

    def _known(self) -> tuple[Memory, Cgroups]:
        if self._memory is None or self._cgroups is None:
            raise WorkFailed("not prepared")
        return self._memory, self._cgroups

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Wait until it is full, prove it, then wait for the end."""
        longest = min(_LONGEST, deadline - CLOCK.monotonic())
        full = self._burners.next_word(longest, bell) == FULL
        report("proof", **self._proof(full=full))
        lost = self._burners.wait(bell, deadline)
        if lost:
            report("lost", because=self._why(lost))

    def _proof(self, *, full: bool) -> dict[str, Any]:
        memory, cgroups = self._known()
        used = memory.used()
        share = used / memory.limit
        because = (
            f"{used / _MEGA:.0f} MiB in use, {share:.1%} of the limit of "
            f"{memory.limit / _MEGA:.0f} MiB; {self._before / memory.limit:.1%} before"
        )
        killed = cgroups.oom_kills() - self._kills
        if killed:
            because += "; the kernel killed for lack of memory: it did not hold"
        evidence = {
            "asked": self._share,
            "share": share,
            "before": self._before / memory.limit,
            "limit": memory.limit,
            "killed": killed,
        }
        bites = full and not killed and share >= self._share - _SLACK
        return proof_of(bites=bites, because=because, evidence=evidence)

    def _why(self, lost: str) -> str:
        _, cgroups = self._known()
        if cgroups.oom_kills() > self._kills:
            return f"the kernel killed for lack of memory, it did not hold: {lost}"
        return lost

    def remove(self) -> None:
        """End the process; what it took is free again."""
        self._burners.end()
