"""Events of faults, from just before the injection to the confirmed undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday.model.events.codec import Seconds, StepEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStarted(StepEvent, kind="fault_started"):
    """A fault begins; `at` is just before the first call that changes the target."""

    id: str
    fault: str
    service: str
    instance: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    duration: Seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultBiting(StepEvent, kind="fault_biting", omits=("evidence",)):
    """Whether a fault took effect, and how that was seen."""

    id: str
    bites: bool
    because: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFailed(StepEvent, kind="fault_failed"):
    """A fault was not injected."""

    fault: str
    service: str
    instance: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEnd(StepEvent):
    """A fault is over (`ok`), or could not be undone.

    `at` is when that was confirmed. `by`: rollback, run, self, heal, watchdog, deadline
    or hand.
    """

    id: str
    ok: bool
    by: str = ""
    because: str = ""
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEnded(FaultEnd, kind="fault_ended", omits=("early",)):
    """A fault is over, or could not be undone, as the run saw it.

    `early`: why it had not held until its undo.
    """

    early: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFailed(StepEvent, kind="undo_failed"):
    """An undo did not succeed: something is still broken."""

    id: str
    instance: str
    because: str = ""
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneLater(FaultEnd, kind="undone_later"):
    """The end of a fault whose run had died, as only the ledger knows it.

    It is in no file.
    """
