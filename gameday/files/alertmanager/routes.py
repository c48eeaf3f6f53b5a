"""Alertmanager's routing tree, with what a route inherits filled in."""

from dataclasses import replace
from typing import NamedTuple

from gameday.files.alertmanager import matchers
from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import flag
from gameday.files.text.suggest import did_you_mean
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.alerting.alert import Route
from gameday.model.quoting import shown

_ROUTE = (
    "receiver",
    "group_by",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "match",
    "match_re",
    "matchers",
    "continue",
    "routes",
    "mute_time_intervals",
    "active_time_intervals",
    "labels",
)
_AT_ROOT_NO = (
    "match",
    "match_re",
    "matchers",
    "mute_time_intervals",
    "active_time_intervals",
)
_ALL_LABELS = "..."
_TRUE = ("true", "yes", "on")


class Names(NamedTuple):
    """What routes may refer to: receivers (None: the section is missing), intervals."""

    receivers: frozenset[str] | None
    intervals: frozenset[str]


def read(here: Cursor, names: Names) -> Route | None:
    """Return the root route of a configuration; None where there is none."""
    root = here.mapping("route")
    if root is None:
        if here.get("route") is None:
            here.error(
                "route is missing; expected the root of the routing tree",
                code="missing-key",
            )
        return None
    for key in _AT_ROOT_NO:
        if root.value.get(key):
            root.error(
                f"the root route has no {key}; it takes every alert",
                key,
                code="root-route",
            )
    if (root.text("continue") or "false").lower() in _TRUE:
        root.error(
            "the root route cannot continue; remove it", "continue", code="root-route"
        )
    root.text("receiver", required=True)
    return _route(root, names, Route(receiver=""))


def _route(here: Cursor, names: Names, parent: Route) -> Route:
    _known_keys(here)
    receiver = here.text("receiver") or parent.receiver
    known = names.receivers
    if here.text("receiver") and known is not None and receiver not in known:
        hint = did_you_mean(receiver, known)
        here.error(
            f"there is no receiver {receiver!r}{hint}", "receiver", code="reference"
        )
    own = here.get("group_by")
    route = Route(
        receiver=receiver,
        matchers=matchers.read(here),
        group_by=_group_by(here) if own is not None else parent.group_by,
        group_wait=_seconds(here, "group_wait", parent.group_wait),
        group_interval=_seconds(here, "group_interval", parent.group_interval),
        repeat_interval=_seconds(here, "repeat_interval", parent.repeat_interval),
        goes_on=(here.text("continue") or "false").lower() in _TRUE,
        mute_times=_intervals(here, "mute_time_intervals", names),
        active_times=_intervals(here, "active_time_intervals", names),
    )
    below = [
        _route(item, names, route)
        for item in here.list_of("routes")
        if item.mapping() is not None
    ]
    return replace(route, routes=tuple(below))


def _known_keys(here: Cursor) -> None:
    for key, value in here.entries():
        if key not in _ROUTE:
            message = f"{key!r} is an unknown key{did_you_mean(key, _ROUTE)}"
            value.error(message, code="unknown-key")
        elif key == "continue" and value.value is not None:
            flag(value)


def _group_by(here: Cursor) -> tuple[str, ...]:
    labels: list[str] = []
    for item in here.list_of("group_by"):
        label = item.value
        if not isinstance(label, str) or not label:
            item.error(f"{shown(label)} is not a label's name", code="label-name")
        elif label in labels and label != _ALL_LABELS:
            item.error(
                f"the label {label!r} is there twice; remove one", code="group-by"
            )
        elif label not in labels:
            labels.append(label)
    if _ALL_LABELS in labels and len(labels) > 1:
        here.error(
            "'...' (all labels) stands alone; remove the others",
            "group_by",
            code="group-by",
        )
    return tuple(labels)


def _seconds(here: Cursor, key: str, inherited: float) -> float:
    text = here.text(key)
    if not text and here.value.get(key) != "":
        return inherited
    try:
        seconds = parse_prometheus_duration(text)
    except ValueError as error:
        here.error(str(error), key, code="value")
        return inherited
    if seconds <= 0 and key != "group_wait":
        here.error(
            f"{shown(text)} is zero; expected a duration above it", key, code="value"
        )
    return seconds


def _intervals(here: Cursor, key: str, names: Names) -> tuple[str, ...]:
    found: list[str] = []
    for item in here.list_of(key):
        if not isinstance(item.value, str) or item.value not in names.intervals:
            hint = did_you_mean(str(item.value), names.intervals)
            item.error(
                f"there is no time interval {shown(item.value)}{hint}", code="reference"
            )
        else:
            found.append(item.value)
    return tuple(found)
