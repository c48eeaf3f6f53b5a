"""Undo what the ledger holds open: newest first, in parallel where independent.

Idempotent: several healers may be at it at once (a rollback, the run, the watchdog,
a person); each undo is, and the ledger takes the first word that a fault is gone.
"""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gameday.errors import GamedayError
from gameday.ledger.book import Ledger
from gameday.ledger.entries import FaultEntry, Healed
from gameday.model.fault import FaultState, Undone

if TYPE_CHECKING:
    from gameday.ports import Clock, Target

Opener = Callable[[str], "Target"]

ATTEMPTS = 5
_FIRST_PAUSE = 0.1  # seconds; doubled after each attempt
_SETTLE = 0.3  # seconds for a call that was under way when its caller died
_WORKERS = 16


def heal(
    ledger: Ledger,
    open_target: Opener,
    clock: "Clock",
    entries: Sequence[FaultEntry],
    *,
    by: str = "heal",
    emit: Callable[[Healed], None] | None = None,
) -> list[Healed]:
    """Undo these faults (as `Ledger.open_faults` gives them); say what was found.

    Faults of one instance are undone one after the other, newest first; instances
    beside each other.
    """
    groups: dict[tuple[str, str], list[FaultEntry]] = {}
    for entry in sorted(entries, key=lambda one: -one.id):
        key = (entry.undo.target, entry.victim.name)
        groups.setdefault(key, []).append(entry)
    healer = _Healer(ledger, clock, by, emit)
    targets: dict[str, Target | Undone] = {}
    for url, _ in groups:
        if url not in targets:
            targets[url] = _opened(open_target, url)

    def one_by_one(entries: list[FaultEntry]) -> list[Healed]:
        return [healer.heal(targets[one.undo.target], one) for one in entries]

    if len(groups) <= 1:
        return [done for group in groups.values() for done in one_by_one(group)]
    with ThreadPoolExecutor(min(len(groups), _WORKERS)) as pool:
        found = [
            one for group in pool.map(one_by_one, groups.values()) for one in group
        ]
    return sorted(found, key=lambda one: -one.fault.id)


def end_injectors(entries: Sequence[FaultEntry]) -> None:
    """End processes that may still be injecting; they belong to a run that died."""
    for entry in entries:
        by = entry.by
        unfinished = entry.state in (FaultState.PLANNED, FaultState.INJECTING)
        if unfinished and by.pid != os.getpid() and by.alive:
            try:
                os.kill(by.pid, signal.SIGKILL)
            except OSError:
                continue


def _opened(open_target: Opener, url: str) -> "Target | Undone":
    try:
        return open_target(url)
    except GamedayError as wrong:
        by_hand = f"make {url} reachable, then `gameday heal`"
        return Undone(ok=False, found=str(wrong), by_hand=by_hand)


class _Healer:
    """One healer at work on one ledger."""

    def __init__(
        self,
        ledger: Ledger,
        clock: "Clock",
        by: str,
        emit: Callable[[Healed], None] | None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._by = by
        self._emit = emit

    def heal(self, target: "Target | Undone", entry: FaultEntry) -> Healed:
        """Undo one fault, with patience, and write down how it went."""
        self._ledger.move(entry.id, FaultState.UNDOING, by=self._by)
        if isinstance(target, Undone):
            undone = target
        else:
            undone = self._undo(target, entry)
            if undone.ok and entry.state is FaultState.INJECTING:
                self._clock.sleep(_SETTLE)
                again = self._undo(target, entry)
                undone = undone if again.ok else again
        at = self._clock.now()
        state = FaultState.UNDONE if undone.ok else FaultState.FAILED
        stamp = {} if undone.at is None else {"target_at": undone.at}
        self._ledger.move(
            entry.id,
            state,
            at,
            note=undone.found,
            by=self._by,
            by_hand=undone.by_hand,
            extra=stamp,
        )
        healed = Healed(fault=entry, undone=undone, at=at)
        if self._emit is not None:
            self._emit(healed)
        return healed

    def _undo(self, target: "Target", entry: FaultEntry) -> Undone:
        undone = Undone(ok=False, found="not tried")
        pause = _FIRST_PAUSE
        for attempt in range(ATTEMPTS):
            if attempt:
                self._clock.sleep(pause)
                pause *= 2
            try:
                undone = target.undo(entry.undo)
            except GamedayError as wrong:
                undone = Undone(ok=False, found=str(wrong))
            if undone.ok:
                return undone
        by_hand = undone.by_hand or f"see to {entry.victim.name}, then `gameday heal`"
        return Undone(ok=False, found=undone.found, by_hand=by_hand)
