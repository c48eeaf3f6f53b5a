"""A rate without tc: what goes out and what comes in waits in a queue for its turn.

For kernels that cannot shape. Both queues let everything pass when their holder dies.
"""

import select
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.network.nfqueue import QUEUED, any_queue
from gameday.targets.sidecar.network.rate import LATENCY, NOT_PASSING, SAVED
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.proof.stream import EchoStream
from gameday.targets.sidecar.work import CLOCK, END, SignalQueue, report

_IDLE = 3600.0  # seconds


class ShapedLine:
    """When each packet may leave a line of that rate, one after the other."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0  # when the line has sent all that it was given
        self.waited = 0

    def due(self, now: float, size: int) -> float | None:
        """Return when a packet of so many bytes has left; None: it found no room."""
        start = max(self._free, now - SAVED)
        if start - now > LATENCY:
            return None
        self._free = start + size * 8 / self._rate
        self.waited += self._free > now
        return self._free


class Direction:
    """One direction's queue, with the packets that wait in it."""

    def __init__(self, rate: float) -> None:
        self.queue, self.number = any_queue(sizes=True)
        self.line = ShapedLine(rate)
        self._waiting: deque[tuple[float, int]] = deque()

    def take(self, now: float) -> None:
        """Give each packet that came its time, or drop it."""
        for packet, size in self.queue.read_sizes():
            due = self.line.due(now, size)
            if due is None:
                self.queue.drop(packet)
            else:
                self._waiting.append((due, packet))

    def let_go(self, now: float) -> float:
        """Let go what is due; return when the next one is."""
        while self._waiting and self._waiting[0][0] <= now:
            self.queue.accept(self._waiting.popleft()[1])
        return self._waiting[0][0] if self._waiting else now + _IDLE

    def close(self) -> None:
        """Let everything go."""
        for packet, _ in self.queue.read_sizes():
            self.queue.accept(packet)
        for _, packet in self._waiting:
            self.queue.accept(packet)
        self.queue.close()


class QueueRate:
    """The holder of two queues keeps to the rate."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._rules = PeerRules(spec)
        self._stream = EchoStream(spec["probes"], spec["to"])
        self._ways: dict[str, Direction] = {}

    def prepare(self) -> None:
        """Measure the way as it is."""
        self._stream.before()

    def apply(self) -> Mapping[str, Any]:
        """Open the queues and lead the peers' packets into them."""
        for chain in ("POSTROUTING", "INPUT"):
            self._ways[chain] = Direction(self._spec["to"])
        self._rules.add({chain: self._to(chain) for chain in self._ways})
        return {"way": "queue", "queues": [way.number for way in self._ways.values()]}

    def _to(self, chain: str) -> str:
        number = self._ways[chain].number
        only = "" if chain == "INPUT" else f"{NOT_PASSING} "
        return f"{only}{QUEUED} --queue-num {number} --queue-bypass"

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Let packets go in their time; prove it beside."""
        threading.Thread(target=self._prove, daemon=True).start()
        queues: dict[int, Direction] = {
            way.queue.fileno(): way for way in self._ways.values()
        }
        while not bell.has_come(END):
            now = CLOCK.monotonic()
            if now >= deadline:
                break
            due = min(way.let_go(now) for way in queues.values())
            timeout = max(0.0, min(due, deadline) - now)
            ready, _, _ = select.select([*queues, bell.fileno()], [], [], timeout)
            for number in ready:
                if number in queues:
                    queues[number].take(CLOCK.monotonic())

    def _prove(self) -> None:
        out, back = (self._ways[chain].line for chain in ("POSTROUTING", "INPUT"))
        report(
            "proof",
            **self._stream.proof(lambda: out.waited, lambda: back.waited),
        )

    def remove(self) -> None:
        """Take the rules out, then let everything go that still waits."""
        self._rules.remove()
        for way in self._ways.values():
            way.close()
        self._ways = {}
