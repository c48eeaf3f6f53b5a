"""The addresses of `static_configs`: each is HOST:PORT once it is relabelled."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gameday.files.text.cursor import Cursor
from gameday.model.alerting import relabel
from gameday.model.alerting.known_labels import exactly
from gameday.model.alerting.relabel import RelabelRule
from gameday.model.quoting import shown
from gameday.model.timing.prometheus_settings import relabel_rule

_ADDRESS = "__address__"
_DEFAULTS = {"__scheme__": "http", "__metrics_path__": "/metrics"}


def of_alertmanager(here: Cursor) -> None:
    """Refuse addresses with a path where no relabelling takes it apart."""
    if not here.value.get("relabel_configs"):
        for target, _ in _targets(here):
            if target.value:
                _judge(target, str(target.value))
            else:
                message = "has no address: Prometheus takes it, and sends no alert"
                target.warn(message, code="value")


def of_job(here: Cursor) -> None:
    """Refuse addresses that are none when a job has relabelled them."""
    rules = [
        relabel_rule(rule)
        for rule in here.value.get("relabel_configs") or ()
        if isinstance(rule, dict)
    ]
    own = {"job": str(here.value.get("job_name") or "")}
    for key in ("scheme", "metrics_path"):
        if isinstance(here.value.get(key), str):
            own[f"__{key}__"] = here.value[key]
    params = here.value.get("params")
    if isinstance(params, dict):
        own |= {f"__param_{name}": _first(value) for name, value in params.items()}
    for target, labels in _targets(here):
        address = str(target.value or "")
        kept = _relabelled({**_DEFAULTS, **own, **labels, _ADDRESS: address}, rules)
        if kept is not None:
            _judge(target, kept)


def _first(values: Any) -> str:
    return str(values[0]) if isinstance(values, list) and values else ""


def _targets(here: Cursor) -> Iterator[tuple[Cursor, Mapping[str, str]]]:
    """Go through (address, labels of its group)."""
    for group in here.list_of("static_configs"):
        if not isinstance(group.value, dict):
            continue
        labels = group.value.get("labels")
        named = labels if isinstance(labels, dict) else {}
        texts = {name: str(value or "") for name, value in named.items()}
        for target in group.list_of("targets"):
            if target.value is None or isinstance(target.value, str):
                yield target, texts


def _relabelled(labels: Mapping[str, str], rules: Sequence[RelabelRule]) -> str | None:
    """Return the address of a target; None where it is dropped, or not known."""
    made = relabel.sent(exactly(labels), {}, rules)
    return None if made.dropped is not False else made.labels.get(_ADDRESS)


def _judge(target: Cursor, address: str) -> None:
    if not address:
        target.error("has no address; expected HOST:PORT", code="value")
    elif "/" in address:
        own = (
            "" if address == target.value else f", which {shown(target.value)} becomes,"
        )
        target.error(f"{shown(address)}{own} is not HOST:PORT", code="value")
