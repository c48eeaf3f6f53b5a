"""Pages as they arrived: receiver, group, what each says of which labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.checks.pages.groups import hashed
from gameday.checks.pages.titles import first_line
from gameday.checks.record.clocks import Clocks, instant
from gameday.frozen import frozen
from gameday.model.events import Page as PageEvent
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline

FIRING, RESOLVED = "firing", "resolved"


@frozen
class Mention:
    """What one page says of one alert; `starts`, `ends`: Prometheus' own stamps."""

    labels: Mapping[str, str]
    status: str  # firing, resolved, unknown
    starts: float | None = None
    ends: float | None = None
    fingerprint: str = ""


@frozen
class Page:
    """A notification that arrived; `at` on gameday's clock, `stamp` the pager's.

    `titles` are the texts that stand for the alerts where a vendor's message has no
    labels; `cut` says how many alerts Alertmanager left out; `sender` is the receiver
    that the message itself names, where it does.
    """

    at: float
    stamp: float
    receiver: str
    vendor: str
    status: str
    keys: tuple[str, ...] = ()  # of its group: plain, or hashed (PagerDuty's)
    seq: int | None = None
    alerts: tuple[Mention, ...] = ()
    titles: tuple[str, ...] = ()
    cut: int = 0
    sender: str = ""

    def keys_match(self, other: "Page") -> bool:
        """Whether both pages come from one group of Alertmanager."""
        theirs = {*other.keys, *map(hashed, other.keys)}
        mine = {*self.keys, *map(hashed, self.keys)}
        return bool(mine & theirs)

    def show(self) -> dict[str, object]:
        """Return the page as evidence, at the pager's own time."""
        return {
            "received": show_instant(self.stamp),
            "receiver": self.receiver,
            "vendor": self.vendor,
            "status": self.status,
            "seq": self.seq,
        }


def read_pages(timeline: Timeline, clocks: Clocks) -> tuple[Page, ...]:
    """Return the pages of a run, in order; entries without labels by fingerprint.

    Of pages in the same millisecond the pager's own count tells the order; without
    one, what ends an alert comes last.
    """
    events = timeline.of(PageEvent)
    known = _fingerprints(events)
    pages = [_page(event, clocks, known) for event in events]
    return tuple(sorted(pages, key=_order))


def label_key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return labels as a key; an empty label is none, as in Prometheus."""
    return tuple(sorted((key, text) for key, text in labels.items() if text))


def _order(page: Page) -> tuple[float, int, bool, str, str, list[Any]]:
    over = page.status == RESOLVED
    entries = [_entry_order(told) for told in page.alerts]
    return page.at, page.seq or 0, over, page.receiver, page.vendor, entries


def _entry_order(told: Mention) -> tuple[Any, ...]:
    return label_key(told.labels), told.status, told.starts or 0.0, told.fingerprint


def _fingerprints(events: Sequence[PageEvent]) -> dict[str, Mapping[str, str]]:
    """Return the labels of each fingerprint that only one set of labels has."""
    known: dict[str, dict[Any, Mapping[str, str]]] = {}
    for event in events:
        for entry in event.alerts:
            labels, number = entry.get("labels"), str(entry.get("fingerprint") or "")
            if labels and number:
                known.setdefault(number, {})[label_key(labels)] = labels
    return {
        number: next(iter(sets.values()))
        for number, sets in known.items()
        if len(sets) == 1
    }


def _page(
    event: PageEvent, clocks: Clocks, known: Mapping[str, Mapping[str, str]]
) -> Page:
    status = event.status or "unknown"
    return Page(
        at=clocks.to_our_clock("pager", event.at),
        stamp=event.at,
        receiver=event.receiver,
        vendor=event.vendor,
        status=status,
        keys=tuple(key for key in (event.group_key, event.dedup_key) if key),
        seq=event.seq,
        alerts=_alerts(event.alerts, status, known),
        titles=tuple(map(first_line, event.titles)),
        cut=event.truncated,
        sender=event.sender,
    )


def _alerts(
    entries: Sequence[Mapping[str, Any]],
    status: str,
    known: Mapping[str, Mapping[str, str]],
) -> tuple[Mention, ...]:
    told = []
    for entry in entries:
        number = str(entry.get("fingerprint") or "")
        own = entry.get("status")
        told.append(
            Mention(
                labels=dict(entry.get("labels") or known.get(number, {})),
                status=str(own if own in (FIRING, RESOLVED) else status),
                starts=instant(entry.get("starts")),
                ends=instant(entry.get("ends")),
                fingerprint=number,
            )
        )
    return tuple(sorted(told, key=_entry_order))
