"""Who the other ends are: services and instances to addresses in the cluster.

A pod sees another one under the pod's own address and, where it goes through a
Service, under the Service's: the node translates outside of the pod's network. A node
may also hide its pods behind its own address from pods of other nodes
(masquerading); then only the far end knows who speaks to whom.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Api, Json, namespaced
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.sidecar_faults.host import NetworkEnds, literal_peer

_AT_MOST = 4  # probes; one answer is enough


def ends_of(api: Api, pods: Namespace, pod: Json, peers: Sequence[str]) -> NetworkEnds:
    """Return the ends of a pod's connections to its peers.

    FaultFailed where a peer is neither a service, an instance, nor an address.
    """
    there = pods.pods()
    others = _others(pods, there, pod)
    if not peers:
        near = [other for other in others if other.state == "running"]
        return NetworkEnds(peers=(), probes=_first(near))
    services = api.items(namespaced(pods.name, "services"))
    addresses: list[str] = []
    named: list[Instance] = []
    for peer in peers:
        instances = [
            other for other in others if peer in (other.service, *_names(other))
        ]
        named += instances
        addresses += _addresses_of(peer, instances, services)
    running = [instance for instance in named if instance.state == "running"]
    plain = [address for address in addresses if "/" not in address]
    return NetworkEnds(
        peers=tuple(dict.fromkeys(addresses)),
        probes=_first(running) or tuple(plain[:_AT_MOST]),
        far=_peers_on_other_nodes(pod, there, running),
    )


def _others(pods: Namespace, there: Sequence[Json], pod: Json) -> list[Instance]:
    instances = pods.to_instances(there, None)
    own = pod["metadata"]["uid"]
    return [instance for instance in instances if instance.identity["id"] != own]


def _addresses_of(
    peer: str, instances: Sequence[Instance], services: Sequence[Mapping[str, Any]]
) -> Sequence[str]:
    """Return the addresses of a peer, of what is named so, and before it."""
    own = [address for instance in instances for address in instance.addresses]
    fronts = _service_addresses(services, peer, instances)
    return [*own, *fronts] or literal_peer(peer)


def _peers_on_other_nodes(
    pod: Json, there: Sequence[Json], peers: Sequence[Instance]
) -> tuple[Instance, ...]:
    """Return the peers on other nodes that have a network of their own."""
    here = pod["spec"].get("nodeName")
    shared = {
        neighbour["metadata"]["uid"]
        for neighbour in there
        if neighbour["spec"].get("hostNetwork")
    }
    far = {peer.identity["id"]: peer for peer in peers if peer.labels["node"] != here}
    return tuple(peer for uid, peer in far.items() if uid not in shared)


def _names(instance: Instance) -> tuple[str, str]:
    return instance.name, instance.labels.get("pod", "")


def _first(instances: Iterable[Instance]) -> tuple[str, ...]:
    addresses = [
        address for instance in instances for address in instance.addresses[:1]
    ]
    return tuple(addresses[:_AT_MOST])


def _service_addresses(
    services: Sequence[Mapping[str, Any]], peer: str, instances: Sequence[Instance]
) -> list[str]:
    """Return the cluster addresses of Services that lead to these instances."""
    fronts = []
    for service in services:
        selector = service["spec"].get("selector") or {}
        leads = any(selector.items() <= there.labels.items() for there in instances)
        if service["metadata"]["name"] == peer or (selector and leads):
            listed = service["spec"].get("clusterIPs") or ()
            fronts += [address for address in listed if address != "None"]
    return fronts
