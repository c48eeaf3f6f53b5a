"""The faults that a helper holds, each defined once, beside its entry in the catalogue.

Processes that a CPU or memory fault starts move into the container's own cgroup, so
that its limits and its metrics feel them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gameday.frozen import frozen
from gameday.model.faults.fault import FaultRequest
from gameday.model.quantity import show_bit_rate, show_duration, show_share
from gameday.targets.sidecar_faults.host import Scope

_PROVEN = 15.0  # seconds beyond what a measurement itself takes
_TRIPS = 9  # round trips that the proof of a delay may wait for
_MEASURED = 400e3  # bits that the proof of a very low rate may wait for
_FILLED = 70.0  # seconds: memory is filled at a pace, for a minute at most


def _proven(_request: FaultRequest) -> float:
    return _PROVEN


def _own_arguments(request: FaultRequest) -> Mapping[str, Any]:
    return request.arguments


@frozen
class SidecarFault:
    """One fault, the same on every platform.

    `does`: what the helper does, as a clause. `order`: the fault's own part of its
    order. `patience`: seconds that it has for its proof.
    """

    scope: Scope
    does: Callable[[FaultRequest], str]
    order: Callable[[FaultRequest], Mapping[str, Any]] = _own_arguments
    patience: Callable[[FaultRequest], float] = _proven
    at_far_ends: bool = False  # also held at peers that the victim cannot tell
    needs_limit: bool = False  # never without a limit of the victim's memory


def _peers_text(request: FaultRequest) -> str:
    """Return a request's peers for a sentence."""
    return ", ".join(request.arguments.get("peers") or ()) or "everybody"


def _partition_text(request: FaultRequest) -> str:
    return (
        f"drops every packet to and from {_peers_text(request)} "
        "(addresses as they are at the start)"
    )


def _loss_text(request: FaultRequest) -> str:
    return (
        f"drops {show_share(request.arguments['packets'])} of the packets that come "
        f"from {_peers_text(request)}, each by chance"
    )


def _delay_text(request: FaultRequest) -> str:
    by = show_duration(request.arguments["by"])
    return (
        f"holds every packet of one direction back (peers: {_peers_text(request)}), "
        f"so that each round trip takes {by} more; netem where the kernel has it, else "
        "a queue, which lets everything pass when its holder dies"
    )


def _delay_order(request: FaultRequest) -> Mapping[str, Any]:
    return {
        "by": request.arguments["by"],
        "jitter": request.arguments.get("jitter") or 0.0,
    }


def _delay_patience(request: FaultRequest) -> float:
    slow: float = sum(_delay_order(request).values())
    return _PROVEN + _TRIPS * slow


def _rate_text(request: FaultRequest) -> str:
    return (
        f"lets no more than {show_bit_rate(request.arguments['to'])} through to "
        f"{_peers_text(request)}, and as much from there, on each of its networks; "
        "tc where the kernel has it, else two queues, which let everything pass when "
        "their holder dies"
    )


def _rate_patience(request: FaultRequest) -> float:
    slow: float = request.arguments["to"]
    return 2 * _PROVEN + _MEASURED / slow


def _cpu_text(request: FaultRequest) -> str:
    return (
        f"burns {show_share(request.arguments['load'])} of the CPU time that the "
        "container may use (its limit, or all CPUs), by processes in its cgroup, which "
        "end with the helper"
    )


def _memory_text(request: FaultRequest) -> str:
    return (
        "takes memory inside the container's cgroup until "
        f"{show_share(request.arguments['fill'])} of its limit are in use, by a "
        "process that is the first that the kernel kills when memory runs out, and "
        "that ends with the helper"
    )


def _pause_text(_request: FaultRequest) -> str:
    return "stops every process of the container (SIGSTOP)"


DEFINED: Mapping[str, SidecarFault] = {
    "network.partition": SidecarFault(
        scope=Scope.NETWORK, does=_partition_text, at_far_ends=True
    ),
    "network.delay": SidecarFault(
        scope=Scope.NETWORK,
        does=_delay_text,
        order=_delay_order,
        patience=_delay_patience,
    ),
    "network.loss": SidecarFault(scope=Scope.NETWORK, does=_loss_text),
    "network.rate": SidecarFault(
        scope=Scope.NETWORK, does=_rate_text, patience=_rate_patience
    ),
    "resource.cpu": SidecarFault(scope=Scope.CGROUP, does=_cpu_text),
    "resource.memory": SidecarFault(
        scope=Scope.CGROUP,
        does=_memory_text,
        patience=lambda _request: _FILLED,
        needs_limit=True,
    ),
    "process.pause": SidecarFault(scope=Scope.PROCESSES, does=_pause_text),
}
