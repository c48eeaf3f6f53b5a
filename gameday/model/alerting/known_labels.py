"""What is known of the labels of series and alerts before they exist.

A label is known by its value, known to be absent (""), or unknown (None). Partial
knowledge counts as unknown: the caller gets None, and has to say so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from gameday.frozen import frozen
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

_KEEP_SERIES = frozenset(("topk", "bottomk", "limitk", "limit_ratio"))
_WITHOUT_LABELS = frozenset(("vector", "time", "scalar", "pi"))
_NEW_LABEL = frozenset(("label_replace", "label_join"))


@frozen(kw_only=False)
class KnownLabels:
    """Labels by what is known of them.

    `values`: by name, the value, "" for a label that is not there, None for one that
    may be anything. `others`: whether there may be labels that are not named here.
    """

    values: Mapping[str, str | None] = field(default_factory=dict)
    others: bool = True

    def get(self, name: str) -> str | None:
        """Return the value, "" where it is absent, None where it is not known."""
        return self.values.get(name, None if self.others else "")

    def with_(self, labels: Mapping[str, str | None]) -> "KnownLabels":
        """Return these labels with some of them set."""
        return replace(self, values={**self.values, **labels})

    def only(self, names: Iterable[str]) -> "KnownLabels":
        """Return these labels without any but the named ones."""
        return KnownLabels({name: self.get(name) for name in names}, others=False)

    def without(self, names: Iterable[str]) -> "KnownLabels":
        """Return these labels without the named ones."""
        return self.with_(dict.fromkeys(names, ""))

    def or_(self, other: "KnownLabels") -> "KnownLabels":
        """Return what holds of a series that has either these labels or the others."""
        names = {*self.values, *other.values}
        both = {
            name: self.get(name) if self.get(name) == other.get(name) else None
            for name in names
        }
        return KnownLabels(both, others=self.others or other.others)

    def match(self, matcher: Matcher) -> bool | None:
        """Return whether the matcher fits; None where that is not known."""
        value = self.get(matcher.name)
        return None if value is None else matcher.matches({matcher.name: value})

    def match_all(self, matchers: Iterable[Matcher]) -> bool | None:
        """Return whether all fit; None where that is not known."""
        fits: bool | None = True
        for matcher in matchers:
            match = self.match(matcher)
            if match is False:
                return False
            fits = fits if match else None
        return fits


NOTHING = KnownLabels({}, others=False)


def exactly(labels: Mapping[str, str]) -> KnownLabels:
    """Return these labels, and no others."""
    return KnownLabels({**labels, NAME: ""}, others=False)


def labels_of(tree: Tree | None) -> KnownLabels:
    """Return what an expression says of the labels of its series."""
    if tree is None:
        return KnownLabels({NAME: ""})
    return _of(tree).without([NAME])


def _of(tree: Tree) -> KnownLabels:
    if isinstance(tree, Selector):
        return _selected(tree)
    if isinstance(tree, Window):
        return _absent(tree.inner) if tree.gone else _of(tree.inner)
    if isinstance(tree, Shift):
        return _of(tree.inner)
    if isinstance(tree, Absent):
        return _absent(tree.inner)
    if isinstance(tree, Constant):
        return NOTHING
    return _KINDS[tree.kind](tree)


def _selected(selector: Selector) -> KnownLabels:
    empty = {
        matcher.name: ""
        for matcher in selector.matchers
        if (matcher.op, matcher.value) == _NONE
    }
    return KnownLabels({**selector.fixed(), **empty})


_NONE = ("=", "")


def _absent(tree: Tree) -> KnownLabels:
    """Return the labels of `absent()`: those that equality matchers fix."""
    if isinstance(tree, Window | Shift):
        return _absent(tree.inner)
    if isinstance(tree, Selector):
        return KnownLabels(tree.fixed(), others=False)
    return NOTHING


def _call(node: Node) -> KnownLabels:
    if node.word in _WITHOUT_LABELS or not node.parts:
        return NOTHING
    series = [part for part in node.parts if not isinstance(part, Constant)]
    labels = _of(series[0]) if series else NOTHING
    if node.word in _NEW_LABEL:
        texts = [part.value for part in node.parts if isinstance(part, Constant)]
        return labels.with_({str(texts[0]): None}) if texts else labels
    if node.word == "histogram_quantile":
        return labels.without(["le"])
    return labels


def _aggregate(node: Node) -> KnownLabels:
    labels = _of(node.parts[0])
    way, names = node.grouping
    if node.word in _KEEP_SERIES:
        return labels
    kept = labels.only(names) if way == "by" else labels.without(names)
    if node.word == "count_values" and len(node.parts) > 1:
        named = node.parts[1]
        if isinstance(named, Constant):
            return kept.with_({str(named.value): None})
    return kept


def _operator(node: Node) -> KnownLabels:
    left, right = (_of(part) for part in node.parts)
    if node.word in ("and", "unless"):
        return left
    if node.word == "or":
        # A number that stands in for missing series (`or vector(0)`) has no labels.
        return left.or_(right)
    if _is_scalar(node.parts[0]):
        return right
    return left if _is_scalar(node.parts[1]) else _matched(node, left, right)


def _matched(node: Node, left: KnownLabels, right: KnownLabels) -> KnownLabels:
    """Return the labels of what an operator makes of the series of two vectors."""
    if node.card:
        many, one = (left, right) if node.card == "group_left" else (right, left)
        return many.with_({name: one.get(name) for name in node.included})
    way, names = node.grouping
    if way == "on":
        return left.only(names)
    return left.without(names) if way else left


def _is_scalar(tree: Tree) -> bool:
    if isinstance(tree, Node):
        made = tree.kind == "call" and tree.word in ("scalar", "time", "pi")
        return made or (tree.word != "vector" and all(map(_is_scalar, tree.parts)))
    return isinstance(tree, Constant)


_KINDS = {"call": _call, "aggregate": _aggregate, "operator": _operator}
