"""A fault that is asked for, its proof, its undo, and what the undo found.

A fault is a condition that holds from inject to undo: an interval.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from gameday.frozen import frozen


@frozen
class Selection:
    """Which instances of a service: one of count, share or instances."""

    service: str
    count: int | None = None
    share: float | None = None
    instances: tuple[str, ...] = ()


@frozen
class FaultRequest:
    """A fault as an experiment asks for it; `arguments` are its own, parsed.

    Durations in seconds, shares as ratios, names as tuples of text.
    `duration`: the longest it may last in seconds, None: the default.
    """

    kind: str
    selection: Selection
    duration: float | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Undo:
    """How to undo one fault on one instance, as data: a verb of the target.

    Whoever heals needs neither the fault's code nor the engine.
    """

    target: str  # the URL
    verb: str
    instance: str
    identity: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict)


class FaultState(StrEnum):
    """The steps of a fault's life; each is a transition in the ledger."""

    PLANNED = "planned"
    INJECTING = "injecting"
    BITING = "biting"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"  # an undo that did not succeed: still broken


@frozen
class Proof:
    """Whether a fault bites, and how that was seen."""

    bites: bool
    because: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Undone:
    """What an undo found and did: `ok` says that the fault is gone for certain."""

    ok: bool
    found: str  # one sentence: "was stopped; started again", "was gone already", …
    by_hand: str = ""  # what a person must do where ok is false
    at: float | None = None  # when it was confirmed, by the target where it stamps
    unanswered: bool = False  # the target did not answer at all: worth waiting for
    early: str = ""  # why it had not held until then; empty: it had, for all we know
