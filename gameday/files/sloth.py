"""Sloth's SLO files: `version: prometheus/v1`, and PrometheusServiceLevel.

Sloth passes over keys that it does not know; so do we, with a warning.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gameday.files import promql
from gameday.files.cursor import Cursor, shown
from gameday.files.suggest import nearest
from gameday.model.slo import Slo, Term

WINDOW = 30 * 86400.0  # Sloth's default period, in seconds; its files name none
_TEMPLATE = re.compile(r"\{\{-?\s*\.\s*window\s*-?\}\}")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*)[A-Za-z0-9]")
_MOST = 100.0  # percent
_SLO_KEYS = (
    "name",
    "description",
    "objective",
    "labels",
    "sli",
    "alerting",
    "plugins",
)


class _Spelling(NamedTuple):
    """The names of the keys: the plain form's, or the Kubernetes form's."""

    error: str = "error_query"
    total: str = "total_query"
    ratio: str = "error_ratio_query"
    plugins: str = "slo_plugins"


_KUBERNETES = _Spelling("errorQuery", "totalQuery", "errorRatioQuery", "sloPlugins")


def read(here: Cursor, unmeasured: dict[str, str]) -> Iterator[Slo]:
    """Go through the SLOs of one Sloth object.

    Those that cannot be counted go to `unmeasured`, with the reason.
    """
    spelling, body = _Spelling(), here
    if "apiVersion" in here.value:
        spec = _spec(here)
        if spec is None:
            return
        spelling, body = _KUBERNETES, spec
    elif here.value.get("version") != "prometheus/v1":
        version = shown(here.value.get("version"))
        here.error(f"{version} is not supported; expected prometheus/v1", "version")
    service = body.text("service", required=True)
    plugins = body.get(spelling.plugins)
    if plugins is not None:
        _refuse_plugins(plugins)
    if not body.value.get("slos"):
        body.error("slos is missing; expected a list of SLOs")
    for item in body.list_of("slos"):
        if item.mapping() is not None:
            yield from _slo(item, service, spelling, unmeasured)


def _spec(here: Cursor) -> Cursor | None:
    if here.value.get("kind") != "PrometheusServiceLevel":
        kind = shown(here.value.get("kind"))
        here.error(f"Sloth's {kind} is no SLO; expected PrometheusServiceLevel", "kind")
        return None
    if here.value.get("apiVersion") != "sloth.slok.dev/v1":
        version = shown(here.value.get("apiVersion"))
        message = f"{version} is not supported; expected sloth.slok.dev/v1"
        here.error(message, "apiVersion")
    if here.get("spec") is None:
        here.error("spec is missing; expected the service and its SLOs")
    return here.mapping("spec")


def _refuse_plugins(here: Cursor) -> None:
    chain = here.list_of("chain") if here.mapping() is not None else []
    ids = [one.text("id") for one in chain if isinstance(one.value, dict)]
    names = ", ".join(name for name in ids if name) or "unnamed"
    here.error(f"Sloth plugins are code and not supported: {names}")


def _slo(
    here: Cursor, service: str, spelling: _Spelling, unmeasured: dict[str, str]
) -> Iterator[Slo]:
    name = _named(here)
    for key, value in here.entries():
        if key not in _SLO_KEYS:
            close = nearest(key, _SLO_KEYS)
            hint = f'; did you mean "{close}"?' if close else ""
            value.warn(f"Sloth passes over the unknown key {key!r}{hint}")
    if here.get("plugins") is not None:
        _refuse_plugins(here.at("plugins"))
    _alerting(here)
    objective = _objective(here)
    full = f"{service}-{name}"
    try:
        counts = _counts(here, spelling)
    except promql.NotCounted as reason:
        unmeasured[full] = unmeasured[name] = str(reason)
        message = f"the SLO {name!r} cannot be used in a scenario: {reason}"
        here.warn(message, "sli")
        return
    if counts is None or objective is None or not (name and service):
        return
    yield Slo(
        name=full,
        service=service,
        objective=objective,
        window=WINDOW,
        bad=counts[0],
        total=counts[1],
        format="sloth",
        path=here.document.path,
        line=here.line,
        window_stated=False,
        short_name=name,
    )


def _named(here: Cursor) -> str:
    name = here.text("name", required=True)
    if name and not _NAME.fullmatch(name):
        here.error(
            f"{name!r} is no name for Sloth; expected two letters or more", "name"
        )
    return name


def _alerting(here: Cursor) -> None:
    """Require an alert's name where Sloth does: unless both alerts are off."""
    alerting = here.mapping("alerting")
    if alerting is None:
        return
    alerts = [alerting.get(a) or alerting.get(b) for a, b in _ALERTS]
    off = [isinstance(a.value, dict) and a.value.get("disable") for a in alerts if a]
    if not alerting.value.get("name") and not (len(off) == len(alerts) and all(off)):
        alerting.error("name is required and missing; expected the alert's name")


_ALERTS = (("page_alert", "pageAlert"), ("ticket_alert", "ticketAlert"))


def _objective(here: Cursor) -> float | None:
    value = here.value.get("objective")
    if isinstance(value, bool) or not isinstance(value, int | float):
        here.error(f"objective {shown(value)} is not a number; expected percent")
        return None
    if not 0 < value <= _MOST:
        here.error(f"{value} is not above 0 and at most 100 percent", "objective")
        return None
    return round(float(value) / _MOST, 12)


def _counts(
    here: Cursor, spelling: _Spelling
) -> tuple[tuple[Term, ...], tuple[Term, ...]] | None:
    """Return bad and total; NotCounted where the query is no count of events."""
    sli = here.mapping("sli")
    if sli is None:
        here.error("sli is missing; expected events with two queries")
        return None
    plugin = sli.mapping("plugin")
    if plugin is not None:
        message = f"the plugin {plugin.text('id')!r} is code and not supported"
        plugin.error(f"{message}; write the queries out")
        return None
    raw = sli.mapping("raw")
    if raw is not None:
        return _ratio(raw, spelling.ratio)
    events = sli.mapping("events")
    if events is None:
        sli.error("events is missing; expected an error query and a total query")
        return None
    bad, total = (events.text(key, required=True) for key in _queries(spelling))
    if not (bad and total):
        return None
    return promql.terms(_windowed(bad)), promql.terms(_windowed(total))


def _queries(spelling: _Spelling) -> tuple[str, str]:
    return spelling.error, spelling.total


def _ratio(here: Cursor, key: str) -> tuple[tuple[Term, ...], tuple[Term, ...]] | None:
    query = here.text(key, required=True)
    if not query:
        return None
    try:
        return promql.ratio(_windowed(query))
    except promql.NotCounted as reason:
        raise promql.NotCounted(f"raw.{key} is not supported: {reason}") from None


def _windowed(query: str) -> str:
    return _TEMPLATE.sub("5m", query)
