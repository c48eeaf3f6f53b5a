"""Processes that use a container's resources up, from inside of its cgroup.

Each is a child of the helper that dies with it, whatever its death, and the kernel's
first choice when memory runs out.
"""

import ctypes
import os
import select
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.targets.sidecar.process.enter import enter_host_cgroups
from gameday.targets.sidecar.work import CLOCK, END, IDLE, SignalQueue, WorkFailed

NAME = "gameday-burner"
_DIE_WITH_PARENT, _SET_NAME = 1, 15  # PR_SET_PDEATHSIG, PR_SET_NAME
_PATIENCE = 5.0  # seconds until one has moved into the cgroup
_IN = b"in"

Say = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class _Burner:
    pid: int
    held: int  # its pidfd
    voice: int  # the reading end of what it says


@dataclass(slots=True)
class StressProcesses:
    """The burners of one fault.

    `folders`: the cgroups that they move into; none: they stay beside. `main`: the
    container's main process, with whose end all of them end.
    """

    folders: Sequence[Path]
    main: int | None = None
    _there: list[_Burner] = field(default_factory=list)
    _main: int | None = None

    @property
    def pids(self) -> list[int]:
        """The processes, seen from here."""
        return [burner.pid for burner in self._there]

    def start(self, act: Callable[[Say], None]) -> None:
        """Start a burner; WorkFailed where it cannot be moved into the cgroups.

        `act` is what it does; it is given a function whose words `next_word` returns.
        """
        if self.main is not None and self._main is None:
            with suppress(OSError):
                self._main = os.pidfd_open(self.main)
        read, write = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(parent, self.folders, write, act)
        os.close(write)
        self._there.append(_Burner(pid, os.pidfd_open(pid), read))
        heard = self.next_word(_PATIENCE)
        if heard != _IN:
            why = heard.decode(errors="replace") or "it died"
            raise WorkFailed(f"no burner in the container's cgroup: {why}")

    def next_word(self, seconds: float, bell: SignalQueue | None = None) -> bytes:
        """Return what the last one says next; empty: nothing in that time, or death."""
        voice = self._there[-1].voice
        ears: list[Any] = [voice, *([bell] if bell else [])]
        ready, _, _ = select.select(ears, [], [], max(0.0, seconds))
        said = b""
        while voice in ready and (byte := os.read(voice, 1)) not in (b"", b"\n"):
            said += byte  # a line is written at once
        return said

    def wait(self, bell: SignalQueue, until: float) -> str:
        """Wait for END or that moment (monotonic); return what ended it before."""
        ends: list[Any] = [burner.held for burner in self._there]
        ends += [] if self._main is None else [self._main]
        while not bell.has_come(END):
            left = until - CLOCK.monotonic()
            if left <= 0:
                return ""
            ready, _, _ = select.select([bell, *ends], [], [], min(left, IDLE))
            if self._main is not None and self._main in ready:
                return "the container's main process ended; the fault went with it"
            if any(end in ready for end in ends):
                return "a burner died"
        return ""

    def end(self) -> None:
        """Kill them all and wait until they are gone."""
        for burner in self._there:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(burner.held, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(burner.pid, 0)
            os.close(burner.held)
            os.close(burner.voice)
        self._there.clear()
        if self._main is not None:
            os.close(self._main)
            self._main = None


def _live(
    parent: int, folders: Sequence[Path], write: int, act: Callable[[Say], None]
) -> None:
    """Be a burner; never returns."""
    try:
        _become_stress_process(parent, folders)
        os.write(write, _IN + b"\n")
        act(lambda words: os.write(write, words + b"\n"))
    except OSError as wrong:
        os.write(write, f"{wrong.filename or ''}: {wrong.strerror}\n".encode())
    finally:
        os._exit(1)


def _become_stress_process(parent: int, folders: Sequence[Path]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked
    libc.prctl(_SET_NAME, NAME.encode(), 0, 0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if folders:
        enter_host_cgroups()
    for folder in folders:
        (folder / "cgroup.procs").write_text("0", encoding="ascii")  # 0: the writer
