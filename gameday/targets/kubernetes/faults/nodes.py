"""Faults of the nodes that run the victims: cordon, drain, taint.

A node may carry several of our marks: each knows whether the node took pods before
the first of them, and only the last to go gives it back.

chaosk8s can cordon, too, and is not called: it patches without a version, so its patch
may come after the undo of an engine that died, and nothing would tell that the cordon
is ours. Mark and change are one patch here, of the version that was read.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.faults.eviction import evict, is_leaving
from gameday.targets.kubernetes.faults.node_blast_radius import NodeBlastRadius
from gameday.targets.kubernetes.faults.workload_pods import all_back, undo_arguments
from gameday.targets.kubernetes.ownership.fencing import fence
from gameday.targets.kubernetes.ownership.marks import (
    NODES,
    UNDO,
    erased,
    is_noted,
    key_of,
    noted,
)
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why

KEY, EFFECT = "gameday.dev/taint", "NoSchedule"
PATIENCE = 60.0  # seconds for which a drain asks a disruption budget again
_GONE = 15.0
_ALREADY = "had been undone already"

HOW: Mapping[str, str] = {
    "kubernetes.cordon": "the victim's node becomes unschedulable; pods that are there "
    "stay",
    "kubernetes.drain": "the victim's node becomes unschedulable and the service's "
    "pods are evicted from it, as disruption budgets allow; nothing else is",
    "kubernetes.taint": "the victim's node gets the taint; it is taken away again",
}


class Nodes:
    """cordon, drain and taint."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context
        self._chosen = NodeBlastRadius(context)

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        del kind
        return ""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        return HOW[request.kind]

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Look at the victim and its node."""
        self._context.pod_of(victim)
        node = self._context.api.get(f"{NODES}/{victim.labels['node']}")
        self._chosen.add(request, victim)
        more: dict[str, Any] = {"was": former_state(node)}
        taint = request.kind == "kubernetes.taint"
        if taint:
            given = request.arguments
            more = {"key": given.get("key") or KEY}
            more["effect"] = given.get("effect") or EFFECT
            if _tainted(node, more):
                raise FaultFailed(
                    f"{_name(node)} has the taint {_taint_text(more)} already"
                )
        elif request.kind == "kubernetes.cordon" and more["was"] == "cordoned":
            raise FaultFailed(
                f"{_name(node)} was made unschedulable by another already"
            )
        # A node is everybody's: whose mark it is, only its namespace can tell.
        more["namespace"] = self._context.namespace
        return Undo(
            target="",
            verb="untaint" if taint else "uncordon",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={**undo_arguments(victim, mark), **more},
        )

    # Injecting --------------------------------------------------------------------

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Mark the node with the fault; then evict the victim where that is asked."""
        try:
            if request.kind == "kubernetes.taint":
                if undo.arguments["effect"] == "NoExecute":
                    self._chosen.check_all(undo)
                self._taint(undo)
            else:
                if request.kind == "kubernetes.drain":
                    self._chosen.check_service()
                self._cordon(request.kind, undo)
                if request.kind == "kubernetes.drain":
                    lasts = request.duration or PATIENCE
                    evict(self._context, undo, min(PATIENCE, lasts))
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def _cordon(self, kind: str, undo: Undo) -> None:
        def cordoned(node: Json) -> Mapping[str, Any]:
            was, now = undo.arguments["was"], former_state(node)
            if now != was:
                raise FaultFailed(f"{_name(node)} was {was} before and is {now} now")
            notes = dict(noted(undo, kind))
            return {"metadata": {"annotations": notes}, "spec": {"unschedulable": True}}

        self._context.api.change(_path(undo), cordoned)

    def _taint(self, undo: Undo) -> None:
        given = undo.arguments

        def tainted(node: Json) -> Mapping[str, Any]:
            taints = list(node["spec"].get("taints") or ())
            if not _tainted(node, given):
                taints.append({"key": given["key"], "effect": given["effect"]})
            notes = dict(noted(undo, "kubernetes.taint"))
            return {"metadata": {"annotations": notes}, "spec": {"taints": taints}}

        self._context.api.change(_path(undo), tainted)

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look at the node's spec, and at the victim where it has to go."""
        node = self._context.api.get(_path(undo))
        given = undo.arguments
        if undo.verb == "untaint":
            there = _tainted(node, given)
            said = f"{_name(node)} {'has' if there else 'lacks'} {_taint_text(given)}"
        else:
            there = bool(node["spec"].get("unschedulable"))
            said = f"{_name(node)} is {'' if there else 'not '}unschedulable"
            if given["was"] == "cordoned":
                said += ", and was before"
        drained = request.kind == "kubernetes.drain"
        if drained or (there and given.get("effect") == "NoExecute"):
            gone = is_leaving(self._context, undo, _GONE)
            there = bool(gone)
            said += f"; {gone or 'the pod is still there'}"
        evidence = {"node": given["node"], "pod": given["pod"]}
        return Proof(bites=there, because=said, evidence=evidence)

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Give the node back unless another mark holds it, and confirm."""
        node = str(undo.arguments["node"])
        words = ["uncordon", node]
        if undo.verb == "untaint":
            words = ["taint", "node", node, f"{_taint_text(undo.arguments)}-"]
        by_hand = self._context.kubectl(*words, node=True)
        return undone_or_why(by_hand, lambda: self._give_back(undo))

    def _give_back(self, undo: Undo) -> Undone:
        outcomes: list[str] = []
        if self._context.api.find(_path(undo)) is None:
            return Undone(ok=True, found=f"{undo.arguments['node']}: the node is gone")

        def without(node: Json) -> Mapping[str, Any] | None:
            if not is_noted(node, undo):
                outcomes.append(_ALREADY)
                return None
            back = released(node, undo)
            held = "; another fault still holds the node"
            outcomes.append("is undone" + ("" if "spec" in back else held))
            notes = {"annotations": dict(erased(undo))}
            return {**back, "metadata": notes}

        node = self._context.api.change(_path(undo), without)
        if outcomes[-1] == _ALREADY:
            fence(self._context.api, _path(undo))
            node = self._context.api.change(_path(undo), without)  # it came in between
        said = f"{undo.arguments['node']}: {outcomes[-1]}"
        if list(_same_holds(node, undo)):
            return Undone(ok=True, found=said)
        return all_back(self._context, undo, said)


def released(node: Json, undo: Undo) -> Mapping[str, Any]:
    """Return the patch that gives a node back: nothing where another holds it."""
    given = undo.arguments
    if list(_same_holds(node, undo)):
        return {}
    if undo.verb == "untaint":
        left = [
            taint
            for taint in node["spec"].get("taints") or ()
            if not _is_taint(taint, given)
        ]
        return {"spec": {"taints": left or None}}
    return {"spec": {"unschedulable": None}} if given["was"] == "schedulable" else {}


def _same_holds(node: Mapping[str, Any], undo: Undo) -> Iterator[Mapping[str, Any]]:
    """Yield the arguments of other marks that hold the node in the same way."""
    notes = node["metadata"].get("annotations") or {}
    mine = key_of(str(undo.arguments["mark"]))
    for key, text in notes.items():
        if key.startswith(UNDO) and key != mine:
            other = json.loads(text)
            same = all(
                other["arguments"].get(word) == undo.arguments.get(word)
                for word in ("key", "effect")
            )
            if other["verb"] == undo.verb and same:
                yield other["arguments"]


def former_state(node: Mapping[str, Any]) -> str:
    """Return whether a node took pods before the first of our marks."""
    for key, text in (node["metadata"].get("annotations") or {}).items():
        saved = json.loads(text) if key.startswith(UNDO) else {}
        if saved.get("verb") == "uncordon":
            return str(saved["arguments"]["was"])
    return "cordoned" if node["spec"].get("unschedulable") else "schedulable"


def _tainted(node: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return any(_is_taint(taint, given) for taint in node["spec"].get("taints") or ())


def _is_taint(taint: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return (taint["key"], taint["effect"]) == (given["key"], given["effect"])


def _taint_text(given: Mapping[str, Any]) -> str:
    return f"{given['key']}:{given['effect']}"


def _name(node: Mapping[str, Any]) -> str:
    return str(node["metadata"]["name"])


def _path(undo: Undo) -> str:
    return f"{NODES}/{undo.arguments['node']}"
