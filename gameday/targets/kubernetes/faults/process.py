"""Processes of pods: kill, restart, and stop by scaling down around the victim."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.faults.selection import number_wanted
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Json
from gameday.targets.kubernetes.faults.scale_down import ScaleDown
from gameday.targets.kubernetes.inventory.pod_status import container_id, status_of
from gameday.targets.kubernetes.ownership.desired_replicas import STOPPED
from gameday.targets.kubernetes.sidecars.context import NamespaceContext, undone_or_why
from gameday.targets.kubernetes.sidecars.helper_pod import (
    ON_ITS_PROCESSES,
    HelperPodSpec,
)

_SOON = 15.0  # seconds within which what was asked must have become true
# Seconds for a pod to be made, placed and started; after the API was away for half a
# minute the controllers have taken 50 s to begin.
_COMES_BACK = 90.0

HOW: Mapping[str, str] = {
    "process.stop": "the workload is scaled down by one, and the victim made the one "
    "to go (its pod-deletion-cost; a StatefulSet gives up its highest ordinal); undone "
    "by scaling up by one, unless somebody else has set the number meanwhile",
    "process.kill": "a helper pod on the victim's node sends the signal to the "
    "container's main process from the node's side; the kubelet starts it again",
    "process.restart": "the pod is deleted, with a second to end in; its workload "
    "makes another",
}
_VERBS = {
    "process.stop": STOPPED,
    "process.kill": "wait_back",
    "process.restart": "wait_back",
}


class Process:
    """kill, stop and restart in one namespace."""

    def __init__(self, context: NamespaceContext) -> None:
        self._context = context
        self._scale_down = ScaleDown(context)
        self._undo_by: Mapping[str, Callable[[Undo], Undone]] = {
            STOPPED: self._scale_back,
            "wait_back": self._wait_until_back,
        }

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        return "" if kind in HOW else f"kubernetes targets cannot do {kind} yet"

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        return HOW[request.kind]

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Look at the victim; for a kill have the helper wait for the word."""
        pod = self._context.pod_of(victim)
        undo = self._undo(request, victim, pod, mark)
        if request.kind == "process.stop":
            self._scale_down.check(victim)
        elif request.kind == "process.kill":
            order = HelperPodSpec(
                spec={
                    "do": "kill",
                    "container": victim.identity["container"],
                    "signal": str(request.arguments.get("signal") or "SIGKILL"),
                    "duration": 0.0,
                },
                mark=mark,
                node=victim.labels["node"],
                rights=ON_ITS_PROCESSES,
            )
            helper = self._context.helper.start(order)
            return _with(undo, helper=helper)
        return undo

    def _undo(
        self, request: FaultRequest, victim: Instance, pod: Json, mark: str
    ) -> Undo:
        return Undo(
            target="",
            verb=_VERBS[request.kind],
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={
                "pod": pod["metadata"]["name"],
                "service": victim.service,
                "container": victim.labels["container"],
                "workload": victim.labels["workload"],
                "mark": mark,
            },
        )

    # Injecting --------------------------------------------------------------------

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Scale down, send the signal, or delete the pod."""
        try:
            if request.kind == "process.stop":
                self._scale_down.scale_down(request.kind, undo)
            elif request.kind == "process.kill":
                self._send_signal(undo)
            else:
                self._delete(undo)
        except GamedayError as wrong:
            what = f"{victim.name}: {request.kind} did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def _send_signal(self, undo: Undo) -> None:
        helper = str(undo.arguments["helper"])
        try:
            self._context.helper.start_work(helper)
        finally:
            self._context.helper.remove(helper)

    def _delete(self, undo: Undo) -> None:
        sure = {"uid": undo.identity["id"]}
        body = {"gracePeriodSeconds": 1, "preconditions": sure}
        self._context.api.delete(self._pod_path(undo), body)

    def _pod_path(self, undo: Undo) -> str:
        space = self._context.namespace
        return f"/api/v1/namespaces/{space}/pods/{undo.arguments['pod']}"

    def verify(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Look until the pod shows it."""
        was = undo.identity["container"]
        seen: list[str] = []

        def is_faulted(pod: Json | None) -> bool:
            if pod is None or pod["metadata"]["uid"] != undo.identity["id"]:
                seen.append("the pod is gone")
                return True
            if pod["metadata"].get("deletionTimestamp"):
                seen.append("the pod is being ended")
                return True
            now = container_id(pod, str(undo.arguments["container"]))
            seen.append(f"its container was {was[:12]}, now {now[:12] or 'none'}")
            return request.kind == "process.kill" and (
                now != was or _has_container_ended(pod, undo)
            )

        ok = self._context.pods.until(str(undo.arguments["pod"]), is_faulted, _SOON)
        return Proof(
            bites=ok, because=seen[-1], evidence={"pod": undo.arguments["pod"]}
        )

    # Undoing ----------------------------------------------------------------------

    def undo(self, undo: Undo) -> Undone:
        """Bring the workload back to what it was, and confirm it."""
        workload = str(undo.arguments["workload"])
        by_hand = self._context.kubectl("describe", workload)
        if undo.verb == STOPPED:
            by_hand = self._context.kubectl("scale", workload, "--replicas=N")
        return undone_or_why(by_hand, lambda: self._undo_by[undo.verb](undo))

    def _scale_back(self, undo: Undo) -> Undone:
        found, comes = self._scale_down.scale_up(undo)
        return self._confirmed(undo, found) if comes else Undone(ok=True, found=found)

    def _wait_until_back(self, undo: Undo) -> Undone:
        helper = undo.arguments.get("helper")
        if helper:
            self._context.helper.remove(str(helper))
        pod = self._context.same_pod(undo)
        if pod is None or not _is_in_crash_loop(pod, undo):
            return self._confirmed(undo, "is back")
        # The kubelet waits, longer each time; another pod is not held back.
        self._delete(undo)
        return self._confirmed(undo, "was held back from starting; made anew")

    def _confirmed(self, undo: Undo, what: str) -> Undone:
        """Confirm that as many of the workload's pods run as it wants."""
        workload = self._context.pods.workload(str(undo.arguments["workload"]))
        if workload is None:
            return Undone(ok=True, found="the workload is gone")
        service = workload.service
        ok = self._context.pods.all_run(service, workload.wanted, _COMES_BACK)
        if ok:
            return Undone(ok=True, found=what)
        return Undone(
            ok=False,
            found=f"{what}, but fewer than {workload.wanted} pods of {service} run",
            by_hand=self._context.kubectl("get", "pods"),
        )


def _is_in_crash_loop(pod: Json, undo: Undo) -> bool:
    """Whether its container waits for longer than a start takes."""
    status = status_of(pod, str(undo.arguments["container"]))
    waiting = status.get("state", {}).get("waiting") or {}
    return waiting.get("reason") == "CrashLoopBackOff"


def fit(request: FaultRequest, instances: Sequence[Instance]) -> Sequence[Instance]:
    """Return the instances that scaling down can remove.

    A StatefulSet removes the instances with the highest ordinals.
    """
    ordered = any(
        instance.labels["workload"].startswith("statefulset/") for instance in instances
    )
    if request.kind != "process.stop" or not ordered or request.selection.instances:
        return instances
    number = number_wanted(request.selection, len(instances))
    return sorted(instances, key=_number)[-number:]


def _number(instance: Instance) -> int:
    return int(instance.name.rpartition("-")[2])


def _has_container_ended(pod: Json, undo: Undo) -> bool:
    for status in pod.get("status", {}).get("containerStatuses") or ():
        if status["name"] == undo.arguments["container"]:
            return "running" not in status.get("state", {})
    return False


def _with(undo: Undo, **more: Any) -> Undo:
    return replace(undo, arguments={**undo.arguments, **more})
