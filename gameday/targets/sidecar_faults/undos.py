"""Undos as data: one for each helper of a fault, those of far ends in the first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gameday.model.faults.fault import Undo, Undone
from gameday.model.quantity import show_duration
from gameday.targets.sidecar_faults.host import Ended

_SLACK = 1.0  # seconds by which a helper's own clock may keep a deadline too early


def as_data(undo: Undo) -> dict[str, Any]:
    """Return an undo as plain data, without its target."""
    return {
        "verb": undo.verb,
        "instance": undo.instance,
        "identity": dict(undo.identity),
        "arguments": dict(undo.arguments),
    }


def with_helper(undo: Undo, helper: str) -> Undo:
    """Return an undo that knows its helper."""
    return replace(undo, arguments={**undo.arguments, "helper": helper})


def with_far_ends(first: Undo, far: Sequence[Undo]) -> Undo:
    """Return the undo of the whole fault."""
    if not far:
        return first
    ends = [as_data(end) for end in far]
    return replace(first, arguments={**first.arguments, "far": ends})


def undo_of_each_helper(undo: Undo) -> list[Undo]:
    """Return the undo of each helper, the victim's first."""
    far = undo.arguments.get("far") or ()
    return [undo, *(Undo(target=undo.target, **end) for end in far)]


def why_early(undo: Undo, ended: Ended, held: int = 0) -> str:
    """Return why the fault had not held until it was undone; empty: it had.

    `held`: how much of it had gone on without its helper, as a sweep found.
    """
    if ended.lost or not ended.over:
        return ended.lost
    if not ended.clean:
        return "" if held else "its helper was gone before it was undone"
    lasts = undo.arguments.get("duration")  # unknown to who found only the helper
    if ended.held is None or lasts is None or ended.held >= float(lasts) - _SLACK:
        return ""
    after = show_duration(round(ended.held, 1))
    return f"its helper was ended by somebody after {after}"


def all_undone(undone: Sequence[Undone]) -> Undone:
    """Return how it went at all ends: the first that is not undone, else the last."""
    for end in undone:
        if not end.ok:
            return end
    stamps = [end.at for end in undone]
    known = [stamp for stamp in stamps if stamp is not None]
    return replace(
        undone[0],
        at=max(known) if len(known) == len(stamps) else None,
        early=next((end.early for end in undone if end.early), ""),
    )
