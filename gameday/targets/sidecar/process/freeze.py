"""Freeze a container by signals: SIGSTOP to each of its processes, then SIGCONT.

For platforms without a pause of their own. A process that is started in the container
from outside while it is frozen (an exec probe) runs.
"""

from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.process.container import ContainerProcess, processes
from gameday.targets.sidecar.process.enter import main_pid
from gameday.targets.sidecar.process.kill import send_signal
from gameday.targets.sidecar.work import CLOCK, SignalQueue, WorkFailed, report, rest

_PATIENCE = 3.0  # seconds until every process shows what it was told
_PAUSE = 0.01
_STOPPED = "Tt"  # by a signal, by a tracer


def signal_until_settled(
    container: str, name: str, *, frozen: bool
) -> list[ContainerProcess]:
    """Send the signal until every process shows it; return them.

    Repeated, because a process that was not stopped yet may have started another.
    WorkFailed, with how many, where some do not show it in time.
    """
    end = CLOCK.monotonic() + _PATIENCE
    while True:
        there = processes(container)
        wrong = [process for process in there if (process.state in _STOPPED) != frozen]
        if not wrong:
            return there
        if CLOCK.monotonic() >= end:
            what = "did not stop" if frozen else "are still stopped"
            raise WorkFailed(f"{len(wrong)} of {len(there)} processes {what}")
        for process in wrong:
            _send_signal(process.pid, container, name)
        CLOCK.sleep(_PAUSE)


def _send_signal(pid: int, container: str, name: str) -> None:
    try:
        send_signal(pid, container, name)
    except WorkFailed:
        if any(process.pid == pid for process in processes(container)):
            raise  # not because it ended meanwhile


class Freeze:
    """All processes of a container stand still until the end."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._container = str(spec["container"])
        self._count = 0
        self._began = False

    def prepare(self) -> None:
        """Look whether the container's processes can be seen from here."""
        main_pid(self._container)

    def apply(self) -> Mapping[str, Any]:
        """Stop them all."""
        self._began = True
        there = signal_until_settled(self._container, "SIGSTOP", frozen=True)
        self._count = len(there)
        if not there:
            raise WorkFailed("the container has no process any more")
        return {"way": "signals", "processes": self._count}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        there = processes(self._container)
        stopped = [process for process in there if process.state in _STOPPED]
        bites = bool(there) and len(stopped) == len(there)
        because = (
            f"{len(stopped)} of the container's {len(there)} processes stand still"
        )
        states = {str(process.pid): process.state for process in there}
        report("proof", bites=bites, because=because, evidence={"states": states})
        rest(bell, deadline)

    def remove(self) -> None:
        """Let them all go on."""
        if self._began:
            signal_until_settled(self._container, "SIGCONT", frozen=False)


class Thaw:
    """What a dead helper froze goes on: SIGCONT to all processes of the container."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._container = str(spec["container"])

    def prepare(self) -> None:
        """Nothing to prepare: a container that is gone needs no thawing."""

    def apply(self) -> Mapping[str, Any]:
        """Let all go on; return how many stood still."""
        still = [
            process
            for process in processes(self._container)
            if process.state in _STOPPED
        ]
        signal_until_settled(self._container, "SIGCONT", frozen=False)
        return {"found": len(still), "held": len(still)}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: thawing holds nothing."""

    def remove(self) -> None:
        """Nothing is left of thawing."""
