"""The catalogue of faults: what each takes, who drives it, and what holds it."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from functools import partial
from typing import Any

from gameday.frozen import frozen
from gameday.model.faults import rights
from gameday.model.faults.rights import RbacRule

COMMON_ARGUMENTS = ("service", "count", "share", "instances", "duration")
SELECTORS = ("count", "share", "instances")
ONE_OF = "one of "  # begins the name of a kind of value that lists its words


class Driver(StrEnum):
    """What in a target does a fault, as far as that is the same on all platforms."""

    PROCESS = "process"  # the platform's own means for processes
    SIDECAR = "sidecar"  # a helper beside the victim, which holds it
    CLUSTER = "cluster"  # the API of a cluster


class HeldIn(StrEnum):
    """The part of a victim that holds a fault: replacing that part ends the fault."""

    NOTHING = ""  # the fault takes the victim itself away
    NETWORK = "network"  # in a cluster the pod's, which outlives its containers
    CONTAINER = "container"


@frozen
class HelperMethod:
    """How a helper can hold a fault.

    `work`: what it is told to do. `needs`: what the kernel has to have for it; empty:
    nothing special. `stays`: the kernel goes on with it when the helper dies.
    """

    work: str
    needs: str = ""
    stays: bool = False


@frozen
class FaultType:
    """One entry of the catalogue: `family.function`, its own arguments.

    `ways`: how a helper can hold it, the best first; a fault of another driver has
    some where a platform lacks a means of its own (pausing, in a cluster).
    `rights`: what it has to be allowed to do in a cluster, beside what any run has.
    """

    name: str
    summary: str
    driver: Driver
    own: Mapping[str, str] = field(default_factory=dict)  # argument -> kind of value
    required: tuple[str, ...] = ()
    ways: tuple[HelperMethod, ...] = ()
    held_in: HeldIn = HeldIn.NOTHING
    heals_itself: bool = False  # ends when the instance is back (kill, restart)
    whole: bool = False  # changes the workload itself: hits every instance, always
    of_node: bool = False  # hits the node that runs the victim
    rights: tuple[RbacRule, ...]

    @property
    def takes(self) -> tuple[str, ...]:
        """All arguments, the common ones first."""
        common: tuple[str, ...] = COMMON_ARGUMENTS
        if self.whole:
            common = tuple(argument for argument in common if argument not in SELECTORS)
        return (*common, *self.own)

    @property
    def function(self) -> str:
        """The name without its family's."""
        return self.name.rpartition(".")[2]


def held_in(kind: str) -> HeldIn:
    """Return what of its victim carries a fault of this kind."""
    return CATALOGUE[kind].held_in if kind in CATALOGUE else HeldIn.NOTHING


def hits_node(kind: str) -> bool:
    """Return whether a fault of this kind hits the node that runs its victim."""
    return kind in CATALOGUE and CATALOGUE[kind].of_node


def _process(name: str, summary: str, **rest: Any) -> FaultType:
    return FaultType(name=name, summary=summary, driver=Driver.PROCESS, **rest)


def _sidecar(name: str, summary: str, held_in: HeldIn, **rest: Any) -> FaultType:
    return FaultType(
        name=name,
        summary=summary,
        driver=Driver.SIDECAR,
        held_in=held_in,
        rights=rights.HELPER,
        **rest,
    )


_network = partial(_sidecar, held_in=HeldIn.NETWORK)
_resource = partial(_sidecar, held_in=HeldIn.CONTAINER)


def _cluster(name: str, summary: str, **rest: Any) -> FaultType:
    return FaultType(name=name, summary=summary, driver=Driver.CLUSTER, **rest)


# Faults that are to come: whoever asks for one is told so.
NOT_YET = (
    "network.dns",
    "resource.io",
    "resource.disk",
    "http.error",
    "http.delay",
    "tls.expire",
    "clock.skew",
)


# How a kind of value is called here: see gameday.model.faults.request.
CATALOGUE: Mapping[str, FaultType] = {
    entry.name: entry
    for entry in (
        _process(
            "process.kill",
            "a crash: the main process gets a signal from outside",
            rights=rights.HELPER,
            own={"signal": "signal"},
            heals_itself=True,
        ),
        _process("process.stop", "down until undone", rights=rights.STOP),
        _process(
            "process.pause",
            "frozen: alive, but not running, until undone",
            rights=rights.HELPER,
            held_in=HeldIn.CONTAINER,
            ways=(HelperMethod(work="freeze", stays=True),),
        ),
        _process(
            "process.restart",
            "taken down and brought up again at once",
            rights=rights.RESTART,
            heals_itself=True,
        ),
        _network(
            "network.partition",
            "packets to and from the peers are dropped",
            own={"peers": "names"},
            ways=(HelperMethod(work="partition", needs="drop", stays=True),),
        ),
        _network(
            "network.delay",
            "every packet to the peers is held back",
            own={"by": "duration", "jitter": "duration", "peers": "names"},
            required=("by",),
            ways=(
                HelperMethod(work="netem", needs="netem", stays=True),
                HelperMethod(work="nfqueue", needs="nfqueue"),
            ),
        ),
        _network(
            "network.loss",
            "a share of the packets that come from the peers is lost",
            own={"packets": "share", "peers": "names"},
            required=("packets",),
            ways=(
                HelperMethod(work="loss", needs="statistic", stays=True),
                HelperMethod(work="loss_by_queue", needs="nfqueue"),
            ),
        ),
        _network(
            "network.rate",
            "no more than so many bits per second go to the peers, or come from them",
            own={"to": "rate", "peers": "names"},
            required=("to",),
            ways=(
                HelperMethod(work="rate", needs="shaping", stays=True),
                HelperMethod(work="rate_by_queue", needs="nfqueue"),
            ),
        ),
        _resource(
            "resource.cpu",
            "a share of the CPU time that the instance may use is burnt",
            own={"load": "share"},
            required=("load",),
            ways=(HelperMethod(work="cpu"),),
        ),
        _resource(
            "resource.memory",
            "the instance's memory is filled up to a share of its limit",
            own={"fill": "share"},
            required=("fill",),
            ways=(HelperMethod(work="memory"),),
        ),
        _cluster(
            "kubernetes.evict",
            "the pod is evicted, if its disruption budget allows it",
            rights=rights.EVICT,
            heals_itself=True,
        ),
        _cluster(
            "kubernetes.cordon",
            "the pod's node takes no new pods until undone",
            rights=rights.NODES,
            of_node=True,
        ),
        _cluster(
            "kubernetes.drain",
            "the pod's node is cordoned and the service's pods evicted from it",
            rights=rights.DRAIN,
            of_node=True,
        ),
        _cluster(
            "kubernetes.taint",
            "the pod's node gets a taint",
            rights=rights.TAINT,
            of_node=True,
            own={
                "key": "text",
                "effect": f"{ONE_OF}NoSchedule, PreferNoSchedule, NoExecute",
            },
        ),
        _cluster(
            "kubernetes.scale",
            "the workload wants another number of pods",
            rights=rights.SCALE,
            own={"to": "number"},
            required=("to",),
            whole=True,
        ),
        _cluster(
            "kubernetes.bad_image",
            "the workload rolls out another image",
            rights=rights.REVISION,
            own={"image": "text"},
            required=("image",),
            whole=True,
        ),
        _cluster(
            "kubernetes.image_pull_failure",
            "the workload rolls out an image that cannot be pulled",
            rights=rights.REVISION,
            whole=True,
        ),
        _cluster(
            "kubernetes.bad_readiness",
            "the workload rolls out pods that never become ready",
            rights=rights.REVISION,
            whole=True,
        ),
        _cluster(
            "kubernetes.config_removed",
            "a ConfigMap or Secret is gone when the pod is started again",
            rights=rights.REMOVED,
            own={"name": "object", "object": f"{ONE_OF}configmap, secret"},
            required=("name",),
        ),
        _cluster(
            "kubernetes.isolate",
            "a NetworkPolicy lets nothing through to the pod, and nothing out of it",
            rights=rights.ISOLATE,
            own={"direction": f"{ONE_OF}both, ingress"},
        ),
    )
}
