"""What keeps pods running: Deployments, StatefulSets and DaemonSets of a namespace."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from gameday.frozen import frozen
from gameday.targets.kubernetes.client.api import Api, Json, namespaced
from gameday.targets.threads import all_of

APPS = "apps/v1"
PLURALS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
}
_REPLICA_SETS = "replicasets"


@frozen
class WorkloadObject:
    """One workload: its path in the API, and it as it was read."""

    kind: str
    name: str
    path: str
    raw: Json

    @property
    def wanted(self) -> int:
        """How many pods it wants."""
        if self.kind == "DaemonSet":
            return int(self.raw.get("status", {}).get("desiredNumberScheduled", 0))
        return int(self.raw["spec"].get("replicas", 1))

    @property
    def ready(self) -> int:
        """How many of its pods are ready."""
        key = "numberReady" if self.kind == "DaemonSet" else "readyReplicas"
        return int(self.raw.get("status", {}).get(key, 0))

    @property
    def kubectl_name(self) -> str:
        """The name that a person types: `deployment/web`."""
        return f"{self.kind.lower()}/{self.name}"


@frozen
class Workload(WorkloadObject):
    """A workload with its service name, which depends on what else there is."""

    service: str


def path_of(namespace: str, kind: str, name: str) -> str:
    """Return a workload's path in the API."""
    return namespaced(namespace, PLURALS[kind], name, group=APPS)


def workload_paths(namespace: str) -> set[str]:
    """Return the collections of workloads in the API."""
    return {namespaced(namespace, plural, group=APPS) for plural in PLURALS.values()}


def find_workload(api: Api, namespace: str, words: str) -> WorkloadObject | None:
    """Return the workload that an instance's label names (`deployment/web`), or None.

    One question, where the workload with its service name takes four.
    """
    lower, _, name = words.partition("/")
    kind = next((kind for kind in PLURALS if kind.lower() == lower), "")
    if not kind or not name:
        return None
    path = path_of(namespace, kind, name)
    raw = api.find(path)
    if raw is None:
        return None
    return WorkloadObject(kind=kind, name=name, path=path, raw=raw)


def read_owners(api: Api, namespace: str) -> tuple[dict[str, Workload], dict[str, str]]:
    """Return the workloads by uid, and by each ReplicaSet's uid its Deployment's.

    All are asked at once: who asks waits for one answer, not for one after the other.
    """
    plurals = (*PLURALS.values(), _REPLICA_SETS)
    paths = [namespaced(namespace, plural, group=APPS) for plural in plurals]
    *lists, replica_sets = all_of([partial(api.items, path) for path in paths])
    return _workloads(namespace, lists), _deployments(replica_sets)


def _workloads(namespace: str, lists: Sequence[list[Json]]) -> dict[str, Workload]:
    """Return the workloads by uid; a name that two kinds have carries its kind."""
    pairs = [
        (kind, raw) for kind, raws in zip(PLURALS, lists, strict=True) for raw in raws
    ]
    names = [raw["metadata"]["name"] for _, raw in pairs]
    workloads = {}
    for kind, raw in pairs:
        name = raw["metadata"]["name"]
        several = names.count(name) > 1
        workloads[raw["metadata"]["uid"]] = Workload(
            kind=kind,
            name=name,
            service=f"{kind.lower()}/{name}" if several else name,
            path=path_of(namespace, kind, name),
            raw=raw,
        )
    return workloads


def _deployments(replica_sets: Iterable[Json]) -> dict[str, str]:
    """Return by each ReplicaSet's uid the uid of the Deployment that owns it."""
    pairs = (
        (replica_set["metadata"]["uid"], controller(replica_set))
        for replica_set in replica_sets
    )
    return {uid: owner["uid"] for uid, owner in pairs if owner is not None}


def controller(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the owner reference that controls an object; None: it has none."""
    owners: Iterable[Mapping[str, Any]] = raw["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)
