"""What Alertmanager would have sent of alerts: its groups, waits, mutes and receivers.

A group is flushed `group_wait` after its first alert came, then every
`group_interval`. What is muted then is left out, also its end. An integration is told
when something fires that the last notification did not say, when nothing of it fires
any more, when an end is new (only with `send_resolved`), and again after
`repeat_interval`. What was said last is remembered beyond the group's own life
(Alertmanager, notify.DedupStage).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gameday.checks.pages.mutes import MutingSilence
from gameday.frozen import frozen
from gameday.model.alerting.alert import (
    InhibitRule,
    Integration,
    Route,
    Routing,
    fingerprint,
    match_all,
)
from gameday.model.events import Event, Page, Routed, Suppressed, Unsuppressed

FOREVER = float("inf")
EMPTY = 31.0  # seconds: Alertmanager looks for empty groups each 30 s, and a hair later
NEAR = 0.25  # seconds within which nobody knows which of two things came first
Labels = Mapping[str, str]
Key = frozenset[tuple[str, str]]


@frozen
class Firing:
    """An alert as Alertmanager has it, from firing to its end, in seconds."""

    labels: Labels
    fires: float
    ends: float = FOREVER

    @property
    def key(self) -> Key:
        """What makes it the alert that it is."""
        return frozenset(self.labels.items())


@frozen
class NotifyContext:
    """What is known beside the alerts: routes, and by how much the time is moved."""

    routing: Routing
    until: float
    moved: float = 0.0  # seconds that time intervals are asked later than the record
    silences: Sequence[MutingSilence] = ()


@frozen(kw_only=False)
class _Said:
    """The last notification of an integration: who fired, who was over, and when."""

    firing: frozenset[Key]
    over: frozenset[Key]
    at: float


@dataclass(slots=True)
class _Group:
    """One group of Alertmanager's; `said`: the last notification of an integration.

    `open`: by how many seconds its flushes may be later, as its life is not known.
    """

    path: tuple[Route, ...]
    labels: Labels
    next: float
    alerts: dict[Key, Firing] = field(default_factory=dict)
    said: dict[int, _Said] = field(default_factory=dict)
    flushed: bool = False  # once at least
    emptied: float | None = None  # when it had no alerts any more
    later: float = 0.0  # by how much that may have been later
    open: float = 0.0

    @property
    def route(self) -> Route:
        return self.path[-1]

    def begin(self, first: Firing) -> None:
        """Take its first alert, or the first since it was empty.

        An empty group lives on until Alertmanager looks, within half a minute.
        """
        new, every = first.fires + self.route.group_wait, self.route.group_interval
        known = self.open == 0.0
        self.next, self.open, self.flushed = new, 0.0, False
        if self.emptied is None or first.fires - self.emptied > EMPTY + self.later:
            return
        passed = math.ceil((first.fires - self.emptied) / every)
        lived = self.emptied + passed * every
        self.next = min(new, lived)
        self.open = abs(new - lived)
        if not known or lived - first.fires < NEAR:  # or it missed that flush by a hair
            self.open = max(every, self.open)

    def forget(self) -> None:
        """Let go of the alerts that are over, once a flush has told of them."""
        at, every = self.next, self.route.group_interval
        over = [alert for alert in self.alerts.values() if alert.ends <= at]
        near = any(at - alert.ends < NEAR for alert in over)
        for alert in over:
            del self.alerts[alert.key]
        self.emptied = None if self.alerts else at
        self.later = self.open + (every if near else 0.0)
        self.flushed = True
        self.next = at + every


@dataclass(frozen=True)
class _Flush:
    """The alerts of a group that nothing mutes at a flush; `doubt`: of that."""

    at: float
    alerts: Sequence[Firing]
    doubt: str

    @cached_property
    def burning(self) -> frozenset[Key]:
        return frozenset(alert.key for alert in self.alerts if alert.ends > self.at)

    @cached_property
    def over(self) -> frozenset[Key]:
        return frozenset(alert.key for alert in self.alerts if alert.ends <= self.at)

    def again_after(self, said: _Said | None) -> float:
        """Return for how long an integration has said nothing of the group."""
        return self.at - said.at if said else 0.0

    def is_news(self, said: _Said | None, *, ends: bool) -> bool:
        """Whether an integration is told of it; `ends`: it has `send_resolved`."""
        if said is None:
            return bool(self.burning)
        if not self.burning:
            return bool(said.firing)
        return not self.burning <= said.firing or (ends and not self.over <= said.over)

    def shown(self, *, ends: bool) -> list[Firing]:
        """Return the alerts that an integration's message has."""
        return [alert for alert in self.alerts if ends or alert.key in self.burning]


def events_of(firings: Iterable[Firing], told: NotifyContext) -> list[Event]:
    """Return the pages, routings and mutes, as a run's observers would report them."""
    ordered = sorted(
        firings, key=lambda firing: (firing.fires, sorted(firing.labels.items()))
    )
    events: list[Event] = []
    for firing in ordered:
        paths = told.routing.route.paths(firing.labels)
        events.append(
            Routed(
                at=firing.fires,
                alert=firing.labels.get("alertname", ""),
                labels=dict(firing.labels),
                receivers=list(dict.fromkeys(path[-1].receiver for path in paths)),
            )
        )
        events += _mutes(firing, ordered, told)
    events += _pages(ordered, told)
    return sorted(events, key=lambda happened: happened.at)


def _pages(firings: Sequence[Firing], told: NotifyContext) -> Iterator[Event]:
    for path, key, members in _grouped(firings, told):
        yield from _of_group(_Group(path, dict(key), 0.0), members, firings, told)


def _grouped(
    firings: Sequence[Firing], told: NotifyContext
) -> Iterator[tuple[tuple[Route, ...], tuple[tuple[str, str], ...], list[Firing]]]:
    groups: dict[tuple[int, tuple[tuple[str, str], ...]], list[Firing]] = {}
    ways: dict[int, tuple[Route, ...]] = {}
    for firing in firings:
        for path in told.routing.route.paths(firing.labels):
            route = path[-1]
            names = firing.labels if "..." in route.group_by else route.group_by
            key = tuple(sorted((n, firing.labels.get(n, "")) for n in names))
            ways[id(route)] = path
            groups.setdefault((id(route), key), []).append(firing)
    for (number, key), members in groups.items():
        yield ways[number], key, members


def _of_group(
    group: _Group,
    members: Sequence[Firing],
    firings: Sequence[Firing],
    told: NotifyContext,
) -> Iterator[Event]:
    """Yield the pages of one group, flush by flush."""
    waiting = list(members)
    while waiting or group.alerts:
        if not group.alerts:
            group.begin(waiting[0])
        if group.next > told.until:
            return
        while waiting and waiting[0].fires <= group.next:
            alert = waiting.pop(0)
            group.alerts[alert.key] = alert
        yield from _flush(group, firings, told)
        group.forget()


def _flush(
    group: _Group, firings: Sequence[Firing], told: NotifyContext
) -> Iterator[Event]:
    at, route = group.next, group.route
    receiver = told.routing.receiver(route.receiver)
    if receiver is None or _route_muted(group.path, at, told):
        return
    flush = _Flush(at, *_unmuted(group, firings, told))
    if not flush.alerts:
        return
    for integration, just_due in _senders(group, flush, receiver.integrations):
        shown = flush.shown(ends=integration.send_resolved)
        late = _possible_delay(group, shown, at, firings, told)
        if just_due:
            late = max(late, route.group_interval)  # nobody knows which is first
        yield Page(
            at=at,
            receiver=receiver.name,
            vendor=integration.kind,
            status="firing" if flush.burning else "resolved",
            group_key=_group_key(group),
            alerts=[_entry(alert, at) for alert in shown],
            late=late,
            doubt=flush.doubt,
        )


def _senders(
    group: _Group, flush: _Flush, integrations: Sequence[Integration]
) -> Iterator[tuple[Integration, bool]]:
    """Yield who sends a message at a flush; True: its repetition is due just then."""
    repeat = group.route.repeat_interval
    for number, integration in enumerate(integrations):
        said, ends = group.said.get(number), integration.send_resolved
        again = flush.again_after(said)
        repeats = bool(flush.burning) and again >= repeat
        if not (repeats or flush.is_news(said, ends=ends)):
            continue
        group.said[number] = _Said(flush.burning, flush.over, flush.at)
        if flush.burning or ends:
            yield integration, repeats and again == repeat


def _unmuted(
    group: _Group, firings: Sequence[Firing], told: NotifyContext
) -> tuple[list[Firing], str]:
    """Return the alerts of a flush that nothing mutes, and a doubt about it.

    What an inhibition that has just begun would mute may have been faster.
    """
    at = group.next
    alerts: list[Firing] = []
    doubt = ""
    for alert in group.alerts.values():
        muted = _muted_by(alert, at, firings, told)
        before = muted and _muted_by(alert, at - NEAR, firings, told)
        if muted and (before or not muted.startswith("inhibition")):
            continue
        if muted:
            doubt = "an inhibition began just as the page was due"
        alerts.append(alert)
    return alerts, doubt


def _possible_delay(
    group: _Group,
    shown: Iterable[Firing],
    at: float,
    firings: Sequence[Firing],
    told: NotifyContext,
) -> float:
    """Return by how many seconds a page may come later: it missed this flush by a hair.

    An alert that comes, or ends, or is not muted any more, just as the group is
    flushed waits for the next one.
    """
    near = any(
        at - (alert.ends if alert.ends <= at else alert.fires) < NEAR
        for alert in shown
        if group.flushed
    )
    freed = any(
        alert.fires <= at - NEAR and _muted_by(alert, at - NEAR, firings, told)
        for alert in shown
    )
    return group.open + (group.route.group_interval if near or freed else 0.0)


def _entry(firing: Firing, at: float) -> dict[str, object]:
    over = firing.ends <= at
    return {
        "labels": dict(firing.labels),
        "status": "resolved" if over else "firing",
        "starts": firing.fires,
        "ends": firing.ends if over else None,
        "fingerprint": fingerprint(firing.labels),
    }


def _group_key(group: _Group) -> str:
    """Return what Alertmanager calls the group: its way, and its labels."""
    way = "/".join(
        "{"
        + ",".join(
            f'{matcher.name}{matcher.op}"{matcher.value}"' for matcher in route.matchers
        )
        + "}"
        for route in group.path
    )
    pairs = ", ".join(f'{name}="{text}"' for name, text in group.labels.items())
    return f"{way}:{{{pairs}}}"


def _route_muted(path: Sequence[Route], at: float, told: NotifyContext) -> bool:
    muting = told.routing.muting(path[-1])
    return muting is not None and muting.at(at + told.moved) is True


def _muted_by(
    firing: Firing, at: float, firings: Sequence[Firing], told: NotifyContext
) -> str:
    """Return what holds an alert back at a time; empty: nothing."""
    for silence in told.silences:
        if silence.since <= at < silence.until and silence.covers(firing.labels):
            return f"silence {silence.number}"
    source = _inhibitor(firing, at, firings, told.routing.inhibit)
    return f"inhibition {source}" if source else ""


def _inhibitor(
    firing: Firing, at: float, firings: Sequence[Firing], rules: Sequence[InhibitRule]
) -> str:
    """Return the fingerprint of an alert that inhibits another; empty: none does."""
    burning = [other for other in firings if other.fires <= at < other.ends]
    for rule in rules:
        if not match_all(rule.target, firing.labels):
            continue
        for source in burning:
            if rule.mutes(source.labels, firing.labels):
                return fingerprint(source.labels)
    return ""


def _mutes(
    firing: Firing, firings: Sequence[Firing], told: NotifyContext
) -> Iterator[Event]:
    """Yield from when to when an alert was muted, by what."""
    edges = {firing.fires}
    for other in firings:
        edges |= {other.fires, other.ends}
    for silence in told.silences:
        edges |= {silence.since, silence.until}
    inside = sorted(
        e for e in edges if firing.fires <= e < min(firing.ends, told.until)
    )
    open_ = ""
    for at in inside:
        why = _muted_by(firing, at, firings, told)
        if why != open_:
            if open_:
                yield _suppressed(firing, at, open_, Unsuppressed)
            if why:
                yield _suppressed(firing, at, why, Suppressed)
            open_ = why
    yield from _route_mutes(firing, told)


def _route_mutes(firing: Firing, told: NotifyContext) -> Iterator[Event]:
    paths = told.routing.route.paths(firing.labels)
    muted = [path for path in paths if _route_muted(path, firing.fires, told)]
    if muted and len(muted) == len(paths):
        muting = told.routing.muting(muted[0][-1])
        names = muting.names if muting else ""
        yield Suppressed(
            at=firing.fires,
            alert=firing.labels.get("alertname", ""),
            labels=dict(firing.labels),
            by="mute_time",
            detail=names,
        )


def _suppressed(
    firing: Firing, at: float, why: str, kind: type[Suppressed | Unsuppressed]
) -> Event:
    by, _, detail = why.partition(" ")
    return kind(
        at=at,
        alert=firing.labels.get("alertname", ""),
        labels=dict(firing.labels),
        by=by,
        detail=detail,
    )
