"""A small world for the driver: fakes of all it needs, and a clock that they move."""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from gameday.model.events import Event, event
from gameday.model.experiment import Experiment
from gameday.model.faults.fault import FaultRequest, Selection
from gameday.model.plan import Monitoring, Plan, PlannedFault, PlannedStep
from gameday.model.scenario import Expect, Scenario, Step
from gameday.model.target import Instance, TargetRef
from gameday.ports import Emit
from gameday.runner.conditions import PendingCondition
from gameday.runner.dependencies import RunDependencies, TakeFingerprint
from gameday.runner.engine.jobs import Job
from gameday.runner.guardrail_monitor import Guard
from gameday.runner.run_state import RunState

Item = TypeVar("Item")
START = 1_000_000.0
WEB = Instance(service="web", name="web-1", identity={"id": "1"})
REQUEST = FaultRequest(kind="process.stop", selection=Selection(service="web", count=1))


class FakeClock:
    """Time moves when somebody waits; what was scheduled happens on the way."""

    def __init__(self) -> None:
        self.time = START
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self._move(self.time + seconds)

    def at(self, after: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.time + after, next(self._order), act))

    def take(self, items: "SimpleQueue[Item]", seconds: float) -> Item | None:
        end = self.time + seconds
        while items.empty() and self._due and self._due[0][0] <= end:
            self._move(self._due[0][0])
        if items.empty():
            self._move(end)
        return None if items.empty() else items.get_nowait()

    def _move(self, to: float) -> None:
        while self._due and self._due[0][0] <= to:
            self.time, _, act = heapq.heappop(self._due)
            act()
        self.time = max(self.time, to)


class FakeLedger:
    """Holds one fault at most; what happens to it becomes news."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.open = False
        self.broken: list[str] = []
        self.heals = 0
        self._news: list[Event] = []

    def begin(self, step: str, kind: str = "process.stop") -> None:
        self.open = True
        now, where = self.clock.now(), {"service": "web", "instance": "web-1"}
        rest = {"arguments": {}, "duration": 60.0}
        self._news += [
            event(now, "fault_started", step=step, id="1", fault=kind, **where, **rest),
            event(now, "fault_biting", step=step, id="1", bites=True, because="gone"),
        ]

    def end(self, step: str = "", by: str = "") -> None:
        if not step:
            return  # the run itself ends: nothing begins any more
        self.open = False
        rest = {"ok": True, "by": by, "because": "", "by_hand": ""}
        self._news.append(
            event(self.clock.now(), "fault_ended", step=step, id="1", **rest)
        )

    def plan_fault(self, *given: Any) -> None:
        del given

    def plan_again(self, step: str) -> None:
        del step

    def open_rollbacks(self, step: str, document: Mapping[str, Any]) -> int:
        del step, document
        return 0

    def rolled_back(self, number: int, failed: Sequence[str]) -> None:
        del number, failed

    def new_events(self) -> list[Event]:
        news, self._news = self._news, []
        return news

    def healed_itself(self, fault: str, at: float) -> None:
        del fault, at
        self.end("s", "self")

    def has_open_faults(self) -> bool:
        return self.open

    def heal(self) -> list[str]:
        self.heals += 1
        if not self.broken:
            self.end("s", "run")
        return self.broken


@dataclass
class FakeChild:
    """A process that does what its world says."""

    world: "World"
    tell: Callable[[str, Mapping[str, Any]], None]
    killed: bool = False
    interrupted: bool = False
    ended: bool = False

    def release(self) -> None:
        self.world.on_release(self)

    def interrupt(self) -> None:
        self.interrupted = True

    def kill(self) -> None:
        self.killed = True
        self.ended = True

    def wait(self, seconds: float) -> bool:
        del seconds
        return self.ended

    def over(self) -> None:
        self.ended = True
        self.tell("finished", {})


@dataclass
class World:
    """Fakes of all dependencies, and what they were asked."""

    clock: FakeClock = field(default_factory=FakeClock)
    kind: str = "process.stop"
    method_takes: float = 0.2
    injects: bool = True
    hypothesis: Callable[[float], bool | None] = lambda _at: True
    children: list[FakeChild] = field(default_factory=list)
    kept: list[Event] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    folder: str = "nowhere"
    probers: list[FakeChild] = field(default_factory=list)
    replays: int = 0

    def __post_init__(self) -> None:
        self.ledger = FakeLedger(self.clock)
        self.on_release: Callable[[FakeChild], None] = self._roll_back

    # the engine's door

    def experiment(self, job: Job, tell: Any) -> FakeChild:
        child = FakeChild(self, tell)
        self.children.append(child)
        step = job.environment["GAMEDAY_STEP"]
        if self.injects:
            self.clock.at(0.1, lambda: self.ledger.begin(step, self.kind))
        self.clock.at(self.method_takes, lambda: tell("method_completed", {}))
        return child

    def rollbacks(self, job: Job, tell: Any) -> FakeChild:
        del job
        self.replays += 1
        child = FakeChild(self, tell)
        child.ended = True
        return child

    def prober(self, job: Job, every: float, tell: Any) -> FakeChild:
        del job
        child = FakeChild(self, tell)
        self.probers.append(child)

        def look() -> None:
            if child.ended:
                return
            at = self.clock.now()
            tell("hypothesis", {"at": at, "ok": self.hypothesis(at), "because": "?"})
            self.clock.at(every, look)

        self.clock.at(0.05, look)
        return child

    def _roll_back(self, child: FakeChild) -> None:
        if child in self.probers:
            child.ended = True
            return

        def undone() -> None:
            if self.ledger.open:
                self.ledger.end("s", "rollback")
            child.over()

        self.clock.at(0.3, undone)

    # the store's and the screen's door

    def append(self, entry: Event) -> None:
        self.kept.append(entry)

    def events(self) -> list[Event]:
        return self.kept

    def write(self, name: str, content: str) -> str:
        self.files[name] = content
        return name

    def show(self, entry: Event, run_state: RunState) -> None:
        del entry, run_state

    def tick(
        self, run_state: RunState, awaited: Sequence[PendingCondition], now: float
    ) -> None:
        del run_state, awaited, now

    def of(self, kind: str) -> list[Any]:
        return [entry for entry in self.kept if entry.kind == kind]

    def dependencies(
        self,
        observers: Sequence[Any] = (),
        guards: Sequence[Guard] = (),
        fingerprint: TakeFingerprint | None = None,
    ) -> RunDependencies:
        return RunDependencies(
            clock=self.clock,
            ledger=self.ledger,
            engine=self,  # type: ignore[arg-type]
            store=self,
            screen=self,
            observers=observers,
            guards=guards,
            fingerprint=fingerprint,
        )


class FakeObserver:
    """Reports what it is told to report."""

    source = "prometheus"

    def __init__(self, why: str = "") -> None:
        self.why = why
        self.flushed: list[float] = []
        self.stopped = False
        self.emit: Emit | None = None

    def probe(self) -> str:
        return self.why

    def start(self, emit: Emit, since: float) -> None:
        del since
        self.emit = emit

    def flush(self, until: float) -> None:
        self.flushed.append(until)

    def stop(self) -> None:
        self.stopped = True


def plan(
    expect: Expect | None = None,
    *,
    hold: float | None = 2.0,
    steps: int = 1,
    foreign: tuple[str, ...] = (),
    hypothesis: bool = True,
    alone: bool = False,
) -> Plan:
    """Return a plan of one service with one fault a step.

    `alone`: only the foreign actions, no fault of gameday's own.
    """
    names = ["s", "t", "u"][:steps]
    experiment = Experiment(
        path="e.yaml",
        title="t",
        document={},
        faults=() if alone else (REQUEST,),
        foreign=foreign,
        has_hypothesis=hypothesis,
    )
    scenario = Scenario(
        name="x",
        target=TargetRef(kind="docker", name="shop"),
        steps=tuple(
            Step(name=n, experiment=experiment, hold=hold, expect=expect or Expect())
            for n in names
        ),
    )
    fault = PlannedFault(request=REQUEST, victims=(WEB,), found=3, duration=62.0)
    return Plan(
        scenario=scenario,
        steps=tuple(
            PlannedStep(
                name=n,
                faults=() if alone else (fault,),
                hold_at_most=hold or 30.0,
                aftermath_at_most=30.0,
            )
            for n in names
        ),
        instances=(WEB,),
        monitoring=Monitoring(scrape_interval=1.0),
    )
