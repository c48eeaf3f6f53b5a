"""An expression in one spelling, so that a file's and Prometheus' own are the same.

Prometheus prints an expression anew: spaces, durations and the order of matchers are
its own.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from gameday.files.promql import promql
from gameday.model.slos.slo import Term

_PARTS = re.compile(
    r'"(?:[^"\\]|\\.)*"'  # a text, in which braces mean nothing
    r'|\{(?P<inside>(?:[^"{}]|"(?:[^"\\]|\\.)*")*)\}'
)
_MATCHER = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')


def canonical(expr: str) -> str:
    """Return the expression's one spelling; one that is not read keeps its words."""
    try:
        text = str(promql.parse(expr))
    except ValueError:
        return " ".join(expr.split())
    return _PARTS.sub(_sorted, text)


def counts_alike(left: Iterable[Term], right: Iterable[Term]) -> bool:
    """Return whether two sums are of the same counters, however they are spelt."""
    return _spelt(left) == _spelt(right)


def _spelt(terms: Iterable[Term]) -> set[Term]:
    return {replace(term, selector=canonical(term.selector)) for term in terms}


def _sorted(part: re.Match[str]) -> str:
    inside = part["inside"]
    if inside is None:
        return part[0]
    matchers = sorted(matcher.strip() for matcher in _MATCHER.findall(inside))
    return "{" + ",".join(matchers) + "}"
