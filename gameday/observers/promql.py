"""Which metrics a PromQL expression reads."""

from typing import Any


def metrics_of(expr: str) -> tuple[str, ...]:
    """Return the names of the metrics that an expression reads, in order.

    An expression that the parser does not know (it is younger) has none.
    """
    import promql_parser

    names: dict[str, None] = {}

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            named = [
                matcher.value for matcher in node.matchers.matchers if _is_name(matcher)
            ]
            names.update(dict.fromkeys([node.name] if node.name else named))
        return True

    try:
        promql_parser.walk(promql_parser.parse(expr), visit)
    except ValueError:
        return ()
    return tuple(names)


def _is_name(matcher: Any) -> bool:
    return bool(matcher.name == "__name__" and str(matcher.op).endswith(".Equal"))
