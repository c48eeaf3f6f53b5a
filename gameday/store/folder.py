"""A run's folder: the plan before, events as they come, the verdict after.

Files are written whole or not at all (a temporary file, then a rename); the
timeline is appended line by line, so that what was seen survives a crash. Files are
readable by their owner alone, in a folder that was asked for also by its group.
"""

import contextlib
import errno
import json
import os
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from gameday.errors import StoreError
from gameday.model.events import Event, event_from_json
from gameday.model.events.damage import fitting

TIMELINE = "timeline.ndjson"
PLAN = "plan.json"
VERDICT = "verdict.json"
SERIES = "series.ndjson.gz"
_OURS = (TIMELINE, PLAN, VERDICT, "report.html", "report.md", "junit.xml", SERIES)


class RunFolder:
    """One run's files; `shared`: whoever is of the folder's group may read them."""

    def __init__(self, folder: str, *, shared: bool = False) -> None:
        self.folder = folder
        self._group: int | None = None
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            _remove_old_files(Path(folder))
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._timeline = os.open(Path(folder) / TIMELINE, flags, 0o600)
            self._size = 0
            if shared:
                self._group = Path(folder).stat().st_gid
            _allow_group(self._timeline, self._group)
        except OSError as error:
            raise StoreError(
                f"{folder}: {error.strerror}; choose another folder with --out"
            ) from error

    def append(self, line: str) -> None:
        """Keep one line of the timeline, whole or not at all (not fsynced)."""
        text = line.encode() + b"\n"
        try:
            _write_whole(self._timeline, text)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._timeline, self._size)
            raise StoreError(f"{self.folder}/{TIMELINE}: {error.strerror}") from error
        self._size += len(text)

    def write(self, name: str, content: str) -> str:
        """Write a file of the run whole or not at all; return its path."""
        return write_file(str(Path(self.folder) / name), content, self._group)

    def write_bytes(self, name: str, content: bytes) -> str:
        """Do so for a file that is no text."""
        return write_bytes(str(Path(self.folder) / name), content, self._group)

    def close(self) -> None:
        """Close the timeline; idempotent."""
        if self._timeline >= 0:
            os.close(self._timeline)
            self._timeline = -1


def _allow_group(handle: int, group: int | None) -> None:
    """Let a group read a file; where it may not be given away, our own group does."""
    if group is None:
        return
    with contextlib.suppress(OSError):
        os.fchown(handle, -1, group)
    os.fchmod(handle, 0o640)


def _write_whole(handle: int, text: bytes) -> None:
    if os.write(handle, text) < len(text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _remove_old_files(folder: Path) -> None:
    """Take an earlier run's files away: two runs in one folder would be mixed up."""
    for path in folder.iterdir():
        if path.name in _OURS or fnmatch(path.name, "journal-*.json"):
            path.unlink()


def write_file(path: str, content: str, group: int | None = None) -> str:
    """Write a file whole or not at all, durably; return its path.

    `group`: whose members may read it; None: nobody but its owner.
    """
    return write_bytes(path, content.encode(), group)


def write_bytes(path: str, content: bytes, group: int | None = None) -> str:
    """Do what `write_file` does with bytes."""
    place = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            _allow_group(file.fileno(), group)
        Path(temporary).replace(place)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    return str(place)


def read_lines(folder: str) -> list[str]:
    """Return the lines of a stored run's timeline."""
    return read_text(folder, TIMELINE).split("\n")


def parse_lines(lines: Sequence[str], where: str) -> list[Event]:
    """Return the events of a timeline; a last line that was cut off is left out.

    A field whose value cannot be its own is left out of its event.
    """
    events = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(fitting(event_from_json(json.loads(line))))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break
            raise StoreError(
                f"{where}:{number}: not a timeline's line ({error}); "
                "the file was changed since the run"
            ) from error
    return events


def read_text(folder: str, name: str) -> str:
    """Return a stored run's file."""
    path = Path(folder) / name
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"{path}: {why}; is this a run's folder?") from error
