"""What has to hold for an alert rule to fire: its expression taken apart.

Only what a fault can change is of interest, so a condition is a value and the side to
which it has to go: low, high, or gone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import RecordingRule
from gameday.model.alerting.expression import (
    Absent,
    Constant,
    Node,
    Selector,
    Shift,
    Tree,
    Window,
    selectors,
)
from gameday.model.alerting.expression_parser import parse
from gameday.model.alerting.operators import COMPARISONS, calculate
from gameday.model.timing.rule_delays import DEEPEST, recording_rules

LOW, HIGH, GONE = "low", "high", "gone"
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@frozen
class RuleCondition:
    """One comparison: `value` goes `side` of `limit` (None: of another value).

    `tree`: the comparison itself. `excused`: an `unless` says when it does not count.
    """

    value: Tree
    side: str
    tree: Tree
    limit: float | None = None
    excused: bool = False

    @property
    def reads(self) -> tuple[Selector, ...]:
        """What the value is made of, each selector once."""
        return tuple(dict.fromkeys(selectors(self.value)))


def conditions(
    expr: str, recorded: Sequence[RecordingRule]
) -> tuple[RuleCondition, ...]:
    """Return what has to hold together; empty where the expression is not read."""
    tree = parse(expr)
    return () if tree is None else tuple(_of(inlined(tree, recorded)))


def inlined(tree: Tree, recorded: Sequence[RecordingRule], depth: int = 0) -> Tree:
    """Return the tree with recorded series replaced by what they are recorded from."""
    if isinstance(tree, Selector):
        rules = recording_rules(tree, recorded) if depth < DEEPEST else []
        below = parse(rules[0].expr) if len(rules) == 1 else None
        return tree if below is None else inlined(below, recorded, depth + 1)
    if isinstance(tree, Node):
        parts = tuple(inlined(part, recorded, depth) for part in tree.parts)
        return replace(tree, parts=parts)
    if isinstance(tree, Constant):
        return tree
    return replace(tree, inner=inlined(tree.inner, recorded, depth))


def number(tree: Tree) -> float | None:
    """Return the number that a part always is; None where it is none."""
    if isinstance(tree, Constant):
        return tree.value if isinstance(tree.value, float) else None
    if not isinstance(tree, Node):
        return None
    match _numbers(tree.parts):
        case [left, right] if tree.kind == "operator":
            return calculate(tree.word, left, right)
        case [value, *_] if tree.kind == "call" and tree.word == "-":
            return -value
    return None


def _numbers(parts: Iterable[Tree]) -> list[float]:
    """Return the numbers that the parts are; none where one of them is no number."""
    numbers = []
    for part in parts:
        value = number(part)
        if value is None:
            return []
        numbers.append(value)
    return numbers


def _of(tree: Tree) -> Iterator[RuleCondition]:
    if isinstance(tree, Absent) or (isinstance(tree, Window) and tree.gone):
        yield RuleCondition(value=tree.inner, side=GONE, tree=tree)
    elif isinstance(tree, Node) and tree.kind == "operator":
        yield from _operator(tree)
    elif isinstance(tree, Node) and tree.kind == "aggregate" and _compares(tree):
        for inside in _of(tree.parts[0]):
            yield replace(inside, tree=tree)
    elif isinstance(tree, Shift):
        yield from _of(tree.inner)
    elif not isinstance(tree, Constant):
        yield RuleCondition(value=tree, side=HIGH, tree=tree)


def _operator(node: Node) -> Iterator[RuleCondition]:
    left, right = node.parts
    if node.word == "and":
        yield from _of(left)
        yield from _of(right)
    elif node.word == "unless":
        for condition in _of(left):
            yield replace(condition, excused=True)
    elif node.word == "or":
        yield from _of(left)
    elif node.word in COMPARISONS:
        yield _comparison(node, left, right)
    else:
        yield RuleCondition(value=node, side=HIGH, tree=node)


def _comparison(node: Node, left: Tree, right: Tree) -> RuleCondition:
    word, value, limit = node.word, left, number(right)
    if limit is None and number(left) is not None:
        word, value, limit = _FLIPPED[word], right, number(left)
    if limit is None:
        # Two values: what is available, against what is wanted.
        value = Node(word, (left, right), kind="operator")
    inside = next(_inner(value), None)
    if inside is not None:  # `count(up == 0) > 2`: what is compared decides
        return replace(inside, tree=node)
    return RuleCondition(value=value, side=_side(word, limit), tree=node, limit=limit)


def _inner(tree: Tree) -> Iterator[RuleCondition]:
    """Yield the comparisons with a number that stand inside of a value."""
    if isinstance(tree, Node):
        is_filter = tree.word in COMPARISONS and None in map(number, tree.parts)
        if is_filter and any(number(part) is not None for part in tree.parts):
            yield _comparison(tree, *tree.parts)
            return
        for part in tree.parts:
            yield from _inner(part)
    elif isinstance(tree, Window | Shift):
        yield from _inner(tree.inner)


def _compares(tree: Tree) -> bool:
    return next(_inner(tree), None) is not None or any(
        isinstance(part, Absent) for part in getattr(tree, "parts", ())
    )


def _side(word: str, limit: float | None) -> str:
    if word in ("<", "<="):
        return LOW
    if word == "==":
        return LOW if limit == 0.0 else HIGH
    if word == "!=":
        return LOW if limit not in (0.0, None) else HIGH
    return HIGH
