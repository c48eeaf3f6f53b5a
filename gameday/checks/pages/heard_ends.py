"""Who heard that an alert was over: each integration by itself, of each alert.

Integrations of one receiver that post to one address cannot be told apart. There the
copies are counted: as many ends have to arrive as integrations that were paged tell the
end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.checks.pages.matching import Identity, Key
from gameday.checks.pages.pages import FIRING, RESOLVED, Page, label_key
from gameday.checks.pages.reading import Reading
from gameday.model.alerting.alert import Integration, Routing

_SENT = 10.0  # seconds within which the copies of one notification arrive
_SILENT_VENDORS = ("slack", "email")  # tell no end unless they are asked to
Way = tuple[str, str]  # a receiver and one of its integrations, by its vendor
Incident = tuple[Identity | None, Key]  # an alert, and its labels in Alertmanager


@dataclass(frozen=True)
class HeardEnds:
    """What the receivers of a promise's pages were told; `all`: of whatever alert."""

    mine: Sequence[Reading]
    all: Sequence[Reading]
    routing: Routing | None

    def closing_page(self, receiver: str | None) -> Page | None:
        """Return the page that closed the last of what was open; None: one is open."""
        last: Page | None = None
        for way in self._paged_integrations(receiver):
            page = self._closed(way, self._ends_due(way)[1])
            if page is None:
                return None
            if last is None or page.at > last.at:
                last = page
        return last

    def why_unclear(self, receiver: str | None) -> str:
        """Return why it cannot be told whether all heard the end; empty: it can."""
        for way in self._paged_integrations(receiver):
            fewest, most = self._ends_due(way)
            if self._closed(way, most) is not None or fewest == most:
                continue
            if fewest == 0 or self._closed(way, fewest) is not None:
                said = f"several integrations of {way[0]} post to one address"
                return f"{said}, and not all of them tell the end"
        return ""

    def _ends_due(self, way: Way) -> tuple[int, int]:
        """Return how many ends have to arrive of each alert: at least, at most.

        Some of the integrations may post elsewhere, and which of them tell the end
        does not show.
        """
        receiver, vendor = way
        alike = [
            integration
            for integration in self._integrations(receiver)
            if integration.heard_as == vendor
        ]
        telling = sum(integration.send_resolved for integration in alike)
        if len(alike) < 2 or not telling:  # noqa: PLR2004 - one cannot be mistaken
            return 1, 1
        here = min(self._copies_per_page(way), len(alike))
        return max(0, telling - (len(alike) - here)), min(here, telling)

    def _copies_per_page(self, way: Way) -> int:
        """Return how often an integration's address got one and the same page."""
        pages = {
            id(reading.page): reading.page
            for reading in self.mine
            if _integration_of(reading) == way and reading.status == FIRING
        }.values()
        most = 1
        for page in pages:
            same = [
                other
                for other in pages
                if other.alerts == page.alerts
                and other.keys == page.keys
                and 0 <= other.at - page.at <= _SENT
            ]
            most = max(most, len(same))
        return most

    def _paged_integrations(self, receiver: str | None) -> list[Way]:
        """Return the integrations that were paged: those that tell the end, or all."""
        paged = {
            _integration_of(reading)
            for reading in self.mine
            if reading.status == FIRING and receiver in (None, reading.page.receiver)
        }
        telling = {way for way in paged if self._sends_resolved(way)}
        return sorted(telling or paged)

    def _sends_resolved(self, way: Way) -> bool:
        receiver, vendor = way
        integrations = self._integrations(receiver)
        if not integrations:
            heard = (reading for reading in self.all if _integration_of(reading) == way)
            return vendor not in _SILENT_VENDORS or any(
                reading.status == RESOLVED for reading in heard
            )
        alike = [
            integration
            for integration in integrations
            if integration.heard_as == vendor
        ]
        same = alike or integrations
        return any(integration.send_resolved for integration in same)

    def _integrations(self, receiver: str) -> Sequence[Integration]:
        for known in self.routing.receivers if self.routing is not None else ():
            if known.name == receiver:
                return known.integrations
        return ()

    def _closed(self, way: Way, ends: int) -> Page | None:
        """Return the page that closed the last of what an integration had open.

        `ends`: how many pages that say so each alert needs.
        """
        open_: dict[Incident, int] = {}
        last: Page | None = None
        for reading in self.mine:
            if _integration_of(reading) != way:
                continue
            if reading.status == FIRING:
                open_[reading.match.identity, label_key(reading.labels)] = ends
            elif reading.status == RESOLVED:
                closed = [
                    key for key in open_ if _is_end_of(reading, key) and open_[key]
                ]
                last = reading.page if closed else last
                open_.update({key: open_[key] - 1 for key in closed})
        return None if any(open_.values()) else last


def _integration_of(reading: Reading) -> Way:
    return reading.page.receiver, reading.page.vendor


def _is_end_of(reading: Reading, incident: Incident) -> bool:
    """Whether a reading ends an incident: the same labels, or its whole group's."""
    identity, labels = incident
    if reading.mention is not None and labels == label_key(reading.labels):
        return True
    same = identity is not None and identity is reading.match.identity
    return same and (reading.mention is None or not labels)
