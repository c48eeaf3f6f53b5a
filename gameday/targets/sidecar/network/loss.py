"""Loss: a share of the packets that come from the peers never arrives; and its proof.

Of incoming packets, like a delay: dropping outgoing ones would tell the sender, which
a bad network does not. Two ways with the same effect: a rule of iptables' statistic
match, and, where the kernel has none, a queue whose holder drops by itself. The
queue lets everything pass when its holder dies.

The proof is many handshakes at once, and how many stay unanswered.
"""

import errno
import math
import random
import select
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from gameday.targets.sidecar.network.nfqueue import Queue, any_queue, into_queue
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.proof.tcp_probe import PORT, round_trip
from gameday.targets.sidecar.work import (
    CLOCK,
    END,
    IDLE,
    SignalQueue,
    proof_of,
    report,
    rest,
)

_AT_ONCE = 200  # handshakes; a file each
_NEAR = 0.4  # seconds to wait for the first answer
_GRACE = 0.25  # seconds beyond two round trips: what has not come by then is lost
_WANTED, _LEAST, _MOST = 60, 200, 3000  # losses to expect, probes at least and most
_SIGMAS = 3.0  # how far the share seen may be from the one asked for


def statistic_match(share: float) -> str:
    """Return the match of iptables that is true for this share of packets."""
    return f"-m statistic --mode random --probability {share:.6f}"


class _Loss:
    """What both ways have in common: the rules' place and the proof."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._share = float(spec["packets"])
        self._probe = HandshakeProbe(spec["probes"])
        self._rules = PeerRules(spec)

    def prepare(self) -> None:
        """Count what is lost without the fault."""
        self._probe.before()

    def _prove(self) -> None:
        report("proof", **self._probe.proof(self._share))

    def remove(self) -> None:
        """Take the rules out, of both families."""
        self._rules.remove()


class RuleLoss(_Loss):
    """The kernel drops by chance."""

    def apply(self) -> Mapping[str, Any]:
        """Put the rules in."""
        self._rules.add({"INPUT": f"{statistic_match(self._share)} -j DROP"})
        return {"way": "statistic"}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        self._prove()
        rest(bell, deadline)


class QueueLoss(_Loss):
    """The holder of a queue drops by chance."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__(spec)
        self._queue: Queue | None = None

    def apply(self) -> Mapping[str, Any]:
        """Open a queue and lead the peers' packets into it."""
        self._queue, number = any_queue()
        self._rules.add({"INPUT": into_queue(number)})
        return {"way": "queue", "queue": number}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Drop or let go; prove it beside."""
        threading.Thread(target=self._prove, daemon=True).start()
        queue = self._queue
        while queue is not None and not bell.has_come(END):
            left = deadline - CLOCK.monotonic()
            if left <= 0:
                break
            select.select([queue.fileno(), bell.fileno()], [], [], min(left, IDLE))
            self._judge(queue)

    def _judge(self, queue: Queue) -> None:
        for packet in queue.read():
            if random.random() < self._share:  # noqa: S311
                queue.drop(packet)
            else:
                queue.accept(packet)

    def remove(self) -> None:
        """Take the rules out, then let go what still waits."""
        super().remove()
        if self._queue is not None:
            for packet in self._queue.read():
                self._queue.accept(packet)
            self._queue.close()
            self._queue = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many probes were sent and stayed unanswered."""

    sent: int
    lost: int

    @property
    def share(self) -> float:
        """The share lost."""
        return self.lost / self.sent if self.sent else 0.0


def standard_error(share: float, sent: int) -> float:
    """Return the standard deviation of a share seen in that many independent trials.

    sqrt(p (1 - p) / n), the binomial distribution's.
    """
    return math.sqrt(share * (1.0 - share) / sent) if sent else 1.0


def probes_needed(share: float) -> int:
    """Return how many probes make a loss of that share visible."""
    return min(_MOST, max(_LEAST, math.ceil(_WANTED / share)))


class HandshakeProbe:
    """Finds a peer that answers, and counts how often it does not."""

    def __init__(self, probes: Sequence[str]) -> None:
        self._probes = probes
        self._near = _NEAR
        self._before: Count | None = None
        self.peer = ""

    def before(self) -> None:
        """Count without the fault; the first peer that answers is kept."""
        for address in self._probes:
            took = round_trip(address, _NEAR)
            if took is not None:
                self.peer, self._near = address, 2 * took + _GRACE
                self._before = self.count(_LEAST)
                return

    def count(self, many: int) -> Count:
        """Send so many probes, some hundred at a time."""
        lost, left = 0, many
        while left > 0:
            size = min(left, _AT_ONCE)
            lost += size - _answers(self.peer, size, self._near)
            left -= size
        return Count(many, lost)

    def proof(self, asked: float) -> dict[str, Any]:
        """Count again; return whether about the share asked for is lost."""
        if not self.peer or self._before is None:
            because = "no peer answered before the loss"
            return proof_of(bites=False, because=because)
        before, now = self._before.share, self.count(probes_needed(asked))
        # A probe is answered where neither this fault nor what was before takes it.
        expected = 1.0 - (1.0 - asked) * (1.0 - before)
        spread = standard_error(expected, now.sent)
        evidence: Mapping[str, Any] = {
            "peer": self.peer,
            "asked": asked,
            "probes": now.sent,
            "lost": now.lost,
            "share": now.share,
            "error": standard_error(now.share, now.sent),
            "before": before,
        }
        because = (
            f"of {now.sent} probes to {self.peer} {now.share:.1%} "
            f"(give or take {spread:.1%}) stayed unanswered; {before:.1%} before"
        )
        bites = now.lost > 0 and now.share >= expected - _SIGMAS * spread
        return proof_of(bites=bites, because=because, evidence=evidence)


def _answers(address: str, many: int, patience: float) -> int:
    """Return how many of so many handshakes, begun at once, are answered in time."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as stack:
        waiting, answered = select.poll(), 0
        pending = {}
        for _ in range(many):
            probe = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            probe.setblocking(False)
            if probe.connect_ex((address, PORT)) == errno.EINPROGRESS:
                pending[probe.fileno()] = probe
                waiting.register(probe, select.POLLOUT)
            else:
                answered += 1  # at once: on the same machine
        end = CLOCK.monotonic() + patience
        while pending and (left := end - CLOCK.monotonic()) > 0:
            for number, _ in waiting.poll(left * 1000):
                waiting.unregister(number)
                probe = pending.pop(number)
                code = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                answered += code in (0, errno.ECONNREFUSED)
    return answered
