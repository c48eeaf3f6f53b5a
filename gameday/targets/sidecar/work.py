"""What a sidecar may be told to do: the steps that every work has."""

import json
import os
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from gameday.clock import SystemClock
from gameday.errors import GamedayError
from gameday.targets.sidecar.signals import END, SignalQueue

CLOCK = SystemClock()
_LAST_WORDS = ("applied", "lost", "failed", "left", "removed")


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
        select.select([bell], [], [], min(left, 3600.0))
