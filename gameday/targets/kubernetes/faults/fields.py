"""One field of a workload that a fault changes: what it gets, is, and was before."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import FaultRequest, Undo
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.inventory.workloads import Workload
from gameday.targets.kubernetes.ownership.marks import UNDO, key_of

NEVER = {  # a port on which nothing listens
    "tcpSocket": {"port": 1},
    "timeoutSeconds": 1,
    "periodSeconds": 1,
    "successThreshold": 1,
    "failureThreshold": 1,
}


def field_and_value(request: FaultRequest, mark: str) -> tuple[str, Any]:
    """Return which field gets which value; one and the same for all victims."""
    if request.kind == "kubernetes.scale":
        return "replicas", int(request.arguments["to"])
    if request.kind == "kubernetes.bad_readiness":
        return "readinessProbe", NEVER
    if request.kind == "kubernetes.bad_image":
        return "image", str(request.arguments["image"])
    run = hashlib.sha256(mark.rpartition(".")[0].encode()).hexdigest()[:10]
    return "image", f"gameday.invalid/none:{run}"


def check(workload: Workload, field: str) -> None:
    """Refuse what would change the workload and nothing else."""
    spec, words = workload.raw["spec"], workload.kubectl_name
    if field == "replicas":
        if workload.kind == "DaemonSet":
            raise CannotFault(f"{words}: a DaemonSet cannot be scaled")
        return
    if spec.get("paused"):
        raise CannotFault(f"{words} is paused: nothing would be rolled out")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        raise CannotFault(
            f"{words} replaces pods only when they are deleted (OnDelete)"
        )


def _field_and_container(undo: Undo) -> tuple[str, str]:
    return str(undo.arguments["field"]), str(undo.arguments["container"])


def read(workload: Mapping[str, Any], undo: Undo) -> Any:
    """Return the field as a workload has it; None where it has none."""
    field, container = _field_and_container(undo)
    if field == "replicas":
        return workload["spec"].get("replicas", 1)
    template = workload["spec"]["template"]["spec"]
    return _container(template["containers"], container).get(field)


def read_pod(pod: Mapping[str, Any], undo: Undo) -> Any:
    """Return the field as a pod has it."""
    field, container = _field_and_container(undo)
    return _container(pod["spec"]["containers"], container).get(field)


def _container(containers: list[Json], name: str) -> Mapping[str, Any]:
    return next(
        (container for container in containers if container["name"] == name), {}
    )


def patch_of(workload: Json, undo: Undo, value: Any) -> Mapping[str, Any]:
    """Return the patch that gives the field a value; None takes it away.

    A list is replaced as a whole: whoever patches has to hold the version it read.
    """
    field, container = _field_and_container(undo)
    if field == "replicas":
        return {"spec": {"replicas": value}}
    containers = [
        _with(entry, field, value) if entry["name"] == container else entry
        for entry in workload["spec"]["template"]["spec"]["containers"]
    ]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def _with(container: Json, field: str, value: Any) -> Json:
    rest = {key: other for key, other in container.items() if key != field}
    return rest if value is None else {**rest, field: value}


def original_value(workload: Json, undo: Undo) -> Any:
    """Return what the field was before the first of this request's victims."""
    for other in _notes(workload):
        same = ("field", "value")
        if all(other.get(key) == undo.arguments[key] for key in same):
            return other["before"]
        raise FaultFailed(f"{undo.arguments['workload']} carries another fault already")
    return read(workload, undo)


def _notes(workload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key, text in (workload["metadata"].get("annotations") or {}).items():
        if key.startswith(UNDO):
            yield json.loads(text)["arguments"]


def own_note(workload: Mapping[str, Any], undo: Undo) -> Mapping[str, Any]:
    """Return this fault's own annotation: only it has the original value."""
    text = workload["metadata"]["annotations"][key_of(str(undo.arguments["mark"]))]
    note: Mapping[str, Any] = json.loads(text)["arguments"]
    return note


def value_to_restore(workload: Mapping[str, Any], undo: Undo) -> tuple[bool, Any]:
    """Return whether the field is as the fault left it, and the value to restore.

    A pod that process.stop removed meanwhile comes back by that fault's own undo.
    """
    now, was = read(workload, undo), own_note(workload, undo)["before"]
    value, stopped = undo.arguments["value"], 0
    if undo.arguments["field"] == "replicas":
        stopped = sum("field" not in note for note in _notes(workload))
        now += stopped
    if now not in (was, value):
        return False, None
    return True, was - stopped if stopped else was
