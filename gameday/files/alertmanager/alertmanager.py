"""An Alertmanager configuration: who is told what, and when.

Judged as Alertmanager judges it when it loads one, by itself, without `amtool`.
"""

from gameday.errors import Problem
from gameday.files.alertmanager import (
    alertmanager_receivers,
    matchers,
    routes,
    time_intervals,
)
from gameday.files.alertmanager.alertmanager_global import GLOBAL, TRACING
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.files.text.shapes import anything, known_fields, listing, record, text
from gameday.files.text.suggest import did_you_mean
from gameday.model.alerting.alert import InhibitRule, Routing
from gameday.model.alerting.time_interval import intervals_of
from gameday.model.quoting import shown

_TOP = {
    "global": record(GLOBAL, alertmanager_receivers.judge_global),
    "templates": listing(text),
    "tracing": TRACING,
    **dict.fromkeys(("route", "inhibit_rules", "receivers"), anything),
    **dict.fromkeys(("mute_time_intervals", "time_intervals"), anything),
    "event_recorder": record(
        dict.fromkeys(
            (
                *("file_outputs", "webhook_outputs", "kafka_outputs"),
                "stdout_outputs",
            ),
            listing(anything),
        )
    ),
}
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
_UNKNOWN = "alertmanager/unknown-key"


def read(path: str) -> tuple[Routing | None, list[Problem]]:
    """Return the routing of a configuration file, and every problem in it."""
    read = source.read(path)
    if read.problem is not None:
        return None, [read.problem]
    return parse(read.text, path)


def parse(
    text: str, path: str, *, running: bool = False
) -> tuple[Routing | None, list[Problem]]:
    """Return the routing of a configuration's text, and every problem in it.

    The routing is None where an error keeps it from being certain. `running`: the
    text comes from an Alertmanager that has loaded it, so what it does not need for
    routing is not judged, and keys that we do not know are no error.
    """
    return parse_document(yaml.parse(text, path), running=running)


def parse_document(
    document: Document, *, running: bool = False
) -> tuple[Routing | None, list[Problem]]:
    """Do what `parse` does for a text that was read already."""
    problems = document.problems_for_go()
    here = top(document, problems, family="alertmanager", texts=True)
    if document.root is None or here.mapping() is None:
        return None, problems
    if document.is_behind_empty:
        here.error(
            "stands behind an empty document, which is all that Alertmanager reads; "
            "remove the `---` before it",
            code="second-document",
        )
    if not running:
        known_fields(here, _TOP)
    receivers = alertmanager_receivers.read(here, running=running)
    intervals = time_intervals.read(here)
    inhibits = [
        rule for rule in here.list_of("inhibit_rules") if rule.value is not None
    ]
    inhibit = tuple(_inhibit(rule) for rule in inhibits)
    named = frozenset(receiver.name for receiver in receivers)
    are_there = here.get("receivers") is not None
    names = routes.Names(named if are_there else None, frozenset(intervals))
    root = routes.read(here, names)
    if root is None or any(_refuses(problem, running) for problem in problems):
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


def _refuses(problem: Problem, running: bool) -> bool:
    return problem.severity == "error" and not (running and problem.id == _UNKNOWN)


def _inhibit(here: Cursor) -> InhibitRule:
    if here.mapping() is None:
        return InhibitRule(source=(), target=())
    for key, value in here.entries():
        if key not in _INHIBIT:
            value.error(
                f"{key!r} is an unknown key{did_you_mean(key, _INHIBIT)}",
                code="unknown-key",
            )
    equal = [label.value for label in here.list_of("equal")]
    for index, label in enumerate(equal):
        if not isinstance(label, str) or not label:
            here.error(
                f"{shown(label)} is not a label's name",
                "equal",
                index,
                code="label-name",
            )
    return InhibitRule(
        source=matchers.read(here, "source_"),
        target=matchers.read(here, "target_"),
        equal=tuple(label for label in equal if isinstance(label, str)),
    )
