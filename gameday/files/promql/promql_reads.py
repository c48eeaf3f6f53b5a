"""What an expression reads: its selectors, and how far each of them looks back."""

from collections.abc import Iterator
from typing import Any

from gameday.files.promql import promql
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import Read, Reads

_CLOCK = (
    *("time", "minute", "hour", "month", "year", "day_of_week", "day_of_month"),
    *("day_of_year", "days_in_month"),
)
_MARKS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
AHEAD = "it looks ahead (a negative offset), to what was not there yet"
_STEP = 60.0  # seconds: a subquery's own step, where it says none, is not longer


def reads(expr: str) -> Reads:
    """Return everything that an expression reads."""
    try:
        tree = promql.parse(expr)
    except ValueError as error:
        return Reads(unread=f"the expression is not understood: {error}")
    ahead = any(_looks_ahead(node) for node in promql.walk(tree))
    return Reads(
        unread=AHEAD if ahead else "",
        selectors=tuple(dict.fromkeys(_selectors(tree, expr, 0.0, fixed=False))),
        clock=any(_is_clock(node) for node in promql.walk(tree)),
    )


def _looks_ahead(node: Any) -> bool:
    return _seconds(getattr(node, "offset", None)) < 0.0


def _is_clock(node: Any) -> bool:
    """Whether a call asks for the time of now, not of a sample's value."""
    if type(node).__name__ != "Call" or node.func.name not in _CLOCK:
        return False
    return not list(node.args or ())


def _selectors(node: Any, expr: str, back: float, *, fixed: bool) -> Iterator[Read]:
    kind = type(node).__name__
    if kind == "VectorSelector":
        yield Read(
            metric=promql.metric(node),
            matchers=tuple(sorted(_matchers(node, expr), key=_order)),
            back=max(0.0, back + _seconds(node.offset)),
            fixed=fixed or node.at is not None,
        )
        return
    if kind == "MatrixSelector":
        back += _seconds(node.range)
    elif kind == "SubqueryExpr":
        step = _seconds(node.step) or _STEP
        back += _seconds(node.range) + step + max(0.0, _seconds(node.offset))
        fixed = fixed or node.at is not None
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        below = getattr(node, name, None)
        if below is not None:
            yield from _selectors(below, expr, back, fixed=fixed)
    for below in getattr(node, "args", None) or ():
        yield from _selectors(below, expr, back, fixed=fixed)


def _matchers(node: Any, expr: str) -> Iterator[Matcher]:
    """Yield the matchers; one that was put into other words is left out.

    Without it more is read than is needed, which can only make an answer unsure.
    """
    for matcher in node.matchers.matchers:
        value = str(matcher.value)
        if matcher.name != "__name__" and (value in expr or "\\" in expr):
            op = _MARKS[str(matcher.op).removeprefix("MatchOp.")]
            yield Matcher(name=str(matcher.name), op=op, value=value)


def _order(matcher: Matcher) -> tuple[str, str, str]:
    return matcher.name, matcher.op, matcher.value


def _seconds(span: Any) -> float:
    return 0.0 if span is None else float(span.total_seconds())
