"""Messages without labels: whose they are, by their title or by who was due.

For every group that could have been due at a receiver, from the routes and from the
alerts that fired, the titles that Alertmanager's default template could have given it
then are computed and compared exactly. Where a team heads its messages in its own
way, a message is a group's when that group alone was due there in its time.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gameday.checks.pages.groups import NotificationGroup, groups_of
from gameday.checks.pages.matching import EARLY, Identity, Key, Match, Matching
from gameday.checks.pages.mutes import Mute
from gameday.checks.pages.pages import FIRING, RESOLVED, Mention, Page, label_key
from gameday.checks.pages.reading import ALONE, BY_TITLE, Reading
from gameday.checks.pages.titles import (
    is_cut,
    is_cut_of,
    names_another,
    title_of,
    values_of,
)
from gameday.checks.record.episodes import Episode
from gameday.model.alerting.alert import Routing

_SENT = 10.0  # seconds that a notification may be on its way, tries included
# Seconds for which Prometheus sends a resolved alert again and again (resolvedRetention
# in its rules/alerting.go), so that it comes back into a live group and its messages.
_RETAINED = 900.0
_AGAIN = "resolved long ago"  # in a message again; the message says nothing new of it
_MOST = 512  # ways in which the alerts of one group may have been told
_NO_MATCH = Match()


@dataclass(frozen=True, eq=False)
class GroupedAlert:
    """An alert as Alertmanager holds it: its labels there, and when it fired.

    `identity` None: another Prometheus' alert. A span ends with inf where nobody saw
    it end.
    """

    labels: Mapping[str, str]
    spans: tuple[tuple[float, float], ...]
    identity: Identity | None = None

    def span(self, when: float) -> tuple[float, float] | None:
        """Return the last time in which it fired that had begun by then."""
        begun = [span for span in self.spans if span[0] <= when + EARLY]
        return begun[-1] if begun else None

    def began(self, when: float) -> float:
        """Return when that time began; 0.0: it had not fired by then."""
        span = self.span(when)
        return 0.0 if span is None else span[0]


Way = Mapping[GroupedAlert, str]  # in which a message may tell of alerts: their states


@dataclass(eq=False)
class GroupAtReceiver:
    """A group at a receiver, with all alerts that may be in it."""

    group: NotificationGroup
    held: list[GroupedAlert] = field(default_factory=list)

    @property
    def late(self) -> float:
        """How long after a change its notification may arrive, at most."""
        return max(self.group.wait, self.group.interval) + _SENT


class UnlabelledMessages:
    """All groups of a run at all receivers."""

    def __init__(
        self,
        held: Sequence[GroupedAlert],
        pages: Sequence[Page],
        matching: Matching,
        *,
        routing: Routing | None,
        mutes: Sequence[Mute] = (),
        accounted: bool = False,
    ) -> None:
        self._held = held
        self._pages = pages
        self._matching = matching
        self._routing = routing
        self._mutes = mutes
        self._accounted = accounted  # all alerts that may be due are known

    def by_title(self, page: Page) -> list[Reading]:
        """Return what a page says by Alertmanager's default title; none: nothing."""
        ways = self._ways_by_title(page)
        if not ways:
            return []
        news = [_without_old_news(way) for _, way in ways]
        if len({id(due) for due, _ in ways}) > 1:
            return [_unsure_reading(page, {alert for way in news for alert in way})]
        return _agreed_readings(news, page)

    def alone(self, page: Page) -> list[Reading]:
        """Return what a page says if one group alone was due; none: it was not."""
        due = self._only_group_due(page)
        if due is None or _is_about_another(page, due):
            return []
        firing = [alert for alert in due.held if self._firing(alert, page.at)]
        if page.status == RESOLVED or (page.status != FIRING and not firing):
            return [] if firing else self._readings_of_ends(due, page)
        return self._readings_of_firing(due, firing, page)

    @cached_property
    def _by_default(self) -> frozenset[str]:
        """The receivers that head their messages by the default template."""
        return frozenset(
            page.receiver for page in self._pages if page.titles and self.by_title(page)
        )

    @cached_property
    def _groups(self) -> Mapping[str, list[GroupAtReceiver]]:
        """Every group by its receiver."""
        dues: dict[tuple[str, str], GroupAtReceiver] = {}
        for held in self._held:
            for group in groups_of(held.labels, self._routing):
                due = dues.setdefault(
                    (group.receiver, group.key), GroupAtReceiver(group)
                )
                due.held.append(held)
        by_receiver: dict[str, list[GroupAtReceiver]] = {}
        for due in dues.values():
            by_receiver.setdefault(due.group.receiver, []).append(due)
        return by_receiver

    def _groups_of_page(self, page: Page) -> list[GroupAtReceiver]:
        """Return the groups that a page may come from, by its receiver and its key.

        Alertmanager's own link names the receiver that sent it: another one, that posts
        to this one's address, sends pages of its own groups.
        """
        if page.sender and page.sender != page.receiver:
            return []
        groups = self._groups.get(page.receiver, [])
        return [
            due
            for due in groups
            if not page.keys or any(due.group.called(key) for key in page.keys)
        ]

    # --- by title ---

    def _ways_by_title(self, page: Page) -> list[tuple[GroupAtReceiver, Way]]:
        """Return which groups, told in which way, have the title of a page.

        A title that the vendor has cut counts where none is whole.
        """
        titled = [
            (due, way, _title_for(due, way))
            for due in self._groups_of_page(page)
            if _may_be_title(page.titles, values_of(due.group.labels))
            for way in self._possible_statuses(due, page.at)
        ]
        whole = [(due, way) for due, way, title in titled if title in page.titles]
        return whole or [
            (due, way)
            for due, way, title in titled
            if any(is_cut_of(shown, title) for shown in page.titles)
        ]

    def _possible_statuses(self, due: GroupAtReceiver, when: float) -> Iterator[Way]:
        """Yield how the alerts of a group may have been told: firing, resolved."""
        choices = [(held, self._statuses_of(held, when, due.late)) for held in due.held]
        open_ = [(held, states) for held, states in choices if states != ("",)]
        if not open_:
            return
        old = _subsets_by_shared_labels(
            [held for held in due.held if _retained(held, when, due.late)]
        )
        if math.prod(len(states) for _, states in open_) * len(old) > _MOST:
            return
        for way in _combinations(open_):
            yield from ({**way, **dict.fromkeys(again, _AGAIN)} for again in old)

    def _statuses_of(
        self, held: GroupedAlert, when: float, late: float
    ) -> tuple[str, ...]:
        """Return what a message may say of an alert: "" is nothing."""
        span = held.span(when)
        if span is None or when - span[1] > late:
            return ("",)
        if span[1] < when:
            return ("", FIRING, RESOLVED)
        fresh = when - span[0] < late
        if self._muted(held, when) or fresh:
            return ("", FIRING)
        return (FIRING,)

    # --- alone ---

    def _only_group_due(self, page: Page) -> GroupAtReceiver | None:
        """Return the one group that a page can be about; None: nobody can tell."""
        groups = self._groups_of_page(page)
        due = [group for group in groups if self._active(group, page.at)]
        if not self._accounted or len(due) != 1 or page.receiver in self._by_default:
            return None
        return due[0]

    def _active(self, due: GroupAtReceiver, when: float) -> bool:
        """Whether a group may have told something then: a change, or it all again."""
        return any(self._may_be_told(held, when, due) for held in due.held)

    def _may_be_told(
        self, held: GroupedAlert, when: float, due: GroupAtReceiver
    ) -> bool:
        span = held.span(when)
        if span is None or self._statuses_of(held, when, due.late) == ("",):
            return False
        lifted = [mute.until for mute in self._mutes_of(held) if mute.until <= when]
        changed = max([span[0], *(end for end in span[1:] if end <= when), *lifted])
        again = when - span[0] >= due.group.repeat - EARLY
        return again or when - changed < due.late

    def _firing(self, held: GroupedAlert, when: float) -> bool:
        span = held.span(when)
        alive = span is not None and span[1] > when - EARLY
        return alive and not self._muted(held, when)

    @staticmethod
    def _may_arrive_then(held: GroupedAlert, when: float, due: GroupAtReceiver) -> bool:
        """Whether a message about an alert can have come then.

        A new group waits for group_wait; one that told of an end just before does not.
        """
        span = held.span(when)
        if span is None or when - span[0] > due.late:
            return False
        ends = [end for alert in due.held for _, end in alert.spans if end <= span[0]]
        alive = any(span[0] - end <= due.late for end in ends)
        return alive or when >= span[0] + due.group.wait - EARLY

    def _readings_of_firing(
        self, due: GroupAtReceiver, firing: Sequence[GroupedAlert], page: Page
    ) -> list[Reading]:
        """Return what a page of these alerts says; none: it came too early or late.

        It is about those that fired first, and those that fired for long enough.
        """
        if not any(self._may_arrive_then(alert, page.at, due) for alert in firing):
            return []
        first = min(alert.began(page.at) for alert in firing)
        latest = max(first, page.at - 2 * EARLY)
        alerts = [alert for alert in firing if alert.began(page.at) <= latest]
        return [_reading(page, alert, FIRING, ALONE) for alert in alerts]

    def _readings_of_ends(self, due: GroupAtReceiver, page: Page) -> list[Reading]:
        over = (
            held
            for held in due.held
            if (span := held.span(page.at)) and 0 <= page.at - span[1] <= due.late
        )
        return [_reading(page, held, RESOLVED, ALONE) for held in over]

    def _muted(self, held: GroupedAlert, when: float) -> bool:
        return any(mute.since <= when < mute.until for mute in self._mutes_of(held))

    def _mutes_of(self, held: GroupedAlert) -> Iterator[Mute]:
        for mute in self._mutes:
            same = label_key(mute.labels) == label_key(held.labels)
            identity = held.identity
            if same or (
                identity is not None
                and self._matching.match(mute.labels).identity is identity
            ):
                yield mute


def _is_about_another(page: Page, due: GroupAtReceiver) -> bool:
    """Whether a title of a page names an alert that is not of the group."""
    names = [alert.labels.get("alertname", "") for alert in due.held]
    return any(names_another(text, due.group.labels, names) for text in page.titles)


def _combinations(
    choices: Sequence[tuple[GroupedAlert, Sequence[str]]],
) -> Iterator[Way]:
    """Yield each way to tell of some of these alerts, of the states each may have."""
    held = [alert for alert, _ in choices]
    for states in itertools.product(*(states for _, states in choices)):
        way = {alert: state for alert, state in zip(held, states, strict=True) if state}
        if way:
            yield way


def _may_be_title(titles: Sequence[str], values: str) -> bool:
    """Whether one of the titles may be that of a group with these labels' values."""
    head = values.partition("\n")[0]
    return any(head in title or is_cut(title) for title in titles)


def _retained(held: GroupedAlert, when: float, late: float) -> bool:
    """Whether an alert that ended long ago may be in a message again."""
    span = held.span(when)
    return span is not None and late < when - span[1] <= _RETAINED + late


def _subsets_by_shared_labels(
    retained: Sequence[GroupedAlert],
) -> list[tuple[GroupedAlert, ...]]:
    """Return subsets of alerts, one for each set of labels that a subset shares.

    That is all that a title shows of them: how many were resolved it does not say.
    """
    alerts_by_labels: dict[
        frozenset[tuple[str, str]] | None, tuple[GroupedAlert, ...]
    ] = {None: ()}
    for held in retained:
        labels = frozenset(held.labels.items())
        for shared, subset in list(alerts_by_labels.items()):
            common = labels if shared is None else shared & labels
            alerts_by_labels.setdefault(common, (*subset, held))
    return list(alerts_by_labels.values())


def _without_old_news(way: Way) -> Way:
    """Return what a message says that none before it has said."""
    return {held: state for held, state in way.items() if state != _AGAIN}


def _title_for(due: GroupAtReceiver, way: Way) -> str:
    firing = [held.labels for held, state in way.items() if state == FIRING]
    resolved = [held.labels for held, state in way.items() if state != FIRING]
    return title_of(due.group.labels, firing, resolved)


def _agreed_readings(ways: Sequence[Way], page: Page) -> list[Reading]:
    """Return what every way to read a title says; what only some say is unsure."""
    held = sorted({alert for way in ways for alert in way}, key=_order)
    states = {alert: {way.get(alert, "") for way in ways} for alert in held}
    sure = [
        _reading(page, alert, said.copy().pop(), BY_TITLE)
        for alert, said in states.items()
        if len(said) == 1 and "" not in said
    ]
    open_ = {alert for alert, said in states.items() if len(said) > 1}
    return [*sure, *([_unsure_reading(page, open_)] if open_ else [])]


def _unsure_reading(page: Page, held: set[GroupedAlert]) -> Reading:
    ordered = sorted(held, key=_order)
    known = tuple(alert.identity for alert in ordered if alert.identity is not None)
    match = Match(tuple(dict.fromkeys(known)), by=BY_TITLE)
    return Reading(page=page, status=page.status, match=match)


def _reading(page: Page, held: GroupedAlert, status: str, by: str) -> Reading:
    span = held.span(page.at)
    known = held.identity
    life: Episode | None = None if known is None else known.life(None, page.at)
    return Reading(
        page=page,
        status=status,
        match=_NO_MATCH if known is None else Match((known,), sure=True, by=by),
        mention=Mention(labels=held.labels, status=status),
        life=life,
        began=None if span is None else span[0],
    )


def _order(held: GroupedAlert) -> tuple[Key, tuple[tuple[float, float], ...]]:
    return label_key(held.labels), held.spans
