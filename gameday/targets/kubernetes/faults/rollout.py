"""Faults of a whole workload: another number of pods, a rollout that goes wrong.

What is changed is one field; what it was stands in the mark, taken down in the very
patch that changes it. A probe may hold a password, which so stays on the object that
it came from.

chaosk8s can scale, too, and is not called: it patches without a version, so its patch
may come after the undo of an engine that died, and nothing would tell that the number
is ours, nor what it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.faults.fields import (
    check,
    field_and_value,
    original_value,
    patch_of,
    read,
    read_pod,
    value_to_restore,
)
from gameday.targets.kubernetes.faults.workload_pods import (
    SHOWS,
    is_ready,
    is_rolled_out,
    pods_of,
    poll,
    undo_arguments,
    warnings,
    why_not_running,
)
from gameday.targets.kubernetes.inventory.workloads import Workload
from gameday.targets.kubernetes.ownership.fencing import fence
from gameday.targets.kubernetes.ownership.marks import erased, is_noted, noted
from gameday.targets.kubernetes.ownership.revision_annotations import remove_copies
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why

COMPLETE = 90.0  # seconds for a rollout to be taken back
_GONE = "the workload is gone"
HOW: Mapping[str, str] = {
    "kubernetes.scale": "the workload is told to want that many pods",
    "kubernetes.bad_image": "the workload's main container gets that image",
    "kubernetes.image_pull_failure": "the workload's main container gets an image of "
    "a registry that does not exist",
    "kubernetes.bad_readiness": "the workload's main container gets a readiness probe "
    "of a port on which nothing listens",
}
_ROLLED = "; undone by giving it back what it had, and waiting until that is rolled out"


class Rollout:
    """scale, bad_image, image_pull_failure and bad_readiness."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        del kind
        return ""

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        return HOW[request.kind] + _ROLLED

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Look at the workload: whether the fault would change anything."""
        self._context.pod_of(victim)
        workload = self._workload(victim.labels["workload"])
        field, value = field_and_value(request, mark)
        check(workload, field)
        more = {
            "field": field,
            "value": value,
            "ready": min(workload.ready, workload.wanted),
        }
        undo = Undo(
            target="",
            verb="restore_workload",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={**undo_arguments(victim, mark), **more},
        )
        if read(workload.raw, undo) == value:
            raise FaultFailed(f"{workload.kubectl_name} has {field} {value} already")
        return undo

    def _workload(self, words: str) -> Workload:
        workload = self._context.pods.workload(words)
        if workload is None:
            raise FaultFailed(f"{words or 'its workload'} is not there")
        return workload

    # Injecting --------------------------------------------------------------------

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the workload; a second victim finds it changed, and marks it too."""
        try:
            workload = self._workload(str(undo.arguments["workload"]))
            self._change(request.kind, workload, undo)
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def _change(self, kind: str, workload: Workload, undo: Undo) -> None:
        api, given = self._context.api, undo.arguments

        def changed(workload: Json) -> Mapping[str, Any]:
            kept = replace(
                undo, arguments={**given, "before": original_value(workload, undo)}
            )
            notes = {"metadata": {"annotations": dict(noted(kept, kind))}}
            return {**notes, **patch_of(workload, undo, given["value"])}

        api.change(workload.path, changed)

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look until a pod shows it."""
        given, last = undo.arguments, [""]

        def effect() -> str:
            pods = pods_of(self._context, str(given["workload"]))
            if given["field"] == "replicas":
                last[0] = f"{len(pods)} pods of {given['workload']} are there"
                return last[0] if len(pods) == given["value"] else ""
            new = [pod for pod in pods if read_pod(pod, undo) == given["value"]]
            for pod in new:
                why = self._why_not_ready(request.kind, pod)
                if why:
                    return f"the new pod {pod['metadata']['name']} is not ready: {why}"
            last[0] = "no pod of the new template was made"
            if new:
                last[0] = f"{len(new)} new pods, and nothing is wrong with them"
            return ""

        said = poll(self._context, SHOWS, effect)
        evidence = {"workload": given["workload"]}
        return Proof(bites=bool(said), because=said or last[0], evidence=evidence)

    def _why_not_ready(self, kind: str, pod: Json) -> str:
        if is_ready(pod):
            return ""
        if kind != "kubernetes.bad_readiness":
            return why_not_running(pod)
        told = warnings(self._context, pod, "Unhealthy")
        return next(
            (warning for warning in told if warning.startswith("Readiness")), ""
        )

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Give the workload back what it had, and wait until that is rolled out."""
        workload = str(undo.arguments["workload"])
        by_hand = self._context.kubectl("rollout", "undo", workload)
        if undo.arguments["field"] == "replicas":
            by_hand = self._context.kubectl("scale", workload, "--replicas=N")
        return undone_or_why(by_hand, lambda: self._restore(undo))

    def _restore(self, undo: Undo) -> Undone:
        words = str(undo.arguments["workload"])
        workload = self._context.pods.workload(words)
        if workload is None:
            return Undone(ok=True, found=_GONE)
        said: list[str] = []
        already = f"{words} had been given back already"

        def restored(workload: Json) -> Mapping[str, Any] | None:
            if not is_noted(workload, undo):
                said.append(already)
                return None
            notes = {"metadata": {"annotations": dict(erased(undo))}}
            ours, was = value_to_restore(workload, undo)
            if not ours:
                said.append(f"{words} was changed by somebody else; left as it is")
                return notes
            said.append(f"{words} has its {undo.arguments['field']} back")
            return {**notes, **patch_of(workload, undo, was)}

        api = self._context.api
        api.change(workload.path, restored)
        if said[-1] == already:
            fence(api, workload.path)
            api.change(workload.path, restored)  # it came in between
        return self._confirmed(undo, said[-1])

    def _confirmed(self, undo: Undo, said: str) -> Undone:
        words, ready = str(undo.arguments["workload"]), int(undo.arguments["ready"])

        def complete() -> str:
            now = self._context.pods.workload(words)
            if now is None:
                return _GONE
            rolled = is_rolled_out(self._context, now, undo, min(ready, now.wanted))
            return "and is rolled out" if rolled else ""

        done = poll(self._context, COMPLETE, complete)
        last = self._context.pods.workload(words)
        if last is None:
            return Undone(ok=True, found=f"{said}; {_GONE}")
        remove_copies(self._context.api, self._context.namespace, last)
        if done:
            return Undone(ok=True, found=f"{said}, {done}")
        by_hand = self._context.kubectl("rollout", "status", words)
        why = f"{said}, but that is not rolled out after {COMPLETE:g} s"
        return Undone(ok=False, found=why, by_hand=by_hand)
