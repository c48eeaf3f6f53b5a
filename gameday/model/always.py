"""Whether an alert's expression always says the same, whatever the system does."""

from collections.abc import Callable
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv

from gameday.model.expression import Constant, Node, Tree, parse

# An element's value, or () for a vector without any; None: it depends on series.
Value = float | tuple[()] | None
_NOW = 2e9  # seconds; any recent time does
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": eq,
    "!=": ne,
    ">": gt,
    "<": lt,
    ">=": ge,
    "<=": le,
}


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
        known = [value for value in (left, right) if value not in (None, ())]
        return known[0] if known else None if None in (left, right) else ()
    if left is None or right is None or left == () or right == ():
        return () if () in (left, right) and node.word == "and" else None
    if node.word in _ARITHMETIC and (right != 0.0 or node.word != "/"):
        return _ARITHMETIC[node.word](_number(left), _number(right))
    if node.word in _COMPARISONS:
        holds = _COMPARISONS[node.word](_number(left), _number(right))
        if node.returns_bool:
            return float(holds)
        # Between a vector and a number the vector's elements stay.
        return left if holds else ()
    return left if node.word == "and" else None


def _number(value: Value) -> float:
    return value if isinstance(value, float) else 0.0
