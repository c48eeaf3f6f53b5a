"""What happened to a promised alert's notifications: arrived, routed, held back.

A page is the promise's when it surely speaks of one of its alerts, or when its own
labels are the promised ones (another Prometheus of a pair told of it first, or the
rule is evaluated elsewhere), and when what it tells of began in the fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.clocks import instant
from gameday.checks.matching import EARLY, SAME, Identity
from gameday.checks.mutes import SILENCE, Mute, open_through
from gameday.checks.pages import FIRING, RESOLVED, Page, label_key
from gameday.checks.promise import Promised
from gameday.checks.reading import Reading
from gameday.model.alert import Integration
from gameday.model.timeline import Event

_SILENT_VENDORS = ("slack", "email")  # tell no end unless they are asked to
Way = tuple[str, str]  # a receiver and one of its integrations, by its vendor


@dataclass(frozen=True)
class Notified:
    """The notifications about one promised alert since the fault began."""

    promised: Promised

    @cached_property
    def mine(self) -> tuple[Reading, ...]:
        """What pages of the step said of the promise's alerts, in order."""
        return tuple(reading for reading in self._of_step if self._counts(reading))

    def first(self, receiver: str | None) -> Page | None:
        """Return the page by which every victim's alert was told of; None: none is.

        At this receiver, or (None) at any: the last victim's first page.
        """
        firsts: dict[str, Page] = {}
        for reading in self._firing(receiver):
            for victim in self._victims(reading) or {""}:
                firsts.setdefault(victim, reading.page)
        if not firsts or self.untold(receiver):
            return None
        named = [page for victim, page in firsts.items() if victim] or [firsts[""]]
        if self.promised.promise.victims == "any":
            return min(firsts.values(), key=lambda page: page.at)
        return max(named, key=lambda page: page.at)

    def untold(self, receiver: str | None) -> list[str]:
        """Return the victims whose alert no page told of, where it tells them apart."""
        told: set[str] = set()
        for reading in self._firing(receiver):
            told |= self._victims(reading)
        if self.promised.promise.victims == "any" and told:
            return []
        return sorted(self.promised.required - told)

    def by(self, page: Page) -> str:
        """Return how a page was told to be the promise's."""
        ways = (reading for reading in self.mine if reading.page is page)
        return next((reading.by for reading in ways), "")

    def others(self, receiver: str | None) -> list[str]:
        """Return which other receivers were told that it fires."""
        told = {reading.page.receiver for reading in self._firing(None)}
        return sorted(told - {receiver})

    def resolved(self, receiver: str | None) -> Page | None:
        """Return the page after which nothing was left open there; None: something is.

        Each integration that was paged and tells the end has to have told it of every
        alert of which it told the beginning; the last of these pages counts.
        """
        last: Page | None = None
        for way in self._ways(receiver):
            page = self._closed(way)
            if page is None:
                return None
            if last is None or page.at > last.at:
                last = page
        return last

    def unmatched(self, receiver: str | None, until: float) -> str:
        """Return why a page that did arrive might be this alert's; empty: none is."""
        begun = min((each.firing or 0.0 for each in self.promised.fired), default=None)
        for reading in self._of_step:
            page = reading.page
            early = begun is not None and page.at < begun - EARLY
            here = receiver in (None, page.receiver) and page.at <= until and not early
            if not here:
                continue
            if page.cut:
                return (
                    f"Alertmanager left {page.cut} alerts out of a page at {receiver}"
                )
            if reading.status != RESOLVED and self._may_be_mine(reading):
                return f"a page at {page.receiver} could not be matched to an alert"
        return ""

    @cached_property
    def held_back(self) -> str:
        """By what Alertmanager itself held the alert back, other than a silence."""
        for mute in self._mutes:
            if mute.by in ("inhibition", "mute_time"):
                return mute.show()
        return ""

    def doubt(self, since: float, until: float) -> str:
        """Return what held a page back then without being an effect of the fault."""
        fired = min((each.firing or 0.0 for each in self.promised.fired), default=since)
        begun = max(since, self.promised.start, fired - EARLY)
        why = open_through(self._mutes, self.promised.start, begun, until)
        return f"{self.promised.name} {why}" if why else ""

    @cached_property
    def routed(self) -> list[str]:
        """The receivers that Alertmanager's own routing named."""
        run, names = self.promised.step.run, set[str]()
        for event in run.timeline.of("routed"):
            if self.promised.start <= event.at <= self.promised.step.end:
                names |= set(event["receivers"]) if self._routes(event) else set()
        return sorted(names)

    def routed_unclear(self, receiver: str) -> str:
        """Return why what was routed there may have been this alert; empty: none."""
        run = self.promised.step.run
        for event in run.timeline.of("routed"):
            match = run.matching.match(*_routed(event))
            mine = self._identities & set(match.identities) and not match.sure
            inside = self.promised.start <= event.at <= self.promised.step.end
            if mine and inside and receiver in event["receivers"]:
                return f"it cannot be told whether what went to {receiver} was it"
        return ""

    # --- which pages are the promise's ---

    @cached_property
    def _of_step(self) -> tuple[Reading, ...]:
        start, end = self.promised.start, self.promised.step.end
        readings = self.promised.step.run.mailbox.readings
        return tuple(each for each in readings if start <= each.page.at <= end)

    @cached_property
    def _identities(self) -> frozenset[Identity]:
        run, promised = self.promised.step.run, self.promised
        return frozenset(
            identity
            for identity in run.matching.named(promised.name)
            if promised.mine(identity.labels)
        )

    def _counts(self, reading: Reading) -> bool:
        match = reading.match
        if match.identities and set(match.identities) <= self._identities:
            return self._began_in_fault(reading)
        by_labels = not match.sure and self.promised.mine_in_full(reading.labels)
        return by_labels and self._began_in_fault(reading)

    def _began_in_fault(self, reading: Reading) -> bool:
        run = self.promised.step.run
        error = run.clocks.error("prometheus") + self.promised.step.fault_error + SAME
        if reading.began is None:
            return not self._older(reading)
        return reading.began >= self.promised.start - error

    def _older(self, reading: Reading) -> bool:
        """Whether the same labels were paged before the fault, and not resolved."""
        key, last = label_key(reading.labels), ""
        if not key:
            return False
        for other in self.promised.step.run.mailbox.readings:
            if other.page.at < self.promised.start and label_key(other.labels) == key:
                last = other.status
        return last == FIRING

    def _may_be_mine(self, reading: Reading) -> bool:
        if reading.match.sure or not self._began_in_fault(reading):
            return False
        if reading.match.identities:
            return bool(self._identities & set(reading.match.identities))
        return reading.opaque

    def _firing(self, receiver: str | None) -> Iterator[Reading]:
        for reading in self.mine:
            if receiver in (None, reading.page.receiver) and reading.status == FIRING:
                yield reading

    def _victims(self, reading: Reading) -> frozenset[str]:
        """Return the victims of whose alerts a reading speaks.

        Alerts that are one in Alertmanager, since what told them apart was dropped on
        the way, are told of together.
        """
        victims = self.promised.step.victims
        sets = [reading.labels]
        if reading.match.sure or reading.told is not None:
            sets += [each.labels for each in reading.match.identities]
        named = frozenset[str]().union(*map(victims.of, sets))
        return named & self.promised.required

    # --- who heard the end ---

    def _ways(self, receiver: str | None) -> list[Way]:
        paged = {
            (reading.page.receiver, reading.page.vendor)
            for reading in self._firing(receiver)
        }
        telling = {way for way in paged if self._tells_end(way)}
        return sorted(telling or paged)

    def _tells_end(self, way: Way) -> bool:
        receiver, vendor = way
        integrations = self._integrations(receiver)
        if not integrations:
            heard = (
                reading
                for reading in self._of_step
                if (reading.page.receiver, reading.page.vendor) == way
            )
            return vendor not in _SILENT_VENDORS or any(
                reading.status == RESOLVED for reading in heard
            )
        same = [each for each in integrations if each.kind == vendor] or integrations
        return any(each.send_resolved for each in same)

    def _integrations(self, receiver: str) -> tuple[Integration, ...]:
        routing = self.promised.step.run.plan.eyes.routing
        for known in routing.receivers if routing is not None else ():
            if known.name == receiver:
                return known.integrations
        return ()

    def _closed(self, way: Way) -> Page | None:
        """Return the page that closed the last of what an integration had open."""
        open_: dict[object, bool] = {}
        last: Page | None = None
        for reading in self.mine:
            page = reading.page
            if (page.receiver, page.vendor) != way:
                continue
            if reading.status == FIRING:
                open_[self._incident(reading)] = True
            elif reading.status == RESOLVED:
                closed = [key for key in open_ if _ends(reading, key) and open_[key]]
                last = page if closed else last
                open_.update(dict.fromkeys(closed, False))
        return None if any(open_.values()) else last

    @staticmethod
    def _incident(reading: Reading) -> object:
        return reading.match.identity, label_key(reading.labels)

    # --- muted, routed ---

    @cached_property
    def _mutes(self) -> tuple[Mute, ...]:
        run, promised = self.promised.step.run, self.promised
        seen = [
            mute
            for mute in run.mutes
            if self._is_mine(run.matching.match(mute.labels).identity, mute.labels)
        ]
        return tuple(
            mute
            for mute in (*seen, *self._silences)
            if mute.since <= promised.step.end and mute.until >= promised.start
        )

    @property
    def _silences(self) -> Iterator[Mute]:
        """Yield the silences that cover the alert and that nobody saw at work."""
        run = self.promised.step.run
        seen = {mute.detail for mute in run.mutes if mute.by == SILENCE}
        for silence in run.silences:
            for identity in self._identities:
                sets = run.matching.seen_as(identity) or [identity.labels]
                if silence.number not in seen and any(map(silence.covers, sets)):
                    yield Mute(
                        labels=identity.labels,
                        by=SILENCE,
                        detail=silence.number,
                        since=silence.since,
                        until=silence.until,
                    )

    def _routes(self, event: Event) -> bool:
        labels, starts = _routed(event)
        match = self.promised.step.run.matching.match(labels, starts)
        return self._is_mine(match.identity, labels)

    def _is_mine(self, identity: Identity | None, labels: Mapping[str, str]) -> bool:
        if identity is not None:
            return identity in self._identities
        return self.promised.mine_in_full(labels)


def _routed(event: Event) -> tuple[Mapping[str, str], float | None]:
    """Return the labels of an alert that was routed, and since when it fired."""
    return {**event["labels"], "alertname": event["alert"]}, instant(
        event.get("starts")
    )


def _ends(reading: Reading, incident: object) -> bool:
    """Whether a reading ends an incident: the same labels, or its whole group's."""
    if not isinstance(incident, tuple):
        return False
    identity, labels = incident
    if reading.told is not None and labels == label_key(reading.labels):
        return True
    same = identity is not None and identity is reading.match.identity
    return same and (reading.told is None or not labels)
