"""Whatever dies between whichever two steps: heal leaves nothing of ours broken.

The real ledger, the real way into a fault and the real healer; only the target is
made of dictionaries, and death comes at a step that hypothesis chooses.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gameday.errors import FaultFailed, TargetHeld
from gameday.faults.context import FaultContext
from gameday.faults.flow import inject_for
from gameday.ledger.entries import PlannedVictims
from gameday.ledger.heal import heal
from gameday.ledger.ledger import FOLLOWS, Ledger
from gameday.ledger.recovery import recover
from gameday.model.faults.fault import FaultRequest, FaultState, Proof, Undo, Undone
from gameday.model.faults.request import parse_request
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance
from tests.unit.ledger.fake import URL, HandClock
from tests.unit.ledger.test_ledger import dead_pid

NAMES = ("web-1", "web-2", "web-3")
NOBODY = dead_pid()
# Nothing here outlives the power, so that no write has to wait for a disk.
MEMORY = next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)  # noqa: S108


def _nothing() -> None:
    """Do nothing."""


class Died(BaseException):
    """SIGKILL: nothing of the process happens after it."""


@dataclass
class Death:
    """Comes at the n-th crossing between two steps; until then all goes on."""

    crossings: int | None = None
    dead: bool = False
    until: int | None = None  # crossings until something else happens meanwhile
    meanwhile: Callable[[], None] = _nothing

    def cross(self) -> None:
        if self.until is not None:
            self.until -= 1
            if self.until < 0:
                self.until = None
                self.meanwhile()
        if self.crossings is not None and not self.dead:
            self.crossings -= 1
            self.dead = self.crossings < 0
        if self.dead:
            raise Died


@dataclass
class Container:
    id: int
    up: bool = True
    by: str = ""  # a mark, or a person


@dataclass
class Shop:
    """The target; what it is told outlives whoever told it."""

    clock: HandClock
    there: dict[str, Container]
    ids: int = 100
    refusals: int = 0
    in_flight: bool = False  # the next call is carried out after its caller's death
    undone: list[tuple[str, int]] = field(default_factory=list)

    def by_id(self, identity: Mapping[str, str]) -> Container | None:
        containers = [c for c in self.there.values() if str(c.id) == identity["id"]]
        return containers[0] if containers else None

    def arrives_later(self, act: Callable[[], None]) -> None:
        def once() -> None:
            self.clock.while_asleep = _nothing
            act()

        self.clock.while_asleep = once

    def take_down(self, identity: Mapping[str, str], mark: str) -> None:
        victim = self.by_id(identity)
        if victim is not None and victim.up:
            victim.up, victim.by = False, mark


class Hands:
    """The shop as one process sees it, until that dies."""

    url = URL
    lock = None
    marks = None
    stream = None
    rights = None
    clock_offset = None

    def __init__(self, shop: Shop, death: Death) -> None:
        self._shop, self._death = shop, death

    def instances(self, service: str | None = None) -> list[Instance]:
        self._death.cross()
        return [
            Instance(service="web", name=name, identity={"id": str(container.id)})
            for name, container in self._shop.there.items()
            if service in (None, "web")
        ]

    def fingerprint(self, touched: object = ()) -> Fingerprint:
        del touched
        return {}

    def refusal(self, kind: str) -> str:
        del kind
        return ""

    def fit(
        self, _request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        return instances

    def how(self, request: FaultRequest) -> str:
        return request.kind

    def holds_deadline(self, kind: str) -> bool:
        del kind
        return False

    def needs(self, kind: str) -> str:
        del kind
        return ""

    def make_ready(self, kind: str) -> None:
        del kind

    def prepare(self, _request: FaultRequest, victim: Instance, mark: str) -> Undo:
        self._death.cross()
        return Undo(
            target=URL,
            verb="start",
            instance=victim.name,
            identity=dict(victim.identity),
            arguments={"mark": mark},
        )

    def inject(self, _request: FaultRequest, _victim: Instance, undo: Undo) -> None:
        self._death.cross()
        if self._shop.by_id(undo.identity) is None:
            raise FaultFailed("gone")

        def act() -> None:
            self._shop.take_down(undo.identity, undo.arguments["mark"])

        if self._shop.in_flight:
            self._shop.in_flight = False
            self._shop.arrives_later(act)
            self._death.dead = True
        else:
            act()
        self._death.cross()

    def verify(self, _request: FaultRequest, _victim: Instance, undo: Undo) -> Proof:
        self._death.cross()
        victim = self._shop.by_id(undo.identity)
        return Proof(bites=victim is None or not victim.up, because="looked")

    def undo(self, undo: Undo) -> Undone:
        self._death.cross()
        if self._shop.refusals:
            self._shop.refusals -= 1
            return Undone(ok=False, found="busy", by_hand="start it")
        victim = self._shop.by_id(undo.identity)
        if victim is not None:
            self._shop.undone.append((undo.arguments["mark"], victim.id))
            victim.up, victim.by = True, ""
        self._death.cross()
        return Undone(ok=True, found="gone" if victim is None else "up")


class Mortal(Ledger):
    """The ledger as one process has it: it may die before and after each word."""

    def __init__(self, path: str, clock: HandClock, death: Death) -> None:
        super().__init__(path, clock)
        self._death = death

    def begin(self, *given: Any, **named: Any) -> int:
        self._death.cross()
        number = super().begin(*given, **named)
        self._death.cross()
        return number

    def move(self, *given: Any, **named: Any) -> bool:
        self._death.cross()
        moved = super().move(*given, **named)
        self._death.cross()
        return moved

    def end_run(self, run: str) -> None:
        self._death.cross()
        super().end_run(run)

    def close_run(self, run: str) -> None:
        self._death.cross()
        super().close_run(run)


SOME = st.sets(st.sampled_from(NAMES), min_size=1, max_size=2)
MAYBE_DEATH = st.none() | st.integers(min_value=0, max_value=30)


class Machine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        self.clock = HandClock()
        there = {name: Container(number) for number, name in enumerate(NAMES)}
        self.shop = Shop(self.clock, there)
        self.truth = Ledger(str(self.folder / "ledger.db"), self.clock)
        self.run, self.alive, self.runs, self.plans = "", False, 0, 0

    # Processes ------------------------------------------------------------------------

    def _as_process(
        self,
        crossings: int | None,
        act: Callable[[Mortal, Hands], object],
        until: int | None = None,
    ) -> bool:
        """Let a process do something; return whether it lived to the end.

        `until`: after so many crossings the run is ended and healed meanwhile.
        """
        death = Death(crossings, until=until, meanwhile=self._end_from_elsewhere)
        ledger = Mortal(self.truth.path, self.clock, death)
        try:
            act(ledger, Hands(self.shop, death))
        except Died:
            return False
        finally:
            ledger.close()
        return not death.dead

    @precondition(lambda self: not self.alive)
    @rule()
    def open(self) -> None:
        name = f"r{self.runs}"
        self.runs += 1
        left = self.truth.open_faults()
        holder = self.truth.holder(URL)
        theirs = [fault for fault in left if holder and fault.run == holder.run]
        try:
            self.truth.open_run(name, URL, pid=NOBODY)
        except TargetHeld:
            assert theirs, "refused though nothing of the holder's is open"
            return
        assert not theirs, "taken over though the dead left something broken"
        self.run, self.alive = name, True

    @precondition(lambda self: self.alive)
    @rule(names=SOME, crossings=MAYBE_DEATH, in_flight=st.booleans())
    def inject(self, names: set[str], crossings: int | None, in_flight: bool) -> None:
        self.shop.in_flight = in_flight
        self.alive = self._as_process(crossings, self._injecting(names))
        self.shop.in_flight = False

    @precondition(lambda self: self.alive)
    @rule(names=SOME, until=st.integers(min_value=0, max_value=30))
    def inject_while_the_run_is_ended(self, names: set[str], until: int) -> None:
        self.shop.refusals = 0
        self._as_process(None, self._injecting(names), until)
        self.alive = False

    def _injecting(self, names: set[str]) -> Callable[[Mortal, Hands], None]:
        given = {"service": "web", "instances": sorted(names), "duration": "60s"}
        request = parse_request("process.stop", given)
        there = Hands(self.shop, Death()).instances()
        self.plans += 1
        planned = PlannedVictims(
            run=self.run,
            step="s",
            ordinal=self.plans,
            request=request,
            victims=tuple(instance for instance in there if instance.name in names),
            duration=60.0,
        )
        self.truth.plan_fault(planned)

        def act(ledger: Mortal, hands: Hands) -> None:
            mine = FaultContext(
                run=self.run, step="s", target=hands, seed="", ledger=ledger, own=False
            )
            try:
                inject_for(mine, "process.stop", given)
            except FaultFailed:
                return

        return act

    def _end_from_elsewhere(self) -> None:
        """What `heal` does beside a process that goes on injecting."""
        death = Death()
        ledger = Mortal(self.truth.path, self.clock, death)
        self._close(self.run, ledger, Hands(self.shop, death))
        ledger.close()

    @precondition(lambda self: self.alive)
    @rule(crossings=MAYBE_DEATH)
    def roll_back(self, crossings: int | None) -> None:
        def act(ledger: Mortal, hands: Hands) -> None:
            open_faults = ledger.open_faults(run=self.run)
            heal(ledger, lambda _: hands, self.clock, open_faults, by="rollback")

        self.alive = self._as_process(crossings, act)

    @precondition(lambda self: self.alive)
    @rule(crossings=MAYBE_DEATH)
    def finish(self, crossings: int | None) -> None:
        run = self.run
        self._as_process(
            crossings, lambda ledger, hands: self._close(run, ledger, hands)
        )
        self.alive = False

    def _close(self, run: str, ledger: Ledger, hands: Hands) -> None:
        recover(ledger, run, lambda _: hands, self.clock, by="heal")

    @precondition(lambda self: self.alive)
    @rule()
    def die(self) -> None:
        self.alive = False

    @precondition(lambda self: not self.alive)
    @rule(crossings=MAYBE_DEATH)
    def heal(self, crossings: int | None) -> None:
        def act(ledger: Mortal, hands: Hands) -> None:
            faulty = [fault.run for fault in ledger.open_faults()]
            held = [open_run.run for open_run in ledger.open_runs()]
            for run in dict.fromkeys([*faulty, *held]):
                self._close(run, ledger, hands)

        self._as_process(crossings, act)

    # The world around -----------------------------------------------------------------

    @rule(name=st.sampled_from(NAMES))
    def replace(self, name: str) -> None:
        self.shop.ids += 1
        self.shop.there[name] = Container(self.shop.ids)

    @rule(name=st.sampled_from(NAMES))
    def a_person_stops(self, name: str) -> None:
        ours = {fault.victim.identity["id"] for fault in self.truth.open_faults()}
        container = self.shop.there[name]
        if str(container.id) not in ours:
            container.up, container.by = False, "a person"

    @rule(times=st.integers(min_value=1, max_value=7))
    def refuse_undos(self, times: int) -> None:
        self.shop.refusals = times

    # What always holds ----------------------------------------------------------------

    @invariant()
    def what_is_broken_is_written_down(self) -> None:
        if not hasattr(self, "truth"):
            return
        known = {fault.mark for fault in self.truth.open_faults()}
        ours = {c.by for c in self.shop.there.values() if c.by not in ("", "a person")}
        assert ours <= known

    @invariant()
    def only_what_was_ours_was_touched(self) -> None:
        if not hasattr(self, "truth"):
            return
        number, begun = 1, set()
        while (fault := self.truth.fault(number)) is not None:
            begun.add((fault.mark, int(fault.victim.identity["id"])))
            number += 1
        # A fault that was prepared and never written down may be taken back as well.
        written = {mark for mark, _ in begun}
        assert {undone for undone in self.shop.undone if undone[0] in written} <= begun

    def teardown(self) -> None:
        self.alive, self.shop.refusals = False, 0
        self.heal(None)
        self.clock.sleep(1.0)  # what was under way has arrived by now
        assert self.truth.open_faults() == []
        assert self.truth.open_runs() == []
        for container in self.shop.there.values():
            assert container.up or container.by == "a person", container
        calls = len(self.shop.undone)
        self.heal(None)
        assert len(self.shop.undone) == calls, "healing twice undid something twice"
        for number in range(self.runs):
            self._assert_lives(f"r{number}")
        self.truth.close()
        shutil.rmtree(self.folder)

    def _assert_lives(self, run: str) -> None:
        last: dict[int, FaultState] = {}
        for transition in self.truth.transitions(run):
            before = last.get(transition.fault)
            if before is None:
                assert transition.state is FaultState.PLANNED
            else:
                assert transition.state in FOLLOWS[before]
            last[transition.fault] = transition.state
        assert set(last.values()) <= {FaultState.UNDONE}


Machine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None
)
TestMachine = Machine.TestCase
