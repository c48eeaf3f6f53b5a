"""A container's own cgroups, by the host's /sys/fs/cgroup: where, and what they say.

Both versions: with 1 there is a tree for each controller, with 2 one for all. Limits
may be set at any level above the container (a pod's); the tightest counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday.targets.sidecar.process.container import PROC, names

_ALL = ""  # the one tree of version 2
_MOST = 100_000  # folders looked through before giving up
_CPU = ("cpu", "cpuacct", "cpuset")
_MEMORY = ("memory",)


@dataclass(frozen=True, slots=True)
class Memory:
    """The tightest memory limit of a container, and where it is set."""

    folder: Path
    limit: int  # bytes

    def used(self) -> int:
        """Return the bytes in use there, without what is dropped at need.

        usage - inactive_file: the working set, as the kubelet counts it.
        """
        usage = _number(self.folder, "memory.current", "memory.usage_in_bytes") or 0
        lines = _fields(self.folder, "memory.stat")
        cached = lines.get("total_inactive_file", lines.get("inactive_file", 0))
        return max(0, usage - cached)


@dataclass(frozen=True, slots=True)
class Cgroups:
    """A container's folders, by controller; with version 2 one for all."""

    root: Path
    folders: Mapping[str, Path]

    def of(self, controllers: Sequence[str]) -> list[Path]:
        """Return the folders to move into for these controllers; empty: not there."""
        if _ALL in self.folders:
            return [self.folders[_ALL]]
        if controllers[0] not in self.folders:
            return []
        folders = [
            self.folders[controller]
            for controller in controllers
            if controller in self.folders
        ]
        return list(dict.fromkeys(folders))

    def for_cpu(self) -> list[Path]:
        """Return where a process has to be to use this container's CPU time."""
        return self.of(_CPU)

    def for_memory(self) -> list[Path]:
        """Return where a process has to be to use this container's memory."""
        return self.of(_MEMORY)

    def cpus(self) -> float | None:
        """Return the CPUs that the tightest quota allows; None: there is none."""
        quotas = [
            quota
            for folder in self._levels(self.for_cpu())
            if (quota := _quota(folder)) is not None
        ]
        return min(quotas, default=None)

    def cpu_used(self) -> float | None:
        """Return the seconds of CPU time that the container has used so far."""
        folders = self.of(("cpuacct",))
        if not folders:
            return None
        spent = _fields(folders[0], "cpu.stat").get("usage_usec")
        if spent is not None:
            return spent / 1e6
        spent = _number(folders[0], "cpuacct.usage")
        return None if spent is None else spent / 1e9

    def memory(self, most: int) -> Memory | None:
        """Return the tightest limit below `most` bytes; None: there is none."""
        memories = [
            Memory(folder, limit)
            for folder in self._levels(self.for_memory())
            if (limit := _number(folder, "memory.max", "memory.limit_in_bytes"))
            is not None
        ]
        memories = [memory for memory in memories if 0 < memory.limit < most]
        return min(memories, key=lambda memory: memory.limit, default=None)

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed here for lack of memory."""
        kills = 0
        for folder in self.for_memory():
            for name in ("memory.events", "memory.oom_control"):
                kills += _fields(folder, name).get("oom_kill", 0)
        return kills

    def _levels(self, folders: Sequence[Path]) -> Iterator[Path]:
        for folder in folders[:1]:
            yield folder
            for above in folder.parents:
                if above == self.root:
                    return
                yield above


def find(root: str, container: str, main: int | None) -> Cgroups | None:
    """Return the container's cgroups; None where it has none of its own.

    Its main process may be in a cgroup further down, which the container has made.
    """
    top = Path(root)
    alone = (top / "cgroup.controllers").exists()
    trees = (
        {_ALL: top}
        if alone
        else {controller: top / controller for controller in (*_CPU, *_MEMORY)}
    )
    folders = {}
    for controller, tree in trees.items():
        folder = _named(tree, container)
        if folder is not None:
            folders[controller] = _inner(folder, controller, container, main)
    return Cgroups(top, folders) if folders else None


def _named(tree: Path, container: str) -> Path | None:
    todo, seen = [tree], 0
    while todo and seen < _MOST:
        seen += 1
        try:
            inside = [entry for entry in todo.pop().iterdir() if entry.is_dir()]
        except OSError:
            continue  # it went meanwhile, or there is no such tree
        for folder in inside:
            if names(folder.name, container):
                return folder
        todo.extend(inside)
    return None


def _inner(folder: Path, controller: str, container: str, main: int | None) -> Path:
    try:
        text = (PROC / str(main) / "cgroup").read_text(encoding="utf-8")
    except OSError:
        return folder
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        parts = path.split("/")
        if controller not in controllers.split(",") or folder.name not in parts:
            continue
        further = folder.joinpath(*parts[parts.index(folder.name) + 1 :])
        return further if container in path and further.is_dir() else folder
    return folder


def host_memory() -> int:
    """Return the machine's memory in bytes: what is not below it is no limit."""
    for line in (PROC / "meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 1 << 62


def _quota(folder: Path) -> float | None:
    both = _text(folder, "cpu.max").split()
    if not both:
        both = [_text(folder, f"cpu.cfs_{key}_us") for key in ("quota", "period")]
    try:
        quota, period = (int(text) for text in both)
    except ValueError:
        return None  # "max", or nothing there
    return quota / period if quota > 0 and period > 0 else None


def _number(folder: Path, *files: str) -> int | None:
    for name in files:
        text = _text(folder, name)
        if text.isdecimal():
            return int(text)
    return None


def _fields(folder: Path, name: str) -> dict[str, int]:
    words = {}
    for line in _text(folder, name).splitlines():
        key, _, value = line.partition(" ")
        if value.isdecimal():
            words[key] = int(value)
    return words


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
