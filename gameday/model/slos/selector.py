"""What a counter's selector says: its metric, and the labels that it matches.

Selectors are parsed, never searched as text: `role="edge"` is no `le=`.
"""

import functools
from collections.abc import Collection, Iterable
from typing import Any

from gameday.model.slos.slo import COUNTER, Series, Slo

_EQUAL = "Equal"
_BUCKET = "le"


@functools.lru_cache(maxsize=4096)
def metric_of(selector: str) -> str:
    """Return the metric's name; empty where the selector does not fix one."""
    parsed = _parsed(selector)
    if parsed is None:
        return ""
    if parsed.name:
        return str(parsed.name)
    named = [
        matcher for matcher in parsed.matchers.matchers if matcher.name == "__name__"
    ]
    equal = [matcher for matcher in named if str(matcher.op).endswith(f".{_EQUAL}")]
    return str(equal[0].value) if equal else ""


@functools.lru_cache(maxsize=4096)
def labels_matched(selector: str) -> frozenset[str]:
    """Return the names of the labels that a selector has matchers for."""
    parsed = _parsed(selector)
    if parsed is None:
        return frozenset()
    return frozenset(str(matcher.name) for matcher in parsed.matchers.matchers)


def unknown_metrics(slo: Slo, unknown: Collection[str]) -> tuple[str, ...]:
    """Return the metrics by which bad events are counted, if none of them is known."""
    counting = [metric_of(term.selector) for term in slo.bad if term.sign > 0]
    missing = tuple(dict.fromkeys(name for name in counting if name in unknown))
    return missing if len(missing) == len(set(counting)) else ()


def never_seen(slo: Slo, unknown: Collection[str]) -> str:
    """Say by which metrics, none of them known, bad events are counted; or nothing."""
    names = unknown_metrics(slo, unknown)
    if not names:
        return ""
    counts = f"counts the bad events of {slo.name}"
    return f"Prometheus has never seen {', '.join(names)}, which {counts}"


def buckets(slo: Slo) -> tuple[str, ...]:
    """Return the selectors of the buckets that hold an SLO's good events.

    A histogram's bucket is there, with 0, before anything falls into it: one that is
    not says nothing of the events, only that the selector does not fit.
    """
    selectors = [
        term.selector
        for term in slo.bad
        if term.sign < 0 and term.reads == COUNTER
        if _BUCKET in labels_matched(term.selector)
    ]
    return tuple(dict.fromkeys(selectors))


def no_bucket(selector: str) -> str:
    """Say that Prometheus has no such bucket, and how that mostly comes about."""
    return (
        f"Prometheus has no bucket {selector}; Prometheus 3 writes a whole number as "
        'le="1.0", version 2 as its target does'
    )


def missing_bucket(slo: Slo, series: Iterable[Series]) -> str:
    """Say which bucket of good events none of the series is; empty: one of them is."""
    wanted = buckets(slo)
    if not wanted or any(_BUCKET in known.labels for known in series):
        return ""
    return no_bucket(wanted[0])


def _parsed(selector: str) -> Any:
    """Return the selector's syntax tree; None where the parser does not know it."""
    import promql_parser

    try:
        tree = promql_parser.parse(selector)
    except ValueError:
        return None
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    return tree if isinstance(tree, promql_parser.VectorSelector) else None
