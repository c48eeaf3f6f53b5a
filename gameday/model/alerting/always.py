"""Whether an alert's expression always says the same, whatever the system does."""

from gameday.model.alerting.expression import Constant, Node, Tree
from gameday.model.alerting.expression_parser import parse
from gameday.model.alerting.operators import COMPARISONS, calculate

# An element's value, or () for a vector without any; None: it depends on series.
# SOME: there is an element, whose value depends on them.
Value = float | str | tuple[()] | None
SOME = "some"
_NOW = 2e9  # seconds; any recent time does


def always(expr: str) -> bool | None:
    """Return whether an alert of this expression always fires, or never; else None."""
    tree = parse(expr)
    value = None if tree is None else _value(tree)
    return None if value is None else value != ()


def _value(tree: Tree) -> Value:
    if isinstance(tree, Constant):
        return tree.value if isinstance(tree.value, float) else None
    if not isinstance(tree, Node):
        return None
    if tree.kind == "operator":
        return _operator(tree)
    if tree.word == "time":
        return _NOW
    if tree.word in ("vector", "scalar") and tree.parts:
        return _value(tree.parts[0])
    return None


def _operator(node: Node) -> Value:
    left, right = (_value(part) for part in node.parts)
    if node.word == "or":
        return _union_value(left, right)
    if isinstance(left, float) and isinstance(right, float):
        return _of_numbers(node, left, right)
    return () if () in (left, right) and node.word == "and" else None


def _of_numbers(node: Node, left: float, right: float) -> Value:
    if node.word == "and":
        return left
    if node.word in COMPARISONS:
        holds = COMPARISONS[node.word](left, right)
        if node.returns_bool:
            return float(holds)
        # Between a vector and a number the vector's elements stay.
        return left if holds else ()
    return calculate(node.word, left, right)


def _union_value(left: Value, right: Value) -> Value:
    if left == ():
        return right
    if isinstance(left, float) and right is not None:
        return left  # what the right side has goes by the same, empty labels
    some = left is not None or right not in (None, ())
    return SOME if some else None
