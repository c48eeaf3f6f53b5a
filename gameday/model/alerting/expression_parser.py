"""Reads a PromQL expression into the tree of `expression`.

The parser is `promql-parser`, a library without effects. What it does not know (a
newer syntax) is None: how far such an expression looks back cannot be told.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.expression import (
    NAME,
    Absent,
    Constant,
    Node,
    Selector,
    Shift,
    Tree,
    Window,
)
from gameday.model.alerting.operators import COMPARISONS

_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


_PAIRWISE = frozenset(
    ("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear")
)


@lru_cache(maxsize=4096)
def parse(expr: str) -> Tree | None:
    """Return the tree of an expression; None where the parser does not know it."""
    import promql_parser

    try:
        return _tree(promql_parser.parse(expr))
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def series_expression(expr: str) -> str | None:
    """Return the expression whose series an alert may have; None: not understood.

    A comparison hides the series that are healthy now, so it is taken away; `unless`
    may hide them as well.
    """
    import promql_parser

    try:
        return _compared(promql_parser.parse(expr))
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def alternatives(expr: str) -> tuple[str, ...]:
    """Return the expressions of which any makes the whole true: the sides of `or`."""
    import promql_parser

    try:
        return tuple(_sides(promql_parser.parse(expr)))
    except (ValueError, RecursionError):
        return (expr,)


def _sides(node: Any) -> Iterator[str]:
    kind = type(node).__name__
    if kind == "ParenExpr":
        yield from _sides(node.expr)
    elif kind == "BinaryExpr" and str(node.op) == "or":
        yield from _sides(node.lhs)
        yield from _sides(node.rhs)
    else:
        yield str(node)


def _compared(node: Any) -> str:
    kind = type(node).__name__
    if kind == "ParenExpr":
        return _compared(node.expr)
    if kind != "BinaryExpr":
        return str(node)
    op, modifier = str(node.op), node.modifier
    if op in COMPARISONS and not (modifier is not None and modifier.return_bool):
        sides = [side for side in (node.lhs, node.rhs) if not _is_number(side)]
        return _compared(sides[0]) if sides else str(node)
    if op == "unless":
        return _compared(node.lhs)
    if op in ("and", "or"):
        how = f" {modifier}".rstrip() if modifier is not None else ""
        return f"({_compared(node.lhs)}) {op}{how} ({_compared(node.rhs)})"
    return str(node)


def _is_number(node: Any) -> bool:
    kind = type(node).__name__
    if kind in ("ParenExpr", "UnaryExpr"):
        return _is_number(node.expr)
    if kind == "BinaryExpr":
        return _is_number(node.lhs) and _is_number(node.rhs)
    return kind == "NumberLiteral" or (
        kind == "Call" and str(node).startswith(("scalar(", "time("))
    )


def _tree(node: Any) -> Tree:
    read = _READERS.get(type(node).__name__)
    if read is None:
        raise ValueError(f"{type(node).__name__} is not known")
    tree: Tree = read(node)
    return tree


def _selector(node: Any) -> Tree:
    matchers = tuple(_matcher(matcher) for matcher in node.matchers.matchers)
    alternatives = getattr(node.matchers, "or_matchers", None)
    if alternatives:
        matchers = ()  # `or` between matchers: any of them, so none is certain
    named = [
        matcher.value
        for matcher in matchers
        if matcher.name == NAME and matcher.op == "="
    ]
    name = node.name or (named[0] if named else "")
    return _shifted(node, Selector(str(name), matchers))


def _matcher(matcher: Any) -> Matcher:
    op = _OPERATORS[str(matcher.op).removeprefix("MatchOp.")]
    return Matcher(name=matcher.name, op=op, value=matcher.value)


def _shifted(node: Any, inner: Tree) -> Tree:
    pinned = node.at is not None and str(node.at).strip("@ ")[:1] not in "se"
    if pinned:
        return Shift(inner, None)
    if node.offset is None or node.offset.total_seconds() <= 0:
        return inner  # what lies ahead is not known yet: the newest sample answers
    return Shift(inner, node.offset.total_seconds())


def _matrix(node: Any) -> Tree:
    inner = _tree(node.vector_selector)
    back = node.range.total_seconds()
    if isinstance(inner, Shift):
        return Shift(Window(inner.inner, back), inner.offset)
    return Window(inner, back)


def _subquery(node: Any) -> Tree:
    step = 0.0 if node.step is None else node.step.total_seconds()
    window = Window(_tree(node.expr), node.range.total_seconds(), step=step)
    return _shifted(node, window)


def _call(node: Any) -> Tree:
    word = str(getattr(node.func, "name", "")) or str(node).split("(", 1)[0].strip()
    parts = tuple(_tree(part) for part in node.args)
    if word == "absent" and parts:
        return Absent(parts[0])
    gone = word == "absent_over_time"
    if gone or word in _PAIRWISE:
        samples = 2 if word in _PAIRWISE else 1
        parts = tuple(_sampled_alike(part, samples, gone=gone) for part in parts)
    if gone and parts:
        return parts[0]
    return Node(word, parts)


def _sampled_alike(part: Tree, samples: int, *, gone: bool) -> Tree:
    if isinstance(part, Shift):
        return Shift(_sampled_alike(part.inner, samples, gone=gone), part.offset)
    if isinstance(part, Window):
        return replace(part, samples=samples, gone=gone)
    return part


def _aggregate(node: Any) -> Tree:
    parts = [_tree(node.expr)]
    if node.param is not None:
        parts.append(_tree(node.param))
    return Node(
        str(node.op), tuple(parts), kind="aggregate", grouping=_grouping(node.modifier)
    )


def _grouping(modifier: Any) -> tuple[str, tuple[str, ...]]:
    if modifier is None:
        return "by", ()
    way = str(modifier).split("(", 1)[0].strip()
    return way, tuple(str(label) for label in modifier.labels)


def _operator(node: Any) -> Tree:
    modifier = node.modifier
    grouping: tuple[str, tuple[str, ...]] = ("", ())
    card, returns_bool = "", False
    included: tuple[str, ...] = ()
    if modifier is not None:
        returns_bool = bool(modifier.return_bool)
        if modifier.matching is not None:
            way = str(modifier.matching).split("(", 1)[0].strip()
            grouping = (way, tuple(str(label) for label in modifier.matching.labels))
        card = _card(modifier)
        included = tuple(str(label) for label in modifier.group_labels or ())
    return Node(
        str(node.op),
        (_tree(node.lhs), _tree(node.rhs)),
        kind="operator",
        grouping=grouping,
        card=card,
        included=included,
        returns_bool=returns_bool,
    )


def _card(modifier: Any) -> str:
    text = str(modifier.card)
    if "ManyToOne" in text:
        return "group_left"
    return "group_right" if "OneToMany" in text else ""


def _lower_part(node: Any) -> Tree:
    return _tree(node.expr)


def _number(node: Any) -> Tree:
    return Constant(float(node.val))


def _text(node: Any) -> Tree:
    return Constant(str(node.val))


def _negative(node: Any) -> Tree:
    return Node("-", (_tree(node.expr),), kind="call")


_READERS: dict[str, Any] = {
    "VectorSelector": _selector,
    "MatrixSelector": _matrix,
    "SubqueryExpr": _subquery,
    "Call": _call,
    "AggregateExpr": _aggregate,
    "BinaryExpr": _operator,
    "ParenExpr": _lower_part,
    "UnaryExpr": _negative,
    "NumberLiteral": _number,
    "StringLiteral": _text,
}
