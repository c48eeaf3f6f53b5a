"""Alertmanager's groups: where an alert is routed, and under which key.

A group's key is the route's path of matchers and the group's labels; PagerDuty,
Opsgenie and VictorOps carry its SHA-256 instead (measured equal). In the key a
matcher written as `match_re` is `^(?:…)$`, one of `matchers` is as it was written.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache

from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher, Route, Routing
from gameday.model.alerting.regex import RegexError

_OPS = ("=", "!=", "=~", "!~")  # in the order in which Alertmanager sorts them
_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MOST = 6  # regular expressions on a path, of which each may be written in two ways


@frozen(kw_only=False)
class NotificationGroup:
    """Where an alert's notifications come from: a receiver, and a group of it.

    `key` is its key where every regular expression stands in `matchers`, `keys` are
    all that it can have. `labels` are those that it groups by.
    """

    receiver: str
    key: str
    interval: float  # group_interval, seconds
    wait: float = 30.0  # group_wait
    repeat: float = 14400.0  # repeat_interval
    keys: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def called(self, key: str) -> bool:
        """Whether that is its key, plain or hashed."""
        return key in self.keys or any(key == hashed(own) for own in self.keys)


def groups_of(
    labels: Mapping[str, str], routing: Routing | None
) -> list[NotificationGroup]:
    """Return the groups that an alert with these labels belongs to."""
    if routing is None:
        return []
    try:
        return [_group(path, labels) for path in routing.route.paths(labels)]
    except RegexError:
        return []  # a route that no Alertmanager would load: nothing is known


@lru_cache(maxsize=65536)
def hashed(key: str) -> str:
    """Return the group key as vendors carry it."""
    return hashlib.sha256(key.encode()).hexdigest()


def _group(path: Sequence[Route], labels: Mapping[str, str]) -> NotificationGroup:
    last = path[-1]
    own = _group_labels(last, labels)
    tails = dict.fromkeys((_pairs(own, str), _pairs(own, _name)))
    keys = [f"{way}:{tail}" for way in _ways(path) for tail in tails]
    return NotificationGroup(
        receiver=last.receiver,
        key=keys[0],
        interval=last.group_interval,
        wait=last.group_wait,
        repeat=last.repeat_interval,
        keys=frozenset(keys),
        labels=own,
    )


def _pairs(labels: Mapping[str, str], name: Callable[[str], str]) -> str:
    pairs = (f"{name(key)}={_quote(labels[key])}" for key in sorted(labels))
    return "{" + ", ".join(pairs) + "}"


def _name(text: str) -> str:
    """Return a label's name as newer versions write it: quoted where it has to be."""
    return text if _PLAIN.fullmatch(text) else _quote(text)


def _ways(path: Sequence[Route]) -> Iterator[str]:
    """Yield how the routes of a path may be written; as in `matchers` comes first."""
    spots = [
        (depth, index)
        for depth, route in enumerate(path)
        for index, matcher in enumerate(route.matchers)
        if matcher.op == "=~" and not matcher.value.startswith("^(?:")
    ]
    for anchored in itertools.product((False, True), repeat=min(len(spots), _MOST)):
        chosen = {spot for spot, yes in zip(spots, anchored, strict=False) if yes}
        yield "/".join(
            _matchers(
                [
                    _anchored(matcher) if (depth, index) in chosen else matcher
                    for index, matcher in enumerate(route.matchers)
                ]
            )
            for depth, route in enumerate(path)
        )


def _anchored(matcher: Matcher) -> Matcher:
    return replace(matcher, value=f"^(?:{matcher.value})$")


def _matchers(matchers: Sequence[Matcher]) -> str:
    ordered = sorted(matchers, key=lambda m: (m.name, m.value, _OPS.index(m.op)))
    return "{" + ",".join(f"{m.name}{m.op}{_quote(m.value)}" for m in ordered) + "}"


def _group_labels(route: Route, labels: Mapping[str, str]) -> dict[str, str]:
    names = labels if "..." in route.group_by else set(route.group_by)
    return {name: labels[name] for name in names if labels.get(name)}


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
