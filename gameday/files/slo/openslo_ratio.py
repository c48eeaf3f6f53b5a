"""The indicator of an OpenSLO: bad and all events, as sums of counters.

Of a threshold metric each sample is an event, and good where it compares as the
objective says; it is a plain metric, since only such has samples.
"""

from collections.abc import Mapping
from typing import NamedTuple

from gameday.files.promql import promql, promql_canonical
from gameday.files.slo import openslo_objects
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among, did_you_mean
from gameday.model.quoting import shown
from gameday.model.slos.slo import SAMPLES, Term

Counts = tuple[tuple[Term, ...], tuple[Term, ...]]
_KEYS = ("counter", "good", "bad", "total", "raw", "rawType")
_QUERIES = ("query", "promql", "expr")  # the first is OpenSLO's own for Prometheus


class References(NamedTuple):
    """What other objects of the same files are referred to by: SLIs, data sources."""

    indicators: Mapping[str, Cursor | None]  # None: it is broken, as is told there
    sources: Mapping[str, str]  # name -> type


class SampleThreshold(NamedTuple):
    """A metric whose samples are compared with an objective's value."""

    selector: str

    def counts(self, op: str, limit: float) -> Counts:
        """Return (bad, total): the samples that do not compare so, and all of them."""
        every = Term(selector=self.selector, reads=SAMPLES)
        good = Term(selector=self.selector, sign=-1.0, reads=op, limit=limit)
        return (every, good), (every,)


def judge(here: Cursor) -> None:
    """Judge the `spec` of an SLI."""
    _ratio(here, None)


def judge_indicator(here: Cursor) -> None:
    """Judge the indicator of an objective that has its own; it is not counted."""
    inline = here.mapping("indicator")
    if inline is not None and here.get("indicatorRef") is not None:
        message = "indicator and indicatorRef are both set; keep one of them"
        here.error(message, "indicatorRef", code="exclusive-keys")
    openslo_objects.named(here, "indicatorRef")
    if inline is None:
        return
    inline.only(("metadata", "spec"))
    openslo_objects.metadata(inline)
    body = inline.mapping("spec")
    if body is None:
        inline.error("spec is missing; expected a ratioMetric", code="missing-key")
    else:
        judge(body)


def counts(here: Cursor, known: References) -> Counts | SampleThreshold | None:
    """Return (bad, total) of an SLO's indicator; None after an error."""
    reference = here.text("indicatorRef")
    inline = here.mapping("indicator")
    if inline is not None and reference:
        message = "indicator and indicatorRef are both set; keep one of them"
        here.error(message, "indicatorRef", code="exclusive-keys")
    if inline is not None:
        inline.only(("metadata", "spec"))
        openslo_objects.metadata(inline)
        body = inline.mapping("spec")
        if body is None:
            message = "spec is missing; expected a ratioMetric"
            inline.error(message, code="missing-key")
        return None if body is None else _ratio(body, known)
    if not reference:
        message = "indicator is missing; expected one with a ratioMetric"
        here.error(message, code="missing-key")
        return None
    openslo_objects.named(here, "indicatorRef")
    if reference not in known.indicators:
        hint = did_you_mean(reference, known.indicators)
        message = f"there is no SLI {reference!r} in these files{hint}"
        here.error(message, "indicatorRef", code="reference")
        return None
    body = known.indicators[reference]
    return None if body is None else _ratio(body, known)


def _ratio(here: Cursor, known: References | None) -> Counts | SampleThreshold | None:
    """Return (bad, total) of an SLI; without `known` it is only judged."""
    here.only(("description", "thresholdMetric", "ratioMetric"))
    openslo_objects.described(here)
    ratio = here.mapping("ratioMetric")
    if here.get("thresholdMetric") is not None:
        if ratio is not None:
            message = "thresholdMetric and ratioMetric are both set; keep one of them"
            here.error(message, code="exclusive-keys")
            return None
        return _threshold(here, known)
    if ratio is None:
        here.error("ratioMetric is missing", code="missing-key")
        return None
    ratio.only(_KEYS)
    ratio.text("rawType")
    if ratio.get("raw") is not None:
        return _raw(ratio, known)
    return _events(ratio, known)


def _threshold(here: Cursor, known: References | None) -> SampleThreshold | None:
    query = _query(here, "thresholdMetric", known)
    if query is None:
        return None
    if promql.judge(query.value)[0] == "error" or promql.is_selector(query.value):
        try:
            (term,) = promql.terms(query.value)
        except promql.NotCounted as reason:
            _not_counted(query, reason)
            return None
        return SampleThreshold(term.selector)
    message = (
        f"{shown(query.value)} is no plain metric, and only such has samples to count; "
        "record it by a rule, and write the recorded metric"
    )
    query.error(message, code="not-counted")
    return None


def _raw(here: Cursor, known: References | None) -> Counts | None:
    """Return the counts of a ready-made ratio that divides two sums of counters."""
    others = [key for key in ("good", "bad", "total") if here.get(key) is not None]
    if others:
        message = f"raw and {among(others, 'and')} are both set; keep one of them"
        here.error(message, "raw", code="exclusive-keys")
    kind = here.value.get("rawType")
    if not kind:
        here.error("rawType is required and missing", code="missing-key")
    elif kind not in ("success", "failure"):
        message = f"{kind!r} is not known; expected success or failure"
        here.error(message, "rawType", code="unknown-value")
    query = _query(here, "raw", known)
    if query is None:
        return None
    try:
        part, total = promql.ratio(query.value)
    except promql.NotCounted as reason:
        _not_counted(query, reason)
        return None
    return _counted("good" if kind == "success" else "bad", part, total, here)


def _events(here: Cursor, known: References | None) -> Counts | None:
    counter = here.flag("counter")
    sides = [key for key in ("bad", "good") if here.get(key) is not None]
    if not sides:
        here.error("expected exactly one of good and bad", code="missing-key")
    elif len(sides) > 1:
        message = "good and bad are both set; keep one of them"
        here.error(message, "bad", code="exclusive-keys")
    if here.get("total") is None:
        here.error("total is missing", code="missing-key")
    terms = {
        key: _terms(here, key, known, counter=counter is True)
        for key in (*sides, "total")
        if here.get(key) is not None
    }
    side, total = (terms.get(key) for key in (sides[0] if sides else "", "total"))
    if side is None or total is None:
        return None
    return _counted(sides[0], side, total, here)


def _counted(
    kind: str, side: tuple[Term, ...], total: tuple[Term, ...], here: Cursor
) -> Counts | None:
    """Return (bad, total); bad is total less good where good is counted."""
    if promql_canonical.counts_alike(side, total):
        message = (
            f"{kind} and total count the same events, so the SLO is always "
            f"{'kept' if kind == 'good' else 'missed'}"
        )
        here.error(message, code="same-query")
        return None
    if kind == "bad":
        return side, total
    good = tuple(Term(selector=term.selector, sign=-term.sign) for term in side)
    return (*total, *good), total


def _terms(
    here: Cursor, key: str, known: References | None, *, counter: bool
) -> tuple[Term, ...] | None:
    query = _query(here, key, known)
    if query is None:
        return None
    try:
        terms = promql.terms(query.value)
    except promql.NotCounted as reason:
        _not_counted(query, reason)
        return None
    if not counter and promql.reads_unrated(query.value):
        message = "only counters are supported; write counter: true, or a rate"
        here.error(message, key, code="not-supported")
        return None
    return terms


def _not_counted(query: Cursor, reason: promql.NotCounted) -> None:
    message = f"{shown(query.value)} cannot be counted: {reason}"
    severity, _ = promql.judge(query.value)
    query.error(message, code="promql-syntax" if severity == "error" else "not-counted")


def _query(here: Cursor, key: str, known: References | None) -> Cursor | None:
    """Return where the query of a metric is; None where there is none to read."""
    metric = here.mapping(key)
    if metric is None:
        return None
    metric.only(("metricSource",))
    source = metric.mapping("metricSource")
    if source is None:
        metric.error("metricSource is missing", code="missing-key")
        return None
    source.only(("metricSourceRef", "type", "spec"))
    openslo_objects.named(source, "metricSourceRef")
    body = source.mapping("spec")
    if not (body and body.value):
        source.error("spec is missing; expected a query", code="missing-key")
        return None
    if known is None or not _is_prometheus(source, known):
        return None
    for name in _QUERIES:
        if body.text(name):
            if name != _QUERIES[0]:
                body.warn(f"is read as the query; write {_QUERIES[0]}", name)
            return body.at(name)
    body.error("query is required and missing; expected text", code="missing-key")
    return None


def _is_prometheus(here: Cursor, known: References) -> bool:
    """Return whether a metric comes from Prometheus; another vendor is refused."""
    reference = here.text("metricSourceRef")
    kind = here.text("type") or known.sources.get(reference, "")
    if kind and kind.lower() != "prometheus":
        via = "" if here.text("type") else f" of the data source {reference!r}"
        message = f"the source {kind!r}{via} is not supported; expected Prometheus"
        at = "type" if here.text("type") else "metricSourceRef"
        here.error(message, at, code="not-supported")
        return False
    if kind and kind != "Prometheus":
        here.warn(f"{kind!r} is read as Prometheus; write it so")
    if not kind and reference:
        hint = did_you_mean(reference, known.sources)
        here.warn(
            f"there is no DataSource {reference!r} in these files; "
            f"taken for Prometheus{hint}",
            "metricSourceRef",
        )
    return True
