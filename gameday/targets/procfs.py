"""Processes of this machine and their identity: pid, start time and boot.

A pid alone is used again sooner or later; with its start time (clock ticks since
boot, field 22 of /proc/PID/stat) and the boot's id it cannot be confused. Imports
next to nothing: the watchdog has to be up in a moment.
"""

import os
from typing import NamedTuple

_STATE = 0  # fields of /proc/PID/stat behind the command's closing parenthesis
_SESSION = 3
_START = 19


class ProcessId(NamedTuple):
    """One process of one boot; `started` in clock ticks, 0 where not known."""

    pid: int
    started: int = 0
    boot: str = ""

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs; a zombie does not."""
        if self.boot and self.boot != boot_id():
            return False
        if not self.started:
            return _exists(self.pid)
        return start_ticks(self.pid) == self.started


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def start_ticks(pid: int) -> int:
    """Return when a living process started, in ticks since boot; 0: there is none."""
    fields = _stat(pid)
    if len(fields) <= _START or fields[_STATE] in "ZX":
        return 0
    return int(fields[_START])


def state(pid: int) -> str:
    """Return the state letter of a process (R, S, T for stopped, …), empty: none."""
    fields = _stat(pid)
    return fields[_STATE] if fields else ""


def boot_id() -> str:
    """Return what names the current boot of this machine; empty: not known."""
    return _read("/proc/sys/kernel/random/boot_id").strip()


def uptime() -> float | None:
    """Return the seconds since the boot, cut off to hundredths; None: not known."""
    words = _read("/proc/uptime").split()
    return float(words[0]) if words else None


def identify(pid: int | None = None) -> ProcessId:
    """Return the identity of a process, by default of this one."""
    pid = os.getpid() if pid is None else pid
    return ProcessId(pid=pid, started=start_ticks(pid), boot=boot_id())


def user_name() -> str:
    """Return who runs this process; the user's number where it has no name."""
    import getpass  # only who opens a run needs it, the watchdog does not

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def children(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    lists = [_read(f"/proc/{pid}/task/{task}/children") for task in tasks]
    return [int(child) for text in lists for child in text.split()]


def session(leader: ProcessId) -> list[int]:
    """Return the pids of the session that a process led, also if that process is gone.

    Empty if its pid belongs to another process by now, or if it led no session.
    """
    now = start_ticks(leader.pid)
    if leader.boot != boot_id() or (now and now != leader.started):
        return []
    pids = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        fields = _stat(int(name)) if name.isdigit() else []
        if len(fields) > _SESSION and int(fields[_SESSION]) == leader.pid:
            pids.append(int(name))
    return pids


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it, parents first."""
    members = [pid]
    for member in members:  # grows while it is walked
        members.extend(child for child in children(member) if child not in members)
    return members
