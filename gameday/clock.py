"""The wall clock: the only module that reads time."""

import queue
import threading
import time
from typing import TypeVar

Item = TypeVar("Item")


class SystemClock:
    """The machine's clock: seconds since the epoch (UTC), as a float."""

    def now(self) -> float:
        """Return the wall-clock time in seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring how long things take."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; prefer `wait` where something can end the waiting."""
        if seconds > 0:
            time.sleep(seconds)

    def take(self, items: "queue.SimpleQueue[Item]", seconds: float) -> Item | None:
        """Return the queue's next item; None when none came in that time."""
        try:
            return items.get(timeout=seconds)
        except queue.Empty:
            return None

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until the event is set or the seconds are over; true when set."""
        return event.wait(max(0.0, seconds))
