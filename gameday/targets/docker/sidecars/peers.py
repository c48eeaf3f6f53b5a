"""Who the other ends are: services and instances to addresses, on shared networks."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.target import Instance
from gameday.targets.sidecar_faults.host import NetworkEnds, literal_peer

_AT_MOST = 4  # probes; one answer is enough


def ends_of(
    container: Mapping[str, Any], peers: Sequence[str], others: Sequence[Instance]
) -> NetworkEnds:
    """Return the ends of a victim's (inspected) connections to its peers.

    FaultFailed where a peer is neither a service, an instance nor an address, or
    shares no network with the victim.
    """
    networks = _networks(container)
    if not networks:
        raise FaultFailed("the container has no network of its own to cut or slow")
    near = [other for other in others if other.identity.get("id") != container["Id"]]
    if not peers:
        return NetworkEnds(peers=(), probes=_probes(container, near, networks))
    addresses: list[str] = []
    for peer in peers:
        addresses.extend(_resolve(peer, near, networks))
    plain = [address for address in addresses if "/" not in address]
    return NetworkEnds(
        peers=tuple(dict.fromkeys(addresses)), probes=tuple(plain[:_AT_MOST])
    )


def _resolve(
    peer: str, near: Sequence[Instance], networks: Sequence[Any]
) -> Iterable[str]:
    named = [
        instance
        for instance in near
        if peer in (instance.service, instance.name, instance.labels.get("container"))
    ]
    if named:
        shared = [
            address
            for instance in named
            for address in instance.addresses
            if _within(address, networks)
        ]
        if not shared:
            raise FaultFailed(f"peer {peer!r} shares no network with the victim")
        return shared
    return literal_peer(peer)


def _networks(container: Mapping[str, Any]) -> list[Any]:
    ends = (container["NetworkSettings"]["Networks"] or {}).values()
    listed = []
    for end in ends:
        if end.get("IPAddress"):
            listed.append(_network(end["IPAddress"], end["IPPrefixLen"]))
        if end.get("GlobalIPv6Address"):
            size = end["GlobalIPv6PrefixLen"]
            listed.append(_network(end["GlobalIPv6Address"], size))
    return listed


def _network(address: str, prefix: int) -> Any:
    return ipaddress.ip_network(f"{address}/{prefix}", strict=False)


def _within(address: str, networks: Sequence[Any]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(
        parsed in network for network in networks if network.version == parsed.version
    )


def _probes(
    container: Mapping[str, Any], near: Sequence[Instance], networks: Sequence[Any]
) -> tuple[str, ...]:
    ends = (container["NetworkSettings"]["Networks"] or {}).values()
    gateways = [end["Gateway"] for end in ends if end.get("Gateway")]
    others = [
        address
        for instance in near
        if instance.state == "running"
        for address in instance.addresses
        if _within(address, networks)
    ]
    return tuple(dict.fromkeys([*others[: _AT_MOST - 1], *gateways]))[:_AT_MOST]
