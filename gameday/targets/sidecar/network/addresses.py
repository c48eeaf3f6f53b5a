"""Peers as matches of iptables rules, by address family."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.rules import FirewallRule

V4, V6 = 4, 6


def peers_of(spec: Mapping[str, Any], family: int) -> list[str]:
    """Return the peers' addresses or networks of one family."""
    return [peer for peer in spec["peers"] if (":" in peer) == (family == V6)]


def matched(
    chain: str, spec: Mapping[str, Any], family: int, end: str
) -> list[FirewallRule]:
    """Return one rule per peer (or one for all but loopback) with this ending.

    INPUT matches what comes from the peers, OUTPUT and POSTROUTING what goes there.
    """
    inward = chain == "INPUT"
    if not spec["peers"]:
        side = "! -i lo" if inward else "! -o lo"
        return [FirewallRule(chain, f"{side} {end}")]
    side = "-s" if inward else "-d"
    return [
        FirewallRule(chain, f"{side} {peer} {end}") for peer in peers_of(spec, family)
    ]


def families(spec: Mapping[str, Any]) -> Sequence[int]:
    """Return the families that the fault has to cover; IPv6 only where it is used."""
    if not spec["peers"]:
        return (V4, V6) if has_v6() else (V4,)
    return [family for family in (V4, V6) if peers_of(spec, family)]


def has_v6() -> bool:
    """Return whether this namespace has an IPv6 address beside loopback's."""
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as file:  # noqa: PTH123
            return any(line.split()[-1] != "lo" for line in file if line.split())
    except OSError:
        return False
