"""Enter a container's network namespace from a helper that sees the host's processes.

Python has os.setns since 3.12 only, so libc is called. /proc/net belongs to the main
thread, so the main thread enters; threads and programs that start later follow it.
"""

import os
from pathlib import Path

from gameday.targets.sidecar.process.container import main_process
from gameday.targets.sidecar.work import WorkFailed

_NETWORK = 0x40000000  # CLONE_NEWNET
_CGROUP = 0x02000000  # CLONE_NEWCGROUP


def enter(container: str) -> int:
    """Move this process into the container's network; return the pid that led there.

    WorkFailed if that network is the host's own: a fault there would hit everybody.
    """
    pid = main_pid(container)
    there = Path(f"/proc/{pid}/ns/net")
    try:
        if there.readlink() == _of_host("net"):
            raise WorkFailed(
                f"container {container[:12]} is in the host's network; others would "
                "be hit"
            )
        _enter(there, _NETWORK)
    except OSError as wrong:
        raise WorkFailed(
            f"the network of process {pid} (container {container[:12]}) cannot be "
            f"entered: {wrong.strerror}; it takes the capabilities SYS_ADMIN and "
            "SYS_PTRACE"
        ) from wrong
    return pid


def main_pid(container: str) -> int:
    """Return the main process of a container; WorkFailed where none is seen."""
    pid = main_process(container)
    if pid is None:
        raise WorkFailed(
            f"no process of container {container[:12]} is seen from here: it ended, "
            "runs on another machine, or the helper does not see the host's processes"
        )
    return pid


def enter_host_cgroups() -> None:
    """See cgroups as the host does; without the right to, stay as we are.

    With cgroup version 2 no process may move to a cgroup outside of its own cgroup
    namespace.
    """
    try:
        if Path("/proc/self/ns/cgroup").readlink() != _of_host("cgroup"):
            _enter(Path("/proc/1/ns/cgroup"), _CGROUP)
    except OSError:
        return  # the move itself says what it misses


def _of_host(kind: str) -> Path | None:
    """Return the host's own namespace of a kind; None: it cannot be read.

    Process 1 is in it; if the host does not allow reading that, kthreadd is in it too.
    """
    for pid, name in ((1, ""), (2, "kthreadd")):
        folder = Path(f"/proc/{pid}")
        try:
            if not name or (folder / "comm").read_text().strip() == name:
                return (folder / "ns" / kind).readlink()
        except OSError:
            continue
    return None


def _enter(space: Path, kind: int) -> None:
    import ctypes  # only who enters a namespace pays for it

    held = os.open(space, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(held, kind) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(held)
