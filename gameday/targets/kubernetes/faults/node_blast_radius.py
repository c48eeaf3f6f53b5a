"""Refuses a fault of a node that would reach pods which were not chosen."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.faults.fault import FaultRequest, Undo
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Forbidden, Json
from gameday.targets.kubernetes.sidecars.context import NamespaceContext

_MIRROR = "kubernetes.io/config.mirror"  # a static pod: no taint ends it
_TOLD = 5  # names that a sentence holds


class NodeBlastRadius:
    """The victims of one request, gathered while each of them is prepared.

    All of them are prepared before the first is hit, so that at the first hit all
    are known.
    """

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context
        self._adding = threading.Lock()
        self._request: FaultRequest | None = None
        self._victims: dict[str, Instance] = {}

    def add(self, request: FaultRequest, victim: Instance) -> None:
        """Note a victim; another request begins anew."""
        with self._adding:
            if self._request is not request:
                self._request, self._victims = request, {}
            self._victims[victim.identity["id"]] = victim

    def check_service(self) -> None:
        """Refuse where the victims' nodes run more of their services' pods."""
        victims = list(self._victims.values())
        nodes = {victim.labels["node"] for victim in victims}
        services = {victim.labels["workload"] for victim in victims}
        others = [
            instance.name
            for instance in self._context.pods.instances()
            if instance.labels["node"] in nodes
            and instance.labels["workload"] in services
            and instance.state not in ("stopping", "stopped")
            and instance.identity["id"] not in self._victims
        ]
        if others:
            raise FaultFailed(
                f"{', '.join(sorted(nodes))} runs {len(others)} more of the service's "
                f"pods than were chosen ({_listed(others)}): choose them too, so that "
                "the blast radius counts them"
            )

    def check_all(self, undo: Undo) -> None:
        """Refuse where a taint would end any pod of the node that is no victim."""
        node = str(undo.arguments["node"])
        try:
            there = self._context.api.items(
                "/api/v1/pods", fieldSelector=f"spec.nodeName={node}"
            )
        except Forbidden as wrong:
            raise FaultFailed(
                f"NoExecute ends pods of every namespace on {node}, and which ones "
                f"this account may not see: {wrong}"
            ) from wrong
        taint = {"key": undo.arguments["key"], "effect": "NoExecute"}
        others = [
            f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            for pod in there
            if pod["metadata"]["uid"] not in self._victims
            and is_evicted_by_taint(pod, taint)
        ]
        if others:
            raise FaultFailed(
                f"NoExecute would end {len(others)} pods on {node} that were not "
                f"chosen: {_listed(others)}"
            )


def is_evicted_by_taint(pod: Json, taint: Mapping[str, str]) -> bool:
    """Return whether a NoExecute taint ends a pod (sooner or later)."""
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    if over or _MIRROR in (pod["metadata"].get("annotations") or {}):
        return False
    return not any(
        _tolerates(toleration, taint)
        for toleration in pod["spec"].get("tolerations") or ()
    )


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, str]) -> bool:
    key, exists = toleration.get("key"), toleration.get("operator") == "Exists"
    same = key == taint["key"] and (exists or not toleration.get("value"))
    anything = exists and not key
    effect = toleration.get("effect") in (None, "", taint["effect"])
    for_ever = "tolerationSeconds" not in toleration
    return (same or anything) and effect and for_ever


def _listed(names: Iterable[str]) -> str:
    parts = sorted(names)
    more = len(parts) - _TOLD
    return ", ".join(parts[:_TOLD]) + (f" and {more} more" if more > 0 else "")
