"""All pages of a run, and what each says of which alert.

An entry with labels is matched by them (`matching`). A page without labels is told
by its title (`titles`), by the key of its group where only one alert of that group
can have been due, or by having been the only group due at its receiver (`alone`).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from gameday.checks.pages.chat import UnlabelledMessages
from gameday.checks.pages.groups import groups_of
from gameday.checks.pages.matching import Identity, Match, Matching
from gameday.checks.pages.mutes import Mute
from gameday.checks.pages.pages import RESOLVED, Mention, Page
from gameday.checks.pages.reading import BY_KEY, Reading
from gameday.checks.record.clocks import Clocks
from gameday.checks.record.episodes import Episode
from gameday.model.alerting.alert import Routing


class Mailbox:
    """The pages of a run with their readings."""

    def __init__(
        self,
        pages: Sequence[Page],
        matching: Matching,
        clocks: Clocks,
        *,
        routing: Routing | None = None,
        mutes: Sequence[Mute] = (),
        chat: UnlabelledMessages | None = None,
    ) -> None:
        self.pages = tuple(pages)
        self._chat = chat
        self.routing = routing
        self._matching = matching
        self._clocks = clocks
        self._mutes = mutes

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What all pages say, in order."""
        return tuple(reading for page in self.pages for reading in self._of_page(page))

    def readings_of(self, episode: Episode) -> list[Reading]:
        """Return the readings that surely speak of this life of an alert."""
        return list(self._by_life.get(id(episode), []))

    @cached_property
    def _by_life(self) -> Mapping[int, list[Reading]]:
        by_life: dict[int, list[Reading]] = {}
        for reading in self.readings:
            if reading.match.sure and reading.life is not None:
                by_life.setdefault(id(reading.life), []).append(reading)
        return by_life

    def _of_page(self, page: Page) -> list[Reading]:
        labelled = [self._entry(page, entry) for entry in page.alerts if entry.labels]
        if labelled and len(labelled) < len(page.alerts):  # an entry that says nothing
            labelled.append(Reading(page=page, status=page.status, match=Match()))
        return labelled or self._by_title(page) or self._by_group_key(page)

    def _by_title(self, page: Page) -> list[Reading]:
        """Return what a page without labels says by its title, or by being alone."""
        if self._chat is None:
            return []
        return self._chat.by_title(page) or (
            [] if page.keys else self._chat.alone(page)
        )

    @cached_property
    def _labelled(self) -> tuple[Reading, ...]:
        return tuple(
            self._entry(page, entry)
            for page in self.pages
            for entry in page.alerts
            if entry.labels
        )

    def _entry(self, page: Page, mention: Mention) -> Reading:
        match = self._matching.match(mention.labels, mention.starts)
        identity = match.identity
        life = None if identity is None else identity.life(mention.starts, page.at)
        began = None if life is None else life.firing
        if mention.starts is not None:
            began = self._clocks.to_our_clock("prometheus", mention.starts)
        return Reading(
            page=page,
            status=mention.status,
            match=match,
            mention=mention,
            life=life,
            began=began,
        )

    # --- pages without labels ---

    def _by_group_key(self, page: Page) -> list[Reading]:
        if page.status != RESOLVED:
            return [self._opened(page)]
        members = [
            member
            for member in self._members(page)
            if member.life(None, page.at) is not None
        ]
        heard = [member for member in members if member in self._identities_paged(page)]
        if heard:  # the end of an incident is that of all it was opened for
            return [self._reading(page, (member,), sure=True) for member in heard]
        return [self._reading(page, tuple(members), sure=len(members) == 1)]

    def _opened(self, page: Page) -> Reading:
        """Return whom a page without labels tells of: the only one that was due."""
        due = tuple(
            member
            for member in self._members(page)
            if member.alive(page.at) and self._is_unmuted(member, page)
        )
        return self._reading(page, due, sure=len(due) == 1)

    def _reading(
        self, page: Page, identities: tuple[Identity, ...], *, sure: bool
    ) -> Reading:
        life = identities[0].life(None, page.at) if sure else None
        return Reading(
            page=page,
            status=page.status,
            match=Match(identities, sure=sure, by=BY_KEY),
            life=life,
            began=None if life is None else life.firing,
        )

    def _members(self, page: Page) -> list[Identity]:
        """Return the alerts of the group whose key a page carries."""
        if not page.keys:
            return []
        members_paged = {
            reading.match.identity
            for reading in self._labelled
            if page.keys_match(reading.page)
        }
        return [
            identity
            for identity in self._matching.identities
            if identity in members_paged or self._in_group(identity, page)
        ]

    def _identities_paged(self, page: Page) -> set[Identity | None]:
        """Return the alerts that its integration was told of under the same key."""
        bare = (
            self._opened(other)
            for other in self.pages
            if other.status != RESOLVED
            and not any(entry.labels for entry in other.alerts)
        )
        return {
            reading.match.identity
            for reading in (*self._labelled, *bare)
            if (reading.page.receiver, reading.page.vendor)
            == (page.receiver, page.vendor)
            and reading.page.at <= page.at
            and page.keys_match(reading.page)
        }

    def _in_group(self, identity: Identity, page: Page) -> bool:
        return any(
            group.receiver == page.receiver and group.called(key)
            for labels in self.labels_of(identity)
            for group in groups_of(labels, self.routing)
            for key in page.keys
        )

    def labels_of(self, identity: Identity) -> Iterable[Mapping[str, str]]:
        """Return an alert's labels in Alertmanager, or Prometheus' where unknown."""
        return self._matching.labels_in_alertmanager(identity) or [identity.labels]

    def _is_unmuted(self, identity: Identity, page: Page) -> bool:
        """Whether nothing muted an alert when its group was told."""
        return not any(
            mute.since <= page.at < mute.until
            and self._matching.match(mute.labels).identity is identity
            for mute in self._mutes
        )
