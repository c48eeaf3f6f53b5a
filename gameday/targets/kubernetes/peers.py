"""Who the other ends are: services and instances to addresses in the cluster.

A pod sees another one under the pod's own address and, where it goes through a
Service, under the Service's: the node translates outside of the pod's network.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.target import Instance
from gameday.targets.kubernetes.api import Api, Json, namespaced
from gameday.targets.kubernetes.pods import Namespace

_AT_MOST = 4  # probes; one answer is enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The addresses that a fault is about, and those that a proof may knock at.

    `peers` empty: everybody.
    """

    peers: tuple[str, ...]
    probes: tuple[str, ...]


def ends_of(api: Api, pods: Namespace, pod: Json, peers: Sequence[str] | None) -> Ends:
    """Return the ends of a pod's connections to its peers.

    FaultFailed where a peer is neither a service, an instance, nor an address.
    """
    others = [
        one for one in pods.instances() if one.identity["id"] != pod["metadata"]["uid"]
    ]
    if not peers:
        near = [one for one in others if one.state == "running"]
        return Ends(peers=(), probes=_first(near))
    services = api.items(namespaced(pods.name, "services"))
    addresses: list[str] = []
    named: list[Instance] = []
    for peer in peers:
        found = [one for one in others if peer in (one.service, *_names(one))]
        fronts = _fronts(services, peer, found)
        named += found
        hits = [*(a for one in found for a in one.addresses), *fronts]
        addresses += hits or _literal(peer)
    probes = _first([one for one in named if one.state == "running"])
    literal = [one for one in addresses if "/" not in one]
    return Ends(
        peers=tuple(dict.fromkeys(addresses)),
        probes=probes or tuple(literal[:_AT_MOST]),
    )


def _names(one: Instance) -> tuple[str, str]:
    return one.name, one.labels.get("pod", "")


def _first(instances: Iterable[Instance]) -> tuple[str, ...]:
    found = [address for one in instances for address in one.addresses[:1]]
    return tuple(found[:_AT_MOST])


def _fronts(
    services: Sequence[Mapping[str, Any]], peer: str, found: Sequence[Instance]
) -> list[str]:
    """Return the cluster addresses of Services that lead to these instances."""
    fronts = []
    for one in services:
        selector = one["spec"].get("selector") or {}
        leads = any(selector.items() <= there.labels.items() for there in found)
        if one["metadata"]["name"] == peer or (selector and leads):
            listed = one["spec"].get("clusterIPs") or ()
            fronts += [address for address in listed if address != "None"]
    return fronts


def _literal(peer: str) -> list[str]:
    try:
        return [str(ipaddress.ip_network(peer, strict=False)).removesuffix("/32")]
    except ValueError:
        raise FaultFailed(
            f"peer {peer!r} is no service or instance of this target and no address"
        ) from None
