"""Pyrra's SLO files: `kind: ServiceLevelObjective`, judged as Pyrra judges them.

All indicators are computed, over all groups of their grouping together, by Pyrra's
own arithmetic: `latencyNative` as `histogram_fraction(0, latency, …)` of all
observations, `bool_gauge` as the samples that are 0 of all samples.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from gameday.files.promql import promql, promql_canonical
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import shown
from gameday.model.slos.slo import OBSERVATIONS, SAMPLES, UP_TO, VALUES, Slo, Term

API = "pyrra.dev/v1alpha1"
_KIND = "ServiceLevelObjective"
_SPEC = (
    *("description", "target", "window", "indicator", "alerting"),
    "partial_response_strategy",
)
_ALERTING = ("disabled", "burnrates", "absent", "name", "absentName")
_MOST = 100.0  # percent
_GROUPED = "grouping"
Counts = tuple[tuple[Term, ...], tuple[Term, ...]]


def read(here: Cursor, unmeasured: dict[str, str]) -> Iterator[Slo]:
    """Go through the SLO of one document, if it is sound.

    One that cannot be counted goes to `unmeasured`, with the reason.
    """
    if here.value.get("apiVersion") != API:
        version = shown(here.value.get("apiVersion"))
        here.error(
            f"{version} is not supported; expected {API}", "apiVersion", code="version"
        )
    if here.value.get("kind") != _KIND:
        kind = shown(here.value.get("kind"))
        here.error(
            f"Pyrra's {kind} is no SLO; expected {_KIND}", "kind", code="version"
        )
        return
    name, spec = _parts(here)
    if spec is None:
        return
    target, window = _target(spec), _window(spec)
    _alerting(spec)
    try:
        counts = _counts(spec)
    except promql.NotCounted as reason:
        if name:
            unmeasured[name] = str(reason)
        message = f"the SLO {name!r} cannot be used in a scenario: {reason}"
        spec.warn(message, "indicator", code="not-counted")
        return
    if counts is None or target is None or window is None or not name:
        return
    yield Slo(
        name=name,
        service=name,
        objective=target,
        window=window,
        bad=counts[0],
        total=counts[1],
        format="pyrra",
        path=here.document.path,
        line=here.line,
        short_name=name,
    )


def _parts(here: Cursor) -> tuple[str, Cursor | None]:
    """Return the SLO's name and its `spec`."""
    here.only(("apiVersion", "kind", "metadata", "spec", "status"))
    metadata, spec = here.mapping("metadata"), here.mapping("spec")
    name = metadata.text("name") if metadata else ""
    if not name:
        place = metadata or here
        place.error("name is required and missing; expected text", code="missing-key")
    if spec is None:
        here.error("spec is required and missing", code="missing-key")
    else:
        spec.only(_SPEC)
    return name, spec


def _target(here: Cursor) -> float | None:
    value = here.value.get("target")
    try:
        percent = float("" if isinstance(value, bool) or value is None else value)
    except (TypeError, ValueError):
        message = f"target {shown(value)} is no percentage; expected one such as '99.9'"
        here.error(message, code="value")
        return None
    if not 0 <= percent <= _MOST:
        message = f"{shown(value)} is not at least 0 and at most 100 percent"
        here.error(message, "target", code="value")
        return None
    if 0 < percent < 1:
        message = f"{shown(value)} is a percentage: less than one in a hundred"
        here.warn(message, "target", code="objective")
    return round(percent / _MOST, 12)


def _window(here: Cursor) -> float | None:
    text = here.text("window", required=True)
    if not text:
        return None
    try:
        return parse_prometheus_duration(text) or None
    except ValueError as error:
        here.error(str(error), "window", code="value")
        return None


def _alerting(here: Cursor) -> None:
    alerting = here.mapping("alerting")
    if alerting is None:
        return
    alerting.only(_ALERTING)
    for key in ("disabled", "burnrates", "absent"):
        alerting.flag(key)
    for key in ("name", "absentName"):
        alerting.text(key)


def _counts(here: Cursor) -> Counts | None:
    """Return (bad, total); NotCounted where the indicator is sound but no count."""
    indicator = here.mapping("indicator")
    kinds = list(indicator.value) if indicator else []
    kinds_given = [key for key in _INDICATORS if key in kinds]
    if indicator is None or not kinds_given:
        place = indicator or here
        message = f"expected one of {among(_INDICATORS)}"
        place.error(message, code="missing-key")
        return None
    indicator.only(tuple(_INDICATORS))
    if len(kinds_given) > 1:
        message = f"{among(kinds_given, 'and')} are both set; keep one of them"
        indicator.error(message, code="exclusive-keys")
        return None
    body = indicator.mapping(kinds_given[0])
    if body is None:
        indicator.error(f"{kinds_given[0]} is empty", kinds_given[0], code="empty-key")
        return None
    for label in body.list_of(_GROUPED):
        if not isinstance(label.value, str):
            message = f"{shown(label.value)} is not text; expected a label's name"
            label.error(message, code="wrong-type")
    if body.value.get(_GROUPED):
        body.warn("all groups are counted together", _GROUPED, code="grouping")
    return _INDICATORS[kinds_given[0]](body)


def _ratio(here: Cursor) -> Counts | None:
    here.only(("errors", "total", _GROUPED))
    errors, total = _metric(here, "errors"), _metric(here, "total")
    if not (errors and total):
        return None
    bad, every = promql.terms(errors), promql.terms(total)
    if promql_canonical.counts_alike(bad, every):
        _same(here, "errors")
        return None
    return bad, every


def _latency(here: Cursor) -> Counts | None:
    here.only(("success", "total", _GROUPED))
    success, total = _metric(here, "success"), _metric(here, "total")
    if not (success and total):
        return None
    limits = promql.label_values(success, "le")
    if not limits or not re.fullmatch(
        r"\+?(\d+\.?\d*|\.\d+)(e-?\d+)?|\+Inf", limits[0]
    ):
        message = f"{shown(success)} has no le with a number; expected a bucket"
        here.error(message, "success", code="value")
        return None
    good, every = promql.terms(success), promql.terms(total)
    if promql_canonical.counts_alike(good, every):
        _same(here, "success")
        return None
    less = tuple(Term(selector=term.selector, sign=-term.sign) for term in good)
    return (*every, *less), every


def _same(here: Cursor, key: str) -> None:
    message = f"{key} and total count the same events"
    here.error(message, key, code="same-query")


def _latency_native(here: Cursor) -> Counts | None:
    here.only(("total", "latency", _GROUPED))
    total = _metric(here, "total")
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
    (plain,) = promql.terms(metric)
    every = Term(selector=plain.selector, reads=SAMPLES)
    true = Term(selector=plain.selector, sign=-1.0, reads=VALUES)
    return (every, true), (every,)


def _metric(here: Cursor, key: str) -> str:
    """Return a query of an indicator; empty after an error."""
    query = here.mapping(key)
    if query is None:
        here.error(f"{key} is required and missing", code="missing-key")
        return ""
    query.only(("metric",))
    return _selector(query, "metric")


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
