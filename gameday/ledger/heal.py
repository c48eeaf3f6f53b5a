"""Undo what the ledger holds open: newest first, in parallel where independent.

Idempotent: several healers may be at it at once (a rollback, the run, the watchdog,
a person); each undo is, and the ledger takes the first word that a fault is gone.
"""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gameday.errors import GamedayError, StoreError
from gameday.ledger import foreign
from gameday.ledger.entries import FaultEntry, Healed
from gameday.ledger.ledger import Ledger
from gameday.model.faults.fault import FaultState, Undo, Undone
from gameday.targets.procfs import session

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget

Opener = Callable[[str], "OpenTarget"]
Act = Callable[[Undo], Undone]

ATTEMPTS = 5
FOREIGN_ATTEMPTS = 3
ABSENCE = 30.0  # seconds for a target that does not answer, as while it restarts
_FIRST_PAUSE = 0.1  # seconds; doubled after each attempt
_LONGEST_PAUSE = 2.0
SETTLE = 0.3  # seconds for a call that was under way when its caller died
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
    beside each other. Other extensions' rollbacks are played after gameday's own
    faults are gone, which might be in their way.
    """
    own: dict[tuple[str, str], list[FaultEntry]] = {}
    others: list[FaultEntry] = []
    for entry in sorted(entries, key=lambda fault: -fault.id):
        if entry.undo.verb == foreign.VERB:
            others.append(entry)
        else:
            own.setdefault((entry.undo.target, entry.victim.name), []).append(entry)
    healer = _Healer(ledger, clock, by, emit)
    targets = {
        url: _opened(open_target, url) for url in sorted({key[0] for key in own})
    }

    def one_by_one(entries: list[FaultEntry]) -> list[Healed]:
        return [healer.heal(targets[entry.undo.target], entry) for entry in entries]

    if len(own) <= 1:
        outcomes = [done for group in own.values() for done in one_by_one(group)]
    else:
        with ThreadPoolExecutor(min(len(own), _WORKERS)) as pool:
            outcomes = [
                done for group in pool.map(one_by_one, own.values()) for done in group
            ]
    outcomes += [healer.play(other) for other in others]
    return sorted(outcomes, key=lambda healed: -healed.fault.id)


def end_injectors(entries: Sequence[FaultEntry]) -> None:
    """End processes that may still be injecting; they belong to a run that died.

    An engine that plays other extensions' actions is ended with all that it started.
    """
    for entry in entries:
        by = entry.by
        pids: list[int] = []
        if by.pid in (os.getpid(), os.getsid(0)):
            continue
        if entry.kind == foreign.KIND:
            pids = session(by)
        elif entry.state in (FaultState.PLANNED, FaultState.INJECTING) and by.alive:
            pids = [by.pid]
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def forget(target: "OpenTarget", undo: Undo) -> None:
    """Remove the mark that a fault has left in its target, where it can hold one."""
    if target.marks is not None:
        # Whatever goes wrong: it is litter, and undos may still be to come.
        with suppress(Exception):
            target.marks.forget(undo)


def _opened(open_target: Opener, url: str) -> "OpenTarget | Undone":
    try:
        return open_target(url)
    except Exception as wrong:  # noqa: BLE001 - other targets' undos go on
        by_hand = f"make {url} reachable, then `gameday heal`"
        return Undone(ok=False, found=_error_text(wrong), by_hand=by_hand)


def _error_text(wrong: Exception) -> str:
    """Return what went wrong; of what is not ours its kind as well."""
    if isinstance(wrong, GamedayError):
        return str(wrong)
    return f"{type(wrong).__name__}: {wrong}"


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

    def heal(self, target: "OpenTarget | Undone", entry: FaultEntry) -> Healed:
        """Undo one fault, with patience, and write down how it went."""
        raced = self._is_undone_elsewhere(entry)
        self._write(entry, FaultState.UNDOING, self._clock.now())
        if isinstance(target, Undone):
            return self._finished(entry, target)
        undone = undo_with_retries(target.undo, entry.undo, self._clock)
        if undone.ok and entry.broken and not entry.bit:
            self._clock.sleep(SETTLE)
            again = undo_with_retries(target.undo, entry.undo, self._clock)
            undone = undone if again.ok else again
        if raced:
            undone = replace(undone, early="")
        healed = self._finished(entry, undone)
        if undone.ok:
            forget(target, entry.undo)
        return healed

    def _is_undone_elsewhere(self, entry: FaultEntry) -> bool:
        """Return whether the fault has expired and another process is undoing it now.

        If so, the fault must not be reported as ended early.
        """
        if self._clock.now() < entry.until:
            return False
        with suppress(StoreError):
            now = self._ledger.fault(entry.id)
            return now is not None and now.state is FaultState.UNDOING
        return False

    def play(self, entry: FaultEntry) -> Healed:
        """Have an experiment's rollbacks played."""
        self._write(entry, FaultState.UNDOING, self._clock.now())
        done = undo_with_retries(
            foreign.play, entry.undo, self._clock, FOREIGN_ATTEMPTS
        )
        return self._finished(entry, done)

    def _finished(self, entry: FaultEntry, undone: Undone) -> Healed:
        at = self._clock.now()
        state = FaultState.UNDONE if undone.ok else FaultState.FAILED
        self._write(entry, state, at, undone)
        healed = Healed(fault=entry, undone=undone, at=at)
        if self._emit is not None:
            self._emit(healed)
        return healed

    def _write(
        self,
        entry: FaultEntry,
        state: FaultState,
        at: float,
        undone: Undone | None = None,
    ) -> None:
        """Write a step down; a ledger that cannot be written stops no undo."""
        said: dict[str, Any] = {}
        if undone is not None:
            extra: dict[str, Any] = {"early": undone.early} if undone.early else {}
            if undone.at is not None:
                extra["target_at"] = undone.at
            said = {"note": undone.found, "by_hand": undone.by_hand, "extra": extra}
        with suppress(StoreError):
            self._ledger.move(entry.id, state, at, by=self._by, **said)


def undo_with_retries(
    act: Act, undo: Undo, clock: "Clock", attempts: int = ATTEMPTS
) -> Undone:
    """Undo, again and again with longer and longer pauses; never raises.

    A target that does not answer is waited for. One that refuses, or whose answer
    raises, is tried a fixed number of times: other undos are still to come.
    """
    refused, pause = 0, _FIRST_PAUSE
    end = clock.monotonic() + ABSENCE
    while True:
        try:
            undone = act(undo)
        except Exception as wrong:  # noqa: BLE001 - whatever it is, an undo goes on
            undone = Undone(ok=False, found=_error_text(wrong))
        if undone.ok:
            return undone
        refused += not undone.unanswered
        if refused >= attempts or clock.monotonic() >= end:
            break
        clock.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    by_hand = undone.by_hand or f"see to {undo.instance}, then `gameday heal`"
    return Undone(ok=False, found=undone.found, by_hand=by_hand, early=undone.early)
