"""What runs on this machine: the watchdogs of a home, the engines of a run."""

from pathlib import Path


def watchdogs(home: Path) -> list[int]:
    """Return the watchdogs of a home: others' may live beside them."""
    written = str(home).encode()
    return [
        pid
        for pid, (_, words) in _processes().items()
        if b"gameday.ledger.watchdog.watchdog" in words and written in words
    ]


def engines(run: int) -> list[int]:
    """Return all that descends from a run."""
    every, descendants = _processes(), [run]
    for ancestor in descendants:  # grows while it is walked
        descendants += [pid for pid, (parent, _) in every.items() if parent == ancestor]
    return descendants[1:]


def _processes() -> dict[int, tuple[int, bytes]]:
    processes = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        processes[int(folder.name)] = (int(stat[1]), words)
    return processes
