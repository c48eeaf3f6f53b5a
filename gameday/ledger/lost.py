"""Faults whose ledger is lost, found by the marks that they left in their target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gameday.ledger.heal import patiently
from gameday.model.faults.fault import Undone
from gameday.targets.marking import Holder, Left, Lockable, Marked

if TYPE_CHECKING:
    from gameday.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that was found by its mark, and what became of it."""

    left: Left
    undone: Undone


def undo_marked(
    target: Marked, clock: "Clock", run: str | None = None, but: Sequence[str] = ()
) -> list[Found]:
    """Undo what carries a mark (of one run; not of those in `but`), newest first.

    A place that could not be read may hold anybody's: it is among what is not undone.
    """
    found = []
    for left in target.left():
        if left.unread is not None:
            found.append(Found(left=left, undone=left.unread))
            continue
        if run not in (None, left.run) or left.run in but:
            continue
        found.append(Found(left=left, undone=_undo(target, left, clock)))
    return found


def _undo(target: Marked, left: Left, clock: "Clock") -> Undone:
    if left.undo is None:
        target.drop(left)
        return Undone(ok=True, found="removed")
    undone = patiently(target.undo, left.undo, clock)
    if undone.ok:
        target.drop(left)
    return undone


def free(target: Lockable, dead: Holder) -> str:
    """Free the lock that somebody has who does not live; say what was done."""
    target.release(dead.run)
    return f"freed: it was held by run {dead.run} of {dead.user}@{dead.host}"


def swept(target: Marked) -> list[Found]:
    """Remove rules that no helper holds any more."""
    return [
        Found(
            left=Left(run="", what=f"rules on {instance}", undo=None, place=instance),
            undone=Undone(ok=True, found=f"{number} removed"),
        )
        for instance, number in target.sweep_rules()
    ]
