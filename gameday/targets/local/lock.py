"""The lock of a supervisor: a locked file, seen by every user of this machine.

The kernel lets go of it when its holder ends, however that ends. The text in it only
says who that is. The file is never removed: another process could hold it by then.
"""

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from gameday.errors import TargetNotFound
from gameday.targets.ownership import Holder, holder_from

# Not the user's own folder for temporary files: other users have to find it.
FOLDER = "/tmp"  # noqa: S108 - opened without following links, holds no secret
_LONGEST = 4096

_ours: dict[str, int] = {}  # path -> descriptor, held until the end of this process


class Lock:
    """The lock of one supervisor, by its address."""

    def __init__(self, address: str) -> None:
        name = hashlib.sha256(address.encode()).hexdigest()[:16]
        self.path = str(Path(FOLDER) / f"gameday-lock-{name}")

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return its holder where it is taken, None: it is ours."""
        if self.path in _ours:
            return None
        try:
            file = self._open()
        except OSError as wrong:
            raise TargetNotFound(f"{self.path}: {wrong.strerror}") from wrong
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = _read(file)
            os.close(file)
            return other
        _ours[self.path] = file
        with suppress(OSError):  # full: the lock counts, not its text
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(holder.to_words()).encode(), 0)
        return None

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(FileExistsError):
            file = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o666)
            os.fchmod(file, 0o666)
            return file
        return os.open(self.path, flags)

    def holder(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has it."""
        del wait, decide  # whether it lives shows at once
        try:
            file = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _read(file)
        finally:
            os.close(file)
        return None

    def release(self, run: str = "") -> None:
        """Release the lock if this process has it."""
        del run
        file = _ours.pop(self.path, None)
        if file is not None:
            with suppress(OSError):
                os.ftruncate(file, 0)
            os.close(file)

    def why_lost(self) -> str:
        """Return nothing: the kernel lets nobody else take it."""
        return ""

    def free_command(self) -> str:
        """Return how it is freed: it is when its holder ends."""
        return "gameday stop"


def _read(file: int) -> Holder:
    try:
        words = json.loads(os.pread(file, _LONGEST, 0))
        return holder_from({str(key): str(value) for key, value in words.items()})
    except (OSError, ValueError, AttributeError):
        return Holder(run="")
