"""What was hit and the proof that it bit, what was undone and how fast."""

from dataclasses import dataclass

from gameday.model.events import (
    FaultBiting,
    FaultEnded,
    FaultFailed,
    FaultStarted,
    Phase,
    UndoFailed,
)
from gameday.model.timeline import Event, EventKind, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
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
            step=str(e.get("step", "")),
            fault=str(e.get("fault", "")),
            instance=str(e.get("instance", "")),
            started=None,
            bites=False,
            proof=f"not injected: {e.get('because', '')}",
        )
        for e in timeline.of(FaultFailed)
    ]
    return rows + failed


def _hit(started: Event, timeline: Timeline) -> FaultRow:
    proof = _last_of(timeline, FaultBiting, started)
    ended = _last_of(timeline, FaultEnded, started)
    stuck = _last_of(timeline, UndoFailed, started)
    undone = ended is not None and bool(ended.get("ok", True))
    last = ended if undone else (stuck or ended)
    return FaultRow(
        step=str(started.get("step", "")),
        fault=str(started.get("fault", "")),
        instance=str(started.get("instance", "")),
        started=started.at,
        bites=proof.get("bites") if proof else None,
        proof=str(proof.get("because", "")) if proof else "nothing was proven",
        ended=ended.at if undone and ended else None,
        undone=undone,
        by=str(last.get("by", "")) if last else "",
        because=str(last.get("because", "")) if last else "no end was recorded",
        by_hand=str(last.get("by_hand") or "") if last and not undone else "",
        undo_took=_undo_took(started, ended, timeline) if undone else None,
    )


def _last_of(timeline: Timeline, kind: type[EventKind], started: Event) -> Event | None:
    same = [
        e
        for e in timeline.of(kind)
        if e.get("id") == started.get("id") and e.get("step") == started.get("step")
    ]
    return same[-1] if same else None


def _undo_took(started: Event, ended: Event | None, timeline: Timeline) -> float | None:
    """Return the time from the last order to undo before the end, where one is."""
    if ended is None or ended.get("by") in ("self", "deadline"):
        return None
    orders = [
        e.at
        for e in timeline.between(started.at, ended.at, Phase)
        if e.get("phase") == "undo" and e.get("step") == started.get("step")
    ]
    return ended.at - orders[-1] if orders else None
