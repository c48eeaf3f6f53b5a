"""What the cluster itself reports about a namespace: its Events, as they come.

Only Events from now on; an Event that is repeated is reported again when its count has
doubled.
"""

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from gameday.errors import TargetNotFound
from gameday.model.events import ClusterEvent
from gameday.ports import Emit
from gameday.targets.kubernetes.client.api import Api, Json, namespaced
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.inventory.workloads import Workload
from gameday.targets.kubernetes.watch.watching import Feed, KnownCollection, listed

LONGEST = 300  # characters of a message
_MADE = {  # what the pods of a workload are called after its name
    "Deployment": r"-[a-z0-9]{1,10}(-[a-z0-9]{5})?",
    "StatefulSet": r"-[0-9]+",
    "DaemonSet": r"-[a-z0-9]{5}",
}


def count_of(raw: Json) -> int:
    """Return how often an Event was said."""
    series = raw.get("series") or {}
    return int(series.get("count") or raw.get("count") or 1)


def service_of(kind: str, name: str, workloads: Iterable[Workload]) -> str:
    """Return the service that an object belongs to by its name; empty: to none."""
    for workload in workloads:
        same = (workload.kind, workload.name) == (kind, name)
        pattern = re.escape(workload.name) + _MADE[workload.kind]
        if same or (kind in ("Pod", "ReplicaSet") and re.fullmatch(pattern, name)):
            return workload.service
    return ""


class ClusterEvents:
    """Reports `cluster_event` events."""

    def __init__(self, api: Api, pods: Namespace, emit: Emit) -> None:
        self._api = api
        self._pods = pods
        self._emit = emit
        self._path = namespaced(pods.name, "events")
        self._lock = threading.Lock()
        self._counts: dict[str, int] | None = None  # None: what was before is unknown
        self._workloads: list[Workload] = []
        self._feed = Feed(api, self._path, self._on_change)
        self._feed.start()

    def look(self) -> None:
        """Make sure that the API answers, and the watch with it."""
        listed(self._api, self._path, limit=1)
        if self._feed.broken:
            raise TargetNotFound(self._feed.broken)

    def stop(self) -> None:
        """Tell nothing from now on."""
        self._feed.stop()

    def _on_change(self, seen: KnownCollection) -> None:
        with self._lock:
            if self._counts is None:  # said before the run
                self._workloads = self._pods.workloads()
                self._counts = {u: count_of(item) for u, item in seen.objects.items()}
                return
            told = (
                [seen.changed]
                if seen.changed is not None
                else list(seen.objects.values())
            )
            for item in told:
                uid, count = item["metadata"]["uid"], count_of(item)
                known = self._counts.get(uid, 0)
                gone = seen.changed is not None and uid not in seen.objects
                if not gone and (not known or count >= 2 * known):
                    self._counts[uid] = count
                    self._emit(ClusterEvent(at=seen.at, **self._fields(item)))

    def _fields(self, raw: Json) -> Mapping[str, Any]:
        about = raw.get("involvedObject") or {}
        kind, name = str(about.get("kind", "")), str(about.get("name", ""))
        return {
            "reason": str(raw.get("reason") or ""),
            "type": str(raw.get("type") or ""),
            "object": f"{kind.lower()}/{name}",
            "service": service_of(kind, name, self._workloads),
            "message": " ".join(str(raw.get("message") or "").split())[:LONGEST],
            "count": count_of(raw),
        }
