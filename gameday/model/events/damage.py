"""Events that do not say what they are about: a record that was cut oddly."""

from collections.abc import Iterable

from gameday.model.events.codec import Event, lacking

# No answer would notice that such an event is lost to it. What else an event lacks is
# told by the answer that asks for it.
_TELL_WHICH = frozenset(
    ("step", "id", "fault", "service", "instance", "receiver", "slo", "phase", "ok")
)


def sound(events: Iterable[Event]) -> tuple[list[Event], str]:
    """Return the events that can be used, and what the first unusable one lacks.

    An unusable event lacks a field that says what it is about; the text is empty if
    there is none.
    """
    whole: list[Event] = []
    damage = ""
    for event in events:
        missing = [name for name in lacking(event) if name in _TELL_WHICH]
        if not missing:
            whole.append(event)
        elif not damage:
            damage = f"an event {event.kind} has no {', '.join(missing)}"
    return whole, damage
