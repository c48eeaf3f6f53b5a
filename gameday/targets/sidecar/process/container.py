"""Which processes are a container's, as the host sees them in /proc.

A cgroup's path names the container by its id, with every runtime and both versions
of cgroups: `/docker/ID`, `/kubepods.slice/…/cri-containerd-ID.scope`. Seen from a
cgroup namespace of one's own it begins with `/..`, and still ends with the id.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_MONITOR = "conmon"  # CRI-O's and podman's watcher sits in a cgroup of that id as well
_STATE, _STARTED = 0, 19  # fields of /proc/PID/stat behind the name


@dataclass(frozen=True, slots=True)
class ContainerProcess:
    """One process of a container."""

    pid: int
    state: str  # of proc(5): R running, S sleeping, T stopped, Z zombie, …
    started: int  # clock ticks since boot
    depth: int  # how many pid namespaces it is in, as far as they are seen from here
    inner: int  # its pid in its own, innermost pid namespace


def names(text: str, container: str) -> bool:
    """Return whether the text of a /proc/PID/cgroup names the container.

    An empty name would be in every line, so that it names no container.
    """
    return bool(container) and any(
        container in part and _MONITOR not in part
        for line in text.splitlines()
        for part in line.split("/")
    )


def belongs(pid: int, container: str) -> bool:
    """Return whether a process is one of that container's, by its cgroup."""
    try:
        text = (PROC / str(pid) / "cgroup").read_text(encoding="utf-8")
    except OSError:
        return False
    return names(text, container)


def processes(container: str) -> list[ContainerProcess]:
    """Return the container's processes that are there now, zombies left out."""
    looked = [look(pid) for pid in _pids() if belongs(pid, container)]
    return [
        process
        for process in looked
        if process is not None and process.state not in "ZX"
    ]


def main_process(container: str) -> int | None:
    """Return the pid of the container's main process, as seen from here.

    The main process is number 1 of its pid namespace; in a namespace that is shared
    with others it is the oldest process of the container.
    """
    return main_of(processes(container))


def main_of(seen: list[ContainerProcess]) -> int | None:
    """Return the main one of a container's processes."""
    firsts = [process for process in seen if process.inner == 1] or seen
    if not firsts:
        return None
    return min(
        firsts, key=lambda process: (process.depth, process.started, process.pid)
    ).pid


def look(pid: int) -> ContainerProcess | None:
    """Return one process as it is now; None: it is not there."""
    folder = PROC / str(pid)
    try:
        fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        status = (folder / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    spaces = [pid]
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            spaces = [int(inner) for inner in line.split()[1:]]
    state, started = fields[_STATE].decode(), int(fields[_STARTED])
    return ContainerProcess(pid, state, started, len(spaces), spaces[-1])


def _pids() -> Iterator[int]:
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            yield int(folder.name)
