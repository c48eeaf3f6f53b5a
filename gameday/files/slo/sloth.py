"""Sloth's SLO files: `version: prometheus/v1`, and PrometheusServiceLevel.

What Sloth refuses is refused. It passes over keys that it does not know; so do we,
with a warning.
"""

import re
from collections.abc import Iterator, Sequence

from gameday.files.promql import promql
from gameday.files.slo import sloth_indicator
from gameday.files.slo.sloth_indicator import KUBERNETES, Spelling
from gameday.files.text.cursor import Cursor
from gameday.files.text.go_literals import yaml_number
from gameday.files.text.shapes import flag, is_quoted
from gameday.files.text.suggest import nearest
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slo

WINDOW = 30 * 86400.0  # Sloth's default period, in seconds; its files name none
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


def read(here: Cursor, unmeasured: dict[str, str]) -> Iterator[Slo]:
    """Go through the SLOs of one Sloth object.

    Those that cannot be counted go to `unmeasured`, with the reason.
    """
    spelling, body = Spelling(), here
    if "apiVersion" in here.value:
        spec = _spec(here)
        if spec is None:
            return
        spelling, body = KUBERNETES, spec
    elif here.value.get("version") != "prometheus/v1":
        version = shown(here.value.get("version"))
        here.error(
            f"{version} is not supported; expected prometheus/v1",
            "version",
            code="version",
        )
    else:
        body = here.as_written()
    _refuse_byte_order_mark(here)
    service = _named(body, "service")
    _texts(body, "labels")
    plugins = body.get(spelling.plugins)
    if plugins is not None:
        _refuse_plugins(plugins)
    if not body.value.get("slos"):
        body.error("slos is missing; expected a list of SLOs", code="missing-key")
    items = [item for item in body.list_of("slos") if item.mapping() is not None]
    _judge_merged("labels", *((body, item) for item in items))
    for item in items:
        yield from _slo(item, service, spelling, unmeasured)


def _spec(here: Cursor) -> Cursor | None:
    if here.value.get("kind") != "PrometheusServiceLevel":
        kind = shown(here.value.get("kind"))
        here.error(
            f"Sloth's {kind} is no SLO; expected PrometheusServiceLevel",
            "kind",
            code="version",
        )
        return None
    if here.value.get("apiVersion") != "sloth.slok.dev/v1":
        version = shown(here.value.get("apiVersion"))
        message = f"{version} is not supported; expected sloth.slok.dev/v1"
        here.error(message, "apiVersion", code="version")
    metadata = here.mapping("metadata")
    if metadata is not None:
        metadata.text("name")
    if here.get("spec") is None:
        here.error(
            "spec is missing; expected the service and its SLOs", code="missing-key"
        )
    return here.mapping("spec")


def _refuse_byte_order_mark(here: Cursor) -> None:
    if any(told.id == "file/byte-order-mark" for told in here.problems):
        here.error("Sloth refuses a byte-order mark; remove it", code="value")


def _refuse_plugins(here: Cursor) -> None:
    chain = here.list_of("chain") if here.mapping() is not None else []
    ids = [plugin.text("id") for plugin in chain if isinstance(plugin.value, dict)]
    if here.mapping() is not None and not chain:
        return
    names = ", ".join(name for name in ids if name) or "unnamed"
    here.error(f"Sloth plugins are code and not supported: {names}", code="plugin")


def _slo(
    here: Cursor, service: str, spelling: Spelling, unmeasured: dict[str, str]
) -> Iterator[Slo]:
    name = _named(here, "name")
    here.text("description")
    _texts(here, "labels")
    for key, value in here.entries():
        if key not in _SLO_KEYS:
            close = nearest(key, _SLO_KEYS)
            hint = f'; did you mean "{close}"?' if close else ""
            value.warn(
                f"Sloth passes over the unknown key {key!r}{hint}", code="unknown-key"
            )
    if here.get("plugins") is not None:
        _refuse_plugins(here.at("plugins"))
    _alerting(here)
    objective = _objective(here)
    full = f"{service}-{name}"
    try:
        counts = sloth_indicator.counts(here, spelling)
    except promql.NotCounted as reason:
        if full in unmeasured:
            message = f"the SLO {full!r} is there twice; rename one"
            here.error(message, code="duplicate-name")
        unmeasured[full] = unmeasured[name] = str(reason)
        message = f"the SLO {name!r} cannot be used in a scenario: {reason}"
        here.warn(message, "sli", code="not-counted")
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


def _named(here: Cursor, key: str) -> str:
    name = here.text(key, required=True)
    if name and not _NAME.fullmatch(name):
        message = f"{name!r} is no name for Sloth; expected two letters or more"
        here.error(message, key, code="value")
    return name


def _texts(here: Cursor, key: str) -> None:
    """Refuse labels or annotations of another type than text."""
    labels = here.get(key)
    for _, value in labels.entries() if labels else ():
        if value.value is not None and not isinstance(value.value, str):
            message = f"{shown(value.value)} is not text; write it in quotes"
            value.error(message, code="wrong-type")


def _judge_merged(key: str, *chains: Sequence[Cursor]) -> None:
    """Refuse labels (or annotations) without a value, and the label `__name__`.

    In each chain of places what a later one says replaces what an earlier one says, as
    Sloth merges them before it looks.
    """
    used = {
        value.path: (name, value)
        for places in chains
        for name, value in _merged(key, places).items()
    }
    for name, value in used.values():
        if not name or (name == "__name__" and key == "labels"):
            message = f"{name!r} cannot be a label here; choose another name"
            value.error(message, code="label-name")
        if value.value in (None, ""):
            value.error("has no value; Sloth asks for one", code="missing-key")


def _merged(key: str, places: Sequence[Cursor]) -> dict[str, Cursor]:
    merged: dict[str, Cursor] = {}
    for place in places:
        labels = place.get(key)
        if labels is not None and isinstance(labels.value, dict):
            merged.update(labels.entries())
    return merged


def _alerting(here: Cursor) -> None:
    """Require an alert's name where Sloth does: unless both alerts are off."""
    alerting = here.mapping("alerting") or here._replace(value={})
    both = [alerting.get(plain) or alerting.get(other) for plain, other in _ALERTS]
    name = alerting.text("name")
    given = [alert or alerting._replace(value={}) for alert in both]
    for place in (alerting, *(alert for alert in both if alert is not None)):
        for key in ("labels", "annotations"):
            _texts(place, key)
    alerts = [alert for alert in given if alert.mapping() is None or not _is_off(alert)]
    if not alerts:
        return
    if not name:
        place = alerting if here.get("alerting") else here
        message = "name is required and missing; expected the alert's name"
        place.error(message, code="missing-key")
    for key in ("labels", "annotations"):
        _judge_merged(key, *((alerting, alert) for alert in alerts))


def _is_off(alert: Cursor) -> bool:
    disable = alert.get("disable") if isinstance(alert.value, dict) else None
    if disable is None or isinstance(disable.value, bool):
        return disable is not None and disable.value
    if alert.path[-1] in ("page_alert", "ticket_alert"):
        flag(disable)
        return str(disable.value).lower() in ("true", "yes", "on", "y")
    disable.error(f"{shown(disable.value)} is not true or false", code="wrong-type")
    return False


_ALERTS = (("page_alert", "pageAlert"), ("ticket_alert", "ticketAlert"))


def _objective(here: Cursor) -> float | None:
    value = here.value.get("objective")
    if isinstance(value, str) and not is_quoted(here.at("objective")):
        number = yaml_number(value)
        value = value if number is None else number
    if isinstance(value, bool) or not isinstance(value, int | float):
        here.error(
            f"objective {shown(value)} is not a number; expected percent",
            code="objective",
        )
        return None
    if not 0 < value <= _MOST:
        here.error(
            f"{value} is not above 0 and at most 100 percent",
            "objective",
            code="objective",
        )
        return None
    return round(float(value) / _MOST, 12)
