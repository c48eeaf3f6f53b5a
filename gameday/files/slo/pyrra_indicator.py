"""The indicator of Pyrra's SLO: which events are bad, which are all.

Of several indicators Pyrra uses the first; all have to be sound. The arithmetic is
Pyrra's own: `latencyNative` is `histogram_fraction(0, latency, …)` of all observations,
`bool_gauge` the samples that are 0 of all samples.
"""

from collections.abc import Callable, Mapping

from gameday.files.promql import promql, promql_canonical
from gameday.files.text.cursor import Cursor
from gameday.files.text.go_literals import go_float
from gameday.files.text.suggest import among
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import shown
from gameday.model.slos.slo import OBSERVATIONS, SAMPLES, UP_TO, VALUES, Term

Counts = tuple[tuple[Term, ...], tuple[Term, ...]]
_GROUPED = "grouping"
_NEVER_TOGETHER = ("ratio", "latency")


def counts(spec: Cursor) -> Counts | None:
    """Return (bad, total); NotCounted where the indicator is sound but no count."""
    indicator = spec.mapping("indicator")
    given = [key for key in _INDICATORS if indicator and indicator.get(key) is not None]
    if indicator is not None:
        indicator.only(tuple(_INDICATORS))
    if indicator is None or not given:
        message = f"expected one of {among(_INDICATORS)}"
        (indicator or spec).error(message, code="missing-key")
        return None
    if set(_NEVER_TOGETHER) <= set(given):
        message = f"{among(_NEVER_TOGETHER, 'and')} are both set; keep one of them"
        indicator.error(message, code="exclusive-keys")
        return None
    if len(given) > 1:
        message = f"{among(given, 'and')} are set; Pyrra uses {given[0]} only"
        indicator.warn(message, code="exclusive-keys")
    sound = [_counts(indicator, key) for key in given]
    return None if None in sound else sound[0]


def grouping(spec: Cursor) -> tuple[str, ...]:
    """Return the labels by which the indicator that Pyrra uses is grouped."""
    indicator = spec.value.get("indicator") or {}
    used = next(key for key in _INDICATORS if indicator.get(key) is not None)
    labels = indicator[used].get(_GROUPED) or ()
    return tuple(dict.fromkeys(labels))


def _counts(indicator: Cursor, key: str) -> Counts | None:
    body = indicator.mapping(key)
    if body is None:
        return None
    labels = body.list_of(_GROUPED)
    for label in labels:
        if not isinstance(label.value, str):
            message = f"{shown(label.value)} is not text; expected a label's name"
            label.error(message, code="wrong-type")
    if labels:
        message = "all groups are counted together, where Pyrra looks at each"
        body.warn(message, _GROUPED, code="grouping")
    counted = _INDICATORS[key](body)
    return counted if all(isinstance(label.value, str) for label in labels) else None


def _ratio(here: Cursor) -> Counts | None:
    here.only(("errors", "total", _GROUPED))
    errors, total = _metric(here, "errors"), _metric(here, "total", gives_name=True)
    if not (errors and total):
        return None
    bad, every = promql.terms(errors), promql.terms(total)
    if promql_canonical.counts_alike(bad, every):
        _same(here, "errors")
        return None
    return bad, every


def _latency(here: Cursor) -> Counts | None:
    here.only(("success", "total", _GROUPED))
    success = _metric(here, "success", ends="_bucket", of="bucket")
    total = _metric(here, "total", ends="_count", of="count", gives_name=True)
    if not (success and total and _has_limit(here, success)):
        return None
    good, every = promql.terms(success), promql.terms(total)
    if promql_canonical.counts_alike(good, every):
        _same(here, "success")
        return None
    less = tuple(Term(selector=term.selector, sign=-term.sign) for term in good)
    return (*every, *less), every


def _has_limit(here: Cursor, success: str) -> bool:
    """Return whether a bucket is chosen; Pyrra looks at the first matcher of le."""
    matched = promql.matches(success, "le")
    if not matched or go_float(matched[0].value) is None:
        message = f"{shown(success)} has no le with a number; expected a bucket"
    elif matched[0].mark.startswith("!"):
        message = f"{shown(success)} counts all buckets but one; write le= instead"
    else:
        return True
    here.error(message, "success", code="value")
    return False


def _same(here: Cursor, key: str) -> None:
    message = f"{key} and total count the same events"
    here.error(message, key, code="same-query")


def _latency_native(here: Cursor) -> Counts | None:
    here.only(("total", "latency", _GROUPED))
    total = _metric(here, "total", gives_name=True)
    text = here.text("latency", required=True)
    try:
        limit = parse_prometheus_duration(text) if text else 0.0
    except ValueError as error:
        here.error(str(error), "latency", code="value")
        return None
    if not (total and text):
        return None
    (plain,) = promql.terms(total)
    every = Term(selector=plain.selector, reads=OBSERVATIONS)
    quick = Term(selector=plain.selector, sign=-1.0, reads=UP_TO, limit=limit)
    return (every, quick), (every,)


def _bool_gauge(here: Cursor) -> Counts | None:
    here.only(("metric", _GROUPED))
    metric = _selector(here, "metric")
    if not metric:
        return None
    _warn_of_no_name(here, metric)
    (plain,) = promql.terms(metric)
    every = Term(selector=plain.selector, reads=SAMPLES)
    true = Term(selector=plain.selector, sign=-1.0, reads=VALUES)
    return (every, true), (every,)


def _metric(
    here: Cursor, key: str, *, ends: str = "", of: str = "", gives_name: bool = False
) -> str:
    """Return a query of an indicator; empty after an error.

    `ends`: how the metric's name mostly ends, since it is a histogram's (`of`).
    `gives_name`: Pyrra names its rules after it.
    """
    query = here.mapping(key)
    if query is None:
        if here.get(key) is None:
            message = f"{key} is required and missing"
            here.error(message, code="missing-key")
        return ""
    query.only(("metric",))
    metric = _selector(query, "metric")
    if metric and gives_name:
        _warn_of_no_name(query, metric)
    name = promql.name_in_front(metric) if metric else ""
    if ends and name and not name.endswith(ends):
        message = f"{name} is usually a histogram's {of}, and ends in {ends}"
        query.warn(message, "metric", code="metric-name")
    return metric


def _warn_of_no_name(here: Cursor, metric: str) -> None:
    if not promql.name_in_front(metric):
        message = (
            f"{shown(metric)} has no name in front of its matchers: Pyrra makes no "
            "rules of it; write NAME{…}"
        )
        here.warn(message, "metric", code="metric-name")


def _selector(here: Cursor, key: str) -> str:
    text = here.text(key, required=True)
    if not text:
        return ""
    severity, why = promql.judge(text)
    if severity == "error":
        here.error(f"{shown(text)} {why}", key, code="promql-syntax")
        return ""
    if not promql.is_selector(text):
        message = f"{shown(text)} is no plain metric such as requests{{job='web'}}"
        here.error(message, key, code="value")
        return ""
    return text


_INDICATORS: Mapping[str, Callable[[Cursor], Counts | None]] = {
    "ratio": _ratio,
    "latency": _latency,
    "latencyNative": _latency_native,
    "bool_gauge": _bool_gauge,
}
