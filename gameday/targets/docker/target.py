"""The port `Target` for a compose project on a Docker engine."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from gameday.model.faults.catalogue import CATALOGUE, Driver
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance, TargetRef
from gameday.ports import Clock
from gameday.targets.docker.containers import Project
from gameday.targets.docker.endpoint import endpoint_of
from gameday.targets.docker.engine import DockerEngine
from gameday.targets.docker.fingerprint import Fingerprints
from gameday.targets.docker.ownership import Lock, Marks
from gameday.targets.docker.process import Process
from gameday.targets.docker.sidecars.helper import Helper
from gameday.targets.docker.sidecars.host import DockerSidecars
from gameday.targets.opened import FaultDriver
from gameday.targets.sidecar_faults.driver import VERB, SidecarFaults

# The engine pauses by itself, so that no helper has to.
_BY_SIDECAR = [k for k, fault in CATALOGUE.items() if fault.driver is Driver.SIDECAR]


class DockerTarget:
    """A compose project; `url` names the engine itself (see `endpoint`)."""

    def __init__(self, ref: TargetRef, clock: Clock) -> None:
        endpoint = endpoint_of(ref)
        self.url = replace(ref, options=endpoint.options).url
        self.engine = DockerEngine(endpoint, clock)
        self.helper = Helper(self.engine, ref.name)
        self._project = Project(self.engine, ref.name)
        self._host = DockerSidecars(self.engine, self.helper, self._project.instances)
        self._sidecars = SidecarFaults(self._host, _BY_SIDECAR)
        self.marks = Marks(self.engine, self._project, self.helper, self._host)
        self.lock = Lock(self.engine, self.marks, self._project.image)
        self.stream = None
        self.rights = None
        self._process = Process(self.engine, self.helper, self.marks)
        look = self._project.inspected
        self._fingerprints = Fingerprints(self.engine, self.helper, look)

    def about(self) -> str:
        """Return which engine answers, and on which kernel."""
        api = self.engine.api
        with self.engine.translated_errors():
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

    def _driver(self, kind: str) -> FaultDriver | None:
        if kind in self._sidecars.kinds:
            return self._sidecars
        return self._process if kind.startswith("process.") else None

    def _driver_of(self, kind: str) -> FaultDriver:
        driver = self._driver(kind)
        if driver is None:
            raise KeyError(kind)  # the faults room asks `refusal` first
        return driver

    def refusal(self, kind: str) -> str:
        """Return why this engine cannot do this fault; empty when it can."""
        driver = self._driver(kind)
        if driver is None:
            return f"docker targets cannot do {kind} yet"
        return driver.refusal(kind)

    def fit(
        self, request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        """Return all of them: a container is hit for itself."""
        del request
        return instances

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this fault is done."""
        return self._driver_of(request.kind).how(request)

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
        undo = self._driver_of(request.kind).prepare(request, victim, mark)
        return replace(undo, target=self.url)

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target; FaultFailed when it did not work."""
        self._driver_of(request.kind).inject(request, victim, undo)

    def verify(self, request: FaultRequest, victim: Instance, undo: Undo) -> Proof:
        """Return whether the fault is really there, as seen from outside of it."""
        return self._driver_of(request.kind).verify(request, victim, undo)

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""
        driver = self._sidecars if undo.verb == VERB else self._process
        return driver.undo(undo)
