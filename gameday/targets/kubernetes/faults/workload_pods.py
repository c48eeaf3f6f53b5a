"""A workload's pods: which they are, how they do, and until all of them are back."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Conflict, Json, namespaced
from gameday.targets.kubernetes.faults.fields import read
from gameday.targets.kubernetes.inventory.workloads import APPS, Workload, controller
from gameday.targets.kubernetes.sidecars.context import NamespaceContext

SHOWS = 30.0  # seconds within which a fault has to show
BACK = 45.0  # seconds for pods to be made, placed and started again
EVERY = 0.5  # seconds between two looks
_REVISION, _REVISIONS = "controller-revision-hash", "controllerrevisions"
_STARTING = ("ContainerCreating", "PodInitializing")


def undo_arguments(victim: Instance, mark: str) -> dict[str, Any]:
    """Return what every undo says of its victim."""
    words = ("pod", "node", "container", "workload")
    labels = {key: victim.labels[key] for key in words}
    return {**labels, "service": victim.service, "mark": mark}


def pods_of(context: NamespaceContext, words: str) -> list[Json]:
    """Return the pods of a workload (`deployment/web`) that are here to stay."""
    pods = context.pods.pods()
    ours = {
        instance.identity["id"]
        for instance in context.pods.to_instances(pods, None)
        if instance.labels["workload"] == words and instance.state != "stopping"
    }
    return [pod for pod in pods if pod["metadata"]["uid"] in ours]


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Return whether a pod's condition says that it is ready."""
    listed = pod.get("status", {}).get("conditions") or ()
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in listed
    )


def why_not_running(pod: Mapping[str, Any]) -> str:
    """Return why a container of a pod does not run; empty while nothing is wrong."""
    status = pod.get("status", {})
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(key) or ():
            waits = container.get("state", {}).get("waiting") or {}
            if waits and waits.get("reason") not in _STARTING:
                return f"{waits.get('reason')}: {waits.get('message', '')}".strip(": ")
            ended = container.get("state", {}).get("terminated") or {}
            if ended and key == "containerStatuses":
                return f"its container ended with {ended.get('exitCode')}"
    return ""


def warnings(
    context: NamespaceContext, pod: Mapping[str, Any], reason: str
) -> list[str]:
    """Return what the cluster's events of one reason say of a pod."""
    path = namespaced(context.namespace, "events")
    uid = pod["metadata"]["uid"]
    chosen = f"involvedObject.uid={uid},reason={reason}"
    warnings_found = context.api.items(path, fieldSelector=chosen)
    return [str(warning.get("message", "")) for warning in warnings_found]


def poll(context: NamespaceContext, seconds: float, look: Callable[[], str]) -> str:
    """Look until something is said or the time is over; return what was said."""
    clock = context.api.clock
    end = clock.monotonic() + seconds
    while True:
        said = look()
        if said or clock.monotonic() >= end:
            return said
        clock.sleep(EVERY)


def all_back(context: NamespaceContext, undo: Undo, what: str) -> Undone:
    """Confirm that as many of the workload's pods run as it wants."""
    workload = context.pods.workload(str(undo.arguments["workload"]))
    if workload is None:
        return Undone(ok=True, found=f"{what}; the workload is gone")
    if context.pods.all_run(workload.service, workload.wanted, BACK):
        return Undone(ok=True, found=what)
    fewer = f"fewer than {workload.wanted} pods of {workload.service} run"
    by_hand = context.kubectl("describe", workload.kubectl_name)
    return Undone(ok=False, found=f"{what}, but {fewer}", by_hand=by_hand)


def is_rolled_out(
    context: NamespaceContext, workload: Workload, undo: Undo, ready: int
) -> bool:
    """Return whether no pod of a workload is of the fault any more, and so many ready.

    A StatefulSet waits for ever for a pod of a broken revision to become ready; such
    a pod is deleted, so that it is made anew. Pods of other revisions are its own
    business: a `partition` keeps them old.
    """
    status = workload.raw.get("status", {})
    if status.get("observedGeneration", 0) < workload.raw["metadata"]["generation"]:
        return False
    if workload.kind == "StatefulSet":
        broken = _broken(context, workload, undo)
        for pod in broken:
            if not is_ready(pod) and not pod["metadata"].get("deletionTimestamp"):
                _delete(context, pod)
        there = status.get("replicas", 0) == workload.wanted
        return not broken and there and workload.ready >= ready
    daemon = workload.kind == "DaemonSet"
    updated = status.get("updatedNumberScheduled" if daemon else "updatedReplicas", 0)
    there = status.get("currentNumberScheduled" if daemon else "replicas", 0)
    same = workload.wanted == updated == there
    return bool(same) and workload.ready >= ready


def _broken(context: NamespaceContext, workload: Workload, undo: Undo) -> list[Json]:
    """Return the pods of a StatefulSet's revisions that carry the fault's value.

    The revision and not the pod is asked: an admission webhook may have given the pod
    another image. Pods below the partition are never made of a new revision.
    """
    if undo.arguments["field"] == "replicas":
        return []
    listed = context.api.items(namespaced(context.namespace, _REVISIONS, group=APPS))
    broken = {
        revision["metadata"]["name"]
        for revision in listed
        if _is_of(revision, workload)
        and read(revision["data"], undo) == undo.arguments["value"]
    }
    first = _first_updated(workload)
    return [
        pod
        for pod in context.pods.pods()
        if _is_of(pod, workload)
        and (pod["metadata"].get("labels") or {}).get(_REVISION) in broken
        and int(pod["metadata"]["name"].rpartition("-")[2]) >= first
    ]


def _is_of(revision: Mapping[str, Any], workload: Workload) -> bool:
    owner = controller(revision)
    return owner is not None and owner["uid"] == workload.raw["metadata"]["uid"]


def _first_updated(workload: Workload) -> int:
    """Return the lowest ordinal that a StatefulSet's rollout reaches."""
    spec = workload.raw["spec"]
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
    start = (spec.get("ordinals") or {}).get("start", 0)
    return int(start) + int(rolling.get("partition") or 0)


def _delete(context: NamespaceContext, pod: Mapping[str, Any]) -> None:
    """Delete a pod; it stays in the API until its node has seen it end.

    Without any grace its successor, of the same name and volume, might run beside it.
    """
    path = namespaced(context.namespace, "pods", pod["metadata"]["name"])
    sure = {"uid": pod["metadata"]["uid"]}
    with suppress(Conflict):  # its successor is there already
        context.api.delete(path, {"gracePeriodSeconds": 1, "preconditions": sure})


def restart_stuck_pods(context: NamespaceContext, words: str) -> int:
    """Delete a workload's pods that never ran yet; return how many there were.

    They wait for something that is there again, but their next try may be minutes
    away; a new pod tries at once.
    """
    stuck = [pod for pod in pods_of(context, words) if _never_ran(pod)]
    for pod in stuck:
        _delete(context, pod)
    return len(stuck)


def _never_ran(pod: Mapping[str, Any]) -> bool:
    listed = pod.get("status", {}).get("containerStatuses") or ()
    return all(
        "waiting" in container["state"] and not container.get("lastState")
        for container in listed
    )
