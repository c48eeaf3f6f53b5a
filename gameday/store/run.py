"""One run as it is written: its folder and the history, the same lines in both."""

import json
from collections.abc import Callable
from dataclasses import replace

from gameday.errors import StoreError
from gameday.model.events import Event
from gameday.store.folder import PLAN, VERDICT, RunFolder, parse_lines
from gameday.store.history import History, NewRun, Record


class RunStore:
    """Keeps a run; `redact` takes known secret values out of every text.

    `shared`: the group of its folder may read its files.
    """

    def __init__(
        self,
        history: History,
        new: NewRun,
        redact: Callable[[str], str] = str,
        *,
        shared: bool = False,
    ) -> None:
        self._redact = redact
        self._history = history
        self._new = replace(new, plan=redact(new.plan))
        self._lines: list[str] = []
        self.failure = ""  # why not all of it could be kept on disk
        self._files = RunFolder(new.folder, shared=shared)
        self._files.write(PLAN, self._new.plan)
        history.begin(self._new)

    @property
    def folder(self) -> str:
        """Where the run's files are."""
        return self._new.folder

    def append(self, event: Event) -> None:
        """Keep one event, before anybody acts on it.

        StoreError the first time that it cannot be kept on disk. What comes after
        that, the undo above all, is kept in memory, and on disk where there is room.
        """
        line = self._redact(json.dumps(event.to_json(), default=str))
        self._lines.append(line)
        try:
            self._files.append(line)
            self._history.append(self._new.run, line)
        except StoreError as error:
            if not self.failure:
                self.failure = str(error)
                raise

    def write(self, name: str, content: str) -> str:
        """Write a file of the run whole or not at all; return its path."""
        text = self._redact(content)
        path = self._files.write(name, text)
        if name == VERDICT:
            self._history.finish(self._new.run, text)
        return path

    def redact(self, text: str) -> str:
        """Return a text without any known secret value."""
        return self._redact(text)

    def write_bytes(self, name: str, content: bytes) -> str:
        """Write a file that is no text, whole or not at all; return its path."""
        return self._files.write_bytes(name, content)

    def events(self) -> list[Event]:
        """Return what was kept so far."""
        return parse_lines(self._lines, self.folder)

    def record(self) -> Record:
        """Return the run as it is stored."""
        new = self._new
        lines = tuple(self._lines)
        return Record(run=new.run, plan=new.plan, lines=lines, where=new.folder)

    def close(self) -> None:
        """Let go of the files; idempotent."""
        self._files.close()
