"""What defines a fault that a helper holds, beside its entry in the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.model.faults.fault import FaultRequest
from gameday.targets.sidecar_faults.host import Scope

PROVEN = 15.0  # seconds beyond what a measurement itself takes


def _proven(_request: FaultRequest) -> float:
    return PROVEN


def _own_arguments(request: FaultRequest) -> Mapping[str, Any]:
    return request.arguments


@dataclass(frozen=True, slots=True, kw_only=True)
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


def peers_in_words(request: FaultRequest) -> str:
    """Return a request's peers for a sentence."""
    return ", ".join(request.arguments.get("peers") or ()) or "everybody"
