"""Alertmanager's groups: where an alert is routed, and under which key.

A group's key is the route's path of matchers and the group's labels; PagerDuty,
Opsgenie and VictorOps carry its SHA-256 instead (measured equal).
"""

import hashlib
from collections.abc import Mapping, Sequence
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
    if routing is None:
        return []
    return [_group(path, labels) for path in routing.route.paths(labels)]


def hashed(key: str) -> str:
    """Return the group key as vendors carry it."""
    return hashlib.sha256(key.encode()).hexdigest()


def _group(path: Sequence[Route], labels: Mapping[str, str]) -> Group:
    last = path[-1]
    key = f"{'/'.join(map(_matchers, path))}:{_group_labels(last, labels)}"
    return Group(last.receiver, key, last.group_interval)


def _matchers(route: Route) -> str:
    found = sorted(route.matchers, key=lambda one: (one.name, one.value, one.op))
    return "{" + ",".join(f"{m.name}{m.op}{_quote(m.value)}" for m in found) + "}"


def _group_labels(route: Route, labels: Mapping[str, str]) -> str:
    names = sorted(labels if "..." in route.group_by else set(route.group_by))
    pairs = (f"{name}={_quote(labels[name])}" for name in names if name in labels)
    return "{" + ", ".join(pairs) + "}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
