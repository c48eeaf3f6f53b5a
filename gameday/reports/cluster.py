"""What a cluster told of itself: its events and workloads, in sentences."""

from collections.abc import Iterable

from gameday.model.events import ClusterEvent, FaultStarted
from gameday.model.timeline import Event, Timeline


def is_warning(event: Event) -> bool:
    """Return whether the cluster warned of something."""
    return event.is_a(ClusterEvent) and event.get("type") == "Warning"


def without_asides(events: Iterable[Event], timeline: Timeline) -> list[Event]:
    """Return the events without what the cluster said of what nobody hit.

    Its warnings stay.
    """
    hit = {e.get("service") for e in timeline.of(FaultStarted)} - {"", None}
    return [
        e
        for e in events
        if not e.is_a(ClusterEvent) or is_warning(e) or e.get("service") in hit
    ]


def first_warnings(timeline: Timeline) -> list[Event]:
    """Return each of the cluster's warnings once."""
    first: dict[tuple[str, str], Event] = {}
    for event in filter(is_warning, timeline.of(ClusterEvent)):
        about = (str(event.get("reason")), str(event.get("object")))
        first.setdefault(about, event)
    return list(first.values())


def event_words(event: Event) -> str:
    """Return what the cluster said, of what, and how often."""
    count = event.get("count")
    times = f" ({count} times)" if isinstance(count, int) and count > 1 else ""
    said = f"{event.get('reason', '')}: {event.get('message', '')}"
    return f"{event.get('object', 'the cluster')}: {said}{times}"


def workload_words(event: Event) -> str:
    """Return whether a workload is available, and its endpoints."""
    served = event.get("endpoints") or {}
    ready = f"{event.get('ready')} of {event.get('wanted')} ready"
    shown = "".join(f", {name} has {n} endpoints" for name, n in sorted(served.items()))
    state = "is" if event.get("available") else "is not"
    return f"{event.get('workload', 'a workload')} {state} available: {ready}{shown}"
