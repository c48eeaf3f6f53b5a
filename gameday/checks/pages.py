"""Pages: which notification speaks of which alert, and what it says of it.

Matched by the labels in the page, by a fingerprint whose labels another page told,
or by the key of the alert's Alertmanager group (plain or hashed).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gameday.checks.clocks import Clocks, instant
from gameday.checks.episodes import Episode
from gameday.checks.groups import groups_of, hashed
from gameday.model.alert import Routing
from gameday.model.quantity import show_instant
from gameday.model.timeline import Event, Timeline

_SAME = 0.0021  # two stamps of one instant, each cut to a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one page says of one alert."""

    labels: Mapping[str, str]
    status: str  # firing, resolved, unknown
    starts: float | None = None
    ends: float | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A notification that arrived; `at` on gameday's clock, `stamp` the pager's."""

    at: float
    stamp: float
    receiver: str
    vendor: str
    status: str
    keys: tuple[str, ...] = ()  # of its group: plain, or hashed (PagerDuty's)
    seq: int | None = None
    alerts: tuple[Told, ...] = ()

    def keys_match(self, other: "Page") -> bool:
        """Whether both pages come from one group of Alertmanager."""
        theirs = {*other.keys, *map(hashed, other.keys)}
        return any(key in theirs for key in self.keys)

    def show(self) -> dict[str, object]:
        """Return the page as evidence, at the pager's own time."""
        return {
            "received": show_instant(self.stamp),
            "receiver": self.receiver,
            "vendor": self.vendor,
            "status": self.status,
            "seq": self.seq,
        }


@dataclass(frozen=True, slots=True)
class Mailbox:
    """All pages of a run, in order, with what is needed to match them."""

    pages: tuple[Page, ...] = ()
    routing: Routing | None = None
    fingerprints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def says(self, page: Page, episode: Episode) -> str:
        """Return what a page says of an episode: a status, or empty: nothing."""
        for told in page.alerts:
            if self._speaks_of(told, episode):
                return told.status if told.status != "unknown" else page.status
        by_group = not any(self.labels(told) for told in page.alerts)
        return page.status if by_group and self._same_group(page, episode) else ""

    def told(self, page: Page, episode: Episode) -> Told | None:
        """Return the entry of a page that speaks of an episode."""
        for told in page.alerts:
            if self._speaks_of(told, episode):
                return told
        return None

    def opaque(self, page: Page) -> bool:
        """Whether a page cannot be matched to any alert that is known."""
        return not any(self.labels(told) for told in page.alerts)

    def labels(self, told: Told) -> Mapping[str, str]:
        """Return the labels of an entry, by its fingerprint where it has none."""
        return told.labels or self.fingerprints.get(told.fingerprint, {})

    def _speaks_of(self, told: Told, episode: Episode) -> bool:
        labels = self.labels(told)
        if not labels or labels.get("alertname", episode.alert) != episode.alert:
            return False
        if episode.labels.items() <= {"alertname": episode.alert, **labels}.items():
            return True
        stamp = episode.stamps.get("firing")  # relabelled on its way: same start?
        same = stamp is not None and told.starts is not None
        return same and abs((told.starts or 0.0) - (stamp or 0.0)) <= _SAME

    def _same_group(self, page: Page, episode: Episode) -> bool:
        if not page.keys:
            return False
        labels = {**episode.labels, "alertname": episode.alert}
        groups = groups_of(labels, self.routing)
        if any(group.called(key) for group in groups for key in page.keys):
            return True
        return any(
            page.keys_match(other) and self.told(other, episode) is not None
            for other in self.pages
        )


def read_pages(timeline: Timeline, clocks: Clocks, routing: Routing | None) -> Mailbox:
    """Return the pages of a run."""
    pages = tuple(_page(event, clocks) for event in timeline.of("page"))
    known = {
        told.fingerprint: told.labels
        for page in pages
        for told in page.alerts
        if told.fingerprint and told.labels
    }
    return Mailbox(pages, routing, known)


def _page(event: Event, clocks: Clocks) -> Page:
    return Page(
        at=clocks.ours("pager", event.at),
        stamp=event.at,
        receiver=str(event["receiver"]),
        vendor=str(event.get("vendor") or ""),
        status=str(event.get("status") or "unknown"),
        keys=tuple(
            str(event[name]) for name in ("group_key", "dedup_key") if event.get(name)
        ),
        seq=event.get("seq"),
        alerts=_alerts(event.get("alerts") or ()),
    )


def _alerts(entries: Sequence[Mapping[str, Any]]) -> tuple[Told, ...]:
    return tuple(
        Told(
            labels=dict(entry.get("labels") or {}),
            status=str(entry.get("status") or "unknown"),
            starts=instant(entry.get("starts")),
            ends=instant(entry.get("ends")),
            fingerprint=str(entry.get("fingerprint") or ""),
        )
        for entry in entries
    )
