"""Loss: a share of the packets that come from the peers never arrives.

Of incoming packets, like a delay: dropping outgoing ones would tell the sender, which
a bad network does not. Two ways with the same effect: a rule of iptables' statistic
match, and, where the kernel has none, a queue whose holder drops by itself. The
queue lets everything pass when its holder dies.
"""

import random
import select
import threading
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.network.nfqueue import QUEUED, Queue, any_queue
from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.proof.loss_proof import HandshakeProbe
from gameday.targets.sidecar.work import CLOCK, END, SignalQueue, report, rest

_IDLE = 3600.0  # seconds


def statistic_match(share: float) -> str:
    """Return the match of iptables that is true for this share of packets."""
    return f"-m statistic --mode random --probability {share:.6f}"


class _Loss:
    """What both ways have in common: the rules' place and the proof."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._share = float(spec["packets"])
        self._volley = HandshakeProbe(spec["probes"])
        self._rules = PeerRules(spec)

    def prepare(self) -> None:
        """Count what is lost without the fault."""
        self._volley.before()

    def _prove(self) -> None:
        report("proof", **self._volley.proof(self._share))

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
        end = f"{QUEUED} --queue-num {number} --queue-bypass"
        self._rules.add({"INPUT": end})
        return {"way": "queue", "queue": number}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Drop or let go; prove it beside."""
        threading.Thread(target=self._prove, daemon=True).start()
        queue = self._queue
        while queue is not None and not bell.has_come(END):
            left = deadline - CLOCK.monotonic()
            if left <= 0:
                break
            select.select([queue.fileno(), bell.fileno()], [], [], min(left, _IDLE))
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
