"""A rate: what goes to the peers, and what comes from them, waits for its turn.

With tc a token bucket in a class of our own holds what goes out; what comes in is led
through a device of our own, which has another. On kernels that cannot shape both wait
in a queue; the queues let everything pass when their holder dies.
"""

import fcntl
import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gameday.targets.sidecar.network.nfqueue import any_queue, into_queue
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.network.shaping import (
    OUR_DEVICES,
    Shaper,
    add_incoming,
    has_incoming,
    interfaces,
    remove_incoming,
    why_no_leaf,
)
from gameday.targets.sidecar.network.tools import tc
from gameday.targets.sidecar.proof.stream import PASSES, EchoStream
from gameday.targets.sidecar.work import (
    CLOCK,
    END,
    IDLE,
    SignalQueue,
    WorkFailed,
    report,
    rest,
)

LATENCY = 0.4  # seconds that a packet waits at most; what comes then is dropped
_SAVED = 0.02  # seconds of the rate that may be saved up
_HEADERS = 100  # bytes: a bucket has to hold the largest packet with these
_SIOCGIFMTU = 0x8921
_NOT_PASSING = f"-m mark ! --mark {PASSES:#x}"


def bucket(rate: float, largest: int = 1500) -> Sequence[str]:
    """Return the words by which tc keeps a rate; `largest`: bytes of a packet."""
    burst = max(largest + _HEADERS, round(rate / 8 * _SAVED))
    latency = f"{LATENCY * 1000:g}ms"
    return ["tbf", "rate", f"{rate:.0f}bit", "burst", f"{burst}b", "latency", latency]


def largest_packet() -> int:
    """Return the largest MTU of the namespace's interfaces."""
    with socket.socket() as asked:
        answers = [
            fcntl.ioctl(asked, _SIOCGIFMTU, struct.pack("16sI", name.encode(), 0))
            for name in interfaces()
        ]
    return max(
        (struct.unpack_from("I", answer, 16)[0] for answer in answers), default=1500
    )


def no_shaping() -> str:
    """Return why this kernel cannot shape; tried in the helper's own namespace."""
    why = why_no_leaf(*bucket(1e6))
    if why:
        return why
    try:
        add_incoming("lo", {"peers": []}, *bucket(1e6))
    except WorkFailed as wrong:
        return str(wrong)
    finally:
        remove_incoming()
    return ""


class Rate:
    """The kernel keeps to the rate, in both directions."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._shaper = Shaper(spec)
        self._stream = EchoStream(spec["probes"], spec["to"])

    def prepare(self) -> None:
        """Look whether there is room for qdiscs; measure the way as it is."""
        self._shaper.check()
        for interface in interfaces():
            if has_incoming(interface):
                raise WorkFailed(f"{interface} has an ingress qdisc of its own")
        self._stream.before()

    def apply(self) -> Mapping[str, Any]:
        """Put everything in."""
        there = interfaces()
        leaf = bucket(self._spec["to"], largest_packet())
        self._shaper.add(*leaf, only=_NOT_PASSING)
        for interface in there:
            add_incoming(interface, self._spec, *leaf)
        return {"way": "tc"}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        out, back = partial(_waited, ours=False), partial(_waited, ours=True)
        report("proof", **self._stream.proof(out, back))
        rest(bell, deadline)

    def remove(self) -> None:
        """Take all of it out."""
        remove_incoming()
        self._shaper.remove()


def _waited(*, ours: bool) -> int:
    """Return how often a packet has found its bucket empty.

    `ours`: on the devices of what comes in, else on the way out.
    """
    total = 0
    for interface in interfaces():
        lines = tc("-s", "qdisc", "show", "dev", interface).split("qdisc ")
        for text in lines if interface.startswith(OUR_DEVICES) is ours else ():
            if text.startswith("tbf "):
                words = text.replace(",", " ").split()
                total += int(words[words.index("overlimits") + 1])
    return total


class ShapedLine:
    """When each packet may leave a line of that rate, one after the other."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0  # when the line has sent all that it was given
        self.waited = 0

    def due(self, now: float, size: int) -> float | None:
        """Return when a packet of so many bytes has left; None: it found no room."""
        start = max(self._free, now - _SAVED)
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
        return self._waiting[0][0] if self._waiting else now + IDLE

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
        only = "" if chain == "INPUT" else f"{_NOT_PASSING} "
        return only + into_queue(number)

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
