"""Faults that a helper container holds: the word, the proof, the end.

It carries the deadline with it: it puts everything back when its time is over, when
it is told to, and when it is asked to end by whoever finds it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.faults.fault import Proof, Undo, Undone
from gameday.targets.docker.engine import Engine, Gone
from gameday.targets.docker.hand import (
    REPLACED,
    command,
    failed,
    same_container,
    undone_or_why,
)
from gameday.targets.docker.sidecars.helper import Helper

LASTS = 600.0  # seconds: the longest it lasts where nothing else is said
VERB = "end_helper"
# Sweeps a container for a mark; returns how much of the fault had held without its
# helper, and what was done in words.
Swept = Callable[[str, str], tuple[int, str]]
_SLACK = 1.0  # seconds by which a helper's own clock may keep a deadline too early


class Held:
    """What the hands have in common whose faults are held by a helper."""

    def __init__(self, engine: Engine, helper: Helper) -> None:
        self._engine = engine
        self._helper = helper

    def inject(self, victim: str, undo: Undo) -> None:
        """Give the helper the word."""
        try:
            self._helper.go(undo.arguments["helper"])
        except (FaultFailed, GamedayError) as wrong:
            raise failed(victim, "the fault", wrong) from wrong

    def proof(self, undo: Undo, patience: float) -> Proof:
        """Return the proof that the helper took; it has so many seconds for it."""
        try:
            said = self._helper.said(undo.arguments["helper"], "proof", patience)
        except GamedayError as wrong:
            return Proof(bites=False, because=f"not proven: {wrong}")
        evidence: dict[str, Any] = {**said["evidence"], "way": undo.arguments["way"]}
        return Proof(bites=said["bites"], because=said["because"], evidence=evidence)

    def undo(self, undo: Undo, sweep: Swept) -> Undone:
        """End the helper; where it did not clean up itself, sweep after it."""
        helper = str(undo.arguments["helper"])
        end = command(self._engine, "kill", "--signal", "TERM", helper[:12])
        anew = command(self._engine, "restart", undo.identity["id"][:12])
        by_hand = f"{end}, or where that helper is gone: {anew} (a new network)"
        return undone_or_why(by_hand, lambda: self._end(undo, helper, sweep))

    def _end(self, undo: Undo, helper: str, sweep: Swept) -> Undone:
        held, anew = self._helper.runs(helper), self._anew(undo)
        code = self._helper.end(helper)
        if code == 0:
            said = self._last_words(helper)
            self._helper.remove(helper)
            early = "" if held else _too_soon(undo, said)
            if "lost" in said:
                early = str(said["lost"]["because"])
            early = early or anew
            words = "the helper put everything back"
            words = f"{early}; {words}" if early else words
            at = said.get("removed", {}).get("at")
            return Undone(ok=True, found=words, at=at, early=early)
        if code is None:
            self._helper.remove(helper)  # gone, or deaf
        found = same_container(self._engine, undo)
        if found is None or not found["State"]["Running"]:
            self._helper.remove(helper)
            return REPLACED
        had_held, swept = sweep(found["Id"], str(undo.arguments["mark"]))
        self._helper.remove(helper)
        early = "" if held or had_held else "its helper was gone before it was undone"
        early = early or anew
        return Undone(ok=True, found=f"the helper had died; {swept}", early=early)

    def _anew(self, undo: Undo) -> str:
        """Return that the victim has another namespace now; empty: it has not."""
        found = same_container(self._engine, undo)
        if found is None:
            return REPLACED.early
        started = undo.identity.get("started_at", "")
        if started in ("", found["State"]["StartedAt"]):
            return ""
        return "its container was started anew before it was undone"

    def _last_words(self, helper: str) -> dict[str, dict[str, Any]]:
        try:
            lines = self._helper.lines(helper)
        except Gone:
            return {}
        return {line["say"]: line for line in lines}


def _too_soon(undo: Undo, said: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why a helper that had ended by itself did so before its time was over."""
    began, ended = (said.get(word, {}).get("at") for word in ("applied", "removed"))
    lasts = undo.arguments.get("duration")
    if began is None or ended is None or lasts is None:
        return ""
    if ended - began >= float(lasts) - _SLACK:
        return ""
    return f"its helper was ended by somebody after {ended - began:.1f} s"
