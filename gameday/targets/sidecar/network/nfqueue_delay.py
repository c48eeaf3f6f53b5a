"""A delay without netem: packets from the peers wait in a queue until their time.

Incoming packets are held, not outgoing ones: a held outgoing packet would still
count against its socket's send buffer and throttle the victim, which a slow
network does not do. One round trip is longer by the delay either way.
"""

import heapq
import random
import select
import threading
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.network.nfqueue import QUEUED, Queue, any_queue
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.proof.delay_proof import RoundTrip
from gameday.targets.sidecar.work import CLOCK, END, SignalQueue, report

_IDLE = 3600.0  # seconds


class HeldDelay:
    """NFQUEUE rules in INPUT and the loop that lets packets go in time."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._by, self._jitter = float(spec["by"]), float(spec["jitter"])
        self._rules = PeerRules(spec)
        self._trip = RoundTrip(spec["probes"])
        self._queue: Queue | None = None
        self._waiting: list[tuple[float, int]] = []
        self._held = 0

    def prepare(self) -> None:
        """Measure the way as it is."""
        self._trip.before()

    def apply(self) -> Mapping[str, Any]:
        """Open a queue and lead the peers' packets into it."""
        self._queue, number = any_queue()
        end = f"{QUEUED} --queue-num {number} --queue-bypass"
        self._rules.add({"INPUT": end})
        return {"way": "nfqueue", "queue": number}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Let packets go in their time; prove it beside."""
        prover = threading.Thread(target=self._prove, daemon=True)
        prover.start()
        queue = self._queue
        while queue is not None and not bell.has_come(END):
            now = CLOCK.monotonic()
            if now >= deadline:
                break
            due = self._waiting[0][0] if self._waiting else now + _IDLE
            timeout = max(0.0, min(due, deadline, now + _IDLE) - now)
            ready, _, _ = select.select(
                [queue.fileno(), bell.fileno()], [], [], timeout
            )
            if queue.fileno() in ready:
                self._queue_packets(queue)
            self._release_due(queue)

    def _queue_packets(self, queue: Queue) -> None:
        now = CLOCK.monotonic()
        for packet in queue.read():
            spread = random.uniform(-self._jitter, self._jitter)  # noqa: S311
            due = now + max(0.0, self._by + spread)
            heapq.heappush(self._waiting, (due, packet))
            self._held += 1

    def _release_due(self, queue: Queue) -> None:
        now = CLOCK.monotonic()
        last = 0
        while self._waiting and self._waiting[0][0] <= now:
            last = heapq.heappop(self._waiting)[1]
            if self._jitter:
                queue.accept(last)
        if last and not self._jitter:
            queue.accept_up_to(last)

    def _prove(self) -> None:
        proof = self._trip.proof(self._by, self._jitter)
        proof["evidence"]["held"] = self._held
        report("proof", **proof)

    def remove(self) -> None:
        """Take the rules out, then let everything go that still waits."""
        self._rules.remove()
        if self._queue is not None:
            for packet in self._queue.read():
                self._queue.accept(packet)
            for _, packet in self._waiting:
                self._queue.accept(packet)
            self._queue.close()
            self._queue = None
