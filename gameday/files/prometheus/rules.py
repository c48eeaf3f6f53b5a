"""Prometheus rule files, plain and as PrometheusRule, as promtool judges them.

Scalars are read as the text they are written as, for Go reads them so. An empty file
and `groups:` without anything behind it are no rules, as for Prometheus.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gameday.errors import Problem
from gameday.files.promql import go_template, promql
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.files.text.shapes import whole
from gameday.files.text.suggest import did_you_mean, nearest
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.alerting.alert import AlertRule, RecordingRule, Rule
from gameday.model.quoting import shown

_GROUP = ("name", "interval", "query_offset", "limit", "labels", "rules")
_GROUP_OF_OTHERS = ("partial_response_strategy", "source_tenants", "evaluation_delay")
_RULE = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_LEGACY_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LEGACY_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_PATCH = "$patch"  # how kustomize says that an object is deleted or replaced
_CHANGING = ("$value", ".Value")  # at every evaluation


def read(path: str) -> tuple[tuple[AlertRule, ...], list[Problem]]:
    """Return the alerting rules of a file, and every problem in it."""
    read = source.read(path)
    if read.problem is not None:
        return (), [read.problem]
    return parse(read.text, path)


def read_all(path: str) -> list[Rule]:
    """Return the rules of a file, alerting and recording; none if it is unreadable."""
    read = source.read(path)
    return [] if read.problem is not None else _parse(yaml.parse(read.text, path))[0]


def parse_all(text: str, path: str) -> tuple[list[Rule], list[Problem]]:
    """Return the rules of a text, alerting and recording, and every problem in it."""
    return _parse(yaml.parse(text, path))


def parse(text: str, path: str) -> tuple[tuple[AlertRule, ...], list[Problem]]:
    """Return the alerting rules of a text, and every problem in it."""
    return parse_document(yaml.parse(text, path))


def parse_document(
    document: Document,
) -> tuple[tuple[AlertRule, ...], list[Problem]]:
    """Do what `parse` does for a text that was read already."""
    rules, problems = _parse(document)
    return tuple(rule for rule in rules if isinstance(rule, AlertRule)), problems


def _parse(document: Document) -> tuple[list[Rule], list[Problem]]:
    problems: list[Problem] = []
    here = top(document, problems, family="rules", texts=True)
    if document.root is None:
        told = (problem for problem in document.problems if problem.id != "file/empty")
        return [], list(told)
    crd = _is_crd(here)
    problems += document.problems if crd else document.problems_for_go(merges_once=True)
    if not crd:
        problems += _ignored(document)
    rules: list[Rule] = []
    for part in document.all if crd else (document,):
        is_first = part is document
        each = here if is_first else top(part, problems, family="rules", texts=True)
        rules += _document(each, crd=_is_crd(each))
    return ([] if document.is_behind_empty and not crd else rules), problems


def _ignored(document: Document) -> list[Problem]:
    """Return a warning of each document that Prometheus does not look at."""
    told: dict[int | None, str] = {}
    if document.is_behind_empty:
        told[document.line(())] = (
            "stands behind an empty document, which is all that Prometheus reads: it "
            "has none of these rules; remove the `---` before them"
        )
    if document.rest:
        told[document.rest[0].line(())] = (
            "Prometheus ignores this second document; remove it, or split it off"
        )
    return [
        Problem(document.path, line, message, "warning", "rules/second-document")
        for line, message in told.items()
    ]


def _is_crd(here: Cursor) -> bool:
    return isinstance(here.value, dict) and here.value.get("kind") == "PrometheusRule"


def _document(here: Cursor, *, crd: bool) -> list[Rule]:
    mapping = here.mapping("spec") if crd else here.mapping()
    if crd:
        here.only(("apiVersion", "kind", "metadata", "spec", "status", _PATCH))
    if mapping is None:
        return []
    mapping.only(("groups", _PATCH if crd else "namespace"))
    rules: list[Rule] = []
    names: set[str] = set()
    for group in mapping.list_of("groups"):
        rules += _group(group, names, here.document.path)
    return rules


class _Group(NamedTuple):
    name: str
    interval: float | None
    query_offset: float | None  # None: the group states none
    file: str
    labels: dict[str, str]


def _group(here: Cursor, names: set[str], path: str) -> list[Rule]:
    if here.value is None:
        here.warn("is empty; remove it", code="empty-key")
        return []
    if here.mapping() is None:
        return []
    _known_keys(here, _GROUP, _GROUP_OF_OTHERS)
    name = here.text("name", required=True)
    if name in names:
        here.error(
            f"the group name {name!r} is used twice in this file",
            "name",
            code="duplicate-name",
        )
    names.add(name)
    interval = _duration(here, "interval")
    limit = here.get("limit")
    if limit is not None:
        whole(limit)
    _names(here, "labels")
    offset = _duration(here, "query_offset")
    group = _Group(name, interval, offset, path, _texts(here, "labels"))
    rules = [_rule(rule, group, at) for at, rule in enumerate(here.list_of("rules"))]
    return [rule for rule in rules if rule is not None]


def _known_keys(here: Cursor, known: Sequence[str], others: Sequence[str]) -> None:
    for key, _ in here.entries():
        if key in others and not nearest(key, known):
            here.warn(
                f"{key!r} is not Prometheus'; it would refuse this file",
                key,
                code="unknown-key",
            )
        elif key not in known:
            here.error(
                f"{key!r} is an unknown key{did_you_mean(key, known)}",
                key,
                code="unknown-key",
            )


def _rule(here: Cursor, group: _Group, place: int) -> Rule | None:
    if here.value is None:
        here.warn("is empty; remove it", code="empty-key")
        return None
    if here.mapping() is None:
        return None
    _known_keys(here, _RULE, ())
    alert, record = here.text("alert"), here.text("record")
    if bool(alert) == bool(record):
        which = "both" if alert else "neither"
        here.error(
            f"has {which} of alert and record; expected one of them",
            code="alert-or-record",
        )
    expr = here.text("expr", required=True)
    severity, why = promql.judge(expr) if expr else ("", "")
    if severity == "error":
        here.error(f"{shown(expr)} {why}", "expr", code="promql-syntax")
    elif severity:
        here.warn(why, "expr", code="promql-version")
    _names(here, "labels")
    hold = _duration(here, "for")
    keeps = _duration(here, "keep_firing_for")
    if record:
        _recording(here, record, hold, keeps)
        return RecordingRule(
            name=record,
            expr=expr,
            group=group.name,
            file=group.file,
            interval=group.interval,
            query_offset=group.query_offset,
            labels={**group.labels, **_texts(here, "labels")},
            place=place,
        )
    _names(here, "annotations")
    for key in ("labels", "annotations"):
        _templates(here, key)
    return AlertRule(
        name=alert,
        expr=expr,
        group=group.name,
        file=group.file,
        hold=hold or 0.0,
        keep_firing=keeps or 0.0,
        interval=group.interval,
        query_offset=group.query_offset,
        labels={**group.labels, **_texts(here, "labels")},
        annotations=_texts(here, "annotations"),
        line=here.line,
        reads=promql.metrics(expr),
        place=place,
    )


def _recording(
    here: Cursor, record: str, hold: float | None, keeps: float | None
) -> None:
    if here.value.get("alert"):  # which of the two was meant, nobody knows
        return
    for key, value in (("for", hold), ("keep_firing_for", keeps)):
        if value:
            here.error(
                f"{key} makes no sense on a recording rule; remove it",
                key,
                code="recording-rule",
            )
    if here.value.get("annotations"):
        here.error(
            "a recording rule has no annotations; remove them",
            "annotations",
            code="recording-rule",
        )
    if "{" in record or "}" in record:
        message = f"{record!r} is no metric name: it has braces; write a plain name"
        here.error(message, "record", code="metric-name")
    elif not _LEGACY_METRIC.fullmatch(record):
        here.warn(
            f"{record!r} is a metric name only from Prometheus 3 on",
            "record",
            code="metric-name",
        )


def _texts(here: Cursor, key: str) -> dict[str, str]:
    below = here.get(key)
    entries = below.value.items() if below and isinstance(below.value, dict) else ()
    return {name: value for name, value in entries if isinstance(value, str)}


def _names(here: Cursor, key: str) -> None:
    below = here.get(key)
    for name, value in below.entries() if below else ():
        if not name or (name == "__name__" and key == "labels"):
            value.error(
                f"{name!r} cannot be a label here; choose another name",
                code="label-name",
            )
        elif not _LEGACY_LABEL.fullmatch(name):
            value.warn(
                f"{name!r} is a label name only from Prometheus 3 on", code="label-name"
            )
        if isinstance(value.value, dict | list):
            value.error(
                f"{shown(value.value)} is not text; expected text", code="wrong-type"
            )


def _duration(here: Cursor, key: str) -> float | None:
    text = here.text(key)
    if not text and here.value.get(key) != "":
        return None
    try:
        return parse_prometheus_duration(text)
    except ValueError as error:
        here.error(str(error), key, code="value")
        return None


def _templates(here: Cursor, key: str) -> None:
    """Judge an alert's templates: Prometheus refuses the file over one of them."""
    for name, text in _texts(here, key).items():
        try:
            reads = go_template.parse(text)
        except go_template.TemplateError as error:
            message = f"Prometheus cannot parse the template: {error}"
            here.error(message, key, name, code="template-syntax")
            continue
        if key == "labels" and reads.intersection(_CHANGING):
            message = (
                "the value is in a label, which makes another alert of it whenever it "
                "changes: `for` begins anew and it may never fire; use an annotation"
            )
            here.warn(message, key, name, code="value-in-label")
