"""Events that lack a field which every version wrote: a record that was cut oddly."""

from collections.abc import Iterable

from gameday.model.events.codec import lacking
from gameday.model.timeline import Event

# Without these nobody knows what an event is about: no answer would notice its loss.
_TELL_WHICH = frozenset(
    ("step", "id", "fault", "service", "instance", "receiver", "slo", "phase", "ok")
)


def sound(
    events: Iterable[Event], *, strictly: bool = False
) -> tuple[list[Event], str]:
    """Return the events that are whole, and what the first that is not lacks.

    The text is empty where nothing is missing. `strictly`: also what only some answers
    ask for, and what an earlier version may not have written.
    """
    whole: list[Event] = []
    damage = ""
    for event in events:
        missing = [name for name in lacking(event) if strictly or name in _TELL_WHICH]
        if not missing:
            whole.append(event)
        elif not damage:
            damage = f"an event {event.kind} has no {', '.join(missing)}"
    return whole, damage
