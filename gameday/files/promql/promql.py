"""What gameday reads of PromQL: whether it parses, its metrics, sums of counters.

The parser is `promql-parser`; what it does not know yet of Prometheus 3 is put into
words that it knows by `promql_text`, which lists it. Everything else is an error.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gameday.files.promql import promql_regexes, promql_text, promql_types
from gameday.files.promql.promql_types import is_kind as _is
from gameday.model.slos.slo import Term

_OPERATORS = {"=": "Equal", "!=": "NotEqual", "=~": "Re", "!~": "NotRe"}
_MARKS = {name: mark for mark, name in _OPERATORS.items()}


class NotCounted(ValueError):
    """An expression that is no sum of counters; the text says which part."""


@functools.cache
def _parser() -> Any:
    import promql_parser

    return promql_parser


def parse(expr: str) -> Any:
    """Return the syntax tree; ValueError with the parser's reason otherwise."""
    return _read(expr)[0]


@functools.lru_cache(maxsize=256)  # each expression is judged, and then read
def _read(expr: str) -> tuple[Any, tuple[str, ...]]:
    """Return the syntax tree, and what the expression needs of Prometheus."""
    text = promql_text.readable(expr)
    try:
        tree = _parsed(text.text)
    except ValueError as error:
        reason = str(error).strip().split("\n")[0]
        if "regex" not in reason:
            raise
        text = promql_text.readable(expr, hide=True)  # RE2 takes them all
        tree = _parsed(text.text)
    signed = promql_types.with_minus_for_unary_plus(text.text)
    if signed:
        _parsed(signed)
    for node in walk(tree):
        if _is(node, "VectorSelector") and node.matchers.or_matchers:
            raise ValueError("`or` between matchers is MetricsQL, not PromQL")
        complaint = promql_types.complaint(node)
        if complaint:
            raise ValueError(complaint)
    return tree, text.notes


def _parsed(text: str) -> Any:
    """Return the parser's tree; ValueError also where the parser itself fails."""
    try:
        return _parser().parse(text)
    except Exception:
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(str(error)) from None


def judge(expr: str) -> tuple[str, str]:
    """Return `("", "")`, or ("error" | "warning", why) for an expression."""
    try:
        notes = _read(expr)[1]
    except ValueError as error:
        return "error", f"is not valid PromQL: {_reason(error)}"
    return ("warning", "; ".join(notes)) if notes else ("", "")


def _reason(error: ValueError) -> str:
    reason = str(error).strip().split("\n")[0]
    return promql_regexes.restored(reason)


def metrics(expr: str) -> tuple[str, ...]:
    """Return the names of the metrics that an expression reads, in order."""
    try:
        tree = parse(expr)
    except ValueError:
        return ()
    names = (metric(node) for node in walk(tree) if _is(node, "VectorSelector"))
    return tuple(dict.fromkeys(name for name in names if name))


def metric(selector: Any) -> str:
    """Return the name of the metric that a selector reads; empty: of any name."""
    if selector.name:
        return str(selector.name)
    for matcher in selector.matchers.matchers:
        if matcher.name == "__name__" and _mark(matcher) == "=":
            return str(matcher.value)
    return ""


def walk(node: Any) -> Iterator[Any]:
    """Go through a syntax tree, the node itself first."""
    yield node
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        below = getattr(node, name, None)
        if below is not None:
            yield from walk(below)
    for below in getattr(node, "args", None) or ():
        yield from walk(below)


def _mark(matcher: Any) -> str:
    return _MARKS[str(matcher.op).removeprefix("MatchOp.")]


def terms(expr: str) -> tuple[Term, ...]:
    """Return the signed counters that an event count is the sum of.

    Read are selectors, `rate` and `increase` of them, `sum`, `+`, `-` and
    `or vector(0)`. Raises NotCounted for everything else, and for what does not
    parse.
    """
    try:
        tree = parse(expr)
    except ValueError as error:
        raise NotCounted(f"not valid PromQL: {_reason(error)}") from None
    return tuple(_terms(tree, 1.0))


def is_selector(expr: str) -> bool:
    """Return whether an expression is a plain selector such as `up{job="web"}`."""
    return _is(parse(expr), "VectorSelector")


def reads_unrated(expr: str) -> bool:
    """Return whether an expression reads a selector outside of rate and increase."""
    return _unrated(parse(expr))


def _unrated(node: Any) -> bool:
    if _is(node, "VectorSelector"):
        return True
    if _is(node, "Call") and _function(node) in ("rate", "increase", "vector"):
        return False
    names = ("lhs", "rhs", "expr")
    below = [getattr(node, name, None) for name in names]
    below += getattr(node, "args", None) or ()
    return any(_unrated(child) for child in below if child is not None)


class Match(NamedTuple):
    """What a selector asks of a label: `mark` is `=`, `!=`, `=~` or `!~`."""

    mark: str
    value: str


def matches(expr: str, label: str) -> tuple[Match, ...]:
    """Return what a plain selector asks of a label, in order."""
    return tuple(
        Match(_mark(matcher), promql_regexes.restored(str(matcher.value)))
        for matcher in parse(expr).matchers.matchers
        if matcher.name == label
    )


def name_in_front(expr: str) -> str:
    """Return the metric's name in front of a plain selector's matchers, if any."""
    return str(parse(expr).name or "")


def ratio(expr: str) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Return dividend and divisor of `sum of counters / sum of counters`.

    Of `1 - a / b` these are `b - a` and `b`.
    """
    try:
        tree = parse(expr)
    except ValueError as error:
        raise NotCounted(f"not valid PromQL: {_reason(error)}") from None
    tree = _inside(tree)
    rest = _is(tree, "BinaryExpr") and str(tree.op) == "-" and _is_one(tree.lhs)
    divided = _inside(tree.rhs) if rest else tree
    if not (_is(divided, "BinaryExpr") and str(divided.op) == "/"):
        raise NotCounted("it is no plain division of two sums of counters")
    divisor = tuple(_terms(divided.rhs, 1.0))
    if rest:
        return (*divisor, *_terms(divided.lhs, -1.0)), divisor
    return tuple(_terms(divided.lhs, 1.0)), divisor


def _inside(node: Any) -> Any:
    """Return what is inside of all brackets."""
    while _is(node, "ParenExpr"):
        node = node.expr
    return node


def _is_one(node: Any) -> bool:
    node = _inside(node)
    return _is(node, "NumberLiteral") and float(node.val) == 1.0


def _terms(node: Any, sign: float) -> Iterator[Term]:
    if _is(node, "ParenExpr"):
        yield from _terms(node.expr, sign)
    elif _is(node, "UnaryExpr"):
        yield from _terms(node.expr, -sign)
    elif _is(node, "AggregateExpr") and str(node.op) == "sum":
        yield from _terms(node.expr, sign)
    elif _is(node, "Call"):
        yield from _called(node, sign)
    elif _is(node, "BinaryExpr"):
        yield from _joined(node, sign)
    elif _is(node, "VectorSelector"):
        yield Term(selector=_selector(node), sign=sign)
    else:
        raise NotCounted(f"{_shortened(node)} is no sum of counters")


def _called(node: Any, sign: float) -> Iterator[Term]:
    name = _function(node)
    argument: Any = node.args[0] if len(node.args) == 1 else None
    if name not in ("rate", "increase") or not _is(argument, "MatrixSelector"):
        raise NotCounted(f"{name}() is no count of events")
    yield Term(selector=_selector(argument.vector_selector), sign=sign)


def _joined(node: Any, sign: float) -> Iterator[Term]:
    operator = str(node.op)
    if operator == "or" and _is_zero(node.rhs):
        yield from _terms(node.lhs, sign)
    elif operator in ("+", "-"):
        yield from _terms(node.lhs, sign)
        yield from _terms(node.rhs, sign if operator == "+" else -sign)
    else:
        raise NotCounted(f"`{operator}` is no sum of counters")


def _is_zero(node: Any) -> bool:
    return re.sub(r"[\s()]", "", str(node)) == "vector0"


def _function(node: Any) -> str:
    name = getattr(node.func, "name", "")
    return str(name) or str(node).split("(", 1)[0].strip()


def _shortened(node: Any) -> str:
    if _is(node, "AggregateExpr"):
        return f"{node.op}()"
    text = promql_regexes.restored(str(node))
    return repr(text if len(text) < 60 else text[:59] + "…")  # noqa: PLR2004


def _selector(node: Any) -> str:
    if node.offset is not None or node.at is not None:
        raise NotCounted("`offset` and `@` are not supported in a count of events")
    if getattr(node.matchers, "or_matchers", None):
        raise NotCounted("`or` between matchers is not supported")
    matchers = [
        f"{_label(matcher.name)}{_mark(matcher)}{_quoted(promql_regexes.restored(matcher.value))}"
        for matcher in node.matchers.matchers
    ]
    name = node.name or ""
    inside = ",".join(matchers)
    return f"{name}{{{inside}}}" if inside or not name else str(name)


def _label(name: str) -> str:
    plain = re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name)
    return name if plain else _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
