"""The tree that a YAML or JSON text is, every node with its line.

Readers get plain values from it (`value`), or the texts of all scalars as they
are written (`texts`), because Go's readers take `on` or `1` for text where text
is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gameday.errors import Problem

Path = tuple[str | int, ...]
MERGE = "<<"


class Scalar(NamedTuple):
    """A leaf: its value and the text it was written as; `quoted`: in quotes."""

    value: Any
    text: str
    line: int
    column: int = 0
    quoted: bool = False


class Entry(NamedTuple):
    """One key of a mapping, with the line of the key."""

    key: str
    node: "Node"
    line: int
    column: int = 0


class Map(NamedTuple):
    """A mapping in the order of the text; of duplicates, reported, the last."""

    line: int
    entries: dict[str, Entry]
    column: int = 0


class List(NamedTuple):
    """A sequence."""

    line: int
    items: list["Node"]
    column: int = 0


Node = Scalar | Map | List


@dataclass(slots=True)
class Document:
    """One document of a file; `root` is None where nothing could be read.

    `rest` are the further documents of the same file. `problems` belong to the
    file as a whole and are carried by its first document. `family` is what the ids
    of problems in it begin with. `refused_by_go` is what other readers take and those
    of Go, in which Prometheus is written, do not. `empty_documents` are the lines of
    the file's documents without content, known of its first one that has any.
    """

    path: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    rest: tuple["Document", ...] = ()
    family: str = "file"
    refused_by_go: list[Problem] = field(default_factory=list)
    empty_documents: tuple[int, ...] = ()

    @property
    def value(self) -> Any:
        """The plain Python value."""
        return None if self.root is None else plain(self.root)

    @property
    def texts(self) -> Any:
        """The value with every scalar as text, and null as None."""
        return None if self.root is None else _build(self.root, _text)

    @property
    def all(self) -> tuple["Document", ...]:
        """The document and the further ones, those without content left out."""
        return tuple(part for part in (self, *self.rest) if part.root is not None)

    @property
    def is_behind_empty(self) -> bool:
        """Whether an empty document comes first, which many readers take for all."""
        line = self.line(()) or 0
        return any(empty <= line for empty in self.empty_documents)

    @property
    def broken(self) -> bool:
        """Whether the text could not be read."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def broken_off(self) -> bool:
        """Whether nothing could be read, or not all of it."""
        return self.root is None or any(
            problem.severity == "error" and problem.id != "file/duplicate-key"
            for problem in self.problems
        )

    def problems_for_go(self, *, merges_once: bool = False) -> list[Problem]:
        """Return the file's problems where a program in Go reads it.

        `merges_once`: that reader (yaml.v3) refuses a second `<<` in a mapping.
        """
        refused = [
            problem
            for problem in self.refused_by_go
            if merges_once or problem.id != "file/duplicate-key"
        ]
        return [*self.problems, *refused]

    def line(self, path: Sequence[str | int]) -> int | None:
        """Return the line of the value (a mapping's entry: of its key) at a path.

        Parts that are not in the text are passed over: the line is that of the
        nearest thing that is.
        """
        return self.place(path)[0]

    def place(self, path: Sequence[str | int]) -> tuple[int | None, int]:
        """Return line and column at a path, both from 1; (None, 0): no document."""
        node = self.root
        if node is None:
            return None, 0
        start = (node.line, node.column)
        for part in path:
            if isinstance(node, Map) and part in node.entries:
                entry = node.entries[str(part)]
                node, start = entry.node, (entry.line, entry.column)
            elif isinstance(node, List) and part in range(len(node.items)):
                node = node.items[int(part)]
                start = (node.line, node.column)
        return start

    def rename(self, path: Path, name: str) -> None:
        """Give the key at a path another name, in place; it stays where it is."""
        *above, key = path
        node = self.root
        for part in above:
            if isinstance(node, List):
                node = node.items[int(part)]
            elif isinstance(node, Map):
                node = node.entries[str(part)].node
        if isinstance(node, Map):
            entry = node.entries.pop(str(key))
            node.entries[name] = entry._replace(key=name)


def plain(node: Node) -> Any:
    """Return the plain Python value of a node."""
    return _build(node, lambda scalar: scalar.value)


def _text(scalar: Scalar) -> str | None:
    return None if scalar.value is None else scalar.text


def _build(node: Node, leaf: Callable[[Scalar], Any]) -> Any:
    if isinstance(node, Scalar):
        return leaf(node)
    if isinstance(node, List):
        return [_build(item, leaf) for item in node.items]
    return {key: _build(entry.node, leaf) for key, entry in node.entries.items()}


def with_texts_changed(node: Node, change: Callable[[Scalar], Scalar]) -> Node:
    """Return the tree with every scalar run through `change`; keys stay."""
    if isinstance(node, Scalar):
        return change(node)
    if isinstance(node, List):
        items = [with_texts_changed(item, change) for item in node.items]
        return List(node.line, items, node.column)
    entries: Mapping[str, Entry] = node.entries
    return Map(
        node.line,
        {
            key: entry._replace(node=with_texts_changed(entry.node, change))
            for key, entry in entries.items()
        },
        node.column,
    )
