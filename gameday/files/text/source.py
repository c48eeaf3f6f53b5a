"""Read the text of a file: nothing but regular files, of a bounded size."""

import os
import stat
from typing import NamedTuple, TextIO

from gameday.errors import Problem

LARGEST = 64 * 1024 * 1024  # bytes
_ENOUGH = 262_144  # bytes of a file that tell what it was meant to be


class Source(NamedTuple):
    """A file's text, or the problem that kept it from being read.

    `rough` is what can be made out of a text that is refused: enough to tell what the
    file was meant to be.
    """

    path: str
    text: str = ""
    problem: Problem | None = None
    rough: str = ""


def beside(path: str, name: str) -> str:
    """Return the path of a file that the file `path` names."""
    folder = os.path.dirname(path)  # noqa: PTH120 - paths stay as the user wrote them
    return os.path.normpath(os.path.join(folder, os.path.expanduser(name)))  # noqa: PTH111, PTH118


def read(path: str) -> Source:
    """Return the text of a file; a FIFO or a device is never opened."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path from the user, as text
        if not stat.S_ISREG(mode):
            return _refused(
                path, f"is {_kind(mode)}; expected a regular file", "not-regular"
            )
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return _refused(path, "there is no such file; correct the path", "missing")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return _refused(
            path, f"cannot be read: {(reason or 'error').lower()}", "unreadable"
        )
    return decode(content, path)


def read_stdin(stream: TextIO) -> Source:
    """Return what standard input holds, under the path `-`."""
    raw = getattr(stream, "buffer", None)
    if raw is not None:
        return decode(raw.read(LARGEST + 1), "-")
    return decode(stream.read(LARGEST + 1).encode(), "-")


def decode(content: bytes, path: str) -> Source:
    """Return the bytes as text; only UTF-8 without NUL bytes is read."""
    if len(content) > LARGEST:
        refused = _refused(path, "is larger than 64 MiB; split it up", "bounds")
        return refused._replace(rough=_rough(content))
    nul = content.find(b"\0")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        message = f"is not UTF-8: byte 0x{byte:02x}; save the file as UTF-8"
        refused = _refused(path, message, "not-text", line)
        return refused._replace(rough=_rough(content))
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        message = "holds a NUL byte; expected plain text"
        refused = _refused(path, message, "not-text", line)
        return refused._replace(rough=_rough(content))
    return Source(path, text)


def _rough(content: bytes) -> str:
    for mark in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16's byte-order marks
        content = content.removeprefix(mark)
    return content[:_ENOUGH].replace(b"\0", b"").decode("latin-1")


def _refused(path: str, message: str, code: str, line: int | None = None) -> Source:
    return Source(path, problem=Problem(path, line, message, id=f"file/{code}"))


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
