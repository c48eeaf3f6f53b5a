"""Resource faults: a helper's processes inside the victim's own cgroup hold each one.

So the container's limits and its metrics feel them as its own.
"""

from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.quantity import show_share
from gameday.model.target import Instance
from gameday.targets.docker.engine import Engine
from gameday.targets.docker.sidecars.held import LASTS, VERB, Held
from gameday.targets.docker.sidecars.helper import Helper, Sidecar

_CGROUPS, _THERE = "/sys/fs/cgroup", "/host/cgroup"
_WORKS = {"resource.cpu": "cpu", "resource.memory": "memory"}
_PROVEN = {"resource.cpu": 12.0, "resource.memory": 70.0}  # seconds at most


class Resource:
    """The resource family on one engine."""

    def __init__(self, engine: Engine, helper: Helper) -> None:
        self._engine = engine
        self._helper = helper
        self._held = Held(engine, helper)

    def refusal(self, kind: str) -> str:
        """Return why it cannot; what a container lacks is seen at its own `prepare`."""
        return "" if kind in _WORKS else f"docker targets cannot do {kind} yet"

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        if request.kind == "resource.cpu":
            return (
                f"a helper's processes burn {show_share(request.arguments['load'])} of "
                "the CPU time that the container may use (its limit, or all CPUs), "
                "inside its cgroup; they end with the helper"
            )
        return (
            "a helper's process takes memory inside the container's cgroup until "
            f"{show_share(request.arguments['fill'])} of its limit are in use; it is "
            "the first that the kernel kills when memory runs out, and ends with the "
            "helper"
        )

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Start the helper; it looks at the container's cgroup and waits."""
        found = self._engine.inspect(victim.identity["id"])
        if not found["State"]["Running"]:
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        if request.kind == "resource.memory" and not found["HostConfig"]["Memory"]:
            raise CannotFault(
                f"{victim.name} has no memory limit; filling it would fill the machine"
            )
        spec: dict[str, Any] = {
            "do": _WORKS[request.kind],
            "container": found["Id"],
            "cgroups": _THERE,
            "duration": request.duration or LASTS,
            **request.arguments,
        }
        sidecar = Sidecar(
            spec=spec,
            mark=mark,
            beside=found["Id"],
            host_processes=True,
            rights=(),
            mounts={_CGROUPS: _THERE},
        )
        return Undo(
            target="",
            verb=VERB,
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={
                "helper": self._helper.start(sidecar),
                "mark": mark,
                "way": spec["do"],
                "duration": spec["duration"],
            },
        )

    def inject(self, _request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Give the helper the word."""
        self._held.inject(victim.name, undo)

    def bites(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return the proof that the helper took by the cgroup's own figures."""
        return self._held.proof(undo, _PROVEN[request.kind])

    def undo(self, undo: Undo) -> Undone:
        """End the helper, and its processes with it."""
        return self._held.undo(
            undo, lambda _container, _mark: (0, "its processes died with it")
        )
