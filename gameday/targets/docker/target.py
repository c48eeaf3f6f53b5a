"""The port `Target` for a compose project on a Docker engine."""

from collections.abc import Collection
from dataclasses import replace

from gameday.model.faults.fault import (
    CATALOGUE,
    Driver,
    FaultRequest,
    Proof,
    Undo,
    Undone,
)
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance, TargetRef
from gameday.ports import Clock
from gameday.targets.docker.containers import Project
from gameday.targets.docker.endpoint import endpoint_of
from gameday.targets.docker.engine import Engine
from gameday.targets.docker.fingerprint import Fingerprints
from gameday.targets.docker.marks import Marks
from gameday.targets.docker.process import Process
from gameday.targets.docker.sidecars.helper import Helper
from gameday.targets.docker.sidecars.host import DockerSidecars
from gameday.targets.hand import Hand
from gameday.targets.marking import Holder, Left
from gameday.targets.sidecar_faults.driver import VERB, SidecarFaults

# The engine pauses by itself, so that no helper has to.
_BY_SIDECAR = [k for k, fault in CATALOGUE.items() if fault.driver is Driver.SIDECAR]


class DockerTarget:
    """A compose project; `url` names the engine itself (see `endpoint`)."""

    def __init__(self, ref: TargetRef, clock: Clock) -> None:
        endpoint = endpoint_of(ref)
        self.url = replace(ref, options=endpoint.options).url
        self.engine = Engine(endpoint, clock)
        self.helper = Helper(self.engine, ref.name)
        self._marks = Marks(self.engine, ref.name)
        self._project = Project(self.engine, ref.name)
        self._host = DockerSidecars(self.engine, self.helper, self._project.instances)
        self._sidecars = SidecarFaults(self._host, _BY_SIDECAR)
        self._process = Process(self.engine, self.helper, self._marks)
        look = self._project.inspected
        self._fingerprints = Fingerprints(self.engine, self.helper, look)

    def about(self) -> str:
        """Return which engine answers, and on which kernel."""
        api = self.engine.api
        with self.engine.speaking():
            told = api.version()
        return (
            f"{told.get('Version', '?')} answers at {self.engine.endpoint.host} "
            f"({told.get('Os', '?')} {told.get('KernelVersion', '?')})"
        )

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances (of a service), stopped ones too, by name."""
        return self._project.instances(service)

    def clock_offset(self) -> tuple[float, float]:
        """Return the engine's clock minus ours, and how far that may be off (s)."""
        return self.engine.clock_offset()

    def fingerprint(self, touched: Collection[str] = ()) -> Fingerprint:
        """Return what has to be the same again when every fault is undone."""
        return self._fingerprints.take(touched)

    def _hand(self, kind: str) -> Hand | None:
        if kind in self._sidecars.kinds:
            return self._sidecars
        return self._process if kind.startswith("process.") else None

    def _sure_hand(self, kind: str) -> Hand:
        hand = self._hand(kind)
        if hand is None:
            raise KeyError(kind)  # the faults room asks `refusal` first
        return hand

    def refusal(self, kind: str) -> str:
        """Return why this engine cannot do this fault; empty when it can."""
        hand = self._hand(kind)
        if hand is None:
            return f"docker targets cannot do {kind} yet"
        return hand.refusal(kind)

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this fault is done."""
        return self._sure_hand(request.kind).how(request)

    def holds_deadline(self, kind: str) -> bool:
        """Return whether the fault ends by itself inside the target."""
        return kind in self._sidecars.kinds

    def needs(self, kind: str) -> str:
        """Return what has to be made before this fault; empty: nothing."""
        if kind in self._sidecars.kinds and self.helper.missing:
            return "the helper's image is built on the engine first (10 to 60 s, once)"
        return ""

    def make_ready(self, kind: str) -> None:
        """Make what `needs` names, so that no run has to wait for it."""
        if self.needs(kind):
            self.helper.make_ready()

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo as data; nothing is changed that can be felt."""
        undo = self._sure_hand(request.kind).prepare(request, victim, mark)
        return replace(undo, target=self.url)

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target; FaultFailed when it did not work."""
        self._sure_hand(request.kind).inject(request, victim, undo)

    def bites(self, request: FaultRequest, victim: Instance, undo: Undo) -> Proof:
        """Return whether the fault is really there, as seen from outside of it."""
        return self._sure_hand(request.kind).bites(request, victim, undo)

    def sweep(self, run: str) -> int:
        """End and remove every helper of a run, also those that the ledger never had.

        Returns how many there were.
        """
        found = self.helper.of_run(run)
        for helper in found:
            self.helper.end(helper)
            self.helper.remove(helper)
        return len(found)

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""
        hand = self._sidecars if undo.verb == VERB else self._process
        return hand.undo(undo)

    # What is ours on the engine besides faults ------------------------------------

    def forget(self, undo: Undo) -> None:
        """Remove the mark of one fault that is undone."""
        if undo.verb != VERB:  # a helper was its own mark
            self._marks.forget(undo)

    def left(self) -> list[Left]:
        """Return all that carries a mark in this project."""
        return self._marks.left()

    def drop(self, left: Left) -> None:
        """Remove a mark or a helper that has nothing to undo."""
        self._marks.drop(left.place)

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Remove our rules wherever no helper holds them; return instance, number."""
        held = {one.undo.identity["id"] for one in self.left() if one.undo}
        there = [] if self.helper.missing else self._project.instances()
        found = []
        for one in there:
            if one.state == "running" and one.identity["id"] not in held:
                number = self._host.sweep_rules(one.identity["id"])
                found.append((one.name, number))
        return [one for one in found if one[1]]

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""
        return self._marks.hold(holder, self._project.image())

    def gone(self) -> str:
        """Return why the project does not exist; empty: it does."""
        return self._project.gone()

    def held(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has the lock."""
        del wait, decide  # whether it lives shows at once
        return self._marks.held()

    def release(self, run: str) -> None:
        """Let go of a run's lock; nothing happens where another has it."""
        self._marks.release(run)

    def lost(self) -> str:
        """Return nothing: the engine lets nobody else take it."""
        return ""

    def how_to_free(self) -> str:
        """Return the command that frees it when its holder is known to be gone."""
        return self._marks.how_to_free()
