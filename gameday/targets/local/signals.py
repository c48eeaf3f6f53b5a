"""Signals to processes whose identity is checked while their pid is held."""

import os
import signal
from contextlib import suppress

from gameday.errors import FaultFailed
from gameday.targets.procfs import ProcessId, family


def send(process: ProcessId, number: signal.Signals) -> None:
    """Send a signal to exactly this process; FaultFailed where it is another."""
    try:
        held = os.pidfd_open(process.pid)
    except OSError as wrong:
        raise FaultFailed(f"process {process.pid} is not there") from wrong
    try:
        if not process.alive:
            raise FaultFailed(f"process {process.pid} is not the one it was")
        signal.pidfd_send_signal(held, number)
    except OSError as wrong:
        raise FaultFailed(f"process {process.pid}: {wrong.strerror}") from wrong
    finally:
        os.close(held)


def send_family(process: ProcessId, number: signal.Signals) -> None:
    """Send a signal to exactly this process, and to all that descend from it."""
    send(process, number)
    for pid in family(process.pid)[1:]:
        with suppress(OSError):
            os.kill(pid, number)
