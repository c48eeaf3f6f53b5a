"""Faults in the victim's own network."""

from collections.abc import Mapping
from typing import Any

from gameday.model.faults.fault import FaultRequest
from gameday.model.quantity import show_bit_rate, show_duration, show_share
from gameday.targets.sidecar_faults.definition import (
    PROVEN,
    SidecarFault,
    peers_in_words,
)
from gameday.targets.sidecar_faults.host import Scope

_TRIPS = 9  # round trips that the proof of a delay may wait for
_MEASURED = 400e3  # bits that the proof of a very low rate may wait for


def _partition(request: FaultRequest) -> str:
    return (
        f"drops every packet to and from {peers_in_words(request)} "
        "(addresses as they are at the start)"
    )


def _loss(request: FaultRequest) -> str:
    return (
        f"drops {show_share(request.arguments['packets'])} of the packets that come "
        f"from {peers_in_words(request)}, each by chance"
    )


def _delay(request: FaultRequest) -> str:
    by = show_duration(request.arguments["by"])
    return (
        f"holds every packet of one direction back (peers: {peers_in_words(request)}), "
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
    return PROVEN + _TRIPS * slow


def _rate(request: FaultRequest) -> str:
    return (
        f"lets no more than {show_bit_rate(request.arguments['to'])} through to "
        f"{peers_in_words(request)}, and as much from there, on each of its networks; "
        "tc where the kernel has it, else two queues, which let everything pass when "
        "their holder dies"
    )


def _rate_patience(request: FaultRequest) -> float:
    slow: float = request.arguments["to"]
    return 2 * PROVEN + _MEASURED / slow


NETWORK: Mapping[str, SidecarFault] = {
    "network.partition": SidecarFault(
        scope=Scope.NETWORK, does=_partition, at_far_ends=True
    ),
    "network.delay": SidecarFault(
        scope=Scope.NETWORK, does=_delay, order=_delay_order, patience=_delay_patience
    ),
    "network.loss": SidecarFault(scope=Scope.NETWORK, does=_loss),
    "network.rate": SidecarFault(
        scope=Scope.NETWORK, does=_rate, patience=_rate_patience
    ),
}
