"""Starting the watchdog, and letting it go."""

import os
import select
import subprocess
import sys
from pathlib import Path

from gameday.errors import StoreError
from gameday.ledger.home import ledger_path
from gameday.ledger.watchdog.watchdog import DONE, PATIENCE, READY
from gameday.model.quantity import show_duration
from gameday.targets.procfs import identify

_LONGEST = 32  # bytes of what it says when it watches: READY and its pid
_START = 10.0  # seconds until it must have said that it watches
LOG = "watchdog.log"
# Not `-m`: finding and running a module costs as much again as all its imports.
_START_IT = (
    "import sys;from gameday.ledger.watchdog.watchdog import main;main(sys.argv[1:])"
)


class WatchdogHandle:
    """The run's end of the pipe; whoever forks must not keep a copy of it.

    `pid`: the watchdog's process, 0 where it is not known.
    """

    def __init__(self, pipe: int, pid: int = 0) -> None:
        self._pipe = pipe
        self.pid = pid

    def fileno(self) -> int:
        """Return the descriptor, for a child to close; -1 when closed."""
        return self._pipe

    def close(self) -> None:
        """Say that the run has ended well: nothing is left for the watchdog."""
        if self._pipe < 0:
            return
        try:
            os.write(self._pipe, DONE)
        except OSError:
            pass  # it has gone before us
        finally:
            self.abandon()

    @property
    def announcement(self) -> str:
        """What it does when a run ends with something broken, and how it is ended."""
        return (
            f"the watchdog (process {self.pid}) goes on trying to undo this for "
            f"{show_duration(PATIENCE)} at most, until it has, or the ledger or the "
            f"target is gone; `kill {self.pid}` ends it"
        )

    def abandon(self) -> None:
        """Let go without a word; the watchdog then goes by the process alone."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


def start_watchdog(run: str, home: str, pid: int | None = None) -> WatchdogHandle:
    """Start the watchdog of a run (of process `pid`, by default this one).

    Returns when it watches; StoreError, with its last words, where it does not.
    """
    who = identify(pid)
    theirs, ours = os.pipe()
    told, tell = os.pipe()
    words = [run, ledger_path(home), str(who.pid), str(who.started), who.boot]
    command = [sys.executable, "-c", _START_IT, *words, str(theirs), str(tell)]
    log = Path(home) / LOG
    try:
        with log.open("ab") as errors:
            starter = subprocess.Popen(
                command,
                pass_fds=(theirs, tell),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd="/",
                start_new_session=True,
            )
        os.close(theirs)
        os.close(tell)
        ready, _, _ = select.select([told], [], [], _START)
        said = os.read(told, _LONGEST) if ready else b""
        starter.wait(_START)  # it has left a child behind, which is not ours
    except (OSError, subprocess.TimeoutExpired) as wrong:
        os.close(ours)
        raise StoreError(f"the watchdog did not start: {wrong}") from wrong
    finally:
        os.close(told)
    if not said.startswith(READY):
        os.close(ours)
        raise StoreError(f"the watchdog did not start; see {log}")
    return WatchdogHandle(ours, int(said.removeprefix(READY) or 0))
