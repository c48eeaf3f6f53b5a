"""Whether workloads are available: replicas ready and current, endpoints ready.

Wanted, ready and current are what the controllers say of the newest spec; endpoints
are the ready ones in the EndpointSlices of every Service that selects the pods.
"""

import threading
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from gameday.errors import TargetNotFound
from gameday.frozen import frozen
from gameday.model.events import Event, WorkloadChanged
from gameday.ports import Emit
from gameday.targets.kubernetes.client.api import Api, Json, namespaced
from gameday.targets.kubernetes.inventory.workloads import PLURALS, Workload, path_of
from gameday.targets.kubernetes.watch.watching import Feed, KnownCollection, listed

SERVICE = "kubernetes.io/service-name"
_SLICES = "discovery.k8s.io/v1"


@frozen
class State:
    """The state of a workload; `endpoints`: how many are ready, by Service."""

    wanted: int
    ready: int
    available: bool
    endpoints: Mapping[str, int]


GONE = State(wanted=0, ready=0, available=False, endpoints={})


def state_of(
    kind: str, raw: Json, services: Iterable[Json], slices: Iterable[Json]
) -> State:
    """Return how a workload is, from it, the Services and the EndpointSlices."""
    workload = Workload(kind=kind, name="", service="", path="", raw=raw)
    labels = raw["spec"]["template"]["metadata"].get("labels") or {}
    selecting = sorted(
        front["metadata"]["name"] for front in services if _selects(front, labels)
    )
    current = _observed(raw) and _current(kind, raw, workload.wanted)
    return State(
        wanted=workload.wanted,
        ready=workload.ready,
        available=current and workload.ready >= workload.wanted,
        endpoints={name: _ready(slices, name) for name in selecting},
    )


def _selects(service: Json, labels: Mapping[str, str]) -> bool:
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _observed(raw: Json) -> bool:
    """Whether the status is about the spec as it is now."""
    seen = raw.get("status", {}).get("observedGeneration", 0)
    return bool(seen >= raw["metadata"].get("generation", 0))


def _current(kind: str, raw: Json, wanted: int) -> bool:
    """Whether every pod has the newest template, as far as it is to be rolled out."""
    status = raw.get("status", {})
    if kind == "Deployment":
        updated = status.get("updatedReplicas", 0)
        return bool(status.get("replicas", 0) == updated == wanted)
    strategy = raw["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") == "OnDelete" or rolling.get("partition"):
        return True
    key = "updatedReplicas" if kind == "StatefulSet" else "updatedNumberScheduled"
    return bool(status.get(key, 0) >= wanted)


def _ready(slices: Iterable[Json], service: str) -> int:
    ready = set()
    for endpoint_slice in slices:
        if (endpoint_slice["metadata"].get("labels") or {}).get(SERVICE) != service:
            continue
        for endpoint in endpoint_slice.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                pod = (endpoint.get("targetRef") or {}).get("uid")
                ready.add(pod or tuple(endpoint.get("addresses") or ()))
    return len(ready)


class Availability:
    """Reports `workload` events: each workload once, then every change of it."""

    def __init__(
        self, api: Api, namespace: str, services: Mapping[str, str], emit: Emit
    ) -> None:
        """`services`: the service of each workload that is meant (`deployment/web`)."""
        self._api = api
        self._services = services
        self._emit = emit
        self._lock = threading.Lock()
        self._seen: dict[str, Mapping[str, Json]] = {}
        self._told: dict[str, State] = {}
        self._looked = namespaced(namespace, "endpointslices", group=_SLICES)
        paths = {
            **{kind: _plural(namespace, kind) for kind in _kinds(services)},
            "Service": namespaced(namespace, "services"),
            "EndpointSlice": self._looked,
        }
        self._feeds = {
            kind: Feed(api, path, partial(self._on_change, kind))
            for kind, path in paths.items()
        }
        for feed in self._feeds.values():
            feed.start()

    def look(self) -> None:
        """Make sure that the API answers, and every watch of ours with it."""
        listing = listed(self._api, self._looked)
        for feed in self._feeds.values():
            if feed.broken:
                raise TargetNotFound(feed.broken)
        self._feeds["EndpointSlice"].wait_for(listing, 1.0)

    def stop(self) -> None:
        """Tell nothing from now on."""
        for feed in self._feeds.values():
            feed.stop()

    def _on_change(self, kind: str, seen: KnownCollection) -> None:
        with self._lock:
            self._seen[kind] = seen.objects
            if len(self._seen) < len(self._feeds):
                return
            for words, service in self._services.items():
                state = self._state(words)
                if state != self._told.get(words):
                    self._emit(self._event(words, service, state, seen))
                self._told[words] = state

    def _state(self, words: str) -> State:
        kind, name = _parts(words)
        workloads = [
            workload
            for workload in self._seen[kind].values()
            if workload["metadata"]["name"] == name
        ]
        if not workloads:
            return GONE
        services = self._seen["Service"].values()
        return state_of(
            kind, workloads[0], services, self._seen["EndpointSlice"].values()
        )

    def _event(
        self, words: str, service: str, state: State, seen: KnownCollection
    ) -> Event:
        fields: dict[str, Any] = {
            "wanted": state.wanted,
            "ready": state.ready,
            "endpoints": dict(state.endpoints),
            "available": state.available,
            "error": round(seen.late, 3),
        }
        return WorkloadChanged(at=seen.at, service=service, workload=words, **fields)


def _kinds(services: Iterable[str]) -> list[str]:
    return sorted({_parts(words)[0] for words in services})


def _parts(words: str) -> tuple[str, str]:
    kind, _, name = words.partition("/")
    return next(plural for plural in PLURALS if plural.lower() == kind), name


def _plural(namespace: str, kind: str) -> str:
    return path_of(namespace, kind, "").rstrip("/")
