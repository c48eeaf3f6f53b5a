"""PagesObserver: what arrived at the far end of the receivers, by the pager's clock.

The pager is another process (`gameday pager`, asked by long poll) or lives in this
one; both answer `show(since, wait)` with {"now", "seq", "pages": […], "refused": […]}.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from gameday.errors import ObserverLost
from gameday.model.events import ClockCompared, Event, Page, PageRefused
from gameday.model.quantity import parse_instant
from gameday.model.scenario import Endpoint
from gameday.observers.health import RETRY, ObserverHealth, Rounds, why_unseen
from gameday.observers.http import Client
from gameday.ports import Clock, Emit

LONG = 0.5  # seconds that one question waits for pages
TRIES = 3  # of the clock
SOON = 0.02  # seconds between two long polls, should one return at once


class PagerMailbox(Protocol):
    """A pager, as far as reading it goes."""

    def show(self, since: int, wait: float) -> Mapping[str, Any]:
        """Return the pages after that number, at once or as soon as one comes."""


class RemoteMailbox:
    """A `gameday pager` at a URL."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.client = Client(endpoint, clock)

    def show(self, since: int, wait: float) -> Mapping[str, Any]:
        """Ask over HTTP; ObserverLost when there is no answer."""
        page_batch = self.client.json("/pages", {"since": since, "wait": f"{wait:g}"})
        if not isinstance(page_batch, dict):
            raise ObserverLost(f"{self.client.url} does not answer like a pager")
        return page_batch

    def close(self) -> None:
        """End the request that is under way."""
        self.client.close()


class PagesObserver:
    """Every page once, with the pager's own time."""

    source = "pager"

    def __init__(self, mailbox: PagerMailbox, clock: Clock) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._health = ObserverHealth(self.source, clock)
        self._rounds = Rounds(self._health, self._round)
        self._since = 0.0
        self._seq = 0
        self._seen: set[tuple[int, float]] = set()
        self._offset: float | None = None

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return why_unseen(lambda: self._mailbox.show(2**53, 0.0))

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report the pages that came at or after `since`."""
        self._since = since
        self._health.begin(emit, since)
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report every page that has arrived by now."""
        if self._rounds.ended:
            return
        self._rounds.ask_once_with(self._fetch)
        self._rounds.ask_once_with(self._clocks)
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        close = getattr(self._mailbox, "close", None)
        self._rounds.stop(close or (lambda: None))

    def _round(self) -> float:
        return self._fetch(LONG)

    def _clocks(self) -> float:
        best, error = 0.0, math.inf
        for _ in range(TRIES):
            sent = self._clock.now()
            theirs = float(self._mailbox.show(2**53, 0.0)["now"])
            back = self._clock.now()
            if (back - sent) / 2 < error:
                best, error = theirs - (sent + back) / 2, (back - sent) / 2
        self._offset = best
        self._health.emit(
            ClockCompared(
                at=self._clock.now(),
                source=self.source,
                offset=round(best, 4),
                error=round(error + 0.0005, 4),
            )
        )
        return 0.0

    def _fetch(self, wait: float = 0.0) -> float:
        if self._offset is None:
            # Which pages are from before is known by its clock only.
            self._clocks()
        asked = self._clock.now()
        batch = self._mailbox.show(self._seq, wait)
        if batch["seq"] < self._seq:
            # It was started anew and counts from one again.
            batch = self._mailbox.show(0, 0.0)
        events = [self._page(page) for page in batch["pages"]]
        events += [self._refusal(refusal) for refusal in batch.get("refused") or ()]
        self._seq = int(batch["seq"])
        # A long poll that returns has seen everything up to its return.
        self._health.note_answer(self._clock.now() if wait else asked)
        for told in events:
            if told is not None:
                self._health.emit(told)
        return SOON if wait else RETRY

    def _page(self, entry: Mapping[str, Any]) -> Event | None:
        if not self._is_new(entry):
            return None
        return Page(
            at=float(entry["at"]),
            receiver=entry["receiver"],
            vendor=entry["vendor"],
            status=entry["status"],
            group_key=entry.get("group_key"),
            dedup_key=entry.get("dedup_key"),
            alerts=[_alert(alert) for alert in entry["alerts"]],
            titles=list(entry.get("titles") or ()),
            truncated=int(entry.get("truncated") or 0),
            sender=str(entry.get("sender") or ""),
            seq=int(entry["seq"]),
        )

    def _refusal(self, entry: Mapping[str, Any]) -> Event | None:
        if not self._is_new(entry):
            return None
        about = {
            name: entry.get(name, "") for name in ("receiver", "vendor", "because")
        }
        return PageRefused(at=float(entry["at"]), **about, seq=int(entry["seq"]))

    def _is_new(self, entry: Mapping[str, Any]) -> bool:
        at, seq = float(entry["at"]), int(entry["seq"])
        if (seq, at) in self._seen or at < self._since + (self._offset or 0.0):
            return False
        self._seen.add((seq, at))
        return True


def _alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "labels": dict(alert["labels"]),
        "status": alert["status"],
        "starts": _seconds(alert.get("startsAt")),
        "ends": _seconds(alert.get("endsAt")),
        "fingerprint": alert.get("fingerprint"),
    }


def _seconds(text: str | None) -> float | None:
    """Return an instant in seconds; None where it is none, or the year 1."""
    if not text or text.startswith("0001-"):
        return None
    return round(parse_instant(text), 3)
