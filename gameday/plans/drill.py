"""A drill, planned: a synthetic alert's labels, its ways, and why it may not be sent.

It must not be taken for a real alert, mute one, or be sent together with one; and it
must not wake anybody by accident.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import islice, product

from gameday.frozen import frozen
from gameday.model.alerting.alert import (
    InhibitRule,
    Matcher,
    Receiver,
    Route,
    Routing,
    match_all,
)
from gameday.model.quantity import show_duration

LABEL = "gameday_drill"
ALERT = "GamedayDrill"
LASTS = 300.0  # seconds after which it is over, whatever becomes of gameday
MOST_CHOICES = 64  # of labels that are tried
MARGIN = 30.0  # seconds beyond group_wait for a page to come
# What wakes people; chats, mail and plain webhooks do not.
PAGING = frozenset(
    ("incidentio", "jira", "opsgenie", "pagerduty", "pushover", "sns", "victorops")
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BETWEEN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)(?: ([a-z]{3})(?:-([a-z]{3}))?)?")
_PLAIN = re.compile(r"[\w .:/-]+")
Path = tuple[Route, ...]


@frozen
class LiveGroup:
    """A group that Alertmanager has now: its labels, its receiver, its alerts."""

    labels: Mapping[str, str]
    receiver: str
    alerts: tuple[Mapping[str, str], ...]


@frozen
class Around:
    """What Alertmanager has now: alerts that fire, groups, and silences by id.

    `at`: the moment in seconds, for time intervals; None: they are not looked at.
    """

    firing: tuple[Mapping[str, str], ...] = ()
    groups: tuple[LiveGroup, ...] = ()
    silences: Mapping[str, tuple[Matcher, ...]]
    at: float | None = None


@frozen
class Between:
    """When people may be paged: times of a day, on days of the week (Monday 0)."""

    start: time
    end: time
    days: tuple[int, ...]

    def holds(self, at: datetime) -> bool:
        """Whether a moment is inside."""
        return at.weekday() in self.days and self.start <= at.time() < self.end


@frozen
class DrillPlan:
    """A drill as it would be sent.

    `paths`: the ways to the receiver that a real alert with these labels takes as
    well. `receivers`: all that would hear of it. `inhibits`: alerts that it would
    mute. `refusals`: why it may not be sent.
    """

    receiver: Receiver
    labels: Mapping[str, str]
    paths: tuple[Path, ...]
    receivers: tuple[Receiver, ...]
    inhibits: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def waits(self) -> float:
        """Seconds within which the page has to come."""
        return max((path[-1].group_wait for path in self.paths), default=0.0) + MARGIN


def parse_between(text: str) -> Between:
    """Return what `09:00-17:00 Mon-Fri` says; ValueError for anything else."""
    match = _BETWEEN.fullmatch(text.strip().lower())
    wrong = ValueError(f"{text!r} is no time of the week; write 09:00-17:00 Mon-Fri")
    if match is None:
        raise wrong
    first, last = match[3] or "mon", match[4] or match[3] or "sun"
    try:
        start, end = time.fromisoformat(match[1]), time.fromisoformat(match[2])
        begin, over = DAYS.index(first), DAYS.index(last)
    except ValueError:
        raise wrong from None
    if end <= start:
        raise wrong
    length = (over - begin) % 7 + 1
    return Between(
        start=start, end=end, days=tuple((begin + n) % 7 for n in range(length))
    )


def plan_drill(
    name: str, number: str, given: Mapping[str, str], routing: Routing, around: Around
) -> DrillPlan:
    """Return a drill of a receiver; `given`: labels that were asked for.

    Without any, those that a way to the receiver asks for. ValueError where there is
    no such receiver.
    """
    receiver = routing.receiver(name)
    if receiver is None:
        known = ", ".join(sorted(receiver.name for receiver in routing.receivers))
        raise ValueError(f"there is no receiver {name!r}; there are: {known}")
    bare = {"alertname": ALERT, **(given or _labels_to_reach(name, routing))}
    labels = {**bare, LABEL: number}
    heard = tuple(routing.route.paths(labels))
    real = {id(path[-1]) for path in routing.route.paths(bare)}
    paths = tuple(
        path for path in heard if path[-1].receiver == name and id(path[-1]) in real
    )
    ends = dict.fromkeys(path[-1].receiver for path in heard)
    planned = DrillPlan(
        receiver=receiver,
        labels=labels,
        paths=paths,
        receivers=routing.receivers_named(ends),
        inhibits=tuple(_inhibits(labels, routing.inhibit, around.firing)),
    )
    refusals = (
        *_refusals(planned, routing, around),
        *_joined(labels, heard, around.groups),
    )
    return replace(planned, refusals=refusals)


def _labels_to_reach(name: str, routing: Routing) -> dict[str, str]:
    """Return labels by which an alert comes to a receiver, as far as routes tell.

    Of several possibilities, prefer the one that pages nobody, then the one that the
    fewest other receivers get.
    """
    choices = [
        labels
        for path in _paths_to(routing.route)
        if path[-1].receiver == name
        for labels in _choices(path)
    ]

    def _other_counts(labels: Mapping[str, str]) -> tuple[bool, int, int]:
        paths = routing.route.paths({"alertname": ALERT, **labels})
        ends = {path[-1].receiver for path in paths}
        heard = routing.receivers_named(ends - {name})
        ways = [way.kind for receiver in heard for way in receiver.integrations]
        return name not in ends, len(PAGING & set(ways)), len(ends)

    return min(choices, key=_other_counts, default={})


def _choices(path: Path) -> Iterator[dict[str, str]]:
    """Yield labels that fit all matchers of a way, as far as these are plain."""
    values = {
        matcher.name: choices
        for route in path
        for matcher in route.matchers
        if (choices := _values(matcher))
    }
    for chosen in islice(product(*values.values()), MOST_CHOICES):
        yield dict(zip(values, chosen, strict=True))


def _values(matcher: Matcher) -> list[str]:
    """Return values that a matcher takes, where they are plain to see."""
    if matcher.op == "=":
        return [matcher.value] if matcher.value else []
    values = matcher.value.split("|") if matcher.op == "=~" else []
    return values if all(map(_PLAIN.fullmatch, values)) else []


def _paths_to(route: Route, above: Path = ()) -> Iterator[Path]:
    path = (*above, route)
    for child in route.routes:
        yield from _paths_to(child, path)
    yield path


def _refusals(planned: DrillPlan, routing: Routing, around: Around) -> Iterator[str]:
    name, labels = planned.receiver.name, planned.labels
    if not planned.receiver.integrations:
        yield f"the receiver {name} has no integration: nothing would be sent"
    if not planned.paths:
        others = ", ".join(receiver.name for receiver in planned.receivers)
        yield (
            f"an alert with these labels goes to {others or 'nobody'}, not to {name}; "
            "give the labels that a real one has: --label NAME=VALUE"
        )
    yield from _muted(labels, routing, around)
    yield from _off_hours(planned, routing, around.at)
    longest = planned.waits + MARGIN
    if planned.paths and longest > LASTS:
        yield (
            f"its group waits so long that no page comes within {show_duration(LASTS)}"
        )


def _muted(
    labels: Mapping[str, str], routing: Routing, around: Around
) -> Iterator[str]:
    """Yield why the drill would mute alerts, or be muted."""
    for rule in routing.inhibit:
        if match_all(rule.source, labels):
            yield "its labels are the source of an inhibition: it would mute alerts"
        elif any(rule.mutes(alert, labels) for alert in around.firing):
            yield "it is inhibited by an alert that fires now: nothing would be sent"
    for number, matchers in around.silences.items():
        if matchers and match_all(matchers, labels):
            yield f"the silence {number} covers it: nothing would be sent"


def _off_hours(planned: DrillPlan, routing: Routing, at: float | None) -> Iterator[str]:
    """Yield that every way to the receiver is muted now by its time intervals."""
    mutings = [routing.muting(path[-1]) for path in planned.paths]
    if at is None or not mutings:
        return
    names = [muting.names for muting in mutings if muting and muting.at(at)]
    if len(names) == len(mutings):
        yield (
            f"its route is muted now, by {', '.join(dict.fromkeys(names))}: nothing "
            "would be sent"
        )


def _joined(
    labels: Mapping[str, str], heard: Iterable[Path], groups: Iterable[LiveGroup]
) -> Iterator[str]:
    """Yield the groups of real alerts that the drill would be sent with, anywhere."""
    for path in heard:
        route = path[-1]
        names = labels if "..." in route.group_by else route.group_by
        mine = {name: labels[name] for name in names if name in labels}
        for group in groups:
            if group.receiver == route.receiver and dict(group.labels) == mine:
                named = sorted({alert.get("alertname", "") for alert in group.alerts})
                yield (
                    f"it would join a group of {route.receiver} that is there already "
                    f"({', '.join(named)}); give a label that tells it apart"
                )


def too_early(planned: DrillPlan, between: Between, now: datetime) -> str:
    """Return which paging integrations would be reached outside of their time."""
    if between.holds(now):
        return ""
    paging = sorted(
        f"{receiver.name} ({way.kind})"
        for receiver in planned.receivers
        for way in receiver.integrations
        if way.kind in PAGING
    )
    return f"it would page {', '.join(paging)} now" if paging else ""


def _inhibits(
    labels: Mapping[str, str],
    rules: Sequence[InhibitRule],
    firing: Iterable[Mapping[str, str]],
) -> Iterator[str]:
    for alert in firing:
        for rule in rules:
            fits = match_all(rule.source, labels) and match_all(rule.target, alert)
            if fits and rule.are_equal(labels, alert):
                yield alert.get("alertname", "")
