"""Faults whose ledger is lost, found by the marks that they left in their target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gameday.ledger.heal import undo_with_retries
from gameday.model.faults.fault import Undone
from gameday.targets.ownership import Holder, Leftover

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget, TargetLock, TargetMarks


@dataclass(frozen=True, slots=True, kw_only=True)
class HealedOrphan:
    """Something that was found by its mark, and what became of it."""

    left: Leftover
    undone: Undone


def undo_marked(
    target: "OpenTarget",
    clock: "Clock",
    run: str | None = None,
    but: Sequence[str] = (),
) -> list[HealedOrphan]:
    """Undo what carries a mark (of one run; not those in `but`), newest first.

    A place that could not be read may hold faults of any run: it is listed as not
    undone.
    """
    marks = target.marks
    if marks is None:
        return []
    recovered = []
    for left in marks.leftovers():
        if left.unread is not None:
            recovered.append(HealedOrphan(left=left, undone=left.unread))
            continue
        if run not in (None, left.run) or left.run in but:
            continue
        undone = Undone(ok=True, found="removed")
        if left.undo is not None:
            undone = undo_with_retries(target.undo, left.undo, clock)
        if undone.ok:
            marks.drop(left)
        recovered.append(HealedOrphan(left=left, undone=undone))
    return recovered


def free(lock: "TargetLock", dead: Holder) -> str:
    """Free the lock of a dead holder; return what was done, in words."""
    lock.release(dead.run)
    return f"freed: it was held by run {dead.run} of {dead.user}@{dead.host}"


def sweep_rules_of(marks: "TargetMarks") -> list[HealedOrphan]:
    """Remove rules that no helper holds any more."""
    return [
        HealedOrphan(
            left=Leftover(
                run="", what=f"rules on {instance}", undo=None, place=instance
            ),
            undone=Undone(ok=True, found=f"{number} removed"),
        )
        for instance, number in marks.sweep_rules()
    ]
