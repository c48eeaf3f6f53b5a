"""Pyrra's SLO files: `kind: ServiceLevelObjective`, judged as Pyrra judges them.

All indicators are computed, over all groups of their grouping together. As Pyrra's own
reader does, scalars are taken as they are written (`target: 99.9` is text).
"""

from collections.abc import Collection, Iterator

from gameday.files.promql import promql
from gameday.files.slo import pyrra_indicator
from gameday.files.text import shapes
from gameday.files.text.cursor import Cursor
from gameday.files.text.go_literals import go_float
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slo

API = "pyrra.dev/v1alpha1"
KIND = "ServiceLevelObjective"
_MOST = 100.0  # percent


def read(
    here: Cursor, unmeasured: dict[str, str], namesakes: Collection[str] = ()
) -> Iterator[Slo]:
    """Go through the SLO of one document, if it is sound.

    One that cannot be counted goes to `unmeasured`, with the reason. `namesakes` are
    names that several namespaces have: such an SLO is called NAMESPACE/NAME.
    """
    if here.value.get("apiVersion") != API:
        version = shown(here.value.get("apiVersion"))
        here.error(
            f"{version} is not supported; expected {API}", "apiVersion", code="version"
        )
    if here.value.get("kind") != KIND:
        kind = shown(here.value.get("kind"))
        here.error(f"Pyrra's {kind} is no SLO; expected {KIND}", "kind", code="version")
        return
    here = here.as_written()
    name, spec = _parts(here)
    if spec is None:
        return
    target, window = _target(spec), _window(spec)
    full = qualified(here.value) if name in namesakes else name
    try:
        counts = pyrra_indicator.counts(spec)
    except promql.NotCounted as reason:
        if name:
            unmeasured[full] = unmeasured[name] = str(reason)
        message = f"the SLO {full!r} cannot be used in a scenario: {reason}"
        spec.warn(message, "indicator", code="not-counted")
        return
    if counts is None or target is None or window is None or not name:
        return
    yield Slo(
        name=full,
        service=name,
        objective=target,
        window=window,
        bad=counts[0],
        total=counts[1],
        format="pyrra",
        path=here.document.path,
        line=here.line,
        short_name=name,
        grouped_by=pyrra_indicator.grouping(spec),
    )


def qualified(value: object) -> str:
    """Return NAMESPACE/NAME of an object, or NAME; empty where it has no name."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict) or not metadata.get("name"):
        return ""
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def _parts(here: Cursor) -> tuple[str, Cursor | None]:
    """Return the SLO's name and its `spec`."""
    here.only(("apiVersion", "kind", "metadata", "spec", "status"))
    metadata, spec = here.mapping("metadata"), here.mapping("spec")
    if metadata is not None:
        shapes.known_fields(metadata, _METADATA)
    name = metadata.value.get("name") if metadata else ""
    if not name:
        place = metadata or here
        place.error("name is required and missing; expected text", code="missing-key")
    if here.get("spec") is None:
        here.error("spec is required and missing", code="missing-key")
    elif spec is not None:
        shapes.known_fields(spec, _SPEC)
    return name if isinstance(name, str) else "", spec


def _target(here: Cursor) -> float | None:
    text = here.value.get("target")
    if text is not None and not isinstance(text, str):
        return None  # the wrong type is told already
    if not text:
        message = "target is required and missing; expected a percentage such as '99.9'"
        here.error(message, code="missing-key")
        return None
    percent = go_float(text)
    if percent is None:
        message = f"{shown(text)} is no percentage; expected one such as '99.9'"
        here.error(message, "target", code="value")
        return None
    if not 0 <= percent <= _MOST:
        message = f"{shown(text)} is not at least 0 and at most 100 percent"
        here.error(message, "target", code="value")
        return None
    if 0 < percent < 1:
        message = f"{shown(text)} is a percentage: less than one in a hundred"
        here.warn(message, "target", code="objective")
    if not shapes.is_quoted(here.at("target")):
        message = "Kubernetes takes text only; write it in quotes"
        here.warn(message, "target", code="wrong-type")
    return round(percent / _MOST, 12)


def _window(here: Cursor) -> float | None:
    if isinstance(here.value.get("window"), dict | list):
        return None  # told already
    text = here.text("window", required=True)
    if not text:
        return None
    try:
        seconds = parse_prometheus_duration(text)
    except ValueError as error:
        here.error(str(error), "window", code="value")
        return None
    if not seconds:
        message = f"{text!r} is no time; expected one such as 28d or 4w"
        here.error(message, "window", code="window")
    return seconds or None


def _strategy(here: Cursor) -> None:
    """Judge a word of Thanos Ruler's, which Kubernetes refuses and Pyrra hands on."""
    shapes.text(here)
    known = ("abort", "warn")
    if isinstance(here.value, str) and here.value not in (*known, ""):
        message = f"{shown(here.value)} is not known to Kubernetes; expected "
        here.warn(message + " or ".join(known), code="unknown-value")


_METADATA: shapes.Fields = {
    "name": shapes.text,
    "namespace": shapes.text,
    "labels": shapes.texts,
    "annotations": shapes.texts,
    **dict.fromkeys(
        (
            *("generateName", "selfLink", "uid", "resourceVersion", "generation"),
            *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
            *("ownerReferences", "finalizers", "managedFields"),
        ),
        shapes.anything,  # the cluster's own
    ),
}
_ALERTING: shapes.Fields = {
    "disabled": shapes.flag,
    "burnrates": shapes.flag,
    "absent": shapes.flag,
    "name": shapes.text,
    "absentName": shapes.text,
    "severities": shapes.record(
        dict.fromkeys(
            ("absent", "fastBurn", "mediumBurn", "slowBurn", "longTermBurn"),
            shapes.text,
        )
    ),
}
_SPEC: shapes.Fields = {
    "description": shapes.text,
    "target": shapes.text,
    "window": shapes.text,
    "indicator": shapes.anything,
    "alerting": shapes.record(_ALERTING),
    "partial_response_strategy": _strategy,
    "performanceOverAccuracy": shapes.flag,
    "ruleOutput": shapes.record(
        {
            "shortRulesLabels": shapes.texts,
            "longRulesLabels": shapes.texts,
            "enableDescriptionAsLabel": shapes.flag,
        }
    ),
}
