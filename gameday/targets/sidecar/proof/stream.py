"""The proof of a rate: echo requests to a peer, as many as the way takes.

So many are kept under way at a time as the fault's own buffer has room for, so that
none is lost and what is measured is the rate and not its drops. The requests leave
under the limit of one direction and their answers, as large, come under the other's:
with a mark that the outgoing limit lets pass, what is measured is the incoming one.
A slow machine is no limit: in each direction packets have to have waited for it.
"""

import math
import os
import select
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.targets.sidecar.work import CLOCK, proof_of

PASSES = 0x6DA7  # the mark of packets that the outgoing limit lets pass
_SIZE = 1200  # bytes of an echo's payload: fits everywhere
_PACKET = _SIZE + 28  # with the headers of ICMP and IPv4
_NEAR = 0.4  # seconds to wait for an answer before the fault
_QUICK = 2.0  # seconds of one measurement before the fault
_LEAST, _MOST = 8, 3000  # echoes of one measurement
_WINDOW = 64  # echoes under way at most
_BUFFER = 0.2  # seconds of the rate that may be under way
_SAVED = 10_000  # bytes, and seconds of the rate: what a limit lets pass at once,
_SAVED_FOR = 0.02  # having saved it up; it says nothing of the rate
_TRIES = 3  # measurements at most: a hiccup of the machine is no answer
_SURE = 1.2  # times the limit that the way has to carry before
_OVER = 1.15  # times the limit that may be seen: what was saved up, and rounding
_SO_MARK = 36


@dataclass(frozen=True, slots=True)
class EchoFlow:
    """So many echoes were answered; `seconds`: what all but the first `saved` took."""

    answered: int
    seconds: float
    saved: int = 0

    @property
    def rate(self) -> float:
        """Bits per second in each direction."""
        counted = max(0, self.answered - self.saved)
        return counted * _PACKET * 8 / self.seconds if self.seconds else 0.0


def echoes_per_round(rate: float) -> int:
    """Return how many echoes take about a second at that rate."""
    return min(_MOST, max(_LEAST, round(rate / 8 / _PACKET)))


def burst_size(rate: float) -> int:
    """Return how many echoes may pass at once before the limit is felt."""
    return 1 + int(max(_SAVED, rate / 8 * _SAVED_FOR) / _PACKET)


def under_way(rate: float) -> int:
    """Return how many of them the buffer of a line of that rate has room for."""
    return min(_WINDOW, max(2, int(rate * _BUFFER / 8 / _PACKET)))


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def request(identity: int, number: int, *, v6: bool) -> bytes:
    """Return an echo request; the kernel puts in the checksum of ICMPv6 itself."""
    kind, payload = 128 if v6 else 8, bytes(_SIZE)
    words = struct.pack("!HH", identity, number & 0xFFFF)
    empty = struct.pack("!BBH", kind, 0, 0) + words + payload
    if v6:
        return empty
    return struct.pack("!BBH", kind, 0, _checksum(empty)) + words + payload


def is_answer(data: bytes, identity: int, *, v6: bool) -> bool:
    """Return whether a packet from a raw socket answers requests of that identity."""
    start = 0 if v6 else (data[0] & 0xF) * 4 if data else 0
    if len(data) < start + 8:
        return False
    answer = (129 if v6 else 0, identity)
    kind, _, _, its = struct.unpack_from("!BBHH", data, start)
    return (kind, its) == answer


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoSeries:
    """One measurement: so many echoes, for so many seconds at most.

    `saved`: how many of them are let pass before the clock starts. `window`: how many
    are under way at a time.
    """

    many: int
    saved: int = 0
    window: int = 1
    limit: float = _NEAR
    mark: int = 0


def flow(address: str, series: EchoSeries) -> EchoFlow:
    """Measure; echoes that are not answered in time are lost, and others are sent."""
    many, limit = series.many, series.limit
    v6 = ":" in address
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    family = socket.AF_INET6 if v6 else socket.AF_INET
    identity = int.from_bytes(os.urandom(2), "big")
    with socket.socket(family, socket.SOCK_RAW, protocol) as line:
        line.setblocking(False)
        if series.mark:
            line.setsockopt(socket.SOL_SOCKET, _SO_MARK, series.mark)
        began = last = counts_from = CLOCK.monotonic()
        sent = answered = out = 0
        while answered < many and (now := CLOCK.monotonic()) < began + limit:
            # At the end none is under way: it would be in the next measurement's way.
            room = min(series.window, many - answered)
            while out < room and _send(line, address, identity, sent, v6=v6):
                sent, out = sent + 1, out + 1
            ready, _, _ = select.select([line], [], [], min(limit / 4, 1.0))
            if not ready and now - last > limit / 4:
                out = 0  # what has not come by now is lost
            for data in _received(line) if ready else ():
                if is_answer(data, identity, v6=v6):
                    answered, out = answered + 1, max(0, out - 1)
                    last = CLOCK.monotonic()
                    counts_from = last if answered <= series.saved else counts_from
    return EchoFlow(answered, last - counts_from, series.saved)


def _send(
    line: socket.socket, address: str, identity: int, number: int, *, v6: bool
) -> bool:
    """Return whether the kernel took one more request."""
    try:
        line.sendto(request(identity, number, v6=v6), (address, 0))
    except OSError:  # no room in a buffer, or nobody there
        return False
    return True


def _received(line: socket.socket) -> list[bytes]:
    received: list[bytes] = []
    while True:
        try:
            received.append(line.recv(2048))
        except OSError:
            return received


Measure = Callable[[str, EchoSeries], EchoFlow]
Waited = Callable[[], int]


class EchoStream:
    """Finds a peer that answers echoes, and measures what the way to it carries."""

    def __init__(
        self, probes: Sequence[str], rate: float, measure: Measure = flow
    ) -> None:
        self._probes = probes
        self._rate = rate
        self._flow = measure
        self._before = EchoFlow(0, 0.0)
        self.peer = ""

    def before(self) -> None:
        """Measure without the fault; the first peer that answers is kept."""
        for address in self._probes:
            if self._flow(address, EchoSeries(many=1)).answered:
                self.peer = address
                self._before = self._measured(0, self._carries_more, _QUICK)
                return

    def _measured(
        self, mark: int, shows: Callable[[EchoFlow], bool], limit: float = math.inf
    ) -> EchoFlow:
        """Measure until it shows something, a few times at most."""
        saved = burst_size(self._rate)
        many = saved + echoes_per_round(self._rate)
        series = EchoSeries(
            many=many,
            saved=saved,
            window=under_way(self._rate),
            limit=min(limit, 2 * many * _PACKET * 8 / self._rate + 1.0),
            mark=mark,
        )
        measured = self._flow(self.peer, series)
        for _ in range(_TRIES - 1):
            if shows(measured):
                break
            measured = self._flow(self.peer, series)
        return measured

    def _carries_more(self, measured: EchoFlow) -> bool:
        return measured.rate >= _SURE * self._rate

    def _kept(self, measured: EchoFlow) -> bool:
        return 0.0 < measured.rate <= _OVER * self._rate

    def proof(self, out: Waited, back: Waited) -> dict[str, Any]:
        """Measure again; return whether both directions carry the rate and no more.

        `out`, `back`: how many packets have had to wait so far in each direction.
        """
        if not self.peer:
            because = "no peer answered an echo before the limit"
            return proof_of(bites=False, because=because)
        out_before = out()
        both, waited_out = self._measured(0, self._kept), out() - out_before
        back_before = back()
        came, waited_back = self._measured(PASSES, self._kept), back() - back_before
        evidence = {
            "peer": self.peer,
            "asked": self._rate,
            "before": self._before.rate,
            "both": both.rate,
            "in": came.rate,
            "waited": {"out": waited_out, "in": waited_back},
        }
        if not self._carries_more(self._before):
            because = (
                f"the way to {self.peer} carried {_mbit(self._before.rate)} before: a "
                f"limit of {_mbit(self._rate)} cannot be told there"
            )
            return proof_of(bites=False, because=because, evidence=evidence)
        because = (
            f"the way to {self.peer} carried {_mbit(self._before.rate)} before; now "
            f"{_mbit(both.rate)} there and back, {_mbit(came.rate)} back"
        )
        kept = self._kept(both) and self._kept(came)
        bites = kept and waited_out > 0 < waited_back
        return proof_of(bites=bites, because=because, evidence=evidence)


def _mbit(rate: float) -> str:
    return f"{rate / 1e6:.4g} Mbit/s"
