"""Evictions: asked for through the API that disruption budgets watch over.

chaosk8s' drain polls every ten seconds and ends in an error at the first refusal by a
budget, so the eviction is ours: one call for each pod, and the refusal by its name.
"""

import re

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Gone, Json, TooMany, namespaced
from gameday.targets.kubernetes.faults.workload_pods import all_back, undo_arguments
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why

_BUDGET = re.compile(r"disruption budget (\S+)")
_ASKED_AGAIN = 1.0  # seconds


def evict(context: NamespaceContext, undo: Undo, patience: float = 0.0) -> None:
    """Evict the undo's pod; a refusal is FaultFailed after so many seconds.

    A pod that is gone already, or replaced, counts as evicted.
    """
    pod = str(undo.arguments["pod"])
    path = namespaced(context.namespace, "pods", pod, "eviction")
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": context.namespace},
        "deleteOptions": {"preconditions": {"uid": undo.identity["id"]}},
    }
    clock = context.api.clock
    end = clock.monotonic() + patience
    while True:
        try:
            context.api.create(path, body)
        except Gone:
            return
        except TooMany as wrong:
            if clock.monotonic() >= end:
                raise FaultFailed(refused(wrong)) from wrong
            clock.sleep(_ASKED_AGAIN)
        else:
            return


def refused(wrong: TooMany) -> str:
    """Return a refusal in words, with the name of the budget."""
    causes = (wrong.said.get("details") or {}).get("causes") or ()
    words = " ".join(str(cause.get("message", "")) for cause in causes) or str(wrong)
    named = _BUDGET.search(words)
    who = f"PodDisruptionBudget {named[1]}" if named else "the API (too many requests)"
    return f"refused by {who}: {words}"


def is_leaving(context: NamespaceContext, undo: Undo, seconds: float) -> str:
    """Wait until the undo's pod is gone or being ended; say which, empty: neither."""
    seen: list[str] = []

    def is_leaving_now(pod: Json | None) -> bool:
        if pod is None or pod["metadata"]["uid"] != undo.identity["id"]:
            seen.append("the pod is gone")
        elif pod["metadata"].get("deletionTimestamp"):
            seen.append("the pod is being ended")
        return bool(seen)

    context.pods.until(str(undo.arguments["pod"]), is_leaving_now, seconds)
    return seen[-1] if seen else ""


class Evict:
    """kubernetes.evict: one pod, asked for politely."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        del kind
        return ""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        del request
        return (
            "the pod is evicted through the API, which a PodDisruptionBudget may "
            "refuse; its workload makes another"
        )

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Look at the victim."""
        del request
        self._context.pod_of(victim)
        return Undo(
            target="",
            verb="wait_back",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments=undo_arguments(victim, mark),
        )

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Evict it."""
        try:
            evict(self._context, undo)
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def verify(self, _request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look until the pod is on its way out."""
        said = is_leaving(self._context, undo, 15.0)
        because = said or "the pod is still there"
        evidence = {"pod": undo.arguments["pod"]}
        return Proof(bites=bool(said), because=because, evidence=evidence)

    def undo(self, undo: Undo) -> Undone:
        """Wait until the workload has all its pods again."""
        by_hand = self._context.kubectl("describe", str(undo.arguments["workload"]))
        return undone_or_why(by_hand, lambda: all_back(self._context, undo, "is back"))
