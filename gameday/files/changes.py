"""What a caller changes in a scenario before it is read: `step__hold="20s"`.

A change is a path of keys with two underscores between them; `step` stands for each
step. It is judged as if the file had it, so that a wrong value has the usual message.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gameday.errors import UsageError
from gameday.files.text.nodes import Document, Entry, List, Map, Node, Scalar

EACH_STEP = "step"
_SPELT = {True: "true", False: "false", None: "null"}


def apply(document: Document, changes: Mapping[str, Any]) -> None:
    """Put the changes into a document, in place; UsageError where one has no place."""
    if not isinstance(document.root, Map):
        return  # no scenario at all, which is told by who reads it
    for name, value in changes.items():
        keys = name.split("__")
        if not all(keys) or keys == [EACH_STEP]:
            raise UsageError(
                f"{name!r} changes nothing in a scenario; expected a key, or keys with "
                "two underscores between them, such as step__hold or load__rate"
            )
        for section, rest in _sections(document, name, keys):
            _put(section, rest, value, name)


def _sections(
    document: Document, name: str, keys: Sequence[str]
) -> Iterator[tuple[Map, Sequence[str]]]:
    root = document.root
    assert isinstance(root, Map)  # noqa: S101 - looked at by who calls
    if keys[0] != EACH_STEP:
        yield root, keys
        return
    steps = root.entries["steps"].node if "steps" in root.entries else None
    for step in steps.items if isinstance(steps, List) else ():
        if not isinstance(step, Map):
            raise UsageError(f"{name!r}: {document.path} has a step without keys")
        yield step, keys[1:]


def _put(section: Map, keys: Sequence[str], value: Any, name: str) -> None:
    key, *rest = keys
    entry = section.entries.get(key)
    line = section.line if entry is None else entry.line
    if not rest:
        section.entries[key] = Entry(key, _node(value, line), line)
        return
    below = Map(line, {}) if entry is None else entry.node
    if not isinstance(below, Map):
        raise UsageError(f"{name!r}: {key} is no mapping, so that nothing is below it")
    section.entries[key] = Entry(key, below, line)
    _put(below, rest, value, name)


def _node(value: Any, line: int) -> Node:
    if isinstance(value, Mapping):
        entries = {
            str(key): Entry(str(key), _node(below, line), line)
            for key, below in value.items()
        }
        return Map(line, entries)
    if isinstance(value, list | tuple):
        return List(line, [_node(item, line) for item in value])
    plain = value is None or isinstance(value, bool)
    return Scalar(value, _SPELT[value] if plain else str(value), line)
