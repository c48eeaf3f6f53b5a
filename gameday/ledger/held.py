"""Who has a target now: this machine's ledger first, then the lock in the target."""

from typing import TYPE_CHECKING

from gameday.targets.ownership import Holder

if TYPE_CHECKING:
    from gameday.ledger.ledger import Ledger
    from gameday.targets.opened import OpenTarget


def why_held_by_another(ledger: "Ledger | None", target: "OpenTarget") -> str:
    """Return the sentence that refuses a run because another has the target, or empty.

    Nothing is taken or freed: a run that starts undoes what a dead holder has left.
    """
    known = "" if ledger is None else ledger.refusal(target.url)
    if known or target.lock is None:
        return known
    other = target.lock.holder()
    if other is None or other.alive is False:
        return ""
    return held_text(target, other, "")


def held_text(target: "OpenTarget", other: Holder, why: str) -> str:
    """Return in words who holds a target; `why`: what is known beside of a dead one."""
    what = f"run {other.run}" + (f" ({other.scenario})" if other.scenario else "")
    who = f"{other.user}@{other.host}, process {other.process.pid}"
    said = f"{target.url} is held by {what} of {who}, since {other.since}"
    if other.alive or target.lock is None:
        return said
    if other.alive is False:
        why = why or "it died and left faults behind"
        return f"{said}; {why}: `{target.lock.free_command()}`"
    return (
        f"{said}; whether that still runs cannot be told from here. When it surely "
        f"does not: `{target.lock.free_command()}`"
    )
