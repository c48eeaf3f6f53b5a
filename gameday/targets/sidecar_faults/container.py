"""Faults in the victim's container: what it may use, and whether it runs.

A helper's processes move into the container's own cgroup, so that its limits and its
metrics feel them as its own.
"""

from collections.abc import Mapping

from gameday.model.faults.fault import FaultRequest
from gameday.model.quantity import show_share
from gameday.targets.sidecar_faults.definition import SidecarFault
from gameday.targets.sidecar_faults.host import Scope

_FILLED = 70.0  # seconds: memory is filled at a pace, for a minute at most


def _cpu(request: FaultRequest) -> str:
    return (
        f"burns {show_share(request.arguments['load'])} of the CPU time that the "
        "container may use (its limit, or all CPUs), by processes in its cgroup, which "
        "end with the helper"
    )


def _memory(request: FaultRequest) -> str:
    return (
        "takes memory inside the container's cgroup until "
        f"{show_share(request.arguments['fill'])} of its limit are in use, by a "
        "process that is the first that the kernel kills when memory runs out, and "
        "that ends with the helper"
    )


def _pause(_request: FaultRequest) -> str:
    return "stops every process of the container (SIGSTOP)"


CONTAINER: Mapping[str, SidecarFault] = {
    "resource.cpu": SidecarFault(scope=Scope.CGROUP, does=_cpu),
    "resource.memory": SidecarFault(
        scope=Scope.CGROUP,
        does=_memory,
        patience=lambda _request: _FILLED,
        needs_limit=True,
    ),
    "process.pause": SidecarFault(scope=Scope.PROCESSES, does=_pause),
}
