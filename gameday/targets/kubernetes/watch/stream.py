"""What a namespace tells by itself: its pods, its workloads and its events."""

from collections.abc import Mapping

from gameday.ports import Emit
from gameday.targets.kubernetes.client.api import Api
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.watch.availability import Availability
from gameday.targets.kubernetes.watch.events import ClusterEvents
from gameday.targets.kubernetes.watch.watching import PodsWatch
from gameday.targets.opened import InstancesCallback


class Stream:
    """The watches of one namespace, each begun when it is asked for."""

    def __init__(self, api: Api, pods: Namespace) -> None:
        self._api = api
        self._pods = pods

    def watch(self, heard: InstancesCallback) -> PodsWatch:
        """Tell the instances as they are, and again on every change."""
        return PodsWatch(self._api, self._pods, heard)

    def workloads(self, services: Mapping[str, str], emit: Emit) -> Availability:
        """Report `workload` events of these (`deployment/web` -> service)."""
        return Availability(self._api, self._pods.name, services, emit)

    def events(self, emit: Emit) -> ClusterEvents:
        """Report `cluster_event` events from now on."""
        return ClusterEvents(self._api, self._pods, emit)
