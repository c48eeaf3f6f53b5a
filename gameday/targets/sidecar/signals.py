"""Signals, as something that can be waited for together with sockets."""

import os
import select
import signal
from collections.abc import Sequence

GO = signal.SIGUSR1
END = signal.SIGTERM


class SignalQueue:
    """Collects GO and END from the moment it is made."""

    def __init__(self) -> None:
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(write, False)
        self._heard: set[int] = set()
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (GO, END, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)

    def fileno(self) -> int:
        """Return what becomes readable when a signal came."""
        return self._read

    def has_come(self, number: int) -> bool:
        """Return whether that signal has come; SIGINT counts as END."""
        try:
            came = os.read(self._read, 64)
        except BlockingIOError:
            came = b""
        self._heard.update(
            END if number == signal.SIGINT else number for number in came
        )
        return number in self._heard

    def wait(self, numbers: Sequence[int], seconds: float) -> bool:
        """Wait for one of the signals; false when the seconds are over first.

        Returns early, with false, when another signal came.
        """
        if any(self.has_come(number) for number in numbers):
            return True
        select.select([self._read], [], [], max(0.0, seconds))
        return any(self.has_come(number) for number in numbers)
