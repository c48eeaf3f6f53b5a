"""CPU time burnt: a share of what the container may use, inside of its own limit."""

import math
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.targets.sidecar.process.container import main_process
from gameday.targets.sidecar.resource.cgroups import Cgroups, find
from gameday.targets.sidecar.resource.stress import Say, StressProcesses
from gameday.targets.sidecar.work import CLOCK, SignalQueue, report

_SLICE = 0.01  # seconds of burning or resting at a time
_DEBT = 0.05  # seconds that a burner which was held up may catch up
_WINDOW = 1.0  # seconds over which the proof is measured
_ENOUGH = 0.9  # of the load asked for must be seen
BESIDE = "beside the container: it has no cgroup of its own"


def burn(share: float) -> None:
    """Use this share of one CPU, forever."""
    began, before = CLOCK.monotonic(), _cpu_seconds()
    while True:
        now = CLOCK.monotonic()
        debt = share * (now - began) - (_cpu_seconds() - before)
        if debt > _DEBT:
            began += (debt - _DEBT) / share
        if debt <= 0:
            CLOCK.sleep(_SLICE)
            continue
        end = now + min(debt, _SLICE)
        while CLOCK.monotonic() < end:
            pass


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds that processes were on a CPU, and waited for one."""

    ran: float = 0.0
    waited: float = 0.0


def used_by(pids: list[int]) -> Used:
    """Return what these have used and waited for so far, by /proc/PID/schedstat.

    Its fields: nanoseconds on a CPU, nanoseconds ready but without one, slices.
    """
    ran = waited = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
            fields = [int(field) for field in text.split()]
        except OSError:
            fields = [_by_ticks(pid), 0]
        ran, waited = ran + fields[0], waited + fields[1]
    return Used(ran / 1e9, waited / 1e9)


def _by_ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0
    ticks = int(stat[11]) + int(stat[12])  # utime, stime
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def load_bites(asked: float, share: float, waited: float) -> tuple[bool, str]:
    """Return whether the load is there, and in words; all as shares of the limit.

    A burner that had to wait for a CPU shows that there was none left to burn.
    """
    words = f"the burners used {share:.0%} (asked: {asked:.0%})"
    if share >= _ENOUGH * asked:
        return True, words
    words += f" and waited for a CPU for another {waited:.0%}"
    full = share + waited >= _ENOUGH * asked
    return full, f"{words}: there is no more" if full else words


class Cpu:
    """One burner for each CPU that the container may use, all together the load."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._load = float(spec["load"])
        self._cgroups: Cgroups | None = None
        self._burners = StressProcesses([])
        self._cpus = 1.0

    def prepare(self) -> None:
        """Find the container's cgroup and how many CPUs it may use."""
        container = self._spec["container"]
        main = main_process(container)
        self._cgroups = find(self._spec["cgroups"], container, main)
        folders = self._cgroups.for_cpu() if self._cgroups else []
        self._burners = StressProcesses(folders, main)
        self._cpus = float(len(os.sched_getaffinity(main or 0)))
        quota = self._cgroups.cpus() if self._cgroups else None
        if quota is not None:
            self._cpus = min(self._cpus, quota)

    def apply(self) -> Mapping[str, Any]:
        """Start the burners."""
        many = max(1, math.ceil(self._cpus))
        share = min(1.0, self._load * self._cpus / many)

        def act(_say: Say) -> None:
            burn(share)

        for _ in range(many):
            self._burners.start(act)
        return {"way": self._way(), "burners": many, "cpus": self._cpus}

    def _way(self) -> str:
        return "inside its cgroup" if self._burners.folders else BESIDE

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it over a second, then wait for the end."""
        began, first, whole = self._sample()
        until = min(deadline, began + _WINDOW)
        lost = self._burners.wait(bell, until)
        now, last, total = self._sample()
        if not lost:
            part = (now - began) * self._cpus or 1.0
            share = (last.ran - first.ran) / part
            waited = (last.waited - first.waited) / part
            bites, words = load_bites(self._load, share, waited)
            evidence = {
                "asked": self._load,
                "share": share,
                "waited": waited,
                "cpus": self._cpus,
                "burners": len(self._burners.pids),
                "where": self._way(),
                "container": None if total is None else (total - (whole or 0)) / part,
            }
            because = f"{words} of {self._cpus:g} CPUs, {self._way()}"
            report("proof", bites=bites, because=because, evidence=evidence)
            lost = self._burners.wait(bell, deadline)
        if lost:
            report("lost", because=lost)

    def _sample(self) -> tuple[float, Used, float | None]:
        total = self._cgroups.cpu_used() if self._cgroups else None
        return CLOCK.monotonic(), used_by(self._burners.pids), total

    def remove(self) -> None:
        """End the burners."""
        self._burners.end()
