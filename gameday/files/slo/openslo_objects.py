"""What OpenSLO v1 asks of every object, and of those that are no SLOs.

As OpenSLO's Go SDK validates it, which resolves no references.
"""

import re
from collections.abc import Callable, Mapping

from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among
from gameday.model.quoting import shown

KINDS = (
    *("SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition"),
    "AlertNotificationTarget",
)
OPERATORS = ("gt", "lt", "gte", "lte")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_DOMAIN = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ANNOTATION = re.compile(rf"({_DOMAIN}(\.{_DOMAIN})*/)?{_LABEL.pattern}")
_DURATION = re.compile(r"(\d+)([mhdwMQY])", re.ASCII)
_DAY = 86400.0
_SECONDS = dict(
    zip(
        "mhdwMQY",
        (60.0, 3600.0, _DAY, 7 * _DAY, 30 * _DAY, 90 * _DAY, 365 * _DAY),
        strict=True,
    )
)
_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_PREFIX = 63, 1050, 253


def metadata(here: Cursor) -> str:
    """Judge an object's metadata, and return its name."""
    data = here.mapping("metadata")
    if data is None:
        message = "metadata is missing; expected the object's name"
        here.error(message, code="missing-key")
        return ""
    data.only(("name", "displayName", "labels", "annotations"))
    name = data.text("name", required=True)
    named(data, "name")
    if len(data.text("displayName")) > _LONGEST_TITLE:
        message = f"is longer than {_LONGEST_TITLE} characters"
        data.error(message, "displayName", code="value")
    labels, annotations = data.get("labels"), data.get("annotations")
    for key, value in labels.entries() if labels else ():
        _key(value, key, _LABEL, "label")
        several = value.value if isinstance(value.value, list) else [value.value]
        if not all(text is None or isinstance(text, str) for text in several):
            message = f"{shown(value.value)} is not text; write it in quotes"
            value.error(message, code="wrong-type")
    for key, value in annotations.entries() if annotations else ():
        _key(value, key, _ANNOTATION, "annotation")
        if value.value is not None and not isinstance(value.value, str):
            message = f"{shown(value.value)} is not text; write it in quotes"
            value.error(message, code="wrong-type")
    return name


def _key(here: Cursor, key: str, pattern: re.Pattern[str], what: str) -> None:
    prefix = key.rpartition("/")[0]
    if not pattern.fullmatch(key) or len(prefix) > _LONGEST_PREFIX:
        here.error(f"{key!r} is no {what}'s name in OpenSLO", code="value")


def named(here: Cursor, key: str) -> str:
    """Return the name under a key, which has to be a DNS label."""
    name = here.text(key)
    if name and not _NAME.fullmatch(name):
        message = (
            f"{name!r} is no name in OpenSLO; expected small letters, digits and "
            "dashes, 63 at most"
        )
        here.error(message, key, code="value")
    return name


def described(here: Cursor) -> None:
    """Judge the length of a description."""
    if len(here.text("description")) > _LONGEST_DESCRIPTION:
        message = f"is longer than {_LONGEST_DESCRIPTION} characters"
        here.error(message, "description", code="value")


def duration(here: Cursor, key: str, *, required: bool = True) -> float | None:
    """Return a duration such as `28d` in seconds; None where there is none."""
    text = here.text(key, required=required)
    match = _DURATION.fullmatch(text)
    if match is None:
        if text:
            message = f"{text!r} is not a duration; expected one such as 28d or 4w"
            here.error(message, key, code="value")
        return None
    return int(match[1]) * _SECONDS[match[2]]


def number(here: Cursor, key: str) -> float | None:
    """Return the number under a key; None where there is none, or after an error."""
    value = here.value.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        here.error(f"{shown(value)} is not a number", key, code="wrong-type")
        return None
    return float(value)


def other(here: Cursor, kind: str) -> None:
    """Judge the `spec` of an object that is neither an SLO nor an SLI."""
    described(here)
    _OTHERS[kind](here)


def _service(here: Cursor) -> None:
    here.only(("description",))


def _data_source(here: Cursor) -> None:
    here.only(("description", "type", "connectionDetails"))
    here.text("type", required=True)
    if "connectionDetails" not in here.value:
        message = "connectionDetails is required and missing"
        here.error(message, code="missing-key")


def _target(here: Cursor) -> None:
    here.only(("description", "target"))
    here.text("target", required=True)


def policy(here: Cursor) -> None:
    """Judge the `spec` of an alert policy."""
    described(here)
    here.only(
        (
            *("description", "alertWhenNoData", "alertWhenBreaching"),
            *("alertWhenResolved", "conditions", "notificationTargets"),
        )
    )
    for key in ("alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"):
        here.flag(key)
    conditions = here.list_of("conditions")
    if len(conditions) != 1:
        message = f"has {len(conditions)} conditions; OpenSLO asks for exactly one"
        here.error(message, code="missing-key")
    for condition in conditions:
        by_reference(condition, "conditionRef", "AlertCondition", _condition)
    targets = here.list_of("notificationTargets")
    if not targets:
        message = "notificationTargets is required and missing"
        here.error(message, code="missing-key")
    for target in targets:
        by_reference(target, "targetRef", "AlertNotificationTarget", _target)


def by_reference(
    here: Cursor, reference: str, kind: str, judge: Callable[[Cursor], None]
) -> None:
    """Judge what is either a reference, or written out with kind and metadata."""
    if here.mapping() is None:
        return
    written_out = [key for key in ("kind", "metadata", "spec") if key in here.value]
    if reference in here.value:
        if written_out:
            message = f"{reference} and {written_out[0]} are both set; keep one of them"
            here.error(message, reference, code="exclusive-keys")
        here.only((reference, *written_out))
        here.text(reference, required=True)
        named(here, reference)
        return
    here.only(("kind", "metadata", "spec"))
    if here.text("kind") != kind:
        here.error(f"expected {reference}, or kind: {kind}", code="missing-key")
    metadata(here)
    body = here.mapping("spec")
    if body is None:
        here.error("spec is required and missing", code="missing-key")
    else:
        judge(body)


def _condition(here: Cursor) -> None:
    described(here)
    here.only(("description", "severity", "condition"))
    here.text("severity", required=True)
    condition = here.mapping("condition")
    if condition is None:
        here.error("condition is required and missing", code="missing-key")
        return
    condition.only(("kind", "op", "threshold", "lookbackWindow", "alertAfter"))
    if condition.text("kind", required=True) not in ("", "burnrate"):
        message = f"{shown(condition.value['kind'])} is not known; expected burnrate"
        condition.error(message, "kind", code="unknown-value")
    operator(condition, required=True)
    if number(condition, "threshold") is None and "threshold" not in condition.value:
        condition.error("threshold is required and missing", code="missing-key")
    duration(condition, "lookbackWindow")
    duration(condition, "alertAfter", required=False)


def operator(here: Cursor, *, required: bool = False) -> None:
    """Judge `op`."""
    text = here.text("op", required=required)
    if text and text not in OPERATORS:
        message = f"{text!r} is not known; expected {among(OPERATORS)}"
        here.error(message, "op", code="unknown-value")


_OTHERS: Mapping[str, Callable[[Cursor], None]] = {
    "Service": _service,
    "DataSource": _data_source,
    "AlertPolicy": policy,
    "AlertCondition": _condition,
    "AlertNotificationTarget": _target,
}
