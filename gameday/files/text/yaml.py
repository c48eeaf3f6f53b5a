"""YAML to nodes with lines, safely: no tags, no bombs, no depth, bounded time.

Events come from PyYAML (libyaml's parser where it was built in); composing and
constructing is done here, so that nothing of a file is ever executed, and every
key and value keeps its line.
"""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from gameday.errors import Problem
from gameday.files.text import json_text
from gameday.files.text.json_text import DEEPEST
from gameday.files.text.nodes import MERGE, Document, Entry, List, Map, Node, Scalar
from gameday.files.text.source import Source

# Nodes that may stand in the tree through aliases: so many, and so many for each one
# that is written out. A file that people wrote repeats less than it says.
MOST_ALIASED = 50_000
ALIASED_EACH = 4
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(
    _CORE + name for name in ("str", "int", "float", "bool", "null", "timestamp")
)
_TREE_TAGS = frozenset(_CORE + name for name in ("map", "seq"))
_LONGEST_NUMBER = 400
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")
_LONG = 65_536  # characters from which on it pays to ask a quicker reader first
_LONGEST_REREAD = 200_000  # characters, to tell where a quote begins
_QUOTED = "quoted text"
_BEGUN = {  # what the parser was in -> as a person calls it
    "while scanning a quoted scalar": _QUOTED,
    "while parsing a flow sequence": "list",
    "while parsing a flow mapping": "mapping",
}


class _Bad(Exception):
    def __init__(self, message: str, line: int, code: str = "syntax") -> None:
        super().__init__(message)
        self.line, self.id = line, f"file/{code}"


def read(source: Source) -> Document:
    """Return the first document of a file that was read, problems included."""
    if source.problem is not None:
        return Document(source.path, None, [source.problem])
    return parse(source.text, source.path)


def parse(text: str, path: str) -> Document:
    """Return the first document of a YAML or JSON text; it carries all problems."""
    problems: list[Problem] = []
    if text.startswith("\ufeff"):
        text = text[1:]
        message = "starts with a byte-order mark, which other readers refuse; remove it"
        problems.append(Problem(path, 1, message, "warning", "file/byte-order-mark"))
    if not text.strip():
        return Document(path, None, [*problems, empty(path)])
    document = _either(text, path)
    document.problems[:0] = problems
    return document


def _either(text: str, path: str) -> Document:
    named_json = path.endswith(".json")
    if not named_json and text.lstrip()[0] not in "{[":
        return _yaml(text, path)
    as_json = _json(text, path)
    if not as_json.broken or named_json:
        return as_json
    as_yaml = _yaml(text, path)
    looks_json = bool(re.match(r'\s*(\[\s*)*\{\s*"', text))
    return as_json if as_yaml.broken and looks_json else as_yaml


def _json(text: str, path: str) -> Document:
    """Return a JSON text's document; a long one that is broken is not read twice."""
    problem = json_text.broken(text, path) if len(text) > _LONG else None
    if problem is not None:
        return Document(path, None, [problem])
    return json_text.parse(text, path)


def _yaml(text: str, path: str) -> Document:
    problems: list[Problem] = []
    documents: list[Document] = []
    empty_documents: list[int] = []
    try:
        loader = _BASE(text)
        try:
            composer = _Composer(loader, path, problems, text)
            empty_documents = composer.empty_documents
            documents.extend(composer.documents())
        finally:
            loader.dispose()
    except _Bad as error:
        problems.append(Problem(path, error.line, str(error), id=error.id))
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(error, text, path))
    except ValueError as error:  # an int of a million digits, a date of 31 February
        problems.append(
            Problem(path, None, f"cannot be read: {error}", id="file/value")
        )
    if not documents and not problems:
        problems.append(empty(path))
    first = documents[0] if documents else Document(path)
    first.problems, first.rest = problems, tuple(documents[1:])
    first.empty_documents = tuple(empty_documents)
    return first


def empty(path: str) -> Problem:
    """Return the problem of a file without any content."""
    return Problem(path, None, "is empty", id="file/empty")


class _Composer:
    """Builds nodes from the loader's events, one document after the other."""

    def __init__(
        self, loader: Any, path: str, problems: list[Problem], text: str
    ) -> None:
        self.loader, self.path, self.problems = loader, path, problems
        self.text = text
        self.refused_by_go: list[Problem] = []
        self.empty_documents: list[int] = []
        self.anchors: dict[str, Node] = {}
        self.sizes: dict[int, int] = {}
        self.made = 0
        self.aliased = 0
        self.line = 0

    def documents(self) -> Iterator[Document]:
        while True:
            event = self.loader.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.refused_by_go = {}, []
                mark: Any = event.start_mark
                line: int = mark.line + 1
                self._version(event.version, line)
                root = self._node(self.loader.get_event(), 0)
                if isinstance(root, Scalar) and root.value is None:
                    self.empty_documents.append(line)
                else:
                    yield Document(self.path, root, refused_by_go=self.refused_by_go)

    def _version(self, version: tuple[int, int] | None, line: int) -> None:
        if version is not None and version != (1, 1):
            written = ".".join(map(str, version))
            message = f"%YAML {written} is refused by Go's YAML reader; remove the line"
            self._refused_by_go(line, message, "syntax")

    def _refused_by_go(self, line: int, message: str, code: str) -> None:
        problem = Problem(self.path, line, message, id=f"file/{code}")
        self.refused_by_go.append(problem)

    def _node(self, event: Any, depth: int) -> Node:
        mark = event.start_mark
        if mark.line + 1 != self.line:
            self.line = mark.line + 1
        line = self.line  # one number for all nodes of a line
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line)
        self.made += 1
        if depth > DEEPEST:
            raise _Bad(f"is nested deeper than {DEEPEST} levels", line, "bounds")
        before = self.made + self.aliased
        node = self._made(event, depth, line, mark.column + 1)
        if event.anchor:
            self.anchors[event.anchor] = node
            self.sizes[id(node)] = self.made + self.aliased - before + 1
        return node

    def _alias(self, anchor: str, line: int) -> Node:
        node = self.anchors.get(anchor)
        if node is None:
            raise _Bad(f"the alias *{anchor} names no anchor before it", line)
        self.aliased += self.sizes[id(node)]
        if self.aliased > MOST_ALIASED + ALIASED_EACH * self.made:
            raise _Bad(
                "aliases blow this file up; write the values out", line, "bounds"
            )
        return node

    def _made(self, event: Any, depth: int, line: int, column: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line, column)
        if event.tag not in (None, "!") and event.tag not in _TREE_TAGS:
            raise _bad_tag(event.tag, line)
        if isinstance(event, yaml.SequenceStartEvent):
            made = List(line, [], column)
            while not isinstance(
                item := self.loader.get_event(), yaml.SequenceEndEvent
            ):
                made.items.append(self._node(item, depth + 1))
            return made
        return self._map(depth, line, column)

    def _scalar(self, event: Any, line: int, column: int) -> Scalar:
        tag = event.tag
        if tag in (None, "!"):
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag in (_CORE + "merge", _CORE + "value"):
            tag = _CORE + "str"
        if tag not in _PLAIN_TAGS:
            raise _bad_tag(tag, line)
        if tag in (_CORE + "str", _CORE + "timestamp"):
            quoted = event.style in ("'", '"')
            if event.style == '"' and "/" in event.value:
                written = self.text[event.start_mark.index : event.end_mark.index]
                if _ESCAPED_SLASH.search(written):
                    problem = json_text.unknown_escape(self.path, line)
                    self.refused_by_go.append(problem)
            return Scalar(event.value, event.value, line, column, quoted=quoted)
        return Scalar(self._typed(tag, event, line), event.value, line, column)

    def _typed(self, tag: str, event: Any, line: int) -> Any:
        if len(event.value) > _LONGEST_NUMBER:
            raise _Bad("this number is too long", line, "value")
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        try:
            return self.loader.yaml_constructors[tag](self.loader, node)
        except (ValueError, KeyError, OverflowError):
            name = tag.removeprefix(_CORE)
            raise _Bad(
                f"{event.value!r} is not a valid {name}", line, "value"
            ) from None

    def _map(self, depth: int, line: int, column: int) -> Map:
        made = Map(line, {}, column)
        merged: list[Node] = []
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            mark = event.start_mark
            key_line = mark.line + 1
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise _Bad("a list or a mapping cannot be a key", key_line)
            node = self._node(self.loader.get_event(), depth + 1)
            if key.text == MERGE and self._is_merge(event):
                if merged:
                    message = "`<<` stands twice in one mapping; write <<: [*a, *b]"
                    self._refused_by_go(key_line, message, "duplicate-key")
                merged.append(node)
            else:
                if key.text in made.entries:  # the last one wins, as elsewhere
                    problem = json_text.duplicate(self.path, key_line, key.text)
                    self.problems.append(problem)
                name = sys.intern(key.text)  # the same few keys stand everywhere
                made.entries[name] = Entry(name, node, key.line, mark.column + 1)
        for node in merged:
            self._merge(made, node, line)
        return made

    def _is_merge(self, event: Any) -> bool:
        """Return whether a key that reads `<<` is one: plain, or tagged so."""
        if not isinstance(event, yaml.ScalarEvent):
            return False
        if event.tag is None:
            return not event.style
        return bool(event.tag == _CORE + "merge")

    def _merge(self, made: Map, node: Node, line: int) -> None:
        for item in node.items if isinstance(node, List) else [node]:
            if not isinstance(item, Map):
                raise _Bad("only a mapping can be merged with <<", line)
            for key, entry in item.entries.items():
                made.entries.setdefault(key, entry)


def _bad_tag(tag: str, line: int) -> _Bad:
    name = tag.replace(_CORE, "!!")
    return _Bad(f"the tag {name} is not allowed; write a plain value", line, "tag")


def _long_quote(text: str, line: int) -> int:
    """Return where the quoted text begins that ends in a line; 0: none of several."""
    if len(text) > _LONGEST_REREAD:
        return 0
    began = 0
    with contextlib.suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=_BASE):
            if token.end_mark.line + 1 > line:
                break
            is_quoted = isinstance(token, yaml.ScalarToken) and token.style in (
                "'",
                '"',
            )
            if is_quoted and token.start_mark.line < token.end_mark.line:
                began = (
                    token.start_mark.line + 1 if token.end_mark.line + 1 == line else 0
                )
    return began


def _syntax_problem(error: yaml.YAMLError, text: str, path: str) -> Problem:
    """Return the problem of a text that is no YAML."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    what = getattr(error, "problem", None) or str(error).split("\n")[0]
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        what = f"the character #x{error.character:04x} is not allowed"
    lines = text.split("\n", line) if line else []
    tabbed = line and len(lines) >= line and lines[line - 1].lstrip(" ")[:1] == "\t"
    hint = "; indent with spaces, not with a tab" if tabbed else ""
    begun = _BEGUN.get(str(getattr(error, "context", "")))
    start = getattr(error, "context_mark", None)
    began = start.line + 1 if start is not None else line
    if begun == _QUOTED and began != line:  # it ran on to the end of the file
        line, what = began, f"the {begun} that begins here does not end"
    elif begun and began != line:
        what = f"{what} in the {begun} that begins in line {began}"
    elif line and (opened := _long_quote(text, line)):
        hint = f"; the {_QUOTED} from line {opened} ends here: was it closed there?"
    message = f"is not valid YAML: {what}{hint}"
    return Problem(path, line, message, id="file/syntax")
