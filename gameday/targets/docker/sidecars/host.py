"""Helper containers for the faults that helpers hold: where they go, how they end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.catalogue import HelperMethod
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.docker.engine import (
    REPLACED,
    DockerEngine,
    Gone,
    command,
    same_container,
    undone_or_why,
)
from gameday.targets.docker.sidecars.helper import Helper, Sidecar
from gameday.targets.docker.sidecars.kernel_features import KernelFeatures
from gameday.targets.docker.sidecars.peers import ends_of
from gameday.targets.sidecar_faults.host import (
    Ended,
    Line,
    NetworkEnds,
    Scope,
    SidecarOrder,
    VictimPlace,
)

_CGROUPS, _THERE = "/sys/fs/cgroup", "/host/cgroup"
_APPLIED = 15.0  # seconds that a helper has from the word to its fault


class DockerSidecars:
    """The `SidecarHost` of one engine."""

    platform = "docker"
    where = "a helper container beside the victim"

    def __init__(
        self,
        engine: DockerEngine,
        helper: Helper,
        instances: Callable[[], list[Instance]],
    ) -> None:
        self._engine = engine
        self._helper = helper
        self._instances = instances
        self._ways = KernelFeatures(engine, helper)

    # Helpers ----------------------------------------------------------------------

    def start(self, order: SidecarOrder) -> str:
        """Start a helper that shares what its work is about; return its id."""
        container, spec, mark = order.place.container, dict(order.spec), order.mark
        if order.scope is Scope.NETWORK:
            return self._helper.start(Sidecar(spec=spec, mark=mark, beside=container))
        spec["container"] = container
        if order.scope is Scope.CGROUP:
            spec["cgroups"] = _THERE
        return self._helper.start(
            Sidecar(
                spec=spec,
                mark=mark,
                beside=container,
                host_processes=True,
                rights=("KILL",) if order.scope is Scope.PROCESSES else (),
                mounts={_CGROUPS: _THERE} if order.scope is Scope.CGROUP else {},
            )
        )

    def signal(self, helper: str, name: str) -> Iterator[Line]:
        """Tell it a signal, then yield what it says."""
        self._helper.signal(helper, name)
        yield from self._helper.follow_lines(helper, _APPLIED)

    def lines(self, helper: str, seconds: float) -> Iterator[Line]:
        """Yield what it says from its beginning on."""
        return self._helper.follow_lines(helper, seconds)

    def end(self, helper: str) -> Ended:
        """Tell a helper to end; remove it where it does not."""
        over = not self._helper.runs(helper)
        code = self._helper.end(helper)
        if code is None:
            self._engine.remove(helper)  # gone, or deaf
        words = self._stored_result(helper)
        began, at = (words.get(word, {}).get("at") for word in ("applied", "removed"))
        return Ended(
            clean=code == 0,
            at=at,
            lost=str(words.get("lost", {}).get("because", "")),
            held=at - began if at is not None and began is not None else None,
            over=over,
        )

    def _stored_result(self, helper: str) -> Mapping[str, Mapping[str, Any]]:
        try:
            return {line["say"]: line for line in self._helper.lines(helper)}
        except Gone:
            return {}

    def remove(self, helper: str) -> None:
        """Remove its container."""
        self._engine.remove(helper)

    # Kernels ----------------------------------------------------------------------

    def refusal(self, ways: Sequence[HelperMethod]) -> str:
        """Return why this engine's kernel cannot; a helper has a look, once."""
        if not all(way.needs for way in ways) or self._helper.missing:
            # Building the image takes longer than a plan may; `prepare` will see.
            return ""
        try:
            return self._ways.refusal(ways)
        except FaultFailed as wrong:
            return f"the helper container does not work on this engine: {wrong}"

    def chosen_method(
        self, name: str, ways: Sequence[HelperMethod]
    ) -> Mapping[str, Any]:
        """Return the first method that the kernel has: a helper cannot try them."""
        del name
        if len(ways) == 1:
            return {"do": ways[0].work}
        self._helper.make_ready()
        return {"do": self._ways.first(ways).work}

    # Victims ----------------------------------------------------------------------

    def locate(self, victim: Instance) -> VictimPlace:
        """Return the victim's container as it is now."""
        details = self._engine.inspect(victim.identity["id"])
        if not details["State"]["Running"]:
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        return VictimPlace(container=details["Id"], seen=details)

    def locate_peer(self, peer: Instance) -> VictimPlace:
        """Return where a peer is; `network_ends` names none as far here."""
        return VictimPlace(container=peer.identity["id"])

    def check(self, victim: Instance, place: VictimPlace, scope: Scope) -> None:
        """Refuse a network that others share."""
        mode = str(place.seen["HostConfig"]["NetworkMode"])
        shared = mode == "host" or mode.startswith("container:")
        if scope is Scope.NETWORK and shared:
            raise CannotFault(
                f"{victim.name} shares a network ({mode}); others would be hit with it"
            )

    def check_limit(self, victim: Instance, place: VictimPlace) -> None:
        """Refuse a container whose memory is the machine's."""
        if not place.seen["HostConfig"]["Memory"]:
            raise CannotFault(
                f"{victim.name} has no memory limit; filling it would fill the machine"
            )

    def network_ends(self, place: VictimPlace, peers: Sequence[str]) -> NetworkEnds:
        """Return the addresses on the networks that victim and peers share."""
        return ends_of(place.seen, peers, self._instances())

    def gone_victim(self, undo: Undo) -> Undone | None:
        """Return that the undo's own container is gone or down."""
        container = same_container(self._engine, undo)
        return (
            None
            if container is not None and container["State"]["Running"]
            else REPLACED
        )

    def locate_again(self, undo: Undo, *, in_container: bool) -> VictimPlace | Undone:
        """Return the undo's own container: its network and its processes are there."""
        del in_container
        return VictimPlace(container=undo.identity["id"])

    def replaced(self, undo: Undo) -> str:
        """Return that the victim is gone, or has another namespace now."""
        container = same_container(self._engine, undo)
        if container is None:
            return REPLACED.early
        started = undo.identity.get("started_at", "")
        if started in ("", container["State"]["StartedAt"]):
            return ""
        return "its container was started anew before it was undone"

    def undone(self, undo: Undo, act: Callable[[], Undone]) -> Undone:
        """Do an undo; what goes wrong becomes a sentence with a way out."""
        helper = str(undo.arguments["helper"])
        end = command(self._engine, "kill", "--signal", "TERM", helper[:12])
        anew = command(self._engine, "restart", undo.identity["id"][:12])
        by_hand = f"{end}, or where that helper is gone: {anew} (a new network)"
        return undone_or_why(by_hand, act)

    # Without a fault --------------------------------------------------------------

    def sweep_rules(self, container: str) -> int:
        """Remove our rules of any mark from a container; return how many there were."""
        spec = {"do": "sweep", "duration": 1.0, "every": True}
        sidecar = Sidecar(spec=spec, mark="gameday.sweep", beside=container)
        return int(self._helper.run(sidecar)["found"])
