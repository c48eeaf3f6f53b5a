"""kubernetes.isolate: a NetworkPolicy without rules, for one pod alone.

Whether policies are enforced is the network plugin's doing, and nothing in the API
tells. So somebody knocks: a helper pod without any rights, before and after.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gameday.errors import CannotFault, FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json, namespaced
from gameday.targets.kubernetes.faults.workload_pods import undo_arguments
from gameday.targets.kubernetes.inventory.pod_status import LABEL
from gameday.targets.kubernetes.ownership.marks import OURS, POLICIES
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why
from gameday.targets.kubernetes.sidecars.helper_pod import (
    HelperPodSpec,
    label_value,
    pod_name,
)
from gameday.targets.ownership import undo_as_data

KIND = "kubernetes.isolate"
ISOLATED = f"{LABEL}isolated"
NOT_ENFORCED = "NetworkPolicy is not enforced by this cluster: the pod still answers"
_ANY_PORT = 9  # discard: a closed port answers too
_SILENT = "silent"
_DIRECTIONS = {"both": ["Ingress", "Egress"], "ingress": ["Ingress"]}


class Isolate:
    """Cuts a pod off, where the cluster enforces policies."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context
        self._policies = namespaced(
            context.namespace, "networkpolicies", group=POLICIES
        )

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        del kind
        return ""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        del request
        return (
            "the pod gets a label, and a NetworkPolicy without rules that selects it; "
            "a helper pod without rights knocks at it, before and after; where the "
            "cluster does not enforce policies, it does not bite"
        )

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Have a helper knock, and wait for the word to knock again."""
        pod = self._context.pod_of(victim)
        if pod["spec"].get("hostNetwork"):
            raise CannotFault(
                f"{victim.name} shares the network of its node: no policy is for it"
            )
        if ISOLATED in (pod["metadata"].get("labels") or {}):
            raise FaultFailed(f"{victim.name} is isolated already")
        tail = hashlib.sha256(mark.encode()).hexdigest()[:10]
        order = HelperPodSpec(
            spec={
                "do": "reach",
                "address": victim.addresses[0],
                "port": _port(pod, victim.labels["container"]),
                "duration": 0.0,
            },
            mark=mark,
            node="",
            host=False,
            rights=(),
        )
        more = {
            "policy": f"gameday-isolate-{tail}",
            "label": tail,
            "helper": pod_name(order),
            "direction": request.arguments.get("direction") or "both",
        }
        self._context.helper.start(order)
        return Undo(
            target="",
            verb="join_again",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={**undo_arguments(victim, mark), **more},
        )

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Make the policy, which carries the undo; then label the pod."""
        api = self._context.api
        label = {"metadata": {"labels": {ISOLATED: undo.arguments["label"]}}}

        def labelled(pod: Json) -> Mapping[str, Any]:
            if pod["metadata"]["uid"] != undo.identity["id"]:
                raise FaultFailed("the pod was replaced by another")
            return label

        try:
            api.create(self._policies, policy_of(undo))
            api.change(self._pod(undo), labelled)
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def _pod(self, undo: Undo) -> str:
        return namespaced(self._context.namespace, "pods", str(undo.arguments["pod"]))

    def verify(self, _request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Have the helper knock again."""
        helper = str(undo.arguments["helper"])
        try:
            said = self._context.helper.start_work(helper)
        except GamedayError as wrong:
            return Proof(bites=False, because=f"not proven: {wrong}")
        finally:
            self._context.helper.remove(helper)
        return judged(said)

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Remove the policy and the label."""
        policy = str(undo.arguments["policy"])
        by_hand = self._context.kubectl("delete", "networkpolicy", policy)
        return undone_or_why(by_hand, lambda: self._join(undo))

    def _join(self, undo: Undo) -> Undone:
        given = undo.arguments
        self._context.helper.remove(str(given["helper"]))
        label = given["label"]

        def without_mark(pod: Json) -> Mapping[str, Any] | None:
            has = (pod["metadata"].get("labels") or {}).get(ISOLATED) == label
            return {"metadata": {"labels": {ISOLATED: None}}} if has else None

        # First the label: the policy carries the undo until the last.
        if self._context.same_pod(undo) is not None:
            self._context.api.change(self._pod(undo), without_mark)
        there = self._context.api.delete(f"{self._policies}/{given['policy']}")
        was = "was removed" if there else "had been removed already"
        return Undone(ok=True, found=f"the policy {was}")


def policy_of(undo: Undo) -> Mapping[str, Any]:
    """Return the policy: no rules, so nothing passes; the undo is on it."""
    given = undo.arguments
    run = str(given["mark"]).rpartition(".")[0]
    return {
        "apiVersion": POLICIES,
        "kind": "NetworkPolicy",
        "metadata": {
            "name": given["policy"],
            "labels": {
                **OURS,
                f"{LABEL}run": label_value(run),
                f"{LABEL}do": "isolate",
            },
            "annotations": {
                f"{LABEL}run": run,
                f"{LABEL}undo": json.dumps(undo_as_data(undo)),
            },
        },
        "spec": {
            "podSelector": {"matchLabels": {ISOLATED: given["label"]}},
            "policyTypes": _DIRECTIONS[str(given["direction"])],
        },
    }


def judged(said: Mapping[str, Any]) -> Proof:
    """Return what two knocks prove."""
    before, now, port = said["before"], said["now"], said["port"]
    evidence = {"before": before, "now": now, "port": port}
    if before == _SILENT:
        because = f"the pod did not answer on port {port} before the fault either"
    elif now == before:
        because = NOT_ENFORCED
    else:
        because = f"port {port} of the pod was {before}; now it is {now}"
    bites = before not in (_SILENT, now)
    return Proof(bites=bites, because=because, evidence=evidence)


def _port(pod: Mapping[str, Any], container: str) -> int:
    """Return a TCP port of the main container, as its spec names it."""
    spec = next(c for c in pod["spec"]["containers"] if c["name"] == container)
    for port in spec.get("ports") or ():
        if port.get("protocol", "TCP") == "TCP":
            return int(port["containerPort"])
    return _ANY_PORT
