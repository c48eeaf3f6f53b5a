"""A platform whose helpers are entries of a dictionary."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gameday.errors import FaultFailed
from gameday.model.faults.catalogue import HelperMethod
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.sidecar_faults.host import (
    Ended,
    Line,
    NetworkEnds,
    Scope,
    SidecarOrder,
    VictimPlace,
)

PROOF: Line = {"say": "proof", "bites": True, "because": "seen", "evidence": {}}


@dataclass
class FakeSidecars:
    """Starts helpers, remembers what they were told, and ends them as it is told."""

    platform: str = "fake"
    where: str = "a helper"
    far: tuple[Instance, ...] = ()
    fails: str = ""  # the container beside which no helper starts
    ended: Mapping[str, Ended] = field(default_factory=dict)  # by the helper's name
    says: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    swept: Mapping[str, Any] = field(default_factory=dict)
    gone_with: Undone | None = None
    replaced_by: str = ""
    running: dict[str, SidecarOrder] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    ran: list[SidecarOrder] = field(default_factory=list)

    def start(self, order: SidecarOrder) -> str:
        if order.place.container == self.fails:
            raise FaultFailed(f"no helper beside {self.fails}")
        name = f"{order.spec['do']}@{order.place.container}"
        self.running[name] = order
        self.ran.append(order)
        return name

    def signal(self, helper: str, name: str) -> Iterator[Line]:
        self.told.append((helper, name))
        yield {"say": "ready"}
        yield {"say": "applied", **self.swept}

    def lines(self, helper: str, seconds: float) -> Iterator[Line]:
        assert seconds > 0
        yield from self.says.get(helper, (PROOF,))

    def end(self, helper: str) -> Ended:
        return self.ended.get(helper, Ended(clean=True, at=7.0))

    def remove(self, helper: str) -> None:
        self.running.pop(helper, None)

    def refusal(self, ways: Sequence[HelperMethod]) -> str:
        return "" if ways else "no way"

    def chosen_method(
        self, name: str, ways: Sequence[HelperMethod]
    ) -> Mapping[str, Any]:
        return {"do": ways[0].work if len(ways) == 1 else name}

    def locate(self, victim: Instance) -> VictimPlace:
        return VictimPlace(container=victim.name, keep={"pod": f"pod-{victim.name}"})

    def locate_peer(self, peer: Instance) -> VictimPlace:
        return self.locate(peer)

    def check(self, victim: Instance, place: VictimPlace, scope: Scope) -> None:
        pass

    def check_limit(self, victim: Instance, place: VictimPlace) -> None:
        pass

    def network_ends(self, place: VictimPlace, peers: Sequence[str]) -> NetworkEnds:
        del place
        far = self.far if peers else ()
        return NetworkEnds(peers=tuple(peers), probes=("10.0.0.9",), far=far)

    def gone_victim(self, undo: Undo) -> Undone | None:
        del undo
        return self.gone_with

    def locate_again(self, undo: Undo, *, in_container: bool) -> VictimPlace | Undone:
        kind = "container" if in_container else "network"
        return VictimPlace(container=f"{kind} of {undo.instance}")

    def replaced(self, undo: Undo) -> str:
        del undo
        return self.replaced_by

    def undone(self, undo: Undo, act: Callable[[], Undone]) -> Undone:
        del undo
        return act()
