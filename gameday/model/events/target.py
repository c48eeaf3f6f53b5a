"""Events of what a fault hits, and of what surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gameday.model.events.codec import Instant, Seconds, TypedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceChanged(TypedEvent, kind="instance", omits=("id", "container", "ended")):
    """An instance as it is: at each change, and once at the gate.

    `stamp`: the target's own time of it, null where it gave none (`at` is on gameday's
    clock); `id`: what runs there, so that another id is another instance; `container`:
    of a pod, so that another one was restarted there; `ended`: why the one before it
    ended, as the cluster says.
    """

    service: str
    instance: str
    state: str
    health: str
    up: bool
    error: Seconds = 0.0
    stamp: Instant | None = None
    id: str = ""
    container: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChanged(TypedEvent, kind="workload"):
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
    error: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEvent(TypedEvent, kind="cluster_event"):
    """An Event of the cluster's namespace; again when its count has doubled.

    `at` is when it was told; `service` is empty where it is no service's.
    """

    reason: str
    type: str
    object: str
    service: str
    message: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(TypedEvent, kind="process"):
    """When the process of a scrape target began."""

    job: str
    instance: str
    began: Instant
