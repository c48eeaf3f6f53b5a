"""The ledger as one run uses it: transitions as events, what is planned, the undo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.ledger import foreign
from gameday.ledger.entries import Healed, PlannedVictims, Transition
from gameday.ledger.ledger import Ledger
from gameday.model.events import (
    Event,
    FaultBiting,
    FaultEnded,
    FaultStarted,
    UndoFailed,
)
from gameday.model.faults.fault import FaultRequest, FaultState
from gameday.model.target import Instance

_ENDS = (FaultState.UNDONE, FaultState.FAILED)
Heal = Callable[[], Sequence[Healed]]
Look = Callable[[], Sequence[Instance]]


class RunLedger:
    """The ledger, seen from one run."""

    def __init__(
        self, ledger: Ledger, run: str, heal: Heal, look: Look | None = None
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._heal = heal
        self._look = look
        self._planned: list[PlannedVictims] = []
        self._hit: set[str] = set()
        self._read = 0
        self._started: set[int] = set()

    def plan_fault(
        self,
        step: str,
        ordinal: int,
        request: FaultRequest,
        victims: Sequence[Instance],
        duration: float,
    ) -> None:
        """Write down which victims a fault of the run will have."""
        planned = PlannedVictims(
            run=self._run,
            step=step,
            ordinal=ordinal,
            request=request,
            victims=tuple(victims),
            duration=duration,
        )
        self._planned.append(planned)
        self._ledger.plan_fault(planned)

    def plan_again(self, step: str) -> None:
        """Give a step the successors of victims that the run itself has replaced.

        A pod that was stopped comes back as another one under the same number; one
        that somebody else replaced is left to be refused.
        """
        if self._look is None:
            return
        mine = [fault for fault in self._planned if fault.step == step]
        if not any(
            self._replaced(victim) for fault in mine for victim in fault.victims
        ):
            return
        now = {instance.name: instance for instance in self._look()}
        for fault in mine:
            victims = tuple(
                now.get(victim.name, victim) if self._replaced(victim) else victim
                for victim in fault.victims
            )
            self._ledger.plan_again(replace(fault, victims=victims))

    def _replaced(self, victim: Instance) -> bool:
        """Whether an earlier fault of this run hit this very victim."""
        return victim.name in self._hit

    def open_rollbacks(self, step: str, document: Mapping[str, Any]) -> int:
        """Write down what other extensions' actions of a step need to be undone.

        Returns the entry's number; 0 where there is nothing to play.
        """
        held = self._ledger.run(self._run)
        target = held.target if held else ""
        entry = foreign.rollbacks_entry(self._run, step, target, document)
        if entry is None:
            return 0
        number = self._ledger.begin(entry)
        self._ledger.move(number, FaultState.INJECTING)
        return number

    def rolled_back(self, number: int, failed: Sequence[str]) -> None:
        """Note that an experiment has played its rollbacks, and what did not work."""
        state = FaultState.FAILED if failed else FaultState.UNDONE
        note = "; ".join(failed) or "rollbacks played"
        self._ledger.move(number, FaultState.UNDOING, by="rollback")
        self._ledger.move(number, state, note=note, by="rollback")

    def new_events(self) -> list[Event]:
        """Return the transitions since the last call, as events."""
        events: list[Event] = []
        for transition in self._ledger.transitions(self._run, self._read):
            self._read = transition.number
            events += self._as_events(transition)
        return events

    def healed_itself(self, fault: str, at: float) -> None:
        """Note that a fault's instance is back without an undo."""
        self._ledger.move(
            int(fault), FaultState.UNDONE, at, note="back by itself", by="self"
        )

    def has_open_faults(self) -> bool:
        """Return whether the run holds any fault."""
        return bool(self._ledger.open_faults(run=self._run))

    def end(self) -> None:
        """Let no fault of the run begin any more."""
        self._ledger.end_run(self._run)

    def heal(self) -> list[str]:
        """Undo what the run holds open; return what is still broken, and the remedy."""
        return [
            f"{tried.fault.kind} on {tried.fault.victim.name}: {tried.undone.found}. "
            f"By hand: {tried.undone.by_hand or 'run `gameday heal`'}"
            for tried in self._heal()
            if not tried.undone.ok
        ]

    def _as_events(self, transition: Transition) -> list[Event]:
        if transition.kind == foreign.KIND:
            return []  # the experiment's own activities are told as such
        if transition.state is FaultState.INJECTING:
            self._started.add(transition.fault)
            self._hit.add(transition.instance)
            return [_started(transition)]
        if transition.state is FaultState.BITING:
            return [_biting_event(transition)]
        # What was planned and never begun has nothing to end.
        if transition.fault in self._started and transition.state in _ENDS:
            return _ended_events(transition)
        return []


def transitions(ledger: Ledger, run: str) -> list[Event]:
    """Return all that the ledger knows of a run's faults, as events."""
    return RunLedger(ledger, run, heal=list).new_events()


def _started(transition: Transition) -> Event:
    return FaultStarted(
        at=transition.at,
        step=transition.step,
        id=str(transition.fault),
        fault=transition.kind,
        service=transition.service,
        instance=transition.instance,
        arguments=dict(transition.arguments),
        duration=transition.duration,
    )


def _biting_event(transition: Transition) -> Event:
    proof = transition.proof or {}
    return FaultBiting(
        at=transition.at,
        step=transition.step,
        id=str(transition.fault),
        bites=proof.get("bites", False),
        because=proof.get("because", "" if proof else "no proof was given"),
        evidence=proof.get("evidence", {}),
    )


def _ended_events(transition: Transition) -> list[Event]:
    ok = transition.state is FaultState.UNDONE
    ended = FaultEnded(
        at=transition.at,
        step=transition.step,
        id=str(transition.fault),
        ok=ok,
        by=transition.by,
        because=transition.note,
        by_hand=transition.by_hand,
        early=transition.extra.get("early") or "",
    )
    if ok:
        return [ended]
    failed = UndoFailed(
        at=transition.at,
        step=transition.step,
        id=str(transition.fault),
        instance=transition.instance,
        because=transition.note,
        by_hand=transition.by_hand,
    )
    return [ended, failed]
