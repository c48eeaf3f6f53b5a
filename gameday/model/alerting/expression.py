"""What a PromQL expression reads and how far it looks back, as a small tree."""

from collections.abc import Iterator

from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.regex import RegexError

NAME = "__name__"
_CLOCK = frozenset(
    ("time", "timestamp", "minute", "hour", "month", "year", "days_in_month")
) | {"day_of_week", "day_of_month", "day_of_year"}


@frozen(kw_only=False)
class Selector:
    """Series by name and matchers; `name` is "" where no matcher fixes it."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def admits(self, label: str, value: str) -> bool:
        """Whether a series with this value of the label can be selected."""
        return all(
            _may_match(matcher, value)
            for matcher in self.matchers
            if matcher.name == label
        )

    def fixed(self) -> dict[str, str]:
        """Return the labels whose value the matchers fix."""
        return {
            matcher.name: matcher.value
            for matcher in self.matchers
            if matcher.op == "=" and matcher.value
        }


def _may_match(matcher: Matcher, value: str) -> bool:
    """Whether it fits; an expression that RE2 refuses may fit anything."""
    try:
        return matcher.matches({matcher.name: value})
    except RegexError:
        return True


def overlap(selector: Selector, other: Selector) -> bool:
    """Return whether some series may be selected by both."""
    if not selector.name or selector.name != other.name:
        return False
    return all(
        there.admits(label, value)
        for here, there in ((selector, other), (other, selector))
        for label, value in here.fixed().items()
        if label != NAME
    )


@frozen(kw_only=False)
class Window:
    """A stretch of the past, by a range (`x[5m]`) or a subquery, in seconds.

    `samples`: how many samples the function over it needs (`rate` two); `gone`:
    whether it asks for there being none (`absent_over_time`). `step`: of a subquery,
    0 where it is the global evaluation interval; None: the samples as they are.
    """

    inner: "Tree"
    back: float
    samples: int = 1
    gone: bool = False
    step: float | None = None


@frozen(kw_only=False)
class Shift:
    """What was `offset` seconds ago; None: at an instant fixed by `@`."""

    inner: "Tree"
    offset: float | None


@frozen(kw_only=False)
class Absent:
    """`absent()`: true while nothing is selected."""

    inner: "Tree"


@frozen(kw_only=False)
class Constant:
    """A number, or a text; reads nothing."""

    value: float | str


@frozen(kw_only=False)
class Node:
    """An operator, a function or an aggregation over its parts.

    `grouping`: for aggregations (`by`, labels) or (`without`, labels); for operators
    (`on`, labels) or (`ignoring`, labels). `card`: group_left, group_right or "".
    `included`: the labels that the group modifier brings from the other side.
    """

    word: str
    parts: tuple["Tree", ...]
    kind: str = "call"  # call, aggregate, operator
    grouping: tuple[str, tuple[str, ...]] = ("", ())
    card: str = ""
    included: tuple[str, ...] = ()
    returns_bool: bool = False

    @property
    def tells_time(self) -> bool:
        """Whether its value changes by the clock alone."""
        return self.kind == "call" and self.word in _CLOCK


Tree = Selector | Window | Shift | Absent | Constant | Node


def selectors(tree: Tree | None) -> Iterator[Selector]:
    """Yield every selector of an expression, in order."""
    if isinstance(tree, Selector):
        yield tree
    elif isinstance(tree, Window | Shift | Absent):
        yield from selectors(tree.inner)
    elif isinstance(tree, Node):
        for part in tree.parts:
            yield from selectors(part)


def ranges(tree: Tree | None) -> Iterator[float]:
    """Yield how far each window of an expression looks back, in seconds."""
    if isinstance(tree, Window):
        yield tree.back
        yield from ranges(tree.inner)
    elif isinstance(tree, Shift | Absent):
        yield from ranges(tree.inner)
    elif isinstance(tree, Node):
        for part in tree.parts:
            yield from ranges(part)
