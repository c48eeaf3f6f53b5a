"""What tc makes of our own: a class for outgoing packets, a device for incoming ones.

An htb qdisc passes all packets unchanged, except those that our rules put into our
class; the qdisc below that class is the fault. A later sweep recognises the htb qdisc
by its handle.

A qdisc shapes outgoing packets only, so incoming ones are redirected through a device
(ifb), and leave by that one's qdisc.
"""

import shutil
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.rules import PeerRules, peers_of
from gameday.targets.sidecar.network.tools import run_tool, tc
from gameday.targets.sidecar.work import WorkFailed

_HANDLE = "6da7"
_CLASS = f"{_HANDLE}:4"
_RATE = "10gbit"  # more than a container sends: the class shall not throttle
_PLAIN = ("noqueue", "pfifo_fast", "fq_codel", "fq", "mq", "pfifo")
OUR_DEVICES = "gameday-in"  # how the devices of what comes in begin, before a number


def interfaces() -> list[str]:
    """Return the namespace's interfaces without loopback.

    Not from /sys/class/net: that shows the namespace in which it was mounted.
    """
    return sorted(name for _, name in socket.if_nameindex() if name != "lo")


def outgoing_commands(interface: str, *leaf: str) -> list[Sequence[str]]:
    """Return the tc commands that make the class, and what sits in it."""
    there = ["add", "dev", interface]
    whole = ["htb", "rate", _RATE, "burst", "1mb", "cburst", "1mb", "quantum", "60000"]
    return [
        ["qdisc", *there, "root", "handle", f"{_HANDLE}:", "htb", "default", "0"],
        ["class", *there, "parent", f"{_HANDLE}:", "classid", _CLASS, *whole],
        ["qdisc", *there, "parent", _CLASS, *leaf],
    ]


def why_no_leaf(*leaf: str) -> str:
    """Return why this kernel has no such leaf; tried in the helper's own namespace."""
    try:
        for words in outgoing_commands("lo", *leaf):
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
            for words in outgoing_commands(interface, *leaf):
                tc(*words)
        end = f"{only} -j CLASSIFY --set-class {_CLASS}".strip()
        self._rules.add({"POSTROUTING": end})

    def remove(self) -> None:
        """Take the rules out, then the qdiscs that carry our handle."""
        self._rules.remove()
        remove_qdiscs(*interfaces())


def remove_qdiscs(*names: str) -> None:
    """Remove the qdiscs that carry our handle from these interfaces."""
    for interface in names if shutil.which("tc") else ():
        if f" {_HANDLE}: " in tc("qdisc", "show", "dev", interface, "root"):
            tc("qdisc", "del", "dev", interface, "root")


def incoming_commands(
    interface: str, device: str, spec: Mapping[str, Any]
) -> list[list[str]]:
    """Return the tc commands that lead what comes from the peers to a device."""
    filters = []
    for family, protocol, word in ((4, "ip", "ip"), (6, "ipv6", "ip6")):
        matches = [["u32", "0", "0"]]
        if spec["peers"]:
            peers = peers_of(spec, family)
            matches = [[word, "src", peer] for peer in peers]
        there = ["filter", "add", "dev", interface, "parent", "ffff:"]
        kind = ["protocol", protocol, "prio", str(family), "u32"]
        to_it = ["action", "mirred", "egress", "redirect", "dev", device]
        filters += [[*there, *kind, "match", *match, *to_it] for match in matches]
    return [["qdisc", "add", "dev", interface, "ingress"], *filters]


def add_incoming(interface: str, spec: Mapping[str, Any], *leaf: str) -> None:
    """Have what comes in by an interface go through a device that has this leaf."""
    device = f"{OUR_DEVICES}{socket.if_nametoindex(interface)}"
    run_tool("ip", "link", "add", device, "type", "ifb")
    run_tool("ip", "link", "set", device, "up")
    tc("qdisc", "add", "dev", device, "root", "handle", f"{_HANDLE}:", *leaf)
    for words in incoming_commands(interface, device, spec):
        tc(*words)


def remove_incoming() -> None:
    """Remove our devices, and what leads to them.

    The device is made first and removed last: it says that the rest is ours.
    """
    numbers = {name: number for number, name in socket.if_nameindex()}
    for device in [name for name in numbers if name.startswith(OUR_DEVICES)]:
        for interface, number in numbers.items():
            if device == f"{OUR_DEVICES}{number}" and has_incoming(interface):
                tc("qdisc", "del", "dev", interface, "ingress")
        run_tool("ip", "link", "del", device)


def has_incoming(interface: str) -> bool:
    """Return whether something is done with what comes in by an interface."""
    return any(
        kind in tc("qdisc", "show", "dev", interface)
        for kind in ("qdisc ingress ", "qdisc clsact ")
    )
