"""Network faults: a helper in the victim's own network namespace holds each one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.quantity import show_duration, show_share
from gameday.model.target import Instance
from gameday.targets.docker.engine import Engine
from gameday.targets.docker.sidecars.held import LASTS, VERB, Held
from gameday.targets.docker.sidecars.helper import Helper, Sidecar
from gameday.targets.docker.sidecars.peers import ends_of
from gameday.targets.docker.sidecars.ways import Ways

_PROVEN = 12.0  # seconds beyond what the measurement itself takes
# What each fault is done with: the way that the kernel has to have, the helper's work;
# the first that there is.
_WAYS: Mapping[str, Sequence[tuple[str, str]]] = {
    "network.partition": (("drop", "partition"),),
    "network.delay": (("netem", "netem"), ("nfqueue", "nfqueue")),
    "network.loss": (("statistic", "loss"), ("nfqueue", "loss_by_queue")),
}


def _work(kind: str, ways: Mapping[str, str]) -> str:
    """Return the work that does this fault here; empty: the kernel has no way."""
    found = [work for way, work in _WAYS[kind] if not ways[way]]
    return found[0] if found else ""


class Network:
    """The network family on one engine."""

    def __init__(
        self,
        engine: Engine,
        helper: Helper,
        instances: Callable[[], list[Instance]],
    ) -> None:
        self._engine = engine
        self._helper = helper
        self._instances = instances
        self._ways = Ways(engine, helper)
        self._held = Held(engine, helper)

    def refusal(self, kind: str) -> str:
        """Return why this engine's kernel cannot; a helper has a look, once."""
        if kind not in _WAYS:
            return f"docker targets cannot do {kind} yet"
        if self._helper.missing:
            return ""  # building it takes longer than a plan may; `prepare` will see
        try:
            ways = self._ways.all()
        except FaultFailed as wrong:
            return f"the helper container does not work on this engine: {wrong}"
        if _work(kind, ways):
            return ""
        return " and ".join(f"no {way} ({ways[way]})" for way, _ in _WAYS[kind])

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence what is done."""
        peers = ", ".join(request.arguments.get("peers") or ()) or "everybody"
        if request.kind == "network.partition":
            return (
                "a helper in the container's network drops every packet to and from "
                f"{peers} (addresses as they are at the start)"
            )
        if request.kind == "network.loss":
            return (
                "a helper in the container's network drops "
                f"{show_share(request.arguments['packets'])} of the packets that come "
                f"from {peers}, each by chance"
            )
        by = show_duration(request.arguments["by"])
        return (
            f"a helper in the container's network holds every packet of one direction "
            f"back for {by} (peers: {peers}), so that each round trip takes {by} more; "
            "netem where the kernel has it, else NFQUEUE, which lets everything pass "
            "when its holder dies"
        )

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Start the helper beside the victim; it waits for the word."""
        found = self._engine.inspect(victim.identity["id"])
        if not found["State"]["Running"]:
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        mode = str(found["HostConfig"]["NetworkMode"])
        if mode == "host" or mode.startswith("container:"):
            raise CannotFault(
                f"{victim.name} shares a network ({mode}); others would be hit with it"
            )
        ends = ends_of(found, request.arguments.get("peers") or (), self._instances())
        spec = {
            "do": self._way(request),
            "peers": ends.peers,
            "probes": ends.probes,
            "duration": request.duration or LASTS,
            "by": request.arguments.get("by") or 0.0,
            "jitter": request.arguments.get("jitter") or 0.0,
            "packets": request.arguments.get("packets") or 0.0,
        }
        helper = self._helper.start(Sidecar(spec=spec, mark=mark, beside=found["Id"]))
        return Undo(
            target="",
            verb=VERB,
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={
                "helper": helper,
                "mark": mark,
                "way": spec["do"],
                "duration": spec["duration"],
            },
        )

    def _way(self, request: FaultRequest) -> str:
        if request.kind == "network.partition":
            return "partition"  # without a look: there is only one way
        self._helper.make_ready()
        works = _WAYS[request.kind]
        return _work(request.kind, self._ways.all()) or works[-1][1]

    def inject(self, _request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Give the helper the word."""
        self._held.inject(victim.name, undo)

    def bites(self, request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        """Return the proof that the helper took from inside the namespace."""
        slow = 0.0
        for name in ("by", "jitter"):
            slow += request.arguments.get(name) or 0.0
        return self._held.proof(undo, _PROVEN + 9 * slow)

    def undo(self, undo: Undo) -> Undone:
        """End the helper; where it did not clean up itself, sweep after it."""

        def swept(container: str, mark: str) -> tuple[int, str]:
            said = self._sweep(container, mark)
            return int(said["held"]), f"{said['found']} rules swept up"

        return self._held.undo(undo, swept)

    def sweep(self, container: str) -> int:
        """Remove our rules, of any mark; return how many there were."""
        return int(self._sweep(container)["found"])

    def _sweep(self, container: str, mark: str = "") -> Mapping[str, Any]:
        """Remove the rules of a mark, by default of any; return the helper's answer."""
        spec = {"do": "sweep", "duration": 1.0, "every": not mark}
        sidecar = Sidecar(spec=spec, mark=mark or "gameday.sweep", beside=container)
        return self._helper.run(sidecar)
