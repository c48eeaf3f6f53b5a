"""What gameday reads of an Alertmanager configuration: who is told what, and when.

Receivers' own fields are passed over: each release has new ones, and `amtool`
judges them better. What routing needs is judged strictly.
"""

import re

from gameday.errors import Problem
from gameday.files import matchers, routes, source, time_intervals, yaml
from gameday.files.cursor import Cursor, shown, top
from gameday.files.nodes import Document
from gameday.files.suggest import did_you_mean, nearest
from gameday.files.units import parse_prometheus_duration
from gameday.model.alert import InhibitRule, Integration, Receiver, Routing
from gameday.model.time_interval import intervals_of

_TOP = (
    "global",
    "route",
    "inhibit_rules",
    "receivers",
    "templates",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
    "event_recorder",
)
_INHIBIT = (
    "name",
    "source_match",
    "source_match_re",
    "source_matchers",
    "target_match",
    "target_match_re",
    "target_matchers",
    "equal",
    "sources",
)
_SILENT_ON_RESOLVED = ("email", "slack", "wechat", "rocketchat")
_CONFIGS = "_configs"


def read(path: str) -> tuple[Routing | None, list[Problem]]:
    """Return the routing of a configuration file, and every problem in it."""
    found = source.read(path)
    if found.problem is not None:
        return None, [found.problem]
    return parse(found.text, path)


def parse(text: str, path: str) -> tuple[Routing | None, list[Problem]]:
    """Return the routing of a configuration's text, and every problem in it.

    The routing is None where an error keeps it from being certain.
    """
    return parse_document(yaml.parse(text, path))


def parse_document(document: Document) -> tuple[Routing | None, list[Problem]]:
    """Do what `parse` does for a text that was read already."""
    problems = list(document.problems)
    here = top(document, problems, family="alertmanager", texts=True)
    if document.root is None or here.mapping() is None:
        return None, problems
    _known_keys(here)
    receivers = _receivers(here)
    intervals = time_intervals.read(here)
    inhibit = tuple(_inhibit(rule) for rule in here.list_of("inhibit_rules"))
    names = routes.Names(tuple(one.name for one in receivers), intervals)
    root = routes.read(here, names)
    if root is None or any(one.severity == "error" for one in problems):
        return None, problems
    return (
        Routing(
            route=root,
            receivers=tuple(receivers),
            inhibit=inhibit,
            time_intervals=intervals,
            intervals=intervals_of(here.value),
        ),
        problems,
    )


def _known_keys(here: Cursor) -> None:
    for key, value in here.entries():
        if key in _TOP:
            continue
        if nearest(key, _TOP):
            value.error(
                f"{key!r} is an unknown key{did_you_mean(key, _TOP)}",
                code="unknown-key",
            )
        else:
            value.warn(f"{key!r} is not known to gameday; passed over")
    general = here.mapping("global")
    if general:
        _one_of_each(general)
    timeout = general.text("resolve_timeout") if general else ""
    if general and timeout:
        try:
            parse_prometheus_duration(timeout)
        except ValueError as error:
            general.error(str(error), "resolve_timeout")


def _one_of_each(here: Cursor) -> None:
    """Refuse X beside X_file: Alertmanager takes at most one, whatever the kind."""
    for key in here.value:
        if here.value[key] and here.value.get(f"{key}_file"):
            here.error(f"{key} and {key}_file are both set; keep one of them", key)


def _receivers(here: Cursor) -> list[Receiver]:
    found: list[Receiver] = []
    if here.get("receivers") is None:
        here.error("receivers is missing; expected a list of receivers")
    for item in here.list_of("receivers"):
        if item.mapping() is None:
            continue
        name = item.text("name", required=True)
        if name and name in [one.name for one in found]:
            item.error(f"the receiver {name!r} is there twice; rename one", "name")
        ways = tuple(way for key, value in item.entries() for way in _ways(key, value))
        found.append(Receiver(name=name, integrations=ways))
    return found


def _ways(key: str, here: Cursor) -> list[Integration]:
    if key == "name":
        return []
    if not key.endswith(_CONFIGS):
        here.warn(f"{key!r} is not known to gameday; passed over")
        return []
    kind = key.removesuffix(_CONFIGS)
    made = []
    for item in here.items():
        if item.mapping() is None:
            continue
        _one_of_each(item)
        text = item.text("send_resolved").lower()
        if text not in ("", "true", "false", "yes", "no", "on", "off"):
            item.error(f"{shown(text)} is not true or false", "send_resolved")
        told = text in ("true", "yes", "on") if text else _told_by_default(kind)
        made.append(Integration(kind=kind, send_resolved=told))
    return made


def _told_by_default(kind: str) -> bool:
    return kind not in _SILENT_ON_RESOLVED


def _inhibit(here: Cursor) -> InhibitRule:
    if here.mapping() is None:
        return InhibitRule(source=(), target=())
    for key, value in here.entries():
        if key not in _INHIBIT:
            value.error(
                f"{key!r} is an unknown key{did_you_mean(key, _INHIBIT)}",
                code="unknown-key",
            )
    equal = [one.value for one in here.list_of("equal")]
    for index, label in enumerate(equal):
        if not isinstance(label, str) or not re.search(r"\S", label):
            here.error(f"{shown(label)} is not a label's name", "equal", index)
    return InhibitRule(
        source=matchers.read(here, "source_"),
        target=matchers.read(here, "target_"),
        equal=tuple(label for label in equal if isinstance(label, str)),
    )
