"""Helper pods for the faults that helpers hold: where they go, how they end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.catalogue import HelperMethod
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.inventory.pod_status import (
    container_id,
    running_container,
)
from gameday.targets.kubernetes.sidecars.context import (
    REPLACED,
    NamespaceContext,
    undone_or_why,
)
from gameday.targets.kubernetes.sidecars.helper_pod import (
    IN_ITS_NETWORK,
    ON_ITS_PROCESSES,
    HelperPodSpec,
    pod_name,
)
from gameday.targets.kubernetes.sidecars.peers import ends_of
from gameday.targets.ownership import undo_as_data
from gameday.targets.sidecar_faults.host import (
    Ended,
    Line,
    NetworkEnds,
    Scope,
    SidecarOrder,
    VictimPlace,
    with_helper,
)

_CGROUPS = "/host/cgroup"  # where a helper finds the node's
_MOUNTS = {_CGROUPS: "/sys/fs/cgroup"}
_RIGHTS: Mapping[Scope, Sequence[str]] = {
    Scope.NETWORK: IN_ITS_NETWORK,
    Scope.PROCESSES: ON_ITS_PROCESSES,
    Scope.CGROUP: (),
}
# Not early: what replaces or restarts a hurt container is what a game day is to show.
ANEW = Undone(ok=True, found="its container was started anew; the fault went with it")


class KubernetesSidecars:
    """The `SidecarHost` of one namespace."""

    platform = "kubernetes"
    where = "a helper pod on the victim's node"

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context

    # Helpers ----------------------------------------------------------------------

    def start(self, order: SidecarOrder) -> str:
        """Start a helper on the victim's node; return its pod's name."""
        return self._context.helper.start(_pod_order(order))

    def signal(self, helper: str, name: str) -> Iterator[Line]:
        """Tell it a signal, then yield what it says."""
        return self._context.helper.signal(helper, name)

    def lines(self, helper: str, seconds: float) -> Iterator[Line]:
        """Yield what it says from its beginning on."""
        return self._context.helper.follow_lines(helper, seconds)

    def end(self, helper: str) -> Ended:
        """End it gently."""
        return self._context.helper.end(helper)

    def remove(self, helper: str) -> None:
        """Remove its pod."""
        self._context.helper.remove(helper)

    # Kernels ----------------------------------------------------------------------

    def refusal(self, ways: Sequence[HelperMethod]) -> str:
        """Return nothing: each node has a kernel of its own, and its helper looks."""
        del ways
        return ""

    def chosen_method(
        self, name: str, ways: Sequence[HelperMethod]
    ) -> Mapping[str, Any]:
        """Return all methods; the helper uses the first one that its kernel has."""
        if len(ways) == 1:
            return {"do": ways[0].work}
        return {"do": name, "ways": [(way.work, way.needs) for way in ways]}

    # Victims ----------------------------------------------------------------------

    def locate(self, victim: Instance) -> VictimPlace:
        """Return the victim's container, its node and its pod as it is now."""
        return _place_of(victim, self._context.pod_of(victim))

    def locate_peer(self, peer: Instance) -> VictimPlace:
        """Return where a peer is."""
        return _place_of(peer)

    def check(self, victim: Instance, place: VictimPlace, scope: Scope) -> None:
        """Refuse a network that a pod shares with its node."""
        if scope is Scope.NETWORK and place.seen["spec"].get("hostNetwork"):
            raise CannotFault(
                f"{victim.name} shares the network of its node; "
                "others would be hit with it"
            )

    def check_limit(self, victim: Instance, place: VictimPlace) -> None:
        """Do nothing: the helper reads the limit, also a pod's, and refuses."""

    def network_ends(self, place: VictimPlace, peers: Sequence[str]) -> NetworkEnds:
        """Return the addresses of peers, and those of them on other nodes."""
        return ends_of(self._context.api, self._context.pods, place.seen, peers)

    def gone_victim(self, undo: Undo) -> Undone | None:
        """Return that the undo's own pod is gone."""
        return None if self._context.same_pod(undo) else REPLACED

    def locate_again(self, undo: Undo, *, in_container: bool) -> VictimPlace | Undone:
        """Return where the undo's own pod can be reached, by any container of it."""
        pod = self._context.same_pod(undo)
        if pod is None:
            return REPLACED
        name = str(undo.arguments["container"])
        if in_container:
            container = container_id(pod, name)
            if container != undo.identity["container"]:
                return ANEW
        else:
            container = running_container(pod, name)
            if not container:
                raise FaultFailed(
                    "no container of the pod runs to reach its network by"
                )
        return VictimPlace(container=container, node=pod["spec"]["nodeName"], seen=pod)

    def replaced(self, undo: Undo) -> str:
        """Return nothing: observers report replaced pods, and who replaced them."""
        del undo
        return ""

    def undone(self, undo: Undo, act: Callable[[], Undone]) -> Undone:
        """Do an undo; what goes wrong becomes a sentence with a way out."""
        anew = self._context.kubectl("delete", "pod", str(undo.arguments["pod"]))
        return undone_or_why(f"{anew} (its workload makes another)", act)


def _place_of(instance: Instance, pod: Any = None) -> VictimPlace:
    return VictimPlace(
        container=instance.identity["container"],
        node=instance.labels["node"],
        keep={name: instance.labels[name] for name in ("pod", "node", "container")},
        seen=pod,
    )


def _pod_order(order: SidecarOrder) -> HelperPodSpec:
    """Return an order for a helper pod; the pod carries its undo."""
    container = order.place.container
    spec = {**order.spec, "container": container}
    if order.scope is Scope.NETWORK:
        spec["enter"] = container
    if order.scope is Scope.CGROUP:
        spec["cgroups"] = _CGROUPS
    pod = HelperPodSpec(
        spec=spec,
        mark=order.mark,
        node=order.place.node,
        rights=_RIGHTS[order.scope],
        mounts=_MOUNTS if order.scope is Scope.CGROUP else {},
        end=order.end,
    )
    if order.undo is None:
        return pod
    return replace(pod, undo=undo_as_data(with_helper(order.undo, pod_name(pod))))
