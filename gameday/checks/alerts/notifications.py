"""What happened to a promised alert's notifications: arrived, or held back.

A page is the promise's when it surely speaks of one of its alerts, or when its own
labels are the promised ones (another Prometheus of a pair told of it first, or the
rule is evaluated elsewhere), and when what it tells of began in the fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.alerts.promised_alert import PromisedAlert
from gameday.checks.pages.groups import groups_of
from gameday.checks.pages.heard_ends import HeardEnds
from gameday.checks.pages.matching import EARLY, SAME
from gameday.checks.pages.mutes import SILENCE, Mute, open_through
from gameday.checks.pages.pages import FIRING, RESOLVED, Page, label_key
from gameday.checks.pages.reading import Reading
from gameday.checks.step import StepRun
from gameday.model.quantity import show_instant


@dataclass(frozen=True)
class Notifications:
    """The notifications about one promised alert since the fault began."""

    promised: PromisedAlert

    @classmethod
    def of(cls, promised: PromisedAlert) -> "Notifications":
        """Return a promise's notifications, which are read once for its step."""
        key = (cls, promised.promise)
        return promised.step.once(key, lambda: cls(promised))

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What pages of the step said of the promise's alerts, in order."""
        return tuple(
            reading for reading in self._step_readings if self._is_promised(reading)
        )

    def first(self, receiver: str | None) -> Page | None:
        """Return the page by which every victim's alert was told of; None: none is.

        At this receiver, or (None) at any: the last victim's first page.
        """
        firsts: dict[str, Page] = {}
        for reading in self._firing(receiver):
            for victim in self._victims(reading) or {""}:
                firsts.setdefault(victim, reading.page)
        if not firsts or self.unpaged_victims(receiver):
            return None
        named = [page for victim, page in firsts.items() if victim] or [firsts[""]]
        if self.promised.promise.victims == "any":
            return min(firsts.values(), key=lambda page: page.at)
        return max(named, key=lambda page: page.at)

    def unpaged_victims(self, receiver: str | None) -> list[str]:
        """Return the victims whose alert no page told of, where it tells them apart."""
        paged: set[str] = set()
        for reading in self._firing(receiver):
            paged |= self._victims(reading)
        if self.promised.promise.victims == "any" and paged:
            return []
        return sorted(self.promised.required - paged)

    def why_no_page(self, receiver: str | None) -> str:
        """Return that no page arrived there, and for whom, or where it went instead."""
        where = "any receiver" if receiver is None else receiver
        said = f"no page of {self.promised.name} arrived at {where}"
        untold = self.unpaged_victims(receiver)
        if untold and len(untold) < len(self.promised.required):
            return f"{said} for {', '.join(untold)}"
        if others := self.other_receivers(receiver):
            return f"{said}; it went to {', '.join(others)}"
        return f"{said}; it was held back by {self.muted_by}" if self.muted_by else said

    def matched_by(self, page: Page) -> str:
        """Return how a page was told to be the promise's."""
        ways = (reading for reading in self.readings if reading.page is page)
        return next((reading.by for reading in ways), "")

    def has_paged(self, receiver: str | None) -> bool:
        """Return whether that receiver was told of any alert of the promise."""
        return any(True for _ in self._firing(receiver))

    def other_receivers(self, receiver: str | None) -> list[str]:
        """Return which other receivers were told that it fires."""
        paged = {reading.page.receiver for reading in self._firing(None)}
        return sorted(paged - {receiver})

    def resolved(self, receiver: str | None) -> Page | None:
        """Return the page after which nothing was left open there; None: something is.

        Each integration that was paged and tells the end has to have told it of every
        alert of which it told the beginning; the last of these pages counts.
        """
        return self._ends_received.closing_page(receiver)

    @cached_property
    def _ends_received(self) -> HeardEnds:
        run = self.promised.step.run
        return HeardEnds(
            self.readings, self._step_readings, run.plan.monitoring.routing
        )

    def why_page_unmatched(self, receiver: str | None, until: float) -> str:
        """Return why a page that did arrive might be this alert's; empty: none is."""
        begun = min(
            (episode.firing or 0.0 for episode in self.promised.fired), default=0.0
        )
        return self._why_unmatched(receiver, begun - EARLY, until, besides=RESOLVED)

    def why_end_unmatched(
        self, receiver: str | None, since: float, until: float
    ) -> str:
        """Return why a page that did arrive might tell its end; empty: none does."""
        unmatched = self._why_unmatched(receiver, since, until, besides=FIRING)
        return unmatched or self._ends_received.why_unclear(receiver)

    def _why_unmatched(
        self, receiver: str | None, since: float, until: float, *, besides: str
    ) -> str:
        for reading in self._step_readings:
            page = reading.page
            if receiver not in (None, page.receiver) or not since <= page.at <= until:
                continue
            if page.cut:
                where = page.receiver
                return f"Alertmanager left {page.cut} alerts out of a page at {where}"
            if reading.status != besides and self._may_be_promised(reading):
                return f"a page at {page.receiver} could not be matched to an alert"
        return ""

    def why_unobservable(self, receiver: str | None) -> str:
        """Return why no pager can tell whether the receiver was told; empty: one can.

        A receiver to which the alert is not routed was not told, whatever it hears.
        """
        run = self.promised.step.run
        routing = run.plan.monitoring.routing
        if routing is None:
            return ""
        sets = [
            labels
            for identity in self.promised.identities
            for labels in run.mailbox.labels_of(identity)
        ]
        routed = {
            group.receiver for labels in sets for group in groups_of(labels, routing)
        }
        for known in routing.receivers:
            asked = receiver in (None, known.name) and known.name in routed
            if asked and known.unobservable:
                said = f"{known.name} is told by {known.unobservable}"
                return f"{said}, which the pager cannot receive"
        return ""

    def firing_elsewhere_before(self, until: float) -> str:
        """Return that another Prometheus had it firing before the fault, or empty.

        A page shows this when its start is not that of any firing which the observed
        Prometheus recorded. Alertmanager does not repeat what it has told.
        """
        for reading in self.promised.step.run.mailbox.readings:
            mention, page = reading.mention, reading.page
            if mention is None or mention.starts is None or page.at > until:
                continue
            ours = reading.life is not None and reading.life.stamps.get("firing")
            known = ours and abs(ours - mention.starts) <= SAME
            if not known and self._is_open_since_before(reading):
                since = show_instant(mention.starts)
                said = f"{self.promised.name} had been firing elsewhere since {since}"
                return f"{said}, before the fault, says a page at {page.receiver}"
        return ""

    def _is_open_since_before(self, reading: Reading) -> bool:
        mine = self.promised.is_about(reading.match.identity, reading.labels)
        if not mine or reading.status != FIRING or self._began_in_fault(reading):
            return False
        key = label_key(reading.labels)
        return not any(
            other.status == RESOLVED and label_key(other.labels) == key
            for other in self.promised.step.run.mailbox.readings
            if reading.page.at <= other.page.at < self.promised.start
        )

    @cached_property
    def muted_by(self) -> str:
        """Alertmanager's own mute, other than a silence, that held the alert back."""
        for mute in self._mutes:
            if mute.by in ("inhibition", "mute_time"):
                return mute.show()
        return ""

    def doubt(self, since: float, until: float) -> str:
        """Return what held a page back then without being an effect of the fault."""
        fired = min(
            (episode.firing or 0.0 for episode in self.promised.fired), default=since
        )
        begun = max(since, self.promised.start, fired - EARLY)
        why = open_through(self._mutes, self.promised.start, begun, until)
        return f"{self.promised.name} {why}" if why else ""

    # --- which pages are the promise's ---

    @cached_property
    def _step_readings(self) -> tuple[Reading, ...]:
        return self.promised.step.once(Reading, lambda: _read_in(self.promised.step))

    def _is_promised(self, reading: Reading) -> bool:
        match = reading.match
        if match.identities and set(match.identities) <= self.promised.identities:
            return self._began_in_fault(reading)
        by_labels = not match.sure and self.promised.matches_with_name(reading.labels)
        return by_labels and self._began_in_fault(reading)

    def _began_in_fault(self, reading: Reading) -> bool:
        run = self.promised.step.run
        error = run.clocks.error("prometheus") + self.promised.step.fault_error + SAME
        if reading.began is None:
            return not self._was_paged_before(reading)
        return reading.began >= self.promised.start - error

    def _was_paged_before(self, reading: Reading) -> bool:
        """Whether the same labels were paged before the fault, and not resolved."""
        key, last = label_key(reading.labels), ""
        if not key:
            return False
        for other in self.promised.step.run.mailbox.readings:
            if other.page.at < self.promised.start and label_key(other.labels) == key:
                last = other.status
        return last == FIRING

    def _may_be_promised(self, reading: Reading) -> bool:
        if reading.match.sure or not self._began_in_fault(reading):
            return False
        if reading.match.identities:
            return bool(self.promised.identities & set(reading.match.identities))
        return reading.opaque

    def _firing(self, receiver: str | None) -> Iterator[Reading]:
        for reading in self.readings:
            if receiver in (None, reading.page.receiver) and reading.status == FIRING:
                yield reading

    def _victims(self, reading: Reading) -> frozenset[str]:
        """Return the victims of whose alerts a reading speaks.

        Alerts that are one in Alertmanager, since what told them apart was dropped on
        the way, are told of together.
        """
        victims = self.promised.step.victims
        sets = [reading.labels]
        if reading.match.sure or reading.mention is not None:
            sets += [identity.labels for identity in reading.match.identities]
        named = frozenset[str]().union(*map(victims.of, sets))
        return named & self.promised.required

    # --- muted ---

    @cached_property
    def _mutes(self) -> tuple[Mute, ...]:
        run, promised = self.promised.step.run, self.promised
        seen = [
            mute
            for mute in run.mutes
            if self.promised.is_about(
                run.matching.match(mute.labels).identity, mute.labels
            )
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
            for identity in self.promised.identities:
                sets = run.matching.labels_in_alertmanager(identity) or [
                    identity.labels
                ]
                if silence.number not in seen and any(map(silence.covers, sets)):
                    yield Mute(
                        labels=identity.labels,
                        by=SILENCE,
                        detail=silence.number,
                        since=silence.since,
                        until=silence.until,
                    )


def _read_in(step: StepRun) -> tuple[Reading, ...]:
    """Return what pages said from the fault's start to the step's end."""
    readings, start = step.run.mailbox.readings, step.start or 0.0
    return tuple(
        reading for reading in readings if start <= reading.page.at <= step.end
    )
