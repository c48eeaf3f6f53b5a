"""The documents of a file, each with its kind: a file is often several things.

`kubectl get -o yaml` prints one document that holds a list; a rule stands behind its
namespace; a service's manifest brings its SLO along.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gameday.errors import Problem
from gameday.files import kind, neighbours
from gameday.files.text.nodes import Document, List, Map, Node, Scalar

_LARGE = 256 * 1024  # characters
# One of these stands in every document of a known kind.
_WORDS = re.compile(
    r"groups|PrometheusRule|scrape_configs|rule_files|_interval|route|receivers"
    r"|alertmanagers|remote_write"
    r"|inhibit_rules|gameday/|Scenario|GameDay|steps|openslo|sloth|pyrra|prometheus/v"
    r"|slos|method|rollbacks|steady-state|description"
)


class Piece(NamedTuple):
    """One document of a file; `kind` is empty where it is none of ours.

    `neighbour` then says what it is.
    """

    kind: str
    neighbour: str
    document: Document


def surely_other(text: str) -> str:
    """Return what a large text is that is certainly none of ours; empty: who knows.

    Data of megabytes stand in many repositories. Finding out costs a fraction of
    reading them with their lines.
    """
    if len(text) < _LARGE:
        return ""
    if not _WORDS.search(text):
        return neighbours.OTHER
    if text.lstrip()[:1] not in ("{", "["):
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    items = value.get("items") if isinstance(value, dict) else None
    if kind.of_value(value) or isinstance(items, list):
        return ""
    return neighbours.like_ours(value) or neighbours.other(value)


def of(document: Document, *, passing: bool) -> list[Piece]:
    """Return the documents of a file, lists of Kubernetes' taken apart.

    `passing`: what only has to be refused by name when somebody names it (a Sloth
    file with plugins) is a neighbour.
    """
    return [
        _piece(
            Document(document.path, root, refused_by_go=part.refused_by_go),
            passing=passing,
        )
        for part in document.all
        if part.root is not None
        for root in _items(part.root)
    ]


def _items(root: Node) -> Iterator[Node]:
    items = root.entries.get("items") if isinstance(root, Map) else None
    its_kind = root.entries.get("kind") if isinstance(root, Map) else None
    if (
        items is not None
        and its_kind is not None
        and isinstance(items.node, List)
        and isinstance(its_kind.node, Scalar)
        and its_kind.node.text.endswith("List")
    ):
        for item in items.node.items:
            yield from _items(item)
    else:
        yield root


def _piece(document: Document, *, passing: bool) -> Piece:
    value = document.value
    alike = neighbours.like_ours(value)
    if alike:
        return Piece("", alike, document)
    is_kind = kind.of_value(value)
    if is_kind == kind.SLO and passing and neighbours.has_plugins(value):
        return Piece("", neighbours.PLUGINS, document)
    return Piece(is_kind, "" if is_kind else neighbours.other(value), document)


def joined(pieces: list[Piece], problems: list[Problem]) -> Document:
    """Return the pieces of one kind as one document with further ones.

    It carries the file's problems.
    """
    first, *rest = (piece.document for piece in pieces)
    return replace(first, problems=problems, rest=tuple(rest))


def concerning(pieces: list[Piece], problems: list[Problem]) -> list[Problem]:
    """Return the problems of a file without those inside documents of others."""
    starts = [(piece.document.line(()) or 1, piece.kind) for piece in pieces]

    def is_ours(problem: Problem) -> bool:
        if problem.id != "file/duplicate-key" or problem.line is None:
            return True
        before = [kind for line, kind in starts if line <= problem.line]
        return bool(before[-1] if before else True)

    return [problem for problem in problems if is_ours(problem)]
