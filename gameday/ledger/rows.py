"""The ledger's rows: entries to SQL and JSON text, and back."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from typing import Any

from gameday.frozen import frozen
from gameday.ledger.entries import FaultEntry, PlannedVictims, RunEntry, Transition
from gameday.model.faults.fault import FaultRequest, FaultState, Selection, Undo
from gameday.model.target import Instance
from gameday.targets.procfs import ProcessId

_BIT = (
    "EXISTS (SELECT 1 FROM transitions t"
    " WHERE t.fault = faults.id AND t.state = 'biting') AS bit"
)


def _dump(value: Any) -> str:
    """Return canonical JSON: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _load(text: str) -> Any:
    """Return what the JSON text says."""
    return json.loads(text)


def dump_request(request: FaultRequest) -> str:
    """Return a fault that was asked for, as JSON."""
    return _dump(asdict(request))


def _load_request(text: str) -> FaultRequest:
    """Return the fault that JSON describes; lists become tuples again."""
    stored = _load(text)
    chosen = stored["selection"]
    selection = Selection(**{**chosen, "instances": tuple(chosen["instances"])})
    arguments = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in stored["arguments"].items()
    }
    return FaultRequest(
        kind=stored["kind"],
        selection=selection,
        duration=stored["duration"],
        arguments=arguments,
    )


def _dump_instance(instance: Instance) -> str:
    """Return an instance as JSON."""
    return _dump(asdict(instance))


def dump_instances(instances: Iterable[Instance]) -> str:
    """Return instances as a JSON list."""
    return _dump([asdict(instance) for instance in instances])


def _load_instance(stored: Mapping[str, Any]) -> Instance:
    """Return the instance that a JSON object describes."""
    lists = {name: tuple(stored.get(name, ())) for name in ("addresses", "published")}
    return Instance(**{**stored, **lists})


def dump_undo(undo: Undo) -> str:
    """Return an undo as JSON."""
    return _dump(asdict(undo))


def load_undo(text: str) -> Undo:
    """Return the undo that JSON describes."""
    return Undo(**_load(text))


@frozen(kw_only=False)
class TransitionRow:
    """One transition to be written."""

    state: FaultState
    at: float
    note: str = ""
    by: str = ""
    by_hand: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def _process(row: sqlite3.Row) -> ProcessId:
    return ProcessId(pid=row["pid"], started=row["started"], boot=row["boot"])


def runs(db: sqlite3.Connection, where: str, *values: object) -> list[RunEntry]:
    """Return the runs that fit a condition of this package's own making."""
    query = f"SELECT * FROM runs WHERE {where} ORDER BY opened"  # noqa: S608
    return [
        RunEntry(
            run=row["run"],
            target=row["target"],
            scenario=row["scenario"],
            process=_process(row),
            user=row["user"],
            host=row["host"],
            opened=row["opened"],
            closed=row["closed"],
            ended=row["ended"],
        )
        for row in db.execute(query, values)
    ]


def plans(
    db: sqlite3.Connection, run: str, step: str
) -> list[tuple[int, PlannedVictims]]:
    """Return the planned faults of a step that nobody has claimed, with their ids."""
    selected = db.execute(
        "SELECT * FROM plans WHERE run = ? AND step = ? AND claimed = 0"
        " ORDER BY ordinal",
        (run, step),
    )
    return [
        (
            row["id"],
            PlannedVictims(
                run=run,
                step=step,
                ordinal=row["ordinal"],
                request=_load_request(row["request"]),
                victims=tuple(map(_load_instance, _load(row["victims"]))),
                duration=row["duration"],
            ),
        )
        for row in selected
    ]


def insert_fault(db: sqlite3.Connection, entry: FaultEntry, at: float) -> int:
    """Write a new fault in the state planned; return its id."""
    cursor = db.execute(
        "INSERT INTO faults VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            entry.run,
            entry.undo.target,
            entry.step,
            entry.kind,
            _dump_instance(entry.victim),
            _dump(dict(entry.arguments)),
            entry.duration,
            entry.until,
            dump_undo(entry.undo),
            entry.mark,
            entry.by.pid,
            entry.by.started,
            entry.by.boot,
            FaultState.PLANNED,
            at,
        ),
    )
    return int(cursor.lastrowid or 0)


def insert_transition(db: sqlite3.Connection, fault: int, step: TransitionRow) -> None:
    """Append one step of a fault's life and make it the fault's state."""
    db.execute(
        "INSERT INTO transitions SELECT NULL, id, run, ?,?,?,?,?,? FROM faults"
        " WHERE id = ?",
        (
            step.state,
            step.at,
            step.note,
            step.by,
            step.by_hand,
            _dump(dict(step.extra)),
            fault,
        ),
    )
    db.execute(
        "UPDATE faults SET state = ?, at = ? WHERE id = ?", (step.state, step.at, fault)
    )


def faults(db: sqlite3.Connection, where: str, *values: object) -> list[FaultEntry]:
    """Return the faults that fit a condition, newest first."""
    query = f"SELECT *, {_BIT} FROM faults WHERE {where} ORDER BY id DESC"  # noqa: S608
    return [
        FaultEntry(
            id=row["id"],
            run=row["run"],
            step=row["step"],
            kind=row["kind"],
            victim=_load_instance(_load(row["victim"])),
            arguments=_load(row["arguments"]),
            duration=row["duration"],
            until=row["until"],
            undo=load_undo(row["undo"]),
            mark=row["mark"],
            by=_process(row),
            state=FaultState(row["state"]),
            at=row["at"],
            bit=bool(row["bit"]),
        )
        for row in db.execute(query, values)
    ]


def transitions(db: sqlite3.Connection, run: str, after: int) -> list[Transition]:
    """Return the steps of a run's faults behind a number, in order."""
    selected = db.execute(
        "SELECT t.*, f.step, f.kind, f.victim, f.arguments, f.duration"
        " FROM transitions t JOIN faults f ON f.id = t.fault"
        " WHERE t.run = ? AND t.number > ? ORDER BY t.number",
        (run, after),
    )
    listed = []
    for row in selected:
        victim = _load(row["victim"])
        listed.append(
            Transition(
                number=row["number"],
                fault=row["fault"],
                run=row["run"],
                step=row["step"],
                kind=row["kind"],
                service=victim["service"],
                instance=victim["name"],
                arguments=_load(row["arguments"]),
                duration=row["duration"],
                state=FaultState(row["state"]),
                at=row["at"],
                note=row["note"],
                by=row["by"],
                by_hand=row["by_hand"],
                extra=_load(row["extra"]),
            )
        )
    return listed
