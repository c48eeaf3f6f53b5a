"""The far end of the receivers: takes pages, stamps them, answers, keeps them.

Standard library only, so that it runs wherever Python does. Receivers reach it at
`/webhook/R`, `/pagerduty/R`, `/opsgenie/R`, `/slack/R` (the vendor's own path may
follow), readers at `GET /pages?since=SEQ&wait=SECONDS` and `GET /healthz`.
A page is answered before anything is done with it: a slow answer is sent again.
"""

import json
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.clock import SystemClock
from gameday.model.values.listen_address import host_and_port
from gameday.observers.pages.pager_http import Forwarder, PagerServer
from gameday.observers.pages.pages import ReceivedPage, RefusedPage
from gameday.ports import Clock

KEPT = 10_000
"""How many pages are kept in memory; older ones are forgotten."""


class Pager:
    """Takes pages at `listen` (HOST:PORT; port 0: any) from `start` to `stop`.

    `forward`: a base URL that gets every page too, after it was answered and kept.
    `store`: a file that pages are appended to, a JSON object a line, and read back
    from at the start.
    """

    def __init__(
        self,
        listen: str,
        *,
        forward: str | None = None,
        store: str | Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host, self._port = host_and_port(listen)
        self._clock: Clock = clock or SystemClock()
        self._pages: deque[ReceivedPage | RefusedPage] = deque(maxlen=KEPT)
        self._changed = threading.Condition()
        self._stopped = False
        self._store = Path(store) if store else None
        self._forwarder = Forwarder(forward) if forward else None
        self._door: PagerServer | None = None

    @property
    def port(self) -> int:
        """The port it listens at, once it is started."""
        return int(self._door.server_address[1]) if self._door else self._port

    def start(self) -> None:
        """Listen; OSError where that is not possible."""
        self._recall()
        self._door = PagerServer(self._host, self._port, self)
        if self._forwarder:
            self._forwarder.start()
        self._door.open()

    def check_address(self) -> None:
        """Take the place and let go of it, without listening; OSError where taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family) as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind((self._host, self._port))

    def stop(self) -> None:
        """End, and let go of whoever waits; idempotent."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        door, self._door = self._door, None
        if door:
            self._port = int(door.server_address[1])
            door.shut()
        if self._forwarder:
            self._forwarder.stop()

    def pages(self, since: int = 0) -> list[ReceivedPage]:
        """Return the pages that came after this sequence number."""
        with self._changed:
            return [
                page
                for page in self._pages
                if isinstance(page, ReceivedPage) and page.seq > since
            ]

    def refusals(self, since: int = 0) -> list[RefusedPage]:
        """Return what was refused after this sequence number."""
        with self._changed:
            return [
                page
                for page in self._pages
                if isinstance(page, RefusedPage) and page.seq > since
            ]

    def wait(self, since: int, timeout: float) -> list[ReceivedPage]:
        """Return them as soon as there is one, or none after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or bool(self.pages(since)), timeout
            )
        return self.pages(since)

    def now(self) -> float:
        """Return the pager's time, seconds since the epoch."""
        return self._clock.now()

    def keep(self, at: float, receiver: str, fields: Mapping[str, Any]) -> None:
        """Keep a page that was read and answered."""
        with self._changed:
            seq = self._last_number() + 1
            self._add(
                ReceivedPage(seq=seq, at=round(at, 3), receiver=receiver, **fields)
            )

    def refuse(self, at: float, receiver: str, vendor: str, because: str) -> None:
        """Keep that a page was refused, and why."""
        about = {"receiver": receiver, "vendor": vendor, "because": because}
        with self._changed:
            self._add(
                RefusedPage(seq=self._last_number() + 1, at=round(at, 3), **about)
            )

    def show(self, since: int, wait: float) -> dict[str, Any]:
        """Return what `GET /pages` answers."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._last_number() > since, wait
            )
            pages = [page.to_json() for page in self.pages(since)]
            refused = [refusal.to_json() for refusal in self.refusals(since)]
            last = self._last_number()
        now = round(self.now(), 3)
        return {"now": now, "seq": last, "pages": pages, "refused": refused}

    def pass_on(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Forward a page, where that was asked for."""
        if self._forwarder:
            self._forwarder.add(path, headers, body)

    def _add(self, page: ReceivedPage | RefusedPage) -> None:
        self._pages.append(page)
        if self._store:
            with self._store.open("a", encoding="utf-8") as file:
                file.write(json.dumps(page.to_json()) + "\n")
        self._changed.notify_all()

    def _last_number(self) -> int:
        return self._pages[-1].seq if self._pages else 0

    def _recall(self) -> None:
        """Read back what the store holds; a line that was cut off is left out."""
        if not self._store or not self._store.exists():
            return
        text = self._store.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            with self._store.open("a", encoding="utf-8") as file:
                file.write("\n")
        for line in text.splitlines():
            try:
                self._pages.append(_stored_page(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                continue


def _stored_page(fields: Mapping[str, Any]) -> ReceivedPage | RefusedPage:
    """Return what a line of the store holds."""
    if "because" in fields:
        return RefusedPage(**fields)
    lists = {name: tuple(fields.get(name) or ()) for name in ("alerts", "titles")}
    return ReceivedPage(**{**fields, **lists})


def main(arguments: list[str]) -> int:
    """Serve at HOST:PORT until SIGTERM or SIGINT; return the exit code."""
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        pager = Pager(*arguments[:1] or ["127.0.0.1:9099"])
        pager.start()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"gameday pager: {error}\n")
        return 2
    sys.stdout.write(f"gameday pager listens at port {pager.port}\n")
    sys.stdout.flush()
    ended.wait()
    pager.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
