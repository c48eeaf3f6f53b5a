"""A crash from the host's side: a signal to a container's main process."""

import os
import signal
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.process.container import belongs
from gameday.targets.sidecar.process.enter import main_pid
from gameday.targets.sidecar.work import SignalQueue, WorkFailed

__all__ = ["Kill", "belongs", "send_signal"]


def send_signal(pid: int, container: str, name: str) -> None:
    """Send the signal to the container's process; WorkFailed where it is not that.

    The pid is held while it is checked, so that no other process can take it over.
    """
    try:
        held = os.pidfd_open(pid)
    except OSError as wrong:
        raise WorkFailed(f"process {pid} is not there: {wrong.strerror}") from wrong
    try:
        if not belongs(pid, container):
            raise WorkFailed(f"process {pid} is not one of container {container[:12]}")
        signal.pidfd_send_signal(held, signal.Signals[name])
    except OSError as wrong:
        raise WorkFailed(f"process {pid}: {wrong.strerror}") from wrong
    finally:
        os.close(held)


class Kill:
    """One signal, and nothing to hold or to remove.

    `pid` in the order is the process; without it the container's main one is found.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._pid = int(spec.get("pid") or 0)

    def prepare(self) -> None:
        """Look whether the process can be seen from here."""
        if not self._pid:
            self._pid = main_pid(self._spec["container"])
        if not belongs(self._pid, self._spec["container"]):
            raise WorkFailed(
                f"process {self._pid} of the container cannot be seen by a "
                "helper with the host's processes"
            )

    def apply(self) -> Mapping[str, Any]:
        """Send the signal."""
        send_signal(self._pid, self._spec["container"], self._spec["signal"])
        return {"way": "helper", "pid": self._pid}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: a crash holds nothing."""

    def remove(self) -> None:
        """Nothing is left of a signal."""
