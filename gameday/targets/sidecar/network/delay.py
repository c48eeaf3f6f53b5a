"""A delay, by netem where the kernel has it, else by a queue, and its proof.

Netem has outgoing packets to the peers wait in the kernel. A queue holds incoming ones:
a held outgoing packet would still count against its socket's send buffer and throttle
the victim, which a slow network does not do. One round trip is longer by the delay
either way.

The proof is round trips before and after, on the same way. Each side is the shortest
of a few: whatever else a machine does makes a round trip longer, never shorter, so that
the shortest is nearest to the way itself.
"""

import heapq
import random
import select
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.nfqueue import Queue, any_queue, into_queue
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.network.shaping import Shaper
from gameday.targets.sidecar.proof import tcp_probe
from gameday.targets.sidecar.work import (
    CLOCK,
    END,
    IDLE,
    SignalQueue,
    proof_of,
    report,
    rest,
)

_MOST_WAITING = "100000"  # packets that may wait
_NEAR = 0.4  # seconds to wait for an answer while there is no delay
_ENOUGH = 0.8  # of the delay asked for must be seen
_MANY, _FEW, _LONG = 3, 1, 1.0  # samples, and the delay beyond which few will do


def netem_leaf(by: float, jitter: float) -> Sequence[str]:
    """Return the words by which tc makes a delay of some seconds."""
    delay = [f"{by * 1000:g}ms"] + ([f"{jitter * 1000:g}ms"] if jitter else [])
    return ["netem", "limit", _MOST_WAITING, "delay", *delay]


class NetemDelay:
    """Netem in a class of our own."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._shaper = Shaper(spec)
        self._trip = RoundTrip(spec["probes"])

    def prepare(self) -> None:
        """Look whether there is room for a qdisc; measure the way as it is."""
        self._shaper.check()
        self._trip.before()

    def apply(self) -> Mapping[str, Any]:
        """Put qdiscs and rules in."""
        self._shaper.add(
            *netem_leaf(float(self._spec["by"]), float(self._spec["jitter"]))
        )
        return {"way": "netem"}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        report("proof", **self._trip.proof(self._spec["by"], self._spec["jitter"]))
        rest(bell, deadline)

    def remove(self) -> None:
        """Take all of it out."""
        self._shaper.remove()


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
        self._rules.add({"INPUT": into_queue(number)})
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
            due = self._waiting[0][0] if self._waiting else now + IDLE
            timeout = max(0.0, min(due, deadline, now + IDLE) - now)
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


class RoundTrip:
    """Finds a peer that answers, and measures how much later it answers now."""

    def __init__(
        self,
        probes: Sequence[str],
        round_trip: Callable[[str, float], float | None] = tcp_probe.round_trip,
    ) -> None:
        self._probes = probes
        self._round_trip = round_trip
        self._peer = ""
        self._before = 0.0

    def before(self) -> None:
        """Measure without the delay; the first peer that answers is kept."""
        for address in self._probes:
            took = self._measure(address, _NEAR, 1)
            if took:
                again = self._measure(address, _NEAR, _MANY - 1)
                self._peer, self._before = address, min(took + again)
                return

    def _measure(self, address: str, timeout: float, times: int) -> list[float]:
        """Return the seconds of the round trips that were answered."""
        trips = [self._round_trip(address, timeout) for _ in range(times)]
        return [seconds for seconds in trips if seconds is not None]

    def proof(self, by: float, jitter: float) -> dict[str, Any]:
        """Measure again; return whether the delay is there."""
        if not self._peer:
            return proof_of(bites=False, because="no peer answered before the delay")
        limit = 3 * (by + jitter) + 1.0
        many = _MANY if by + jitter <= _LONG else _FEW
        took = self._measure(self._peer, limit, many)
        evidence = {"peer": self._peer, "before": self._before, "after": took, "by": by}
        if not took:
            because = f"{self._peer} did not answer any more"
            return proof_of(bites=False, because=because, evidence=evidence)
        more = min(took) - self._before
        because = (
            f"a round trip to {self._peer} took {self._before * 1000:.1f} ms before "
            f"and {min(took) * 1000:.1f} ms now"
        )
        enough = more >= _ENOUGH * by - jitter
        return proof_of(bites=enough, because=because, evidence=evidence)
