"""An expression in one spelling, so that a file's and Prometheus' own are the same.

Prometheus prints an expression anew: spaces, durations and the order of matchers are
its own.
"""

import re

from gameday.files.promql import promql

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


def _sorted(found: re.Match[str]) -> str:
    inside = found["inside"]
    if inside is None:
        return found[0]
    matchers = sorted(matcher.strip() for matcher in _MATCHER.findall(inside))
    return "{" + ",".join(matchers) + "}"
