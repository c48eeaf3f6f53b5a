"""The parent's side of the engine: processes forked from one warm server.

Starting Python with Chaos Toolkit costs some 140 ms of CPU; a fork from a server
that has it imported costs 11. The server is the standard library's.

The parent only sends the names of `conduct`, `replay` and `probe`; the engine (`child`)
is imported in the server that forks, never in the parent.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from gameday.runner.engine.jobs import Job

Tell = Callable[[str, Mapping[str, Any]], None]

_PRELOAD = ["gameday.runner.engine.child"]
_STARTING = threading.Lock()


class ForkServer:
    """Starts experiments and probers; `warm` may be called long before."""

    def __init__(self) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOAD)

    def warm(self, modules: Iterable[str] = ()) -> None:
        """Start the server in the background; it imports while others plan.

        `modules`: what the faults will need besides the engine.
        """
        self._context.set_forkserver_preload([*_PRELOAD, *modules])
        threading.Thread(target=_start_server, daemon=True).start()

    def experiment(self, job: Job, tell: Tell) -> "Child":
        """Start one experiment; its messages arrive at `tell`, on a thread."""
        return Child(self._context, conduct, (job,), tell)

    def rollbacks(self, job: Job, tell: Tell) -> "Child":
        """Start an experiment's rollbacks alone."""
        return Child(self._context, replay, (job,), tell)

    def prober(self, job: Job, every: float, tell: Tell) -> "Child":
        """Start looking at a hypothesis every so many seconds."""
        return Child(self._context, probe, (job, every), tell)


def _start_server() -> None:
    from multiprocessing.forkserver import ensure_running

    with _without_main_module():
        ensure_running()


@contextlib.contextmanager
def _without_main_module() -> Iterator[None]:
    """Start processes without importing the main module, whose code would run again.

    The main module may be a script that holds game days; our processes need nothing of
    it.
    """
    with _STARTING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


class Child:
    """One forked process and its pipe; ends with the message `gone`."""

    def __init__(
        self,
        context: ForkServerContext,
        work: Callable[..., None],
        arguments: tuple[Any, ...],
        tell: Tell,
    ) -> None:
        self._pipe, theirs = context.Pipe(duplex=True)
        self._tell = tell
        self.process: BaseProcess = context.Process(
            target=work, args=(theirs, *arguments), daemon=True
        )
        with _without_main_module():
            self.process.start()
        theirs.close()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                name, fields = self._pipe.recv()
            except (EOFError, OSError):
                break
            self._tell(name, fields)
        self.process.join(timeout=5)
        self._tell("gone", {"code": self.process.exitcode})

    def release(self) -> None:
        """Let it go on: the hold is over, or the probing ends."""
        with contextlib.suppress(BrokenPipeError, OSError):
            self._pipe.send("go on")

    def interrupt(self) -> None:
        """Ask the engine to stop and play its rollbacks (SIGUSR1 does that)."""
        self._signal(signal.SIGUSR1)

    def kill(self) -> None:
        """End it and everything that it started, now."""
        self._signal(signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; true when it has ended."""
        self.process.join(timeout=seconds)
        if self.process.exitcode is None:
            return False
        self._thread.join(timeout=1.0)  # what it said last has been heard then
        return True

    def _signal(self, number: int) -> None:
        pid = self.process.pid
        if pid is None or self.process.exitcode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # Its own session (child.py), so that grandchildren are reached too;
            # in its first moments it has none yet and is signalled alone.
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)


def conduct(pipe: Connection, job: Job) -> None:
    """Run the experiment; hold after its method until the parent says so."""
    from gameday.runner.engine import child

    child.conduct(pipe, job)


def replay(pipe: Connection, job: Job) -> None:
    """Play an experiment's rollbacks alone (its engine died before them)."""
    from gameday.runner.engine import child

    child.replay(pipe, job)


def probe(pipe: Connection, job: Job, every: float) -> None:
    """Look at the hypothesis again and again until the parent hangs up."""
    from gameday.runner.engine import child

    child.probe(pipe, job, every)
