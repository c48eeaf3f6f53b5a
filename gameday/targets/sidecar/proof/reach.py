"""Whether an address can be reached from here: before a fault, and while it holds.

This runs beside the victim, not inside of it, and without any rights: it reaches what
any other pod would reach.
"""

import errno
import socket
from collections.abc import Mapping
from typing import Any

from gameday.clock import SystemClock
from gameday.targets.sidecar.work import SignalQueue

_CLOCK = SystemClock()
_TIMEOUT = 1.0  # seconds for one knock
_TRIES = 3
_TAKES = 8.0  # seconds within which a network gets to know a new policy
_PAUSE = 0.3
OPEN, CLOSED, SILENT = "open", "closed", "silent"


def port_state(address: str, port: int) -> str:
    """Return how the port answers; a closed one answers too, by a reset."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.settimeout(_TIMEOUT)
        try:
            answer = door.connect_ex((address, port))
        except OSError:
            return SILENT
    if answer == 0:
        return OPEN
    return CLOSED if answer == errno.ECONNREFUSED else SILENT


class Reach:
    """Knocks when it is made ready, and again, until something changes, when told."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._address = str(spec["address"])
        self._port = int(spec["port"])
        self._before = SILENT

    def prepare(self) -> None:
        """Take down how the address answers before the fault."""
        for _ in range(_TRIES):
            self._before = port_state(self._address, self._port)
            if self._before != SILENT:
                return

    def apply(self) -> Mapping[str, Any]:
        """Return how it answered before, and how it does now."""
        end = _CLOCK.monotonic() + _TAKES
        now = port_state(self._address, self._port)
        while now == self._before != SILENT and _CLOCK.monotonic() < end:
            _CLOCK.sleep(_PAUSE)
            now = port_state(self._address, self._port)
        return {"before": self._before, "now": now, "port": self._port}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Return at once: knocking holds nothing."""

    def remove(self) -> None:
        """Nothing is left of knocking."""
