"""A promised PromQL expression, taken apart: what it compares, series by series.

Prometheus leaves out what does not fit a comparison, so its plain answer cannot tell
a series that breaks a promise from one that is not there. With `bool` each series
answers 1 or 0. Read are a comparison, `and` and `or` of them, and `and` or `unless`
that only select series.
"""

from collections.abc import Iterator
from typing import Any

from gameday.files.promql import promql
from gameday.model.scenario import Condition

_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


class NotCompared(ValueError):
    """An expression that compares nothing; the text says what was expected."""


def conditions(expr: str) -> tuple[Condition, ...]:
    """Return what has to hold, all of it; NotCompared where nothing is compared."""
    try:
        tree = promql.parse(expr)
    except ValueError as error:
        reason = str(error).strip().split("\n")[0]
        raise NotCompared(f"is not understood: {reason}") from None
    return tuple(_conditions(tree))


def _conditions(node: Any) -> Iterator[Condition]:
    if _is(node, "ParenExpr"):
        yield from _conditions(node.expr)
        return
    operator = str(node.op) if _is(node, "BinaryExpr") else ""
    if operator in _COMPARISONS:
        yield _comparison(node, operator)
    elif operator == "and" and _compares(node.rhs):
        yield from _conditions(node.lhs)
        yield from _conditions(node.rhs)
    elif operator in ("and", "unless"):
        yield from _selected(node, operator)
    elif operator == "or" and not _matching(node):
        yield _either(node)
    else:
        raise NotCompared(
            "compares nothing, so it cannot hold or not hold; write a comparison such "
            "as queue_depth < 10"
        )


def _comparison(node: Any, operator: str) -> Condition:
    left, right = _text(node.lhs), _text(node.rhs)
    matching = _matching(node)
    between = f"{operator} bool {matching}".strip()
    sides = ((node.lhs, left), (node.rhs, right))
    return Condition(
        truth=f"({left}) {between} ({right})",
        operands=tuple(text for side, text in sides if not _constant(side)),
    )


def _selected(node: Any, operator: str) -> Iterator[Condition]:
    """Yield the left side's conditions for those series that the right side leaves."""
    rest = f"{operator} {_matching(node)}".strip()
    chosen = f"{rest} ({_text(node.rhs)})"
    for condition in _conditions(node.lhs):
        yield Condition(
            truth=f"({condition.truth}) {chosen}",
            operands=tuple(f"({operand}) {chosen}" for operand in condition.operands),
        )


def _either(node: Any) -> Condition:
    """Return that of two comparisons one holds, for each set of labels."""
    sides = [tuple(_conditions(side)) for side in (node.lhs, node.rhs)]
    if any(len(side) > 1 for side in sides):
        raise NotCompared(
            "has `and` inside of `or`, which is not read; promise it so: "
            "one expression for each"
        )
    (left,), (right,) = sides
    truths = (f"(({left.truth}) == 1)", f"(({right.truth}) == 1)")
    rest = (f"({left.truth})", f"({right.truth})")
    return Condition(
        truth=" or ".join((*truths, *rest)),
        operands=(*left.operands, *right.operands),
    )


def _compares(node: Any) -> bool:
    try:
        return bool(list(_conditions(node)))
    except NotCompared:
        return False


def _matching(node: Any) -> str:
    """Return `on (…) group_left (…)` of an operator; empty where it says nothing."""
    said = "" if node.modifier is None else " ".join(str(node.modifier).split())
    return said.removeprefix("bool").strip()


def _constant(node: Any) -> bool:
    return not any(
        _is(below, "VectorSelector") or _is(below, "Call")
        for below in promql.walk(node)
    )


def _text(node: Any) -> str:
    """Return a part of the expression as text that means the same."""
    text = str(node.prettify())
    if str(promql.parse(text)) != str(node):
        raise NotCompared("cannot be taken apart; write it more simply")
    return text


def _is(node: Any, kind: str) -> bool:
    return type(node).__name__ == kind
