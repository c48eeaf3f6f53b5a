"""kubernetes.config_removed: a ConfigMap or Secret is gone when the pod starts again.

The removed object is kept as a Secret of ours in the same namespace until it is
restored, so that its content goes nowhere else. Each victim stores its own copy, and
the first undo restores the object, so two undos can never each assume that the other
does. Only the version that was copied is deleted, and no copy is removed while a delete
of that version may still be on its way.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gameday.errors import CannotFault, FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Conflict, Gone, Json, namespaced
from gameday.targets.kubernetes.faults.workload_pods import (
    SHOWS,
    all_back,
    is_ready,
    pods_of,
    poll,
    restart_stuck_pods,
    undo_arguments,
    warnings,
    why_not_running,
)
from gameday.targets.kubernetes.inventory.pod_status import LABEL
from gameday.targets.kubernetes.ownership.fencing import fence
from gameday.targets.kubernetes.ownership.marks import OURS
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why
from gameday.targets.kubernetes.sidecars.helper_pod import label_value
from gameday.targets.ownership import undo_as_data

KIND = "kubernetes.config_removed"
PLURALS = {"configmap": "configmaps", "secret": "secrets"}
_GIVEN = ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation")
_TOKEN = "kubernetes.io/service-account-token"
_LARGEST = 700_000  # bytes that fit into a Secret as base64


class Config:
    """Removes an object, and puts back the very same."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context
        self._secrets = namespaced(context.namespace, "secrets")

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        del kind
        return ""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        what = f"{_object(request)} {request.arguments['name']}"
        return (
            f"the {what} is kept as a Secret of gameday's and deleted, then the victim "
            "is deleted, so that its successor starts without it; undone by making it "
            "again as it was"
        )

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Keep a copy; nothing is removed yet."""
        self._context.pod_of(victim)
        what, name = _object(request), str(request.arguments["name"])
        path = namespaced(self._context.namespace, PLURALS[what], name)
        current = self._context.api.find(path)
        if current is None:
            raise FaultFailed(f"there is no {what} {name} in {self._context.namespace}")
        _check(what, current)
        tail = hashlib.sha256(mark.encode()).hexdigest()[:10]
        kept = f"gameday-kept-{tail}"
        more = {
            "object": what,
            "name": name,
            "uid": current["metadata"]["uid"],
            "version": current["metadata"]["resourceVersion"],
            "cached": bool(current.get("immutable")),
            "kept": kept,
        }
        undo = Undo(
            target="",
            verb="restore_config",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={**undo_arguments(victim, mark), **more},
        )
        self._context.api.create(self._secrets, _copy(kept, current, what, undo))
        return undo

    # Injecting --------------------------------------------------------------------

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Remove the object, then the victim."""
        api = self._context.api
        try:
            if api.find(self._copy_path(undo)) is None:
                raise FaultFailed("it was undone meanwhile")
            self._remove(undo)
            pod = namespaced(
                self._context.namespace, "pods", str(undo.arguments["pod"])
            )
            sure = {"uid": undo.identity["id"]}
            api.delete(pod, {"gracePeriodSeconds": 1, "preconditions": sure})
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def _remove(self, undo: Undo) -> None:
        """Delete the object as it was copied; another victim may have done it."""
        given = undo.arguments
        sure = {"uid": given["uid"], "resourceVersion": given["version"]}
        try:
            self._context.api.delete(self._path(undo), {"preconditions": sure})
        except Conflict as wrong:
            what = f"the {given['object']} {given['name']}"
            because = f"{what} changed since it was copied; it was not removed"
            raise FaultFailed(because) from wrong

    def _path(self, undo: Undo) -> str:
        what = PLURALS[str(undo.arguments["object"])]
        return namespaced(self._context.namespace, what, str(undo.arguments["name"]))

    def _copy_path(self, undo: Undo) -> str:
        return f"{self._secrets}/{undo.arguments['kept']}"

    def verify(self, _request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look until a successor waits for the object, or does well without it."""
        given = undo.arguments
        what = f"{given['object']} {given['name']}"
        evidence = {"object": what}
        if self._context.api.find(self._path(undo)) is not None:
            because = f"the {what} is there again: something makes it anew"
            return Proof(bites=False, because=because, evidence=evidence)
        needless = f"the pods do not need the {what}: they run without it"
        if given["cached"]:
            needless += " (it is immutable: a node that has it read once keeps it)"

        def effect() -> str:
            pods = pods_of(self._context, str(given["workload"]))
            waiting = (self._misses(pod, str(given["name"])) for pod in pods)
            waiting_for = next((why for why in waiting if why), "")
            workload = self._context.pods.workload(str(given["workload"]))
            wanted = workload.wanted if workload is not None else 0
            gone = all(p["metadata"]["uid"] != undo.identity["id"] for p in pods)
            well = gone and len(pods) >= wanted and all(is_ready(p) for p in pods)
            return waiting_for or (needless if well else "")

        said = poll(self._context, SHOWS, effect)
        because = said or f"no successor was seen to wait for the {what}"
        bites = said not in ("", needless)
        return Proof(bites=bites, because=because, evidence=evidence)

    def _misses(self, pod: Json, name: str) -> str:
        """Return the cluster's own words that a pod lacks the object."""
        if is_ready(pod):
            return ""
        told = [why_not_running(pod), *warnings(self._context, pod, "FailedMount")]
        words = next(
            (message for message in told if f'"{name}" not found' in message), ""
        )
        return words and f"{pod['metadata']['name']} waits: {words}"

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Make the object again, let go of the copy, wait for the pods."""
        what = f"{undo.arguments['object']} {undo.arguments['name']}"
        by_hand = (
            f"make the {what} again; it is kept in the secret {undo.arguments['kept']} "
            "(`object`, gzip)"
        )
        return undone_or_why(by_hand, lambda: self._restore(undo, what))

    def _restore(self, undo: Undo, what: str) -> Undone:
        api = self._context.api
        kept = api.find(self._copy_path(undo))
        if kept is None:
            return all_back(
                self._context, undo, f"the {what} had been put back already"
            )
        said = f"the {what} is there"
        if not self._is_there_for_good(undo):
            path, _, _ = self._path(undo).rpartition("/")
            try:
                api.create(path, unpacked(kept))
                said = f"the {what} was made again"
            except Conflict:
                said = f"the {what} was made again by another"
            restart_stuck_pods(self._context, str(undo.arguments["workload"]))
        api.delete(self._copy_path(undo))
        return all_back(self._context, undo, said)

    def _is_there_for_good(self, undo: Undo) -> bool:
        """Return whether the object is there, and not to be removed by us any more."""
        api, path = self._context.api, self._path(undo)
        current = api.find(path)
        if current is None or current["metadata"]["uid"] != undo.arguments["uid"]:
            return current is not None
        try:
            fence(api, path)
        except Gone:
            return False  # the delete was on its way, and came
        return True


def _object(request: FaultRequest) -> str:
    return str(request.arguments.get("object") or "configmap")


def _check(what: str, original: Json) -> None:
    name = f"{what} {original['metadata']['name']}"
    if original["metadata"].get("finalizers"):
        raise CannotFault(f"the {name} has finalizers: it would not go at once")
    if original.get("type") == _TOKEN:
        raise CannotFault(f"the {name} is the cluster's own: it cannot be made again")


def _copy(kept: str, original: Json, what: str, undo: Undo) -> Mapping[str, Any]:
    """Return the Secret that keeps an object, and the undo with it."""
    body = packed(original, what)
    if len(body) > _LARGEST:
        name = f"{what} {original['metadata']['name']}"
        raise CannotFault(f"the {name} is too large to be kept: {len(body)} bytes")
    run = str(undo.arguments["mark"]).rpartition(".")[0]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": kept,
            "labels": {**OURS, f"{LABEL}run": label_value(run), f"{LABEL}do": "kept"},
            "annotations": {
                f"{LABEL}run": run,
                f"{LABEL}undo": json.dumps(undo_as_data(undo)),
            },
        },
        "data": {"object": base64.b64encode(body).decode()},
    }


def packed(original: Json, what: str) -> bytes:
    """Return an object as it has to be made again: without what the API gives it."""
    meta = {k: v for k, v in original["metadata"].items() if k not in _GIVEN}
    kind = {"configmap": "ConfigMap", "secret": "Secret"}[what]
    body = {**original, "apiVersion": "v1", "kind": kind, "metadata": meta}
    return gzip.compress(json.dumps(body).encode())


def unpacked(kept: Mapping[str, Any]) -> Json:
    """Return the object that a Secret of ours keeps."""
    document: Json = json.loads(
        gzip.decompress(base64.b64decode(kept["data"]["object"]))
    )
    return document
