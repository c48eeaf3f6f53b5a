"""Watches of a cluster: listed, told, begun anew; and what is made of them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import Refused, TargetNotFound
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.api import Api
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.inventory.workloads import Workload
from gameday.targets.kubernetes.watch.availability import Availability, state_of
from gameday.targets.kubernetes.watch.events import ClusterEvents, service_of
from gameday.targets.kubernetes.watch.watching import (
    PROMPT,
    Feed,
    KnownCollection,
    PodsWatch,
)
from tests.unit.targets.fake_cluster import NAMESPACE, FakeCluster, running

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
BOUND = 5.0  # seconds for anything to arrive


class Told:
    """Collects what is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._changed = threading.Condition()

    def __call__(self, *told: Any) -> None:
        with self._changed:
            self.all.append(told[0] if len(told) == 1 else told)
            self._changed.notify_all()

    def until(self, shown: Callable[[list[Any]], bool]) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: shown(self.all), BOUND), self.all
            return list(self.all)


@pytest.fixture
def lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FakeCluster, Api]]:
    with running(tmp_path, monkeypatch) as running_lab:
        yield running_lab


def names(seen: KnownCollection) -> set[str]:
    return {resource["metadata"]["name"] for resource in seen.objects.values()}


# --- paths ------------------------------------------------------------------------


def test_no_name_leads_to_another_namespace(lab: tuple[FakeCluster, Api]) -> None:
    cluster, api = lab
    for name in ("../../kube-system/pods", "..", "", "a/../b", "a?x=1", "a%2Fb"):
        with pytest.raises(Refused, match="a name in it is not one"):
            api.delete(f"{PODS}/{name}")
    assert cluster.asked == []


# --- a feed -----------------------------------------------------------------------


def test_a_feed_lists_and_then_tells_each_change(lab: tuple[FakeCluster, Api]) -> None:
    cluster, api = lab
    cluster.put(PODS, "a")
    told = Told()
    feed = Feed(api, PODS, told)
    feed.start()
    (first,) = told.until(lambda all_: len(all_) == 1)
    assert (names(first), first.changed, first.late) == ({"a"}, None, 0.0)
    cluster.put(PODS, "b")
    cluster.remove(PODS, "a")
    *_, second, third = told.until(lambda all_: len(all_) == 3)
    assert names(second) == {"a", "b"}
    assert (names(third), third.late) == ({"b"}, PROMPT)
    assert feed.wait_for(cluster.listed(PODS), BOUND)
    feed.stop()
    assert [call for call in cluster.asked if not call.startswith("watch")] == [PODS]


def test_a_stream_that_was_forgotten_is_listed_again(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    cluster.put(PODS, "a")
    told = Told()
    feed = Feed(api, PODS, told)
    feed.start()
    told.until(lambda all_: len(all_) == 1)
    cluster.put(PODS, "b")
    told.until(lambda all_: len(all_) == 2)
    cluster.forget()
    again = told.until(lambda all_: len(all_) == 3)[-1]
    assert (again.changed, names(again)) == (None, {"a", "b"})
    assert 0.0 <= again.late < BOUND  # as long as nothing was known for sure
    feed.stop()


def test_a_feed_that_nobody_answers_says_so_and_goes_on(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    cluster.down = True
    told = Told()
    feed = Feed(api, PODS, told)
    feed.start()
    assert feed.broken
    cluster.down = False
    cluster.put(PODS, "a")
    told.until(lambda all_: bool(all_) and names(all_[-1]) == {"a"})
    assert feed.wait_for(cluster.listed(PODS), BOUND)
    assert not feed.broken
    feed.stop()


# --- instances --------------------------------------------------------------------


def pod(cluster: FakeCluster, name: str, *, ready: bool = True) -> None:
    owner = {"uid": "uid-web", "kind": "Deployment", "controller": True}
    cluster.put(
        PODS,
        name,
        metadata={"ownerReferences": [owner], "creationTimestamp": name},
        spec={"containers": [{"name": "web"}], "nodeName": "node-a"},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [
                {
                    "name": "web",
                    "ready": ready,
                    "started": True,
                    "containerID": "containerd://1",
                    "state": {"running": {}},
                }
            ],
        },
    )


def deployment(cluster: FakeCluster, ready: int, **changes: Any) -> None:
    status = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": ready}
    cluster.put(
        DEPLOYMENTS,
        "web",
        metadata={"generation": 1},
        spec={"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}},
        status={**status, "observedGeneration": 1, **changes},
    )


def told_of(heard: tuple[list[Instance], float, float]) -> dict[str, str]:
    return {instance.name: instance.health for instance in heard[0]}


def test_instances_are_told_on_every_change_and_numbered_once(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    deployment(cluster, 2)
    pod(cluster, "web-x")
    pod(cluster, "web-y")
    pods, told = Namespace(api, NAMESPACE), Told()
    watch = PodsWatch(api, pods, told)
    told.until(bool)
    pod(cluster, "web-y", ready=False)
    heard = told.until(lambda all_: told_of(all_[-1]).get("web-2") == "unhealthy")
    assert told_of(heard[0]) == {"web-1": "healthy", "web-2": "healthy"}
    assert heard[-1][2] == PROMPT
    assert told_of((pods.instances("web"), 0, 0)) == told_of(heard[-1])
    watch.look()
    watch.stop()
    assert told_of(told.all[-1]) == told_of(heard[-1])


def test_an_older_list_than_what_was_seen_changes_nothing(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    deployment(cluster, 2)
    pod(cluster, "web-x", ready=False)
    pods = Namespace(api, NAMESPACE)
    older = cluster.listed(PODS)
    pod(cluster, "web-x")
    newer = [
        instance.health
        for instance in pods.instances_of_list(cluster.listed(PODS), "web")
    ]
    assert newer[0] == "healthy"
    assert [
        instance.health for instance in pods.instances_of_list(older, "web")
    ] == newer


def test_looking_fails_where_nobody_answers(lab: tuple[FakeCluster, Api]) -> None:
    cluster, api = lab
    watch = PodsWatch(api, Namespace(api, NAMESPACE), Told())
    cluster.down = True
    with pytest.raises(TargetNotFound, match="does not answer"):
        watch.look()
    watch.stop()


# --- workloads --------------------------------------------------------------------


def endpoints(cluster: FakeCluster, *ready: bool, name: str = "web") -> None:
    listed = [
        {"addresses": [f"10.0.0.{n}"], "conditions": {"ready": is_ready}}
        for n, is_ready in enumerate(ready)
    ]
    labels = {"kubernetes.io/service-name": name}
    cluster.put(SLICES, f"{name}-1", metadata={"labels": labels}, endpoints=listed)


def test_a_workload_is_told_once_and_on_every_change(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    deployment(cluster, 2)
    cluster.put(SERVICES, "web", spec={"selector": {"app": "web"}})
    cluster.put(SERVICES, "other", spec={"selector": {"app": "other"}})
    cluster.put(SERVICES, "bare", spec={})
    endpoints(cluster, True, True)
    endpoints(cluster, True, name="other")
    told = Told()
    watch = Availability(api, NAMESPACE, {"deployment/web": "web"}, told)
    told.until(lambda all_: len(all_) == 1)
    deployment(cluster, 1)
    told.until(lambda all_: len(all_) == 2)
    endpoints(cluster, True, False)
    events: list[Any] = told.until(lambda all_: len(all_) == 3)
    watch.look()
    watch.stop()
    assert [
        (workload.ready, workload.available, workload.endpoints) for workload in events
    ] == [
        (2, True, {"web": 2}),
        (1, False, {"web": 2}),
        (1, False, {"web": 1}),
    ]
    assert (events[0].service, events[0].wanted) == ("web", 2)


def raw(kind: str = "Deployment", **status: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"template": {"metadata": {}}, "replicas": 2}
    spec["updateStrategy"] = status.pop("strategy", {})
    told: dict[str, Any] = {"observedGeneration": 3, "readyReplicas": 2, "replicas": 2}
    told |= {"updatedReplicas": 2, "desiredNumberScheduled": 2, "numberReady": 2}
    told |= {"updatedNumberScheduled": 2, **status}
    return {"metadata": {"generation": 3}, "spec": spec, "status": told, "kind": kind}


@pytest.mark.parametrize(
    ("workload", "available"),
    [
        (raw(), True),
        (raw(readyReplicas=1), False),
        (raw(observedGeneration=2), False),
        (raw(updatedReplicas=1), False),
        (raw(replicas=3), False),
        (raw("StatefulSet"), True),
        (raw("StatefulSet", updatedReplicas=1), False),
        (raw("StatefulSet", updatedReplicas=1, strategy={"type": "OnDelete"}), True),
        (
            raw(
                "StatefulSet",
                updatedReplicas=1,
                strategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
            ),
            True,
        ),
        (raw("DaemonSet"), True),
        (raw("DaemonSet", numberReady=1), False),
        (raw("DaemonSet", updatedNumberScheduled=1), False),
    ],
)
def test_what_makes_a_workload_available(
    workload: dict[str, Any], available: bool
) -> None:
    assert state_of(workload["kind"], workload, [], []).available is available


# --- events -----------------------------------------------------------------------


def said(cluster: FakeCluster, name: str, count: int, message: str = "slow") -> None:
    about = {"kind": "Pod", "name": "web-59f9bc7659-k2rsw"}
    more = {"reason": "Unhealthy", "type": "Warning", "message": message}
    cluster.put(EVENTS, name, involvedObject=about, count=count, **more)


def begun(watch: ClusterEvents) -> None:
    """Wait until what was said before is known."""
    for _ in range(100):
        try:
            return watch.look()
        except TargetNotFound:
            threading.Event().wait(BOUND / 100)
    raise AssertionError


def test_events_from_now_on_and_again_when_they_doubled(
    lab: tuple[FakeCluster, Api],
) -> None:
    cluster, api = lab
    deployment(cluster, 2)
    said(cluster, "old", 1)
    told = Told()
    watch = ClusterEvents(api, Namespace(api, NAMESPACE), told)
    begun(watch)
    said(cluster, "new", 1, message="much  too\nslow" + "!" * 1000)
    for count in (2, 3, 4):
        said(cluster, "new", count)
    cluster.remove(EVENTS, "old")
    said(cluster, "last", 1)
    events = told.until(lambda all_: len(all_) == 4)
    watch.look()
    watch.stop()
    assert [event.count for event in events] == [1, 2, 4, 1]
    first = events[0]
    assert first.message.startswith("much too slow!!")
    assert len(first.message) == 300
    assert (first.object, first.service) == ("pod/web-59f9bc7659-k2rsw", "web")


@pytest.mark.parametrize(
    ("kind", "name", "service"),
    [
        ("Deployment", "web", "web"),
        ("ReplicaSet", "web-59f9bc7659", "web"),
        ("Pod", "web-59f9bc7659-k2rsw", "web"),
        ("Pod", "web-admin-59f9bc7659-k2rsw", "web-admin"),
        ("Pod", "database-0", "database"),
        ("Pod", "database-backup", ""),
        ("Service", "web", ""),
        ("Node", "web", ""),
    ],
)
def test_whose_an_event_is(kind: str, name: str, service: str) -> None:
    kinds = {"web": "Deployment", "web-admin": "Deployment", "database": "StatefulSet"}
    known = [
        Workload(kind=its, name=workload_name, service=workload_name, path="", raw={})
        for workload_name, its in kinds.items()
    ]
    assert service_of(kind, name, known) == service
