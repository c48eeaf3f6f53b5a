"""How many of a service's instances have to be lost for a condition to hold.

The condition is computed with as many series as there are instances, those of lost
ones 0 and the others 1.
"""

from collections.abc import Callable

from gameday.frozen import frozen
from gameday.model.alerting.expression import (
    Absent,
    Constant,
    Node,
    Selector,
    Shift,
    Tree,
)
from gameday.model.alerting.operators import ARITHMETIC, COMPARISONS

# Labels that tell the instances of one service apart.
OF_INSTANCES = frozenset(
    ("instance", "pod", "server", "container", "name", "container_name", "host")
) | {"address", "endpoint", "node", "target"}
_AGGREGATE: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "count": len,
    "max": max,
    "min": min,
    "avg": lambda values: sum(values) / len(values),
    "group": lambda values: float(bool(values)),
}
_SAME = frozenset(
    ("label_replace", "label_join", "sum_over_time", "last_over_time")
) | {
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "vector",
    "scalar",
    "abs",
    "ceil",
    "floor",
    "round",
}
Values = list[float]


class Untold(Exception):
    """A part whose value does not follow from how many instances there are."""


def needed(tree: Tree, instances: int, *, counts: bool = False) -> int | None:
    """Return the fewest lost instances with which the condition holds.

    None: it does not follow, or it holds with all of them there. `counts`: a series
    is itself the number of instances.
    """
    try:
        holds = [
            bool(_Losses(lost, instances, counts).value(tree))
            for lost in range(instances + 1)
        ]
    except (Untold, ZeroDivisionError):
        return None
    return None if holds[0] or True not in holds else holds.index(True)


@frozen(kw_only=False)
class _Losses:
    """Computes an expression with so many of the instances lost."""

    lost: int
    instances: int
    counts: bool

    def value(self, tree: Tree) -> Values:
        if isinstance(tree, Selector):
            return self._selected()
        if isinstance(tree, Constant):
            return _constant(tree)
        if isinstance(tree, Node):
            return self._node(tree)
        if isinstance(tree, Shift):
            raise Untold
        inside = self.value(tree.inner)
        if isinstance(tree, Absent) or tree.gone:
            return [] if inside else [1.0]
        return inside

    def _selected(self) -> Values:
        left = self.instances - self.lost
        return [float(left)] if self.counts else [0.0] * self.lost + [1.0] * left

    def _node(self, node: Node) -> Values:
        parts = [self.value(part) for part in node.parts if not _is_text(part)]
        if node.kind == "aggregate":
            return _aggregated(node, parts[0])
        if node.kind == "operator":
            return _operated(node, *parts)
        if node.word not in _SAME:
            raise Untold
        return parts[0]


def _is_text(tree: Tree) -> bool:
    return isinstance(tree, Constant) and isinstance(tree.value, str)


def _constant(constant: Constant) -> Values:
    if isinstance(constant.value, str):
        raise Untold
    return [constant.value]


def _aggregated(node: Node, values: Values) -> Values:
    if node.word not in _AGGREGATE or len(node.parts) > 1:
        raise Untold
    how, names = node.grouping
    apart = bool(OF_INSTANCES & set(names)) == (how == "by")
    if not values:
        return []
    aggregate = _AGGREGATE[node.word]
    if apart:
        return [float(aggregate([value])) for value in values]
    return [float(aggregate(values))]


def _operated(node: Node, left: Values, right: Values) -> Values:
    if node.word in ("and", "or", "unless"):
        sets = {"and": left if right else [], "or": left or right, "unless": left}
        return sets[node.word]
    pairs = _paired(left, right)
    if node.word in ARITHMETIC:
        compute = ARITHMETIC[node.word]
        return [compute(*pair) for pair in pairs]
    if node.word not in COMPARISONS:
        raise Untold
    compare = COMPARISONS[node.word]
    if node.returns_bool:
        return [float(compare(*pair)) for pair in pairs]
    return [pair[0] for pair in pairs if compare(*pair)]


def _paired(left: Values, right: Values) -> list[tuple[float, float]]:
    if not left or not right:
        return []
    if len(left) == 1:
        left = left * len(right)
    if len(right) == 1:
        right = right * len(left)
    if len(left) != len(right):
        raise Untold
    return list(zip(left, right, strict=True))
