"""A crash from the host's side: a signal to a container's main process."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.targets.sidecar.bell import Bell
from gameday.targets.sidecar.work import WorkFailed


def belongs(pid: int, container: str) -> bool:
    """Return whether a process is one of that container's, by its cgroup."""
    try:
        text = Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    except OSError:
        return False
    return container in text


def strike(pid: int, container: str, name: str) -> None:
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
    """One signal, and nothing to hold or to remove."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec

    def prepare(self) -> None:
        """Look whether the process can be seen from here."""
        if not belongs(self._spec["pid"], self._spec["container"]):
            raise WorkFailed(
                f"process {self._spec['pid']} of the container cannot be seen by a "
                "helper with the host's processes"
            )

    def apply(self) -> Mapping[str, Any]:
        """Send the signal."""
        strike(self._spec["pid"], self._spec["container"], self._spec["signal"])
        return {"way": "helper", "pid": self._spec["pid"]}

    def hold(self, bell: Bell, deadline: float) -> None:
        """Return at once: a crash holds nothing."""

    def remove(self) -> None:
        """Nothing is left of a signal."""
