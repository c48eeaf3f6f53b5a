"""What helpers are ordered to do for one fault inside a pod, and how it is undone.

The first order is for the victim. A partition from named peers has one more for each
peer on another node: where nodes hide their pods' addresses (masquerading), the victim
cannot tell a peer's packets from anybody else's, but the peer's own end can.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gameday.errors import CannotFault
from gameday.model.faults.fault import FaultRequest, Undo
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.sidecars.helper_pod import (
    IN_ITS_NETWORK,
    ON_ITS_PROCESSES,
    Order,
    pod_name,
)
from gameday.targets.kubernetes.sidecars.peers import Ends, ends_of
from gameday.targets.kubernetes.sidecars.place import Place

_DEFAULT = 600.0  # seconds: the longest it lasts where nothing else is said
_FAR_ENDS = 32  # helpers at most, so that no fault floods a cluster
_CGROUPS = "/host/cgroup"  # where a helper finds the node's
_MOUNTS = {_CGROUPS: "/sys/fs/cgroup"}
WORKS = {
    "network.partition": "partition",
    "network.delay": "delay",
    "network.loss": "loss",
    "process.pause": "freeze",
    "resource.cpu": "cpu",
    "resource.memory": "memory",
}
_WAYS = {  # the first that the node's kernel can
    "network.delay": ("netem", "nfqueue"),
    "network.loss": ("loss", "loss_by_queue"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """One helper's order, and the undo that ends it."""

    order: Order
    undo: Undo


def orders(
    place: Place, request: FaultRequest, victim: Instance, mark: str
) -> list[Held]:
    """Return the orders of a fault, the victim's first."""
    pod = place.pod_of(victim)
    ends = _ends(place, request, victim, pod)
    spec = _spec(request, victim, ends)
    first = _held(spec, victim, mark)
    if request.kind != "network.partition" or ends is None:
        return [first]
    return [first, *_at_the_far_ends(spec, victim, ends.far, mark)]


def _held(spec: Mapping[str, Any], whose: Instance, mark: str, end: str = "") -> Held:
    """Return an order that carries its own undo, its helper's name included."""
    order = Order(
        spec=spec,
        mark=mark,
        node=whose.labels["node"],
        rights=rights_for(str(spec["do"])),
        mounts=_MOUNTS if "cgroups" in spec else {},
        end=end,
    )
    undo = Undo(
        target="",
        verb="end_helper",
        instance=whose.name,
        identity=dict(whose.identity),
        arguments={
            "pod": whose.labels["pod"],
            "node": whose.labels["node"],
            "container": whose.labels["container"],
            "mark": mark,
            "way": spec["do"],
            "duration": spec["duration"],
            "helper": pod_name(order),
        },
    )
    return Held(replace(order, undo=words_of(undo)), undo)


def _at_the_far_ends(
    spec: Mapping[str, Any], victim: Instance, far: Sequence[Instance], mark: str
) -> Iterator[Held]:
    """Yield what cuts peers on other nodes off from the victim, and only from it."""
    if len(far) > _FAR_ENDS:
        raise CannotFault(
            f"{len(far)} peers of {victim.name} are on other nodes, and a partition "
            f"is held at {_FAR_ENDS} at most; name fewer peers"
        )
    to_it = {"peers": victim.addresses, "probes": victim.addresses[:1]}
    for one in far:
        where = one.identity["container"]
        there = {**spec, **to_it, "container": where, "enter": where}
        yield _held(there, one, mark, end=one.identity["id"])


def _ends(
    place: Place, request: FaultRequest, victim: Instance, pod: Json
) -> Ends | None:
    """Return whom a network fault is about; None for other faults."""
    if not request.kind.startswith("network."):
        return None
    if pod["spec"].get("hostNetwork"):
        raise CannotFault(
            f"{victim.name} shares the network of its node; others would be hit with it"
        )
    return ends_of(place.api, place.pods, pod, request.arguments.get("peers"))


def _spec(request: FaultRequest, victim: Instance, ends: Ends | None) -> dict[str, Any]:
    given = request.arguments
    spec: dict[str, Any] = {
        "do": WORKS[request.kind],
        "container": victim.identity["container"],
        "duration": request.duration or _DEFAULT,
        **{key: value for key, value in given.items() if key != "peers"},
    }
    if ends is not None:
        spec |= {
            "enter": victim.identity["container"],
            "peers": ends.peers,
            "probes": ends.probes,
        }
        spec.setdefault("by", 0.0)
        spec["jitter"] = given.get("jitter") or 0.0
        if request.kind in _WAYS:
            spec["ways"] = _WAYS[request.kind]
    elif request.kind.startswith("resource."):
        spec["cgroups"] = _CGROUPS
    return spec


def rights_for(work: str) -> Sequence[str]:
    """Return the Linux capabilities that a helper's work takes."""
    if work in ("freeze", "thaw"):
        return ON_ITS_PROCESSES
    return () if work in ("cpu", "memory") else IN_ITS_NETWORK


# Undos as data: on a helper's pod, and of the far ends in the first one's ------------


def words_of(undo: Undo) -> dict[str, Any]:
    """Return an undo as plain data, without its target."""
    return {
        "verb": undo.verb,
        "instance": undo.instance,
        "identity": dict(undo.identity),
        "arguments": dict(undo.arguments),
    }


def with_far_ends(first: Undo, far: Sequence[Undo]) -> Undo:
    """Return the undo of the whole fault."""
    if not far:
        return first
    ends = [words_of(one) for one in far]
    return replace(first, arguments={**first.arguments, "far": ends})


def each(undo: Undo) -> list[Undo]:
    """Return the undo of each helper, the victim's first."""
    far = undo.arguments.get("far") or ()
    return [undo, *(Undo(target=undo.target, **one) for one in far)]
