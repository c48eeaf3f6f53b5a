"""Alertmanager's groups: where an alert is routed, and under which key.

A group's key is the route's path of matchers and the group's labels; PagerDuty,
Opsgenie and VictorOps carry its SHA-256 instead (measured equal).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gameday.model.alert import Route, Routing


@dataclass(frozen=True, slots=True)
class Group:
    """Where an alert's notifications come from: a receiver, and a group of it."""

    receiver: str
    key: str
    interval: float  # group_interval, seconds

    def called(self, key: str) -> bool:
        """Whether that is its key, plain or hashed."""
        return key in (self.key, hashed(self.key))


def groups_of(labels: Mapping[str, str], routing: Routing | None) -> list[Group]:
    """Return the groups that an alert with these labels belongs to."""
    return [] if routing is None else list(_walk(routing.route, labels, ""))


def hashed(key: str) -> str:
    """Return the group key as vendors carry it."""
    return hashlib.sha256(key.encode()).hexdigest()


def _walk(route: Route, labels: Mapping[str, str], above: str) -> Iterator[Group]:
    matchers = sorted(route.matchers, key=lambda one: (one.name, one.value, one.op))
    own = ",".join(f"{one.name}{one.op}{_quote(one.value)}" for one in matchers)
    path = f"{above}{{{own}}}"
    matched = False
    for child in route.routes:
        if all(matcher.matches(labels) for matcher in child.matchers):
            matched = True
            yield from _walk(child, labels, path + "/")
            if not child.goes_on:
                return
    if not matched:
        key = f"{path}:{_group_labels(route, labels)}"
        yield Group(route.receiver, key, route.group_interval)


def _group_labels(route: Route, labels: Mapping[str, str]) -> str:
    names = sorted(labels if "..." in route.group_by else set(route.group_by))
    pairs = (f"{name}={_quote(labels[name])}" for name in names if name in labels)
    return "{" + ", ".join(pairs) + "}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
