"""A small process beside each run: when the run dies, it undoes what that left.

Leaves its parent's session and family, watches the run's process (and the end of a
pipe that the run holds), ends faults that outlast their duration, and goes when the
run is closed. After the run's death it goes when nothing is left to undo, with the
ledger (once nothing that it remembers of it is open), with the target, or after an
hour. What undoing needs is imported only when there is something to undo; until then
it reads the ledger by plain SQL, to be up in a moment and small.
"""

import os
import select
import sqlite3
import sys
from contextlib import suppress
from urllib.parse import quote

from gameday.clock import SystemClock
from gameday.targets.procfs import ProcessId

DONE = b"q"
READY = b"r"
_TICK = 0.25  # seconds between two looks into the ledger
PATIENCE = 3600.0  # seconds for which a dead run's faults are tried again
_LONGEST_PAUSE = 15.0


class _LedgerView:
    """One run's rows, read only; sqlite3.Error where the file cannot be read."""

    def __init__(self, path: str, run: str) -> None:
        self._run = run
        uri = f"file:{quote(path)}?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None)
        try:
            self.closed()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def closed(self) -> bool:
        """Return whether the run has let go of its target, or is not known."""
        row = self._db.execute(
            "SELECT 1 FROM runs WHERE run = ? AND closed IS NULL", (self._run,)
        ).fetchone()
        return row is None

    def overdue(self, now: float) -> bool:
        """Return whether an open fault of the run has outlasted its duration."""
        row = self._db.execute(
            "SELECT 1 FROM faults WHERE run = ? AND state <> 'undone' AND until <= ?",
            (self._run, now),
        ).fetchone()
        return row is not None


class Watchdog:
    """Watches one run from outside of it."""

    def __init__(self, run: str, path: str, process: ProcessId, pipe: int) -> None:
        self._run = run
        self._path = path
        self._process = process
        self._pipe = pipe
        self._clock = SystemClock()
        self._view = _LedgerView(path, run)
        self._pidfd = _process_handle(process)

    def watch(self) -> None:
        """Return when the run is closed, or dead and healed."""
        try:
            self._until_over()
        finally:
            self._view.close()

    def _until_over(self) -> None:
        while not self._closed_by_pipe():
            if not self._process.alive:
                self._after_death()
                return
            # Busy or full now, or an undo that broke: the run lives, we watch on.
            with suppress(Exception):
                if self._view.closed():
                    return
                if self._view.overdue(self._clock.now()):
                    self._end_overdue()

    def _closed_by_pipe(self) -> bool:
        watched = [fd for fd in (self._pipe, self._pidfd) if fd >= 0]
        ready, _, _ = select.select(watched, [], [], _TICK)
        if self._pipe not in ready:
            return False
        if os.read(self._pipe, 1) == DONE:
            return True
        self._pipe = -1  # let go without a word: the process itself will tell
        return False

    def _end_overdue(self) -> None:
        from gameday.ledger.watchdog.actions import end_overdue

        end_overdue(self._path, self._run, self._clock)

    def _after_death(self) -> None:
        from gameday.ledger.watchdog.actions import DeadRunRecovery

        care = DeadRunRecovery(self._path, self._run, self._clock)
        pause, end = 0.5, self._clock.monotonic() + PATIENCE
        while not care.attempt():
            if self._clock.monotonic() > end:
                return
            self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _process_handle(process: ProcessId) -> int:
    """Return what becomes readable when the process ends; -1: looks must do."""
    try:
        return os.pidfd_open(process.pid)
    except (OSError, AttributeError):
        return -1


def main(arguments: list[str]) -> int:
    """Become a process of one's own, say so, and watch.

    Arguments: run, the ledger's path, pid, start ticks and boot of the process to
    watch, the pipe to read from, the pipe to say READY into.
    """
    run, path, pid, started, boot, pipe, ready = arguments
    if os.fork():
        os._exit(0)
    process = ProcessId(pid=int(pid), started=int(started), boot=boot)
    dog = Watchdog(run, path, process, int(pipe))
    with suppress(BrokenPipeError):  # dead already: all the more to do
        os.write(int(ready), READY + str(os.getpid()).encode())
    os.close(int(ready))
    dog.watch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
