"""The indicator of an OpenSLO: good or bad, and total, as sums of counters."""

from collections.abc import Mapping

from gameday.files import promql
from gameday.files.cursor import Cursor, shown
from gameday.files.suggest import did_you_mean
from gameday.model.slo import Term

Counts = tuple[tuple[Term, ...], tuple[Term, ...]]
_KEYS = ("counter", "good", "bad", "total", "raw", "rawType")


def counts(here: Cursor, indicators: Mapping[str, Cursor]) -> Counts | None:
    """Return (bad, total) of an SLO's indicator; None after an error."""
    body = None
    reference = here.text("indicatorRef")
    inline = here.mapping("indicator")
    if inline is not None:
        body = inline.mapping("spec")
        if body is None:
            inline.error("spec is missing; expected a ratioMetric")
    elif reference:
        body = indicators.get(reference)
        if body is None:
            hint = did_you_mean(reference, indicators)
            message = f"there is no SLI {reference!r} in these files{hint}"
            here.error(message, "indicatorRef")
    else:
        here.error("indicator is missing; expected one with a ratioMetric")
    return None if body is None else _ratio(body)


def _ratio(here: Cursor) -> Counts | None:
    if here.get("thresholdMetric") is not None:
        message = "thresholdMetric is not supported; expected a ratioMetric"
        here.error(message, "thresholdMetric")
        return None
    ratio = here.mapping("ratioMetric")
    if ratio is None:
        here.error("ratioMetric is missing")
        return None
    ratio.only(_KEYS)
    if ratio.get("raw") is not None:
        ratio.error("a raw ratio is not supported; expected good or bad, and total")
        return None
    if ratio.flag("counter") is not True:
        ratio.error("only counters are supported; expected counter: true")
    sides = [key for key in ("good", "bad") if ratio.get(key) is not None]
    if len(sides) != 1:
        ratio.error("expected exactly one of good and bad")
    if ratio.get("total") is None:
        ratio.error("total is missing")
    total = _source(ratio, "total")
    side = _source(ratio, sides[0]) if len(sides) == 1 else None
    return _counted(sides, side, total)


def _counted(
    sides: list[str], side: tuple[Term, ...] | None, total: tuple[Term, ...] | None
) -> Counts | None:
    """Return (bad, total); bad is total less good where good is counted."""
    if side is None or total is None:
        return None
    if sides == ["bad"]:
        return side, total
    good = tuple(Term(selector=one.selector, sign=-one.sign) for one in side)
    return (*total, *good), total


def _source(here: Cursor, key: str) -> tuple[Term, ...] | None:
    metric = here.mapping(key)
    source = metric.mapping("metricSource") if metric else None
    if source is None:
        if metric is not None:
            metric.error("metricSource is missing")
        return None
    kind = source.text("type")
    if kind and kind != "Prometheus":
        hint = "; write Prometheus" if kind.lower() == "prometheus" else ""
        message = f"the source {kind!r} is not supported; expected Prometheus{hint}"
        source.error(message, "type")
        return None
    body = source.mapping("spec")
    if body is None:
        source.error("spec is missing; expected a query")
        return None
    if body.get("query") is None and body.get("promql") is not None:
        body.error("'promql' is an unknown key; write query", "promql")
        return None
    query = body.text("query", required=True)
    try:
        return promql.terms(query) if query else None
    except promql.NotCounted as reason:
        body.error(f"{shown(query)} cannot be counted: {reason}", "query")
        return None
