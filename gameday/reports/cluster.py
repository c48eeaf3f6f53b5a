"""What a cluster told of itself: its events and workloads, in sentences."""

from collections.abc import Iterable

from gameday.model.events import ClusterEvent, Event, FaultStarted, WorkloadChanged
from gameday.model.timeline import Timeline


def is_warning(event: Event) -> bool:
    """Return whether the cluster warned of something."""
    return isinstance(event, ClusterEvent) and event.type == "Warning"


def without_asides(events: Iterable[Event], timeline: Timeline) -> list[Event]:
    """Return the events without what the cluster said of what nobody hit.

    Its warnings stay.
    """
    hit = {e.service for e in timeline.of(FaultStarted)} - {""}
    return [
        e
        for e in events
        if not isinstance(e, ClusterEvent) or is_warning(e) or e.service in hit
    ]


def first_warnings(timeline: Timeline) -> list[ClusterEvent]:
    """Return each of the cluster's warnings once."""
    first: dict[tuple[str, str], ClusterEvent] = {}
    for event in timeline.of(ClusterEvent):
        if is_warning(event):
            first.setdefault((event.reason, event.object), event)
    return list(first.values())


def event_words(event: ClusterEvent) -> str:
    """Return what the cluster said, of what, and how often."""
    times = f" ({event.count} times)" if event.count > 1 else ""
    said = f"{event.reason}: {event.message}"
    return f"{event.object}: {said}{times}"


def workload_words(event: WorkloadChanged) -> str:
    """Return whether a workload is available, and its endpoints."""
    served = event.endpoints
    ready = f"{event.ready} of {event.wanted} ready"
    shown = "".join(f", {name} has {n} endpoints" for name, n in sorted(served.items()))
    state = "is" if event.available else "is not"
    return f"{event.workload} {state} available: {ready}{shown}"
