"""JSON to nodes with lines. JSON may hold tabs, which break a YAML reader."""

import json
import re

from gameday.errors import Problem
from gameday.files.text.nodes import Document, Entry, List, Map, Node, Scalar

DEEPEST = 100
_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_OF_JSON_ONLY = re.compile(r"(?<!\\)(?:\\\\)*\\(?:/|u[dD][89a-fA-F])")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"true\b|false\b|null\b")
_BLANKS = (" ", "\t", "\r", "\n")
_WORDS = {"true": True, "false": False, "null": None}
_LONGEST_NUMBER = 400  # digits; Python refuses much longer ones


class _NotJson(ValueError):
    def __init__(self, message: str, line: int, code: str = "syntax") -> None:
        super().__init__(message)
        self.line, self.id = line, f"file/{code}"


def parse(text: str, path: str) -> Document:
    """Return the document of a JSON text; its problems say what is wrong."""
    reader = _Reader(text, path)
    try:
        root = reader.node(0)
        reader.skip()
        if reader.at < len(text):
            raise reader.expected("the end of the file")
    except _NotJson as error:
        return Document(
            path, None, [Problem(path, error.line, str(error), id=error.id)]
        )
    return Document(path, root, reader.problems, refused_by_go=reader.refused_by_go)


def broken(text: str, path: str) -> Problem | None:
    """Return the first thing that is wrong with a JSON text, quickly, and roughly."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        message = f"is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return Problem(path, error.lineno, message, id="file/syntax")
    except (ValueError, RecursionError):
        return None  # bounds of Python's own, which ours are not
    return None


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        self.at, self.line, self.begin = 0, 1, 0  # `begin`: where the line begins
        self.problems: list[Problem] = []
        self.refused_by_go: list[Problem] = []

    def skip(self) -> None:
        if self.text[self.at : self.at + 1] not in _BLANKS:
            return
        match = _SPACE.match(self.text, self.at)
        end = match.end() if match else self.at
        lines = self.text.count("\n", self.at, end)
        if lines:
            self.line += lines
            self.begin = self.text.rfind("\n", self.at, end) + 1
        self.at = end

    def expected(self, what: str) -> _NotJson:
        excerpt = self.text[self.at : self.at + 12].split("\n")[0]
        seen = f"found {excerpt!r}" if excerpt else "the text ends"
        return _NotJson(f"is not valid JSON: expected {what}, {seen}", self.line)

    def take(self, mark: str) -> bool:
        self.skip()
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def node(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise _NotJson(
                f"is nested deeper than {DEEPEST} levels", self.line, "bounds"
            )
        self.skip()
        line, column = self.line, self.at - self.begin + 1
        if self.take("{"):
            return self._map(Map(line, {}, column), depth)
        if self.take("["):
            return self._list(List(line, [], column), depth)
        return self._scalar(line, column)

    def _map(self, made: Map, depth: int) -> Map:
        while not self.take("}"):
            if made.entries and not self.take(","):
                raise self.expected("`,` or `}`")
            self.skip()
            key_line, column = self.line, self.at - self.begin + 1
            key = self._string()
            if not self.take(":"):
                raise self.expected("`:`")
            node = self.node(depth + 1)
            if key in made.entries:
                self.problems.append(duplicate(self.path, key_line, key))
            made.entries[key] = Entry(key, node, key_line, column)
        return made

    def _list(self, made: List, depth: int) -> List:
        while not self.take("]"):
            if made.items and not self.take(","):
                raise self.expected("`,` or `]`")
            made.items.append(self.node(depth + 1))
        return made

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            raise self.expected("a text in double quotes")
        self.at = match.end()
        try:
            made: str = json.loads(match[0])
        except ValueError:
            raise self.expected("a valid escape") from None
        if "\\" in match[0]:
            self._escapes(match[0], made)
        return made

    def _escapes(self, written: str, made: str) -> None:
        """Judge the escapes of a text: half a character can be neither shown nor kept.

        Go's YAML readers, which Prometheus has for JSON too, know fewer than JSON has.
        """
        half = _SURROGATE.search(made)
        if half is not None:
            raise _NotJson(
                f"is not valid: \\u{ord(half[0]):x} is one half of a character; "
                "write the character itself",
                self.line,
            )
        if _OF_JSON_ONLY.search(written):
            self.refused_by_go.append(unknown_escape(self.path, self.line))

    def _scalar(self, line: int, column: int) -> Scalar:
        if self.text.startswith('"', self.at):
            text = self._string()
            return Scalar(text, text, line, column, quoted=True)
        word = _WORD.match(self.text, self.at)
        if word is not None:
            self.at = word.end()
            return Scalar(_WORDS[word[0]], word[0], line, column)
        match = _NUMBER.match(self.text, self.at)
        if match is None or len(match[0]) > _LONGEST_NUMBER:
            raise self.expected("a value")
        self.at = match.end()
        whole = match[0].lstrip("-").isdigit()
        return Scalar((int if whole else float)(match[0]), match[0], line, column)


def unknown_escape(path: str, line: int) -> Problem:
    """Return the problem of an escape that JSON has and Go's YAML readers do not."""
    message = (
        "has an escape that Go's YAML reader refuses; write `/`, or the character "
        "itself, not `\\/` or a pair of `\\ud83d`"
    )
    return Problem(path, line, message, id="file/syntax")


def duplicate(path: str, line: int, key: str) -> Problem:
    """Return the problem of a key that is written twice in one mapping."""
    message = f"the key {key!r} is written twice; keep one of them"
    return Problem(path, line, message, id="file/duplicate-key")
