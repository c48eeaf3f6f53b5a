"""Events of faults, from just before the injection to the confirmed undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from gameday.frozen import frozen
from gameday.model.events.codec import Seconds, StepEvent


@frozen
class FaultStarted(StepEvent, kind="fault_started"):
    """A fault begins; `at` is just before the first call that changes the target."""

    id: str
    fault: str
    service: str
    instance: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    duration: Seconds = 0.0


@frozen
class FaultBiting(StepEvent, kind="fault_biting", omits=("evidence",)):
    """Whether a fault took effect, and how that was seen."""

    id: str
    bites: bool
    because: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@frozen
class FaultFailed(StepEvent, kind="fault_failed"):
    """A fault was not injected."""

    fault: str
    service: str
    instance: str
    because: str = ""


@frozen
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


@frozen
class FaultEnded(FaultEnd, kind="fault_ended", omits=("early",)):
    """A fault is over, or could not be undone, as the run saw it.

    `early`: why it had not held until its undo.
    """

    early: str = ""


@frozen
class UndoFailed(StepEvent, kind="undo_failed"):
    """An undo did not succeed: something is still broken."""

    id: str
    instance: str
    because: str = ""
    by_hand: str = ""


@frozen
class UndoneLater(FaultEnd, kind="undone_later"):
    """The end of a fault whose run had died, as only the ledger knows it.

    It is in no file.
    """
