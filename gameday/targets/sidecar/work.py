"""What a sidecar may be told to do, by which signals, and what it says of it.

Every work has the same steps. Signals are something that can be waited for together
with sockets.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from gameday.clock import SystemClock
from gameday.errors import GamedayError

GO = signal.SIGUSR1
END = signal.SIGTERM
CLOCK = SystemClock()
IDLE = 3600.0  # seconds of one wait where nothing is due; the next follows it
_LAST_WORDS = ("applied", "lost", "failed", "left", "removed")


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


class WorkFailed(GamedayError):
    """It could not be done; the sentence goes to the user."""


class Work(Protocol):
    """One fault inside the namespace, from preparation to its end."""

    def prepare(self) -> None:
        """Look around; change nothing."""

    def apply(self) -> Mapping[str, Any]:
        """Change the namespace; return evidence."""

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Stay until END or the deadline (monotonic seconds)."""

    def remove(self) -> None:
        """Put everything back; WorkFailed where something stays."""


def report(word: str, **fields: Any) -> None:
    """Print a line of JSON for the process that started us, with the time here."""
    line = json.dumps({"say": word, "at": CLOCK.now(), **fields}) + "\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    _keep(os.environ.get("GAMEDAY_SAID"), line)
    if word in _LAST_WORDS:
        _keep(os.environ.get("GAMEDAY_LAST_WORDS"), line)


def proof_of(
    *, bites: bool, because: str, evidence: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return whether a fault bites, and why that is known, as `report` takes it."""
    return {"bites": bites, "because": because, "evidence": dict(evidence or {})}


def _keep(path: str | None, line: str) -> None:
    """Keep a line where a log cannot be read, or is gone with its container."""
    if path:
        with suppress(OSError), open(path, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(line)


def rest(bell: SignalQueue, deadline: float) -> None:
    """Do nothing until END or the deadline."""
    while not bell.has_come(END):
        left = deadline - CLOCK.monotonic()
        if left <= 0:
            return
        select.select([bell], [], [], min(left, IDLE))
