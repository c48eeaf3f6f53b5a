"""A target made of dictionaries, a clock turned by hand, and entries to write down."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from gameday.errors import FaultFailed, TargetNotFound
from gameday.ledger.entries import FaultEntry
from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance
from gameday.targets.opened import TargetLock, TargetMarks
from gameday.targets.procfs import identify

URL = "docker://shop?host=unix%3A%2F%2F%2Fsock"


class HandClock:
    """Time passes only by sleeping; every sleep is kept."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at
        self.slept: list[float] = []
        self.while_asleep: Callable[[], object] = lambda: None

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        self.while_asleep()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.sleep(seconds)
        return event.is_set()


def instance(name: str, state: str = "running", *, container: str = "") -> Instance:
    service = name.rpartition("-")[0]
    identity = {"id": container or f"id-{name}", "started_at": "t0"}
    return Instance(service=service, name=name, identity=identity, state=state)


@dataclass
class FakeTarget:
    """Keeps who is broken; fails as often as it is told to."""

    found: list[Instance]
    url: str = URL
    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)
    undo_failures: int = 0
    bad_injection: str = ""  # the instance whose injection fails half-way
    ineffective: bool = False
    on_inject: Callable[[str], None] = lambda _: None
    clock: HandClock | None = None
    away_until: float = 0.0  # by that clock: until then it does not answer

    stream = None
    rights = None
    clock_offset = None

    @property
    def lock(self) -> TargetLock | None:
        return None

    @property
    def marks(self) -> TargetMarks | None:
        return None

    def instances(self, service: str | None = None) -> list[Instance]:
        if not self.found:
            raise TargetNotFound("nobody is there")
        return [
            existing for existing in self.found if service in (None, existing.service)
        ]

    def fingerprint(self, _touched: Collection[str] = ()) -> Fingerprint:
        return {existing.name: {"state": existing.state} for existing in self.found}

    def refusal(self, kind: str) -> str:
        return "" if kind.startswith("process.") else f"cannot do {kind}"

    def fit(
        self, _request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        return instances

    def how(self, request: FaultRequest) -> str:
        return f"{request.kind} by pretending"

    def holds_deadline(self, kind: str) -> bool:
        return kind.startswith("network.")

    def needs(self, kind: str) -> str:
        del kind
        return ""

    def make_ready(self, kind: str) -> None:
        self.calls.append(("make_ready", kind))

    def prepare(self, _request: FaultRequest, victim: Instance, mark: str) -> Undo:
        self.calls.append(("prepare", victim.name))
        return Undo(
            target=self.url,
            verb="start",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={"mark": mark},
        )

    def inject(self, _request: FaultRequest, victim: Instance, _undo: Undo) -> None:
        self.calls.append(("inject", victim.name))
        self.broken.add(victim.name)
        self.on_inject(victim.name)
        if victim.name == self.bad_injection:
            raise FaultFailed(f"{victim.name}: the engine hung up")

    def verify(self, _request: FaultRequest, victim: Instance, _undo: Undo) -> Proof:
        there = victim.name in self.broken and not self.ineffective
        return Proof(bites=there, because="looked at it", evidence={"seen": there})

    def undo(self, undo: Undo) -> Undone:
        self.calls.append(("undo", undo.instance))
        if self.clock is not None and self.clock.at < self.away_until:
            return Undone(ok=False, found="no answer", unanswered=True)
        if self.undo_failures:
            self.undo_failures -= 1
            return Undone(ok=False, found="the engine is busy", by_hand="docker start")
        was = undo.instance in self.broken
        self.broken.discard(undo.instance)
        return Undone(ok=True, found="was down; started" if was else "was running")


def entry(name: str = "web-1", run: str = "r1", **changes: object) -> FaultEntry:
    victim = instance(name)
    undo = Undo(target=URL, verb="start", instance=name, identity=dict(victim.identity))
    fields = {
        "run": run,
        "step": "lose-one",
        "kind": "process.stop",
        "victim": victim,
        "arguments": {},
        "duration": 60.0,
        "until": 1060.0,
        "undo": undo,
        "mark": f"{run}.abc",
        "by": identify(),
    }
    return FaultEntry(**{**fields, **changes})  # type: ignore[arg-type]
