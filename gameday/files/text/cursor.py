"""A place in a document: what is there, what is wrong with it, and where that is."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from gameday.errors import Problem
from gameday.files.text.nodes import Document, Path
from gameday.files.text.suggest import did_you_mean, near
from gameday.model.quoting import shown

MANY = 500  # problems of a file from which on nobody reads what may have been meant


class Cursor(NamedTuple):
    """A value with its path; `problems` is shared by all cursors of a reading."""

    document: Document
    value: Any
    problems: list[Problem]
    path: Path = ()

    @property
    def line(self) -> int | None:
        """The line of the value, or of its key."""
        return self.document.line(self.path)

    @property
    def name(self) -> str:
        """The path as a person reads it: `steps[0].expect.alerts[1]`."""
        return dotted(self.path)

    def error(self, message: str, *at: str | int, code: str = "invalid") -> None:
        """Report an error here, or at a key below.

        `code` is the last part of the problem's id; the first is the family of the
        document, or of the code itself where it has one (`slo/window`).
        """
        self._report(message, at, "error", code)

    def warn(self, message: str, *at: str | int, code: str = "doubtful") -> None:
        """Report a warning here, or at a key below; `code` is as for an error."""
        self._report(message, at, "warning", code)

    def _report(self, message: str, at: Path, severity: str, code: str) -> None:
        path = (*self.path, *at)
        where = f"{dotted(path)}: " if path else ""
        line, column = self.document.place(path)
        file = self.document.path
        named = code if "/" in code else f"{self.document.family}/{code}"
        self.problems.append(
            Problem(file, line, where + message, severity, named, column)
        )

    def get(self, key: str) -> "Cursor | None":
        """Return the value under a key; None where there is none, or null."""
        if not isinstance(self.value, Mapping) or self.value.get(key) is None:
            return None
        return self.at(key)

    def at(self, part: str | int) -> "Cursor":
        """Return the value under a key or an index that exists."""
        return self._replace(value=self.value[part], path=(*self.path, part))

    def as_written(self) -> "Cursor":
        """Return the same place with every scalar below as text: `name: 12`."""
        value = self.document.texts
        for part in self.path:
            value = value[part]
        return self._replace(value=value)

    def refuse_empty(self, *keys: str) -> None:
        """Report those of the keys that are there without a value."""
        for key in keys:
            if key in self.value and self.value[key] is None:
                message = "is empty; give it a value or remove the key"
                self.error(message, key, code="empty-key")

    def items(self) -> Iterator["Cursor"]:
        """Go through a list; anything else is an error (null: nothing)."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.at(index)
        elif self.value is not None:
            self.error(
                f"{shown(self.value)} is not a list; expected a list", code="wrong-type"
            )

    def entries(self) -> Iterator[tuple[str, "Cursor"]]:
        """Go through a mapping; anything else is an error (null: nothing)."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield key, self.at(key)
        elif self.value is not None:
            message = f"{shown(self.value)} is not a mapping; expected a mapping"
            self.error(message, code="wrong-type")

    def mapping(self, key: str | None = None) -> "Cursor | None":
        """Return the mapping here (or under a key); an error where it is none."""
        here = self if key is None else self.get(key)
        if here is None or isinstance(here.value, dict):
            return here
        message = f"{shown(here.value)} is not a mapping; expected a mapping"
        here.error(message, code="wrong-type")
        return None

    def list_of(self, key: str) -> list["Cursor"]:
        """Return the items under a key; an error where it holds no list."""
        here = self.get(key)
        return [] if here is None else list(here.items())

    def text(self, key: str, *, required: bool = False) -> str:
        """Return the text under a key; empty where there is none."""
        here = self.get(key)
        if here is None or here.value == "":
            if required:
                message = f"{key} is required and missing; expected text"
                self.error(message, code="missing-key")
            return ""
        if not isinstance(here.value, str):
            message = f"{shown(here.value)} is not text; write it in quotes"
            here.error(message, code="wrong-type")
            return ""
        return here.value

    def flag(self, key: str) -> bool | None:
        """Return the boolean under a key; None where there is none."""
        here = self.get(key)
        if here is None or isinstance(here.value, bool):
            return None if here is None else here.value
        here.error(f"{shown(here.value)} is not true or false", code="wrong-type")
        return None

    def choice(self, key: str, known: Collection[str]) -> str:
        """Return the text under a key where it is one of the known ones."""
        text = self.text(key)
        if text and text not in known:
            message = f"{shown(text)} is not known{did_you_mean(text, known)}"
            self.error(message, key, code="unknown-value")
            return ""
        return text

    def only(
        self, known: Collection[str], *, also: str = "", lenient: bool = False
    ) -> None:
        """Report every key that is not known; `also` is a pattern of free keys.

        `lenient`: the format's own reader passes over such keys: a warning.
        """
        report = self.warn if lenient else self.error
        for key, _ in self.entries():
            if key in known or (also and re.fullmatch(also, key)):
                continue
            hint = ""
            if len(self.problems) < MANY:
                hint = near(key, known) if lenient else did_you_mean(key, known)
            message = f"{key!r} is an unknown key{hint}"
            report(message, key, code="unknown-key")


def top(
    document: Document,
    problems: list[Problem],
    *,
    family: str = "",
    texts: bool = False,
) -> Cursor:
    """Return the cursor of a document's root.

    `family` is what the ids of the problems in it begin with: `rules`, `slo`, …
    """
    document.family = family or document.family
    value = document.texts if texts else document.value
    return Cursor(document, value, problems)


def dotted(path: Path) -> str:
    """Return a path as `steps[0].expect`."""
    made = ""
    for part in path:
        if isinstance(part, int):
            made += f"[{part}]"
        else:
            made += f".{part}" if made else str(part)
    return made
