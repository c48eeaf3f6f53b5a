"""What was hit and the proof that it bit, what was undone and how fast."""

from dataclasses import replace
from typing import TypeVar

from gameday.frozen import frozen
from gameday.model.events import (
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Phase,
    UndoFailed,
)
from gameday.model.timeline import Timeline

_Kind = TypeVar("_Kind", FaultBiting, FaultEnded, UndoFailed)


@frozen
class FaultRow:
    """One fault on one instance. Times in seconds; None: never, or not known.

    `bites`: None where it could not be told. `undo_took`: from the order to undo to
    its confirmation; None where the fault ended by itself.
    """

    step: str
    fault: str
    instance: str
    started: float | None
    bites: bool | None = None
    proof: str = ""
    ended: float | None = None
    undone: bool = False
    by: str = ""
    because: str = ""
    by_hand: str = ""
    undo_took: float | None = None

    @property
    def lasted(self) -> float | None:
        """Seconds from its start to its confirmed end."""
        if self.started is None or self.ended is None:
            return None
        return self.ended - self.started


def fault_rows(timeline: Timeline) -> list[FaultRow]:
    """Return every fault of the run, also those that could not be injected."""
    rows = [_hit(started, timeline) for started in timeline.of(FaultStarted)]
    failed = [
        FaultRow(
            step=e.step,
            fault=e.fault,
            instance=e.instance,
            started=None,
            bites=False,
            proof=f"not injected: {e.because}",
        )
        for e in timeline.of(FaultFailed)
    ]
    return rows + failed


def _hit(started: FaultStarted, timeline: Timeline) -> FaultRow:
    proof = _last_of(timeline, FaultBiting, started)
    row = FaultRow(
        step=started.step,
        fault=started.fault,
        instance=started.instance,
        started=started.at,
        bites=proof.bites if proof else None,
        proof=str(proof.because) if proof else "nothing was proven",
        because="no end was recorded",
    )
    ended = _last_of(timeline, FaultEnded, started)
    if ended is not None and ended.ok:
        return replace(
            row,
            ended=ended.at,
            undone=True,
            by=ended.by,
            because=ended.because,
            undo_took=_undo_took(started, ended, timeline),
        )
    stuck = _last_of(timeline, UndoFailed, started)
    if stuck is not None:
        return replace(row, because=stuck.because, by_hand=stuck.by_hand)
    if ended is not None:
        return replace(row, by=ended.by, because=ended.because, by_hand=ended.by_hand)
    return row


def _last_of(
    timeline: Timeline, kind: type[_Kind], started: FaultStarted
) -> _Kind | None:
    same = [
        e for e in timeline.of(kind) if e.id == started.id and e.step == started.step
    ]
    return same[-1] if same else None


def _undo_took(
    started: FaultStarted, ended: FaultEnded, timeline: Timeline
) -> float | None:
    """Return the time from the last order to undo before the end, where one is."""
    if ended.by in ("self", "deadline"):
        return None
    orders = [
        e.at
        for e in timeline.between(started.at, ended.at, Phase)
        if e.phase == "undo" and e.step == started.step
    ]
    return ended.at - orders[-1] if orders else None
