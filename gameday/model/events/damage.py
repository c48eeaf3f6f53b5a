"""Events that lack a field which every version wrote: a record that was cut oddly."""

from collections.abc import Iterable

from gameday.model.events.codec import lacking
from gameday.model.timeline import Event

_DECIDES_NOTHING = frozenset(("note",))
# What is only shown, or told by other events as well: whoever reads it does without.
_SPARE = frozenset(("scenario", "arguments", "duration", "by_hand", "starts"))


def sound(events: Iterable[Event]) -> tuple[list[Event], str]:
    """Return the events that are whole, and what the first that is not lacks.

    The text is empty where nothing is missing that could decide anything.
    """
    whole: list[Event] = []
    damage = ""
    for event in events:
        missing = [name for name in lacking(event) if name not in _SPARE]
        if not missing:
            whole.append(event)
        elif event.kind not in _DECIDES_NOTHING and not damage:
            damage = f"an event {event.kind} has no {', '.join(missing)}"
    return whole, damage
