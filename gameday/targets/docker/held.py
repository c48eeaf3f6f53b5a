"""Faults that a helper container holds: the word, the proof, the end.

It carries the deadline with it: it puts everything back when its time is over, when
it is told to, and when it is asked to end by whoever finds it.
"""

from collections.abc import Callable
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.model.fault import Proof, Undo, Undone
from gameday.targets.docker.engine import Engine, Gone
from gameday.targets.docker.hand import (
    REPLACED,
    command,
    failed,
    same_container,
    undone_or_why,
)
from gameday.targets.docker.helper import Helper

LASTS = 600.0  # seconds: the longest it lasts where nothing else is said
VERB = "end_helper"
Swept = Callable[[str, str], str]  # sweeps a container for a mark; says what was done


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
        code = self._helper.end(helper)
        if code == 0:
            said = self._last_words(helper)
            self._helper.remove(helper)
            words = "the helper put everything back"
            if "lost" in said:
                words = f"{said['lost']['because']}; {words}"
            return Undone(ok=True, found=words, at=said.get("removed", {}).get("at"))
        if code is None:
            self._helper.remove(helper)  # gone, or deaf
        found = same_container(self._engine, undo)
        if found is None or not found["State"]["Running"]:
            self._helper.remove(helper)
            return REPLACED
        swept = sweep(found["Id"], str(undo.arguments["mark"]))
        self._helper.remove(helper)
        return Undone(ok=True, found=f"the helper had died; {swept}")

    def _last_words(self, helper: str) -> dict[str, dict[str, Any]]:
        try:
            lines = self._helper.lines(helper)
        except Gone:
            return {}
        return {line["say"]: line for line in lines}
