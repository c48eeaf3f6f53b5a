"""Events of what a fault hits and what surrounds it; how a workload was at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from gameday.frozen import frozen
from gameday.model.events.codec import Event, Instant, Seconds
from gameday.model.quantity import LATEST

UNSTAMPED = -1.0  # an earlier version wrote no stamp


def _is_stamp(value: float) -> bool:
    return value == UNSTAMPED or 0 <= value < LATEST


@frozen
class InstanceChanged(
    Event, kind="instance", omits=("stamp", "id", "container", "ended")
):
    """An instance as it is: at each change, and once at the gate.

    `stamp`: the target's own time of it, null where it gave none; `at` is on gameday's
    clock, or on the target's where an earlier version wrote no stamp; `id`: what runs
    there, so that another id is another instance; `container`: of a pod, so that
    another one was restarted there; `ended`: why the one before it ended, as the
    cluster says.
    """

    service: str
    instance: str
    state: str = ""
    health: str = ""
    up: bool
    error: Seconds = 0.0
    stamp: Annotated[float, _is_stamp] | None = UNSTAMPED
    id: str = ""
    container: str = ""
    ended: str = ""


@frozen
class WorkloadChanged(Event, kind="workload"):
    """A workload that a fault hits in a cluster: once, and at each change.

    `ready`: replicas; `endpoints`: ready ones by Service; `available`: as many as
    wanted are ready and current.
    """

    service: str
    workload: str
    wanted: int
    ready: int
    endpoints: Mapping[str, int]
    available: bool
    error: Seconds = 0.0


@frozen
class ClusterEvent(Event, kind="cluster_event"):
    """An Event of the cluster's namespace; again when its count has doubled.

    `at` is when it was told; `service` is empty where it is no service's.
    """

    reason: str = ""
    type: str = ""
    object: str = ""
    service: str = ""
    message: str = ""
    count: int = 1


@frozen
class Process(Event, kind="process"):
    """When the process of a scrape target began."""

    job: str
    instance: str
    began: Instant


def workload_at(
    states: Sequence[WorkloadChanged], when: float
) -> WorkloadChanged | None:
    """Return how a workload was at a time; None where nobody had seen it yet."""
    return next((state for state in reversed(states) if state.at <= when), None)


def is_fully_available(now: WorkloadChanged, was: WorkloadChanged) -> bool:
    """Return whether a workload is all that it was before a fault."""
    enough = all(
        now.endpoints.get(name, 0) >= ready for name, ready in was.endpoints.items()
    )
    return bool(now.available) and now.wanted >= was.wanted and enough
