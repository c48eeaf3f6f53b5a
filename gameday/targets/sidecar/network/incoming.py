"""Incoming packets, redirected by tc through a device of our own (ifb) with a qdisc.

A qdisc shapes outgoing packets only, so incoming ones have to leave through a device
first.
"""

import socket
from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.network.rules import peers_of
from gameday.targets.sidecar.network.shaping import HANDLE
from gameday.targets.sidecar.network.tools import run_tool, tc

OURS = "gameday-in"  # how the devices of what comes in begin, before a number


def incoming(interface: str, device: str, spec: Mapping[str, Any]) -> list[list[str]]:
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
    device = f"{OURS}{socket.if_nametoindex(interface)}"
    run_tool("ip", "link", "add", device, "type", "ifb")
    run_tool("ip", "link", "set", device, "up")
    tc("qdisc", "add", "dev", device, "root", "handle", f"{HANDLE}:", *leaf)
    for words in incoming(interface, device, spec):
        tc(*words)


def remove_incoming() -> None:
    """Remove our devices, and what leads to them.

    The device is made first and removed last: it says that the rest is ours.
    """
    numbers = {name: number for number, name in socket.if_nameindex()}
    for device in [name for name in numbers if name.startswith(OURS)]:
        for interface, number in numbers.items():
            if device == f"{OURS}{number}" and has_incoming(interface):
                tc("qdisc", "del", "dev", interface, "ingress")
        run_tool("ip", "link", "del", device)


def has_incoming(interface: str) -> bool:
    """Return whether something is done with what comes in by an interface."""
    return any(
        kind in tc("qdisc", "show", "dev", interface)
        for kind in ("qdisc ingress ", "qdisc clsact ")
    )
