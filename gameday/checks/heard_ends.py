"""Who heard that an alert was over: each integration by itself, of each alert."""

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.checks.matching import Identity, Key
from gameday.checks.pages import FIRING, RESOLVED, Page, label_key
from gameday.checks.reading import Reading
from gameday.model.alert import Integration, Routing

_SILENT_VENDORS = ("slack", "email")  # tell no end unless they are asked to
Way = tuple[str, str]  # a receiver and one of its integrations, by its vendor
Incident = tuple[Identity | None, Key]  # an alert, and its labels in Alertmanager


@dataclass(frozen=True)
class HeardEnds:
    """What the receivers of a promise's pages were told; `all`: of whatever alert."""

    mine: Sequence[Reading]
    all: Sequence[Reading]
    routing: Routing | None

    def last(self, receiver: str | None) -> Page | None:
        """Return the page that closed the last of what was open; None: one is open."""
        last: Page | None = None
        for way in self._ways(receiver):
            page = self._closed(way)
            if page is None:
                return None
            if last is None or page.at > last.at:
                last = page
        return last

    def _ways(self, receiver: str | None) -> list[Way]:
        """Return the integrations that were paged: those that tell the end, or all."""
        paged = {
            _way(reading)
            for reading in self.mine
            if reading.status == FIRING and receiver in (None, reading.page.receiver)
        }
        telling = {way for way in paged if self._tells_end(way)}
        return sorted(telling or paged)

    def _tells_end(self, way: Way) -> bool:
        receiver, vendor = way
        integrations = self._integrations(receiver)
        if not integrations:
            heard = (reading for reading in self.all if _way(reading) == way)
            return vendor not in _SILENT_VENDORS or any(
                reading.status == RESOLVED for reading in heard
            )
        same = [each for each in integrations if each.kind == vendor] or integrations
        return any(each.send_resolved for each in same)

    def _integrations(self, receiver: str) -> Sequence[Integration]:
        for known in self.routing.receivers if self.routing is not None else ():
            if known.name == receiver:
                return known.integrations
        return ()

    def _closed(self, way: Way) -> Page | None:
        """Return the page that closed the last of what an integration had open."""
        open_: dict[Incident, bool] = {}
        last: Page | None = None
        for reading in self.mine:
            if _way(reading) != way:
                continue
            if reading.status == FIRING:
                open_[reading.match.identity, label_key(reading.labels)] = True
            elif reading.status == RESOLVED:
                closed = [key for key in open_ if _ends(reading, key) and open_[key]]
                last = reading.page if closed else last
                open_.update(dict.fromkeys(closed, False))
        return None if any(open_.values()) else last


def _way(reading: Reading) -> Way:
    return reading.page.receiver, reading.page.vendor


def _ends(reading: Reading, incident: Incident) -> bool:
    """Whether a reading ends an incident: the same labels, or its whole group's."""
    identity, labels = incident
    if reading.told is not None and labels == label_key(reading.labels):
        return True
    same = identity is not None and identity is reading.match.identity
    return same and (reading.told is None or not labels)
