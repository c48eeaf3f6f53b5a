"""process.stop: the workload wants one pod fewer, and the victim is the one removed.

A Deployment removes pods that are not ready first, whatever they cost, then the
cheapest; a StatefulSet removes its highest ordinal. Whether that is the victim is
checked at the moment of the change. Every stop's mark records how many replicas the
workload may want without the stops, so that a number which somebody else has set
meanwhile is recognised and left alone.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import Undo
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Gone, Json, namespaced
from gameday.targets.kubernetes.faults.fields import own_note
from gameday.targets.kubernetes.faults.workload_pods import is_ready
from gameday.targets.kubernetes.inventory.workloads import (
    WorkloadObject,
    controller,
    find_workload,
)
from gameday.targets.kubernetes.ownership.desired_replicas import (
    allowed_replicas,
    stops,
)
from gameday.targets.kubernetes.ownership.fencing import fence
from gameday.targets.kubernetes.ownership.marks import UNDO, erased, is_noted, noted
from gameday.targets.kubernetes.ownership.revision_annotations import remove_copies
from gameday.targets.kubernetes.sidecars.context import NamespaceContext

COST = "controller.kubernetes.io/pod-deletion-cost"
_CHEAPEST = "-2147483648"  # of pods that are ready, the cheapest goes first
_ALREADY = "had been scaled back already, or set by somebody else since"
_SCALABLE = ("Deployment", "StatefulSet")


class ScaleDown:
    """Scales down around a victim, and back up."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context

    def check(self, victim: Instance) -> None:
        """Refuse a victim that scaling down would not remove."""
        words = victim.labels["workload"]
        kind = words.partition("/")[0]
        workload = self._find(words)
        if workload is None or workload.kind not in _SCALABLE:
            raise CannotFault(
                f"{victim.name}: a {kind or 'pod without a workload'} cannot be scaled "
                "down by one; use process.kill or kubernetes.drain"
            )
        pod, uid = victim.labels["pod"], victim.identity["id"]
        if workload.kind == "StatefulSet" and pod != _highest_ordinal(workload.raw):
            raise CannotFault(
                f"{victim.name}: a StatefulSet gives up its highest ordinal first "
                f"(pod {_highest_ordinal(workload.raw)}); name that instance"
            )
        self._check_is_removed(workload, workload.raw, pod, uid)

    def _find(self, words: str) -> WorkloadObject | None:
        return find_workload(self._context.api, self._context.namespace, words)

    def _check_is_removed(
        self, workload: WorkloadObject, now: Json, pod: str, uid: str
    ) -> None:
        """Raise FaultFailed unless that pod goes where one fewer is wanted from now."""
        if now["spec"].get("replicas", 1) < 1:
            raise FaultFailed(f"{workload.kubectl_name} wants no pods already")
        if workload.kind == "Deployment":
            self._check_removal_order(workload.kubectl_name, now, pod, uid)
            return
        current = self._context.pods.pod(pod)
        if pod != _highest_ordinal(now):
            raise FaultFailed(f"{_highest_ordinal(now)} would go now, not {pod}")
        if current is None or current["metadata"]["uid"] != uid:
            raise FaultFailed(f"{pod} was replaced by another pod")

    def _check_removal_order(self, words: str, now: Json, pod: str, uid: str) -> None:
        pods = self._pods_of(words)
        others = [
            o for o in pods if o["metadata"]["uid"] != uid and not _is_being_stopped(o)
        ]
        for other in others:
            why = _why_removed_first(other)
            if why:
                name = other["metadata"]["name"]
                raise FaultFailed(f"{name} {why}: it might go instead of {pod}")
        if len({(controller(candidate) or {}).get("uid") for candidate in pods}) > 1:
            raise FaultFailed(f"{words} is being rolled out: any pod might go")
        wanted = int(now["spec"].get("replicas", 1))
        if len(others) >= wanted:
            many = f"has {len(others)} pods beside {pod} and wants {wanted}"
            raise FaultFailed(f"{words} {many}: one of them might go")

    def _pods_of(self, words: str) -> list[Json]:
        """Return a workload's pods, including those that are being ended."""
        pods = self._context.pods.pods()
        ours = {
            instance.identity["id"]
            for instance in self._context.pods.to_instances(pods, None)
            if instance.labels["workload"] == words
        }
        return [pod for pod in pods if pod["metadata"]["uid"] in ours]

    # Down -------------------------------------------------------------------------

    def scale_down(self, kind: str, undo: Undo) -> None:
        """Make the victim the first pod to be removed, and want one pod fewer."""
        words, given = str(undo.arguments["workload"]), undo.arguments
        workload = self._find(words)
        if workload is None:
            raise FaultFailed(f"{words} is not there any more")
        if workload.kind == "Deployment":
            self._set_lowest_deletion_cost(kind, undo)

        def one_replica_fewer(now: Json) -> Mapping[str, Any]:
            self._check_is_removed(
                workload, now, str(given["pod"]), undo.identity["id"]
            )
            kept = replace(
                undo, arguments={**given, "wants": allowed_replicas(now, words)}
            )
            return {
                "metadata": {"annotations": dict(noted(kept, kind))},
                "spec": {"replicas": int(now["spec"].get("replicas", 1)) - 1},
            }

        self._context.api.change(workload.path, one_replica_fewer)

    def _set_lowest_deletion_cost(self, kind: str, undo: Undo) -> None:
        def lowest_cost(pod: Json) -> Mapping[str, Any]:
            meta = pod["metadata"]
            if meta["uid"] != undo.identity["id"]:
                raise FaultFailed("the pod was replaced by another")
            if meta.get("deletionTimestamp"):
                raise FaultFailed("the pod is being ended already")
            cost = (meta.get("annotations") or {}).get(COST)
            kept = replace(undo, arguments={**undo.arguments, "cost": cost})
            notes = {**noted(kept, kind), COST: _CHEAPEST}
            return {"metadata": {"annotations": notes}}

        self._context.api.change(self._pod(undo), lowest_cost)

    def _pod(self, undo: Undo) -> str:
        return namespaced(self._context.namespace, "pods", str(undo.arguments["pod"]))

    # Back up ----------------------------------------------------------------------

    def scale_up(self, undo: Undo) -> tuple[str, bool]:
        """Want the pod again; return what was found, and whether a pod has to come."""
        workload = self._find(str(undo.arguments["workload"]))
        if workload is None:
            self._restore_deletion_cost(undo)
            return "the workload is gone", False
        pod = self._context.same_pod(undo)
        stayed = pod is not None and "deletionTimestamp" not in pod["metadata"]
        states: list[tuple[str, bool]] = []

        def one_more_replica(now: Json) -> Mapping[str, Any] | None:
            if not is_noted(now, undo):
                states.append((_ALREADY, not stayed))
                return None
            replicas, held = int(now["spec"].get("replicas", 1)), stops(now)
            if replicas + len(held) in own_note(now, undo)["wants"]:
                said = f"was scaled down; wants {replicas + 1} again"
                states.append((said, True))
                notes = {"metadata": {"annotations": dict(erased(undo))}}
                return {**notes, "spec": {"replicas": replicas + 1}}
            said = f"was set to {replicas} by somebody else; left as it is"
            states.append((said, False))
            return {"metadata": {"annotations": dict.fromkeys(held)}}

        api = self._context.api
        api.change(workload.path, one_more_replica)
        if states[-1][0] == _ALREADY:
            fence(api, workload.path)
            api.change(workload.path, one_more_replica)  # it came in between
        self._restore_deletion_cost(undo)
        remove_copies(api, self._context.namespace, workload)
        return states[-1]

    def _restore_deletion_cost(self, undo: Undo) -> None:
        """Give a victim that was not removed its former deletion cost."""
        api, path = self._context.api, self._pod(undo)

        def former_cost(pod: Json) -> Mapping[str, Any] | None:
            meta = pod["metadata"]
            if meta["uid"] != undo.identity["id"] or not is_noted(pod, undo):
                return None
            notes: dict[str, Any] = dict(erased(undo))
            if meta["annotations"].get(COST) == _CHEAPEST:
                notes[COST] = own_note(pod, undo)["cost"]
            return {"metadata": {"annotations": notes}}

        pod = self._context.same_pod(undo)
        if pod is None:
            return
        with suppress(Gone):
            if not is_noted(pod, undo):
                fence(api, path)
            api.change(path, former_cost)


def _highest_ordinal(workload: Json) -> str:
    """Return the pod that a StatefulSet gives up first."""
    spec = workload["spec"]
    first = int((spec.get("ordinals") or {}).get("start", 0))
    last = first + int(spec.get("replicas", 1)) - 1
    return f"{workload['metadata']['name']}-{last}"


def _is_being_stopped(pod: Json) -> bool:
    """Whether another stop of ours removes this pod."""
    return any(key.startswith(UNDO) for key in pod["metadata"].get("annotations") or {})


def _why_removed_first(pod: Json) -> str:
    """Return why a ReplicaSet may remove it before the cheapest; empty: it will not."""
    meta = pod["metadata"]
    if meta.get("deletionTimestamp"):
        return "is being ended"
    if not is_ready(pod):
        return "is not ready"
    cheapest = (meta.get("annotations") or {}).get(COST) == _CHEAPEST
    return f"has the lowest {COST}" if cheapest else ""
