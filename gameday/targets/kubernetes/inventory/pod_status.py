"""A pod as it is seen: its main container, its state, the instance that it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from gameday.model.target import Instance

LABEL = "gameday.dev/"
DEFAULT = "kubectl.kubernetes.io/default-container"


def main_container(pod: Mapping[str, Any], workload: str = "") -> str:
    """Return the name of the container that a fault is about.

    The one that the pod names itself, else the workload's namesake, else the first.
    """
    named = (pod["metadata"].get("annotations") or {}).get(DEFAULT)
    there = [container["name"] for container in pod["spec"]["containers"]]
    for wanted in (named, workload):
        if wanted in there:
            return str(wanted)
    return str(there[0])


def status_of(pod: Mapping[str, Any], container: str) -> Mapping[str, Any]:
    """Return the status of one container of a pod; empty where there is none yet."""
    listed = pod.get("status", {}).get("containerStatuses") or ()
    statuses: Iterable[Mapping[str, Any]] = (
        c for c in listed if c["name"] == container
    )
    return next(iter(statuses), {})


def container_id(pod: Mapping[str, Any], container: str) -> str:
    """Return the runtime's id of a container, without the runtime's name."""
    return str(status_of(pod, container).get("containerID", "")).rpartition("/")[2]


def running_container(pod: Mapping[str, Any], preferred: str) -> str:
    """Return a running container's id, the preferred one's if it runs; empty: none."""
    listed = pod.get("status", {}).get("containerStatuses") or ()
    running = [
        container["name"]
        for container in listed
        if "running" in container.get("state", {})
    ]
    running.sort(key=lambda name: name != preferred)
    return container_id(pod, running[0]) if running else ""


def why_it_ended(pod: Mapping[str, Any], container: str) -> str:
    """Return why a container's last process ended, in the cluster's words: OOMKilled.

    It is in the pod's status, also where the cluster's Events do not tell of it.
    """
    status = status_of(pod, container)
    ends = (status.get(name, {}).get("terminated") for name in ("state", "lastState"))
    return next((str(end.get("reason") or "") for end in ends if end), "")


def state_of(pod: Mapping[str, Any], container: str) -> tuple[str, str]:
    """Return state and health of a pod's main container, in `Instance`'s words."""
    if pod["metadata"].get("deletionTimestamp"):
        return "stopping", ""
    status = status_of(pod, container)
    if "running" not in status.get("state", {}):
        return "restarting", ""
    if status.get("ready") and _condition(pod, "Ready"):
        return "running", "healthy"
    return "running", "unhealthy" if status.get("started") else "starting"


def _condition(pod: Mapping[str, Any], name: str) -> bool:
    listed = pod["status"].get("conditions") or ()
    return any(
        condition["type"] == name and condition["status"] == "True"
        for condition in listed
    )


def volumes_of(pod: Mapping[str, Any]) -> dict[str, str]:
    """Return the label `volumes` where the pod has volumes that it claimed."""
    listed = pod["spec"].get("volumes") or ()
    claims = [volume.get("persistentVolumeClaim") or {} for volume in listed]
    claims += [volume for volume in listed if "ephemeral" in volume]
    names = sorted(
        str(claim.get("claimName") or claim.get("name")) for claim in claims if claim
    )
    return {"volumes": ",".join(names)} if names else {}


def instance_of(pod: Mapping[str, Any], service: str, workload: str) -> Instance:
    """Return a pod as an instance that has no number yet."""
    meta = pod["metadata"]
    container = main_container(pod, workload.rpartition("/")[2])
    state, health = state_of(pod, container)
    addresses = [pod_ip["ip"] for pod_ip in pod.get("status", {}).get("podIPs") or ()]
    return Instance(
        service=service,
        name=meta["name"],
        identity={"id": meta["uid"], "container": container_id(pod, container)},
        state=state,
        health=health,
        labels={
            **(meta.get("labels") or {}),
            "pod": meta["name"],
            "node": pod["spec"].get("nodeName", ""),
            "node_address": pod.get("status", {}).get("hostIP", ""),
            "workload": workload,
            "container": container,
            "namespace": meta["namespace"],
            **volumes_of(pod),
        },
        addresses=tuple(addresses),
        ended=why_it_ended(pod, container),
    )
