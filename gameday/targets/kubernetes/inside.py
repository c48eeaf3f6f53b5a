"""Faults that a helper pod holds: in the victim's network, on its processes, beside it.

The helper carries the deadline: it puts everything back when its time is over, when
it is told to, and when its pod is ended by whoever finds it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gameday.errors import CannotFault, FaultFailed, GamedayError
from gameday.model.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.quantity import show_duration, show_share
from gameday.model.target import Instance
from gameday.targets.kubernetes.api import Json
from gameday.targets.kubernetes.helper_pod import (
    IN_ITS_NETWORK,
    ON_ITS_PROCESSES,
    Order,
    pod_name,
)
from gameday.targets.kubernetes.peers import ends_of
from gameday.targets.kubernetes.place import REPLACED, Place, undone_or_why
from gameday.targets.kubernetes.seen import container_id, main_container

_DEFAULT = 600.0  # seconds: the longest it lasts where nothing else is said
_PROVEN = 15.0  # seconds beyond what the measurement itself takes
_FILLED = 70.0  # seconds: memory is filled at a pace, for a minute at most
_CGROUPS = "/host/cgroup"  # where a helper finds the node's
_MOUNTS = {_CGROUPS: "/sys/fs/cgroup"}

_WORKS = {
    "network.partition": "partition",
    "network.delay": "delay",
    "network.loss": "loss",
    "process.pause": "freeze",
    "resource.cpu": "cpu",
    "resource.memory": "memory",
}
_WAYS = {  # the first that the node's kernel can
    "network.delay": ("netem", "nfqueue"),
    "network.loss": ("loss", "loss_by_queue"),
}
_SWEEPS = {"partition": "sweep", "delay": "sweep", "loss": "sweep", "freeze": "thaw"}


class Inside:
    """Everything that a helper pod on the victim's node holds."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def refusal(self, kind: str) -> str:
        """Return why it cannot; empty when it can."""
        return "" if kind in _WORKS else f"kubernetes targets cannot do {kind} yet"

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        where = "a helper pod on the victim's node"
        given = request.arguments
        peers = ", ".join(given.get("peers") or ()) or "everybody"
        if request.kind == "network.partition":
            done = f"drops every packet between the pod and {peers}"
        elif request.kind == "network.delay":
            by = show_duration(given["by"])
            done = f"makes each round trip between the pod and {peers} {by} longer"
        elif request.kind == "network.loss":
            lost = show_share(given["packets"])
            done = f"drops {lost} of the packets that come from {peers}, by chance"
        elif request.kind == "process.pause":
            done = "stops every process of the container (SIGSTOP)"
        elif request.kind == "resource.cpu":
            done = f"burns {show_share(given['load'])} of the CPU the container may use"
        else:
            done = f"fills {show_share(given['fill'])} of the container's memory"
        return f"{where} {done}; it ends by itself when its time is over"

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Start the helper; it waits for the word."""
        pod = self._place.pod_of(victim)
        spec = self._spec(request, victim, pod)
        undo = Undo(
            target="",
            verb="end_helper",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={
                "pod": victim.labels["pod"],
                "node": victim.labels["node"],
                "mark": mark,
                "way": spec["do"],
            },
        )
        order = Order(
            spec=spec,
            mark=mark,
            node=victim.labels["node"],
            rights=_rights(str(spec["do"])),
            mounts=_MOUNTS if "cgroups" in spec else {},
        )
        return self._noted(order, undo)

    def _noted(self, order: Order, undo: Undo) -> Undo:
        """Start it with its own undo on it, its own name included."""
        undo = replace(undo, arguments={**undo.arguments, "helper": pod_name(order)})
        note = {
            "verb": undo.verb,
            "instance": undo.instance,
            "identity": dict(undo.identity),
            "arguments": dict(undo.arguments),
        }
        self._place.helper.start(replace(order, undo=note))
        return undo

    def _spec(
        self, request: FaultRequest, victim: Instance, pod: Json
    ) -> dict[str, Any]:
        given = request.arguments
        spec: dict[str, Any] = {
            "do": _WORKS[request.kind],
            "container": victim.identity["container"],
            "duration": request.duration or _DEFAULT,
            **{key: value for key, value in given.items() if key != "peers"},
        }
        if request.kind.startswith("network."):
            if pod["spec"].get("hostNetwork"):
                raise CannotFault(
                    f"{victim.name} shares the network of its node; others would be "
                    "hit with it"
                )
            ends = ends_of(self._place.api, self._place.pods, pod, given.get("peers"))
            spec |= {
                "enter": victim.identity["container"],
                "peers": ends.peers,
                "probes": ends.probes,
            }
            spec.setdefault("by", 0.0)
            spec["jitter"] = given.get("jitter") or 0.0
            if request.kind in _WAYS:
                spec["ways"] = _WAYS[request.kind]
        elif request.kind.startswith("resource."):
            spec["cgroups"] = _CGROUPS
        return spec

    def inject(self, _request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Give the helper the word."""
        try:
            self._place.helper.go(str(undo.arguments["helper"]))
        except GamedayError as wrong:
            what = f"{victim.name}: the fault did not work"
            raise FaultFailed(f"{what}: {wrong}") from wrong

    def bites(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return the proof that the helper took where the fault is."""
        slow = sum(request.arguments.get(name) or 0.0 for name in ("by", "jitter"))
        try:
            helper = str(undo.arguments["helper"])
            patience = _FILLED if request.kind == "resource.memory" else _PROVEN
            said = self._place.helper.said(helper, "proof", patience + 9 * slow)
        except GamedayError as wrong:
            return Proof(bites=False, because=f"not proven: {wrong}")
        evidence: dict[str, Any] = {**said["evidence"], "way": undo.arguments["way"]}
        return Proof(bites=said["bites"], because=said["because"], evidence=evidence)

    def undo(self, undo: Undo) -> Undone:
        """End the helper; where it did not clean up itself, sweep after it."""
        anew = self._place.kubectl("delete", "pod", str(undo.arguments["pod"]))
        return undone_or_why(
            f"{anew} (its workload makes another)", lambda: self._end(undo)
        )

    def _end(self, undo: Undo) -> Undone:
        name = str(undo.arguments["helper"])
        ended = self._place.helper.end(name)
        if ended.clean:
            self._place.helper.remove(name)
            words = "the helper put everything back"
            if ended.lost:
                words = f"{ended.lost}; {words}"
            return Undone(ok=True, found=words, at=ended.at)
        self._place.helper.remove(name)
        pod = self._place.same_pod(undo)
        if pod is None:
            return REPLACED
        sweep = _SWEEPS.get(str(undo.arguments["way"]))
        if sweep is None:
            return Undone(ok=True, found="the helper had died, and its load with it")
        said = self.sweep(pod, sweep, str(undo.arguments["mark"]))
        return Undone(ok=True, found=f"the helper had died; swept up ({said})")

    def sweep(self, pod: Json, work: str, mark: str) -> str:
        """Remove what a dead helper left in a pod; return how much there was."""
        container = container_id(pod, main_container(pod))
        spec = {
            "do": work,
            "container": container,
            "duration": 1.0,
            **({"enter": container} if work == "sweep" else {}),
        }
        node = pod["spec"]["nodeName"]
        order = Order(spec=spec, mark=mark, node=node, rights=_rights(work))
        return str(self._place.helper.run(order).get("found", 0))


def _rights(work: str) -> Sequence[str]:
    if work in ("freeze", "thaw"):
        return ON_ITS_PROCESSES
    return () if work in ("cpu", "memory") else IN_ITS_NETWORK
