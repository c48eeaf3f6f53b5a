"""The ledger itself: every fault is in it before its target is touched.

Whoever writes a fault here may be killed at any instant; whoever reads it later
knows what was, or may have been, done and how to undo it.
"""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gameday.errors import FaultFailed, TargetHeld
from gameday.ledger import rows
from gameday.ledger.database import Database
from gameday.ledger.entries import FaultEntry, PlannedVictims, RunEntry, Transition
from gameday.model.faults.fault import FaultRequest, FaultState
from gameday.model.quantity import show_instant
from gameday.targets.procfs import identify, user_name

if TYPE_CHECKING:
    from gameday.ports import Clock

# What may follow what; anything else leaves the record as it is.
FOLLOWS: Mapping[FaultState, tuple[FaultState, ...]] = {
    FaultState.PLANNED: (FaultState.INJECTING, FaultState.UNDOING, FaultState.UNDONE),
    FaultState.INJECTING: (
        FaultState.BITING,
        FaultState.UNDOING,
        FaultState.UNDONE,
        FaultState.FAILED,
    ),
    FaultState.BITING: (
        FaultState.BITING,
        FaultState.UNDOING,
        FaultState.UNDONE,
        FaultState.FAILED,
    ),
    FaultState.UNDOING: (FaultState.UNDOING, FaultState.UNDONE, FaultState.FAILED),
    FaultState.FAILED: (FaultState.UNDOING, FaultState.UNDONE, FaultState.FAILED),
    FaultState.UNDONE: (),
}


class Ledger:
    """Runs, what they planned, what they broke. All times: seconds since the epoch."""

    def __init__(self, path: str, clock: "Clock", *, create: bool = True) -> None:
        self.path = path
        self._clock = clock
        self._db = Database(path, create=create)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        self._db.close()

    # Runs and the lock ------------------------------------------------------------

    def open_run(
        self,
        run: str,
        target_url: str,
        scenario: str = "",
        pid: int | None = None,
        started: float | None = None,
        *,
        recovers: bool = False,
    ) -> RunEntry:
        """Take the target for a run; TargetHeld, saying who has it, where it is held.

        A dead holder is replaced, unless its faults are still open.
        `recovers`: also then, for the caller undoes them at once, under its own lock.
        """
        now = self._clock.now() if started is None else started
        who = identify(pid)
        place = (user_name(), os.uname().nodename)
        identity = (who.pid, who.started, who.boot, *place)
        with self._db.writing() as db:
            for held in rows.runs(db, "target = ? AND closed IS NULL", target_url):
                if held.run != run:
                    self._take_over(db, held, now, recovers=recovers)
            db.execute(
                "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,NULL,NULL)"
                " ON CONFLICT (run) DO UPDATE SET closed = NULL, ended = NULL",
                (run, target_url, scenario, *identity, now),
            )
            return rows.runs(db, "run = ?", run)[0]

    def refusal(self, target_url: str) -> str:
        """Return who holds a target and cannot be replaced; empty: it can be taken."""
        held = self.holder(target_url)
        if held is None:
            return ""
        mine = held.here(os.uname().nodename)
        if held.process.alive or not mine:
            return holder_text(held, dead=False)
        return ""  # dead: what it left is healed before the target is taken

    def _take_over(
        self, db: sqlite3.Connection, held: RunEntry, now: float, *, recovers: bool
    ) -> None:
        mine = held.here(os.uname().nodename)
        broken = rows.faults(db, "run = ? AND state <> 'undone'", held.run)
        if held.process.alive or not mine or (broken and not recovers):
            raise TargetHeld(holder_text(held, dead=mine and not held.process.alive))
        db.execute("UPDATE runs SET closed = ? WHERE run = ?", (now, held.run))

    def close_run(self, run: str) -> None:
        """Let go of the target; what is still open in the run stays to be healed."""
        with self._db.writing() as db:
            now = self._clock.now()
            db.execute(
                "UPDATE runs SET closed = ? WHERE run = ? AND closed IS NULL",
                (now, run),
            )

    def end_run(self, run: str) -> None:
        """Let no fault of this run begin any more; those that began stay open."""
        with self._db.writing() as db:
            now = self._clock.now()
            db.execute(
                "UPDATE runs SET ended = ? WHERE run = ? AND ended IS NULL", (now, run)
            )

    def run(self, run: str) -> RunEntry | None:
        """Return a run, or None where the ledger does not know it."""
        with self._db.reading() as db:
            runs = rows.runs(db, "run = ?", run)
        return runs[0] if runs else None

    def holder(self, target_url: str) -> RunEntry | None:
        """Return the run that holds a target, dead or alive."""
        with self._db.reading() as db:
            runs = rows.runs(db, "target = ? AND closed IS NULL", target_url)
        return runs[0] if runs else None

    def open_runs(self) -> list[RunEntry]:
        """Return every run that holds a target, dead or alive, oldest first."""
        with self._db.reading() as db:
            return rows.runs(db, "closed IS NULL")

    def dead_runs(self, target_url: str) -> list[RunEntry]:
        """Return dead runs of a target that hold it or left faults open there."""
        with self._db.reading() as db:
            unclosed = rows.runs(
                db,
                "target = ? AND (closed IS NULL OR EXISTS (SELECT 1 FROM faults f"
                " WHERE f.run = runs.run AND f.state <> 'undone'))",
                target_url,
            )
        here = os.uname().nodename
        return [
            entry for entry in unclosed if entry.here(here) and not entry.process.alive
        ]

    # Plans ------------------------------------------------------------------------

    def plan_fault(self, planned: PlannedVictims) -> None:
        """Keep what the plan decided, for the process that will inject it."""
        victims = rows.dump_instances(planned.victims)
        with self._db.writing() as db:
            db.execute(
                "INSERT INTO plans (run, step, ordinal, request, victims, duration)"
                " VALUES (?,?,?,?,?,?)",
                (
                    planned.run,
                    planned.step,
                    planned.ordinal,
                    rows.dump_request(planned.request),
                    victims,
                    planned.duration,
                ),
            )

    def plan_again(self, planned: PlannedVictims) -> None:
        """Keep other victims for a fault that is planned and not begun yet."""
        victims = rows.dump_instances(planned.victims)
        with self._db.writing() as db:
            db.execute(
                "UPDATE plans SET victims = ?"
                " WHERE run = ? AND step = ? AND ordinal = ? AND claimed = 0",
                (victims, planned.run, planned.step, planned.ordinal),
            )

    def claim(
        self, run: str, step: str, request: FaultRequest
    ) -> PlannedVictims | None:
        """Return, once each and in order, the plan's decision for this fault.

        The kind and the selection must be the plan's; None: not planned.
        """
        with self._db.writing() as db:
            for number, planned in rows.plans(db, run, step):
                same = (planned.request.kind, planned.request.selection)
                if same == (request.kind, request.selection):
                    db.execute("UPDATE plans SET claimed = 1 WHERE id = ?", (number,))
                    return planned
        return None

    # Faults -----------------------------------------------------------------------

    def begin(self, entry: FaultEntry) -> int:
        """Write a fault down, durably, before its target is touched; return its id.

        FaultFailed where the run is over or was never opened.
        """
        now = self._clock.now()
        with self._db.writing() as db:
            going = db.execute(
                "SELECT 1 FROM runs WHERE run = ? AND closed IS NULL AND ended IS NULL",
                (entry.run,),
            ).fetchone()
            if going is None:
                raise FaultFailed(f"run {entry.run} is over; nothing is injected")
            number = rows.insert_fault(db, entry, now)
            rows.insert_transition(
                db, number, rows.TransitionRow(FaultState.PLANNED, now)
            )
        return number

    def take_over(self, fault: int) -> None:
        """Register this process as the acting one; whoever undoes ends it first."""
        who = identify()
        with self._db.writing() as db:
            db.execute(
                "UPDATE faults SET pid = ?, started = ?, boot = ? WHERE id = ?",
                (who.pid, who.started, who.boot, fault),
            )

    def move(  # noqa: PLR0913 - the columns of a transition
        self,
        fault: int,
        state: FaultState,
        at: float | None = None,
        *,
        note: str = "",
        by: str = "",
        by_hand: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write one step of a fault's life; false where it cannot follow any more.

        No step follows the end of a fault: a caller that has injected something and
        gets false has to undo that itself.
        """
        when = self._clock.now() if at is None else at
        step = rows.TransitionRow(state, when, note, by, by_hand, extra or {})
        with self._db.writing() as db:
            row = db.execute(
                "SELECT state, EXISTS (SELECT 1 FROM runs WHERE runs.run = faults.run"
                " AND ended IS NOT NULL) AS over FROM faults WHERE id = ?",
                (fault,),
            ).fetchone()
            if row is None or state not in FOLLOWS[FaultState(row["state"])]:
                return False
            if state is FaultState.INJECTING and row["over"]:
                return False
            rows.insert_transition(db, fault, step)
        return True

    def fault(self, number: int) -> FaultEntry | None:
        """Return one fault as it stands now."""
        with self._db.reading() as db:
            faults = rows.faults(db, "id = ?", number)
        return faults[0] if faults else None

    def transitions(self, run: str, after: int = 0) -> list[Transition]:
        """Return the steps of a run's faults behind that number, in order."""
        with self._db.reading() as db:
            return rows.transitions(db, run, after)

    def open_faults(
        self,
        run: str | None = None,
        target: str | None = None,
    ) -> list[FaultEntry]:
        """Return what is, or may be, broken, newest first; by default everywhere."""
        where: Sequence[str] = ("state <> 'undone'",)
        values: tuple[str, ...] = ()
        if run is not None:
            where, values = (*where, "run = ?"), (*values, run)
        if target is not None:
            where, values = (*where, "target = ?"), (*values, target)
        with self._db.reading() as db:
            return rows.faults(db, " AND ".join(where), *values)


def holder_text(held: RunEntry, *, dead: bool) -> str:
    """Return who has a target, in the words that another run is refused with."""
    what = f"run {held.run}" + (f" ({held.scenario})" if held.scenario else "")
    who = f"{held.user}@{held.host}, process {held.process.pid}"
    since = show_instant(held.opened)
    if dead:
        return (
            f"{held.target} is held by {what} of {who}, which died and left faults "
            "behind; `gameday heal` undoes them"
        )
    return f"{held.target} is held by {what} of {who}, since {since}"
