"""A rate by tc: what goes to the peers, and what comes from them, waits for its turn.

A token bucket in a class of our own holds what goes out; what comes in is led through
a device of our own, which has another.
"""

import fcntl
import socket
import struct
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gameday.targets.sidecar.network.incoming import (
    OURS,
    add_incoming,
    has_incoming,
    remove_incoming,
)
from gameday.targets.sidecar.network.shaping import Shaper, interfaces, why_not
from gameday.targets.sidecar.network.tools import tc
from gameday.targets.sidecar.proof.stream import PASSES, EchoStream
from gameday.targets.sidecar.work import SignalQueue, WorkFailed, report, rest

LATENCY = 0.4  # seconds that a packet waits at most; what comes then is dropped
SAVED = 0.02  # seconds of the rate that may be saved up
_HEADERS = 100  # bytes: a bucket has to hold the largest packet with these
_SIOCGIFMTU = 0x8921
NOT_PASSING = f"-m mark ! --mark {PASSES:#x}"


def bucket(rate: float, largest: int = 1500) -> Sequence[str]:
    """Return the words by which tc keeps a rate; `largest`: bytes of a packet."""
    burst = max(largest + _HEADERS, round(rate / 8 * SAVED))
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
    why = why_not(*bucket(1e6))
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
        self._shaper.add(*leaf, only=NOT_PASSING)
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
        for text in lines if interface.startswith(OURS) is ours else ():
            if text.startswith("tbf "):
                words = text.replace(",", " ").split()
                total += int(words[words.index("overlimits") + 1])
    return total
