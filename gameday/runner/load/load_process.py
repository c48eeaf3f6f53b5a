"""Open-loop HTTP load, as a process of its own: `python -m …load_process`.

Request i is due at start + i / rate whatever is still outstanding, and its latency
counts from when it was due: a system that stalls cannot slow its own test down
(coordinated omission). Every request is sent once, and counts as what its user saw.
Reads one JSON line with the orders, then runs until
standard input closes. Writes one JSON line per second of intended starts.
"""

import asyncio
import bisect
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gameday.clock import SystemClock

QUICKEST = 0.0005  # seconds: the end of the first range of latencies
GROWTH = 1.05  # each range is so much longer than the one before
RANGES = 300  # the last one ends beyond every time-out
LATE = 0.010  # seconds: a start later than this is late
MOST_IN_FLIGHT = 5000
_SERVER_ERROR = 500


@dataclass(slots=True)
class Second:
    """What became of the requests that were due in one second."""

    since: float
    due: int = 0
    ok: int = 0
    failed: int = 0
    late: int = 0
    skipped: int = 0
    waits: list[float] = field(default_factory=list)
    first_failed: float | None = None

    def line(self, in_flight: int, bounds: Sequence[float]) -> str:
        """Return the second as the parent reads it."""
        waits = sorted(self.waits) or [0.0]
        return json.dumps(
            {
                "since": round(self.since, 3),
                "until": round(self.since + 1.0, 3),
                "sent": self.due - self.skipped,
                "due": self.due,
                "ok": self.ok,
                "failed": self.failed,
                "late": round((self.late + self.skipped) / max(self.due, 1), 4),
                "p50": round(waits[len(waits) // 2], 4),
                "p99": round(waits[min(len(waits) - 1, int(len(waits) * 0.99))], 4),
                "latencies": in_ranges(self.waits, bounds),
                "in_flight": in_flight,
            }
        )


def bounds_with(promised: Sequence[float]) -> list[float]:
    """Return where ranges of latencies end: 5 % apart, and at each promised time."""
    steps = [round(QUICKEST * GROWTH**number, 6) for number in range(RANGES)]
    return sorted({*steps, *promised})


def in_ranges(waits: Sequence[float], bounds: Sequence[float]) -> list[list[float]]:
    """Return how many requests took over … up to … seconds, empty ranges left out."""
    counts = Counter(bisect.bisect_left(bounds, wait) for wait in waits)
    return [
        [bounds[at - 1] if at else 0.0, bounds[at], counts[at]]
        for at in sorted(counts)
        if at < len(bounds)
    ]


class Generator:
    """Sends requests on time and counts what comes back."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.bounds = bounds_with(orders.get("promised") or ())
        self.clock = SystemClock()
        self.seconds: dict[int, Second] = {}
        self.in_flight: set[asyncio.Task[None]] = set()
        self.start = 0.0
        self.origin = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop, then wait for what is outstanding."""
        timeout = aiohttp.ClientTimeout(total=float(self.orders["timeout"]))
        fresh = self.orders.get("connections") == "fresh"
        connector = aiohttp.TCPConnector(limit=0, force_close=fresh)
        self.origin = self.clock.monotonic()
        self.start = self.clock.now()
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, trust_env=False
        ) as session:
            # Else aiohttp sends idempotent requests again where a kept connection
            # breaks, and what its user saw fail is not counted.
            session._retry_connection = False  # noqa: SLF001 - it has no other name
            reporter = asyncio.create_task(self._report())
            await self._send_all(session, stop)
            if self.in_flight:
                await asyncio.wait(self.in_flight, timeout=timeout.total)
            reporter.cancel()
            self._flush(everything=True)

    async def _send_all(
        self, session: aiohttp.ClientSession, stop: asyncio.Event
    ) -> None:
        number = 0
        gap = 1.0 / float(self.orders["rate"])
        while not stop.is_set():
            due = number * gap
            ahead = due - (self.clock.monotonic() - self.origin)
            if ahead > 0:
                # Waiting on `stop` would cost a task each time; 50 ms is prompt.
                await asyncio.sleep(min(ahead, 0.05))
                continue
            number += 1
            self._launch(session, due)
            if number % 50 == 0:
                await asyncio.sleep(0)

    def _launch(self, session: aiohttp.ClientSession, due: float) -> None:
        second = self.seconds.setdefault(int(due), Second(self.start + int(due)))
        second.due += 1
        if self.clock.monotonic() - self.origin - due > LATE:
            second.late += 1
        if len(self.in_flight) >= MOST_IN_FLIGHT:
            second.skipped += 1
            return
        task = asyncio.create_task(self._request(session, due, second))
        self.in_flight.add(task)
        task.add_done_callback(self.in_flight.discard)

    async def _request(
        self, session: aiohttp.ClientSession, due: float, second: Second
    ) -> None:
        good = False
        try:
            async with session.request(
                self.orders["method"],
                self.orders["url"],
                headers=self.orders["headers"],
                data=self.orders["body"] or None,
                allow_redirects=bool(self.orders.get("redirects")),
            ) as response:
                await response.read()
                good = response.status < _SERVER_ERROR
        except (aiohttp.ClientError, TimeoutError, OSError):
            good = False
        second.waits.append(self.clock.monotonic() - self.origin - due)
        second.ok += good
        second.failed += not good

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            self._flush(everything=False)

    def _flush(self, *, everything: bool) -> None:
        now = int(self.clock.monotonic() - self.origin)
        for number in sorted(self.seconds):
            second = self.seconds[number]
            answered = second.ok + second.failed + second.skipped
            if not everything and (number >= now or answered < second.due):
                return
            sys.stdout.write(second.line(len(self.in_flight), self.bounds) + "\n")
            sys.stdout.flush()
            del self.seconds[number]


async def _main() -> None:
    orders = json.loads(sys.stdin.readline())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def watch() -> None:
        await reader.read()  # returns when the parent closes its end, or is gone
        stop.set()

    watcher = asyncio.create_task(watch())
    await Generator(orders).run(stop)
    watcher.cancel()


if __name__ == "__main__":
    asyncio.run(_main())
