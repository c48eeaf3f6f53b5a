"""The state of a namespace: specs of its workloads, and what routes traffic to them.

Generation, status and what controllers write (revisions, conditions) are left out: a
workload that was changed and restored has another generation and the same spec. Values
that may hold a secret are digests under a key of this process. What the platform
changes by itself is marked so: the replicas of a workload with an autoscaler, and
leader elections. What may not be read cannot be compared, and so there is then no
fingerprint instead of half a fingerprint.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from gameday.model.fingerprint import Fingerprint, as_text, digest
from gameday.model.platform import LEADER, PLATFORM, WHOLE
from gameday.targets.kubernetes.client.api import (
    Api,
    Forbidden,
    Gone,
    Json,
    namespaced,
)
from gameday.targets.kubernetes.inventory.pod_status import LABEL
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.inventory.workloads import APPS
from gameday.targets.threads import all_of

_KEY = secrets.token_bytes(16)
_KINDS = {  # what is read: the name a difference goes by -> resource and group
    "deployment": ("deployments", APPS),
    "statefulset": ("statefulsets", APPS),
    "daemonset": ("daemonsets", APPS),
    "service": ("services", ""),
    "configmap": ("configmaps", ""),
    "networkpolicy": ("networkpolicies", "networking.k8s.io/v1"),
    "poddisruptionbudget": ("poddisruptionbudgets", "policy/v1"),
}
_PASSING = (  # annotations that controllers and tools write
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
)
_HIDDEN = (
    "env",
    "args",
    "command",
    "data",
    "binaryData",
    "stringData",
    "httpHeaders",  # of a probe, an authorization maybe
    "volumeAttributes",
    "options",
)
_REPLICAS = "spec.replicas"
_SCALING = "autoscaling/v2"
_DEEPEST = 12
_NODES = "/api/v1/nodes"
_CONDITIONS = "node.kubernetes.io/"  # taints that the cluster itself sets
_TRACES = (LABEL, "controller.kubernetes.io/pod-deletion-cost")


def take(api: Api, pods: Namespace) -> Fingerprint:
    """Return what every object of the namespace is like, by `kind/name`."""
    paths = [namespaced(pods.name, plural, group=g) for plural, g in _KINDS.values()]
    scalers = namespaced(pods.name, "horizontalpodautoscalers", group=_SCALING)
    *lists, scaling = all_of(
        [
            *(partial(api.items, path) for path in paths),
            partial(_if_allowed, api, _NODES),
            partial(_if_allowed, api, scalers),
        ]
    )
    taken = {
        f"{kind}/{raw['metadata']['name']}": dict(_known(_values(kind, raw)))
        for kind, objects in zip((*_KINDS, "node"), lists, strict=True)
        for raw in objects
    }
    for autoscaler in scaling:
        if _scaled(autoscaler) in taken:
            why = f"the autoscaler {autoscaler['metadata']['name']} decides that"
            taken[_scaled(autoscaler)][f"{PLATFORM}{_REPLICAS}"] = why
    for workload, traces in _traces_by_workload(pods):
        if workload in taken:
            taken[workload] |= traces
    return taken


def _known(values: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((key, text) for key, text in values if text)


def _traces_by_workload(pods: Namespace) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what faults may have left on each pod, with the workload that it is of."""
    there = pods.pods()
    by_uid = {pod["metadata"]["uid"]: pod for pod in there}
    for instance in pods.to_instances(there, None):
        pod = by_uid.get(instance.identity["id"])
        if pod is not None:
            yield instance.labels["workload"], dict(_traces(pod))


def _values(kind: str, raw: Json) -> Iterator[tuple[str, str]]:
    if kind == "node":
        yield from _node(raw.get("spec", {}))
        return
    meta = raw["metadata"]
    for key, text in (meta.get("labels") or {}).items():
        yield f"labels.{key}", as_text(text)
    for key, text in (meta.get("annotations") or {}).items():
        if key not in _PASSING:
            yield f"annotations.{key}", digest(text, _KEY)
        if key == LEADER:
            yield WHOLE, "a leader was elected"
    for part in ("spec", "data", "binaryData"):
        if part in raw:
            yield from flat(raw[part], part)


def _node(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what keeps pods away: a node is the cluster's, the rest not ours to see."""
    yield "spec.unschedulable", as_text(spec.get("unschedulable"))
    for taint in spec.get("taints") or ():
        if not taint["key"].startswith(_CONDITIONS):
            key = f"spec.taints.{taint['key']}:{taint['effect']}"
            yield key, taint.get("value") or "yes"


def _traces(pod: Json) -> Iterator[tuple[str, str]]:
    """Yield what a fault may leave on a pod that its workload does not ask for."""
    for container in pod["spec"].get("ephemeralContainers") or ():
        yield (
            f"pods.ephemeralContainers.{container['name']}",
            as_text(container.get("image")),
        )
    meta = pod["metadata"]
    for key in {**(meta.get("annotations") or {}), **(meta.get("labels") or {})}:
        if key.startswith(_TRACES):
            yield f"pods.{key}", "yes"


def _scaled(autoscaler: Json) -> str:
    about = autoscaler["spec"]["scaleTargetRef"]
    return f"{about['kind'].lower()}/{about['name']}"


def _if_allowed(api: Api, path: str) -> list[Json]:
    """Return a list that a run may go without."""
    try:
        return api.items(path)
    except (Forbidden, Gone):
        return []


def flat(value: Any, key: str, deep: int = 0) -> Iterator[tuple[str, str]]:
    """Yield a spec as keys and texts; lists of named things go by their names."""
    last = key.rpartition(".")[2]
    if last in _HIDDEN:
        yield key, digest(value, _KEY)
    elif isinstance(value, Mapping) and deep < _DEEPEST:
        for name in sorted(value):
            yield from flat(value[name], f"{key}.{name}", deep + 1)
    elif _named(value) and deep < _DEEPEST:
        for entry in value:
            yield from flat(entry, f"{key}.{entry['name']}", deep + 1)
    else:
        yield key, as_text(value)


def _named(value: Any) -> bool:
    listed = isinstance(value, Sequence) and not isinstance(value, str) and value
    return bool(listed) and all(isinstance(v, Mapping) and "name" in v for v in value)
