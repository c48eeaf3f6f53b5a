"""A tc class of our own for outgoing packets to the peers.

An htb qdisc passes all packets unchanged, except those that our rules put into our
class; the qdisc below that class is the fault. A later sweep recognises the htb qdisc
by its handle.
"""

import shutil
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.network.tools import tc
from gameday.targets.sidecar.work import WorkFailed

HANDLE = "6da7"
CLASS = f"{HANDLE}:4"
_RATE = "10gbit"  # more than a container sends: the class shall not throttle
_PLAIN = ("noqueue", "pfifo_fast", "fq_codel", "fq", "mq", "pfifo")


def interfaces() -> list[str]:
    """Return the namespace's interfaces without loopback.

    Not from /sys/class/net: that shows the namespace in which it was mounted.
    """
    return sorted(name for _, name in socket.if_nameindex() if name != "lo")


def commands(interface: str, *leaf: str) -> list[Sequence[str]]:
    """Return the tc commands that make the class, and what sits in it."""
    there = ["add", "dev", interface]
    whole = ["htb", "rate", _RATE, "burst", "1mb", "cburst", "1mb", "quantum", "60000"]
    return [
        ["qdisc", *there, "root", "handle", f"{HANDLE}:", "htb", "default", "0"],
        ["class", *there, "parent", f"{HANDLE}:", "classid", CLASS, *whole],
        ["qdisc", *there, "parent", CLASS, *leaf],
    ]


def why_not(*leaf: str) -> str:
    """Return why this kernel has no such leaf; tried in the helper's own namespace."""
    try:
        for words in commands("lo", *leaf):
            tc(*words)
    except WorkFailed as wrong:
        return str(wrong)
    finally:
        remove_qdiscs("lo")
    return ""


class Shaper:
    """The class on every interface, and the rules that lead packets into it."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._rules = PeerRules(spec)

    def check(self) -> None:
        """Refuse to replace a qdisc of the user's own."""
        for interface in interfaces():
            kind = tc("qdisc", "show", "dev", interface, "root").split()[1:2]
            if kind and kind[0] not in _PLAIN:
                raise WorkFailed(f"{interface} has a qdisc of its own ({kind[0]})")

    def add(self, *leaf: str, only: str = "") -> None:
        """Put qdiscs and rules in; `only`: what a packet has to match besides."""
        for interface in interfaces():
            for words in commands(interface, *leaf):
                tc(*words)
        end = f"{only} -j CLASSIFY --set-class {CLASS}".strip()
        self._rules.add({"POSTROUTING": end})

    def remove(self) -> None:
        """Take the rules out, then the qdiscs that carry our handle."""
        self._rules.remove()
        remove_qdiscs(*interfaces())


def remove_qdiscs(*names: str) -> None:
    """Remove the qdiscs that carry our handle from these interfaces."""
    for interface in names if shutil.which("tc") else ():
        if f" {HANDLE}: " in tc("qdisc", "show", "dev", interface, "root"):
            tc("qdisc", "del", "dev", interface, "root")
