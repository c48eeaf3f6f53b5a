"""What of a namespace is in a fingerprint: its specs, no secret, no status."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday.model.fingerprint import Fingerprint, differences
from gameday.model.platform import LEADER
from gameday.targets.kubernetes.client.api import Api, Forbidden
from gameday.targets.kubernetes.inventory.fingerprint import take
from gameday.targets.kubernetes.inventory.pods import Namespace
from tests.unit.targets.fake_cluster import NAMESPACE, FakeCluster, running

CORE = f"/api/v1/namespaces/{NAMESPACE}"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
SCALERS = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers"
WEB: dict[str, Any] = {
    "metadata": {
        "generation": 1,
        "labels": {"app": "web"},
        "annotations": {"token": "hunter2", "deployment.kubernetes.io/revision": "1"},
    },
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "shop:1",
                        "env": [{"name": "PASSWORD", "value": "hunter2"}],
                        "args": ["--password=hunter2"],
                        "readinessProbe": {
                            "httpGet": {
                                "port": 80,
                                "httpHeaders": [{"name": "X", "value": "hunter2"}],
                            }
                        },
                    }
                ]
            }
        },
    },
    "status": {"replicas": 2},
}


class Lab:
    """A namespace with one Deployment, one ConfigMap and a node."""

    def __init__(self, cluster: FakeCluster, api: Api) -> None:
        self.cluster = cluster
        self.api = api
        self.web = copy.deepcopy(WEB)
        self.change()
        cluster.put(f"{CORE}/configmaps", "shop", data={"key": "hunter2"})
        cluster.put("/api/v1/nodes", "node-a", spec={"podCIDR": "10.0.0.0/24"})

    def change(self, **at: Any) -> None:
        """Change the Deployment at paths such as spec__replicas."""
        self.web = copy.deepcopy(WEB)
        for path, value in at.items():
            *way, last = path.split("__")
            place: Any = self.web
            for key in way:
                place = place[int(key)] if key.isdigit() else place[key]
            place[last] = value
        self.cluster.put(DEPLOYMENTS, "web", **copy.deepcopy(self.web))

    def take(self) -> Fingerprint:
        return take(self.api, Namespace(self.api, NAMESPACE))

    def changed(self, before: Fingerprint) -> list[tuple[str, str]]:
        changes = differences(before, self.take())
        return [
            (difference.instance, difference.key)
            for difference in changes
            if not difference.platform
        ]

    def platforms(self, before: Fingerprint) -> list[tuple[str, str]]:
        changes = differences(before, self.take())
        return [
            (difference.instance, difference.key)
            for difference in changes
            if difference.platform
        ]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with running(tmp_path, monkeypatch) as (cluster, api):
        made = {"creationTimestamp": "2026-01-01T00:00:00Z"}
        spec = {"containers": [{"name": "x"}]}
        cluster.put(f"{CORE}/pods", "lone", metadata=made, spec=spec)
        yield Lab(cluster, api)


CONTAINER = "spec.template.spec.containers.web"
AT = "spec__template__spec__containers__0"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("spec.replicas", {"spec__replicas": 3}),
        ("spec.paused", {"spec__paused": True}),
        (f"{CONTAINER}.image", {f"{AT}__image": "shop:2"}),
        (f"{CONTAINER}.env", {f"{AT}__env": [{"name": "PASSWORD", "value": "x"}]}),
        (f"{CONTAINER}.args", {f"{AT}__args": []}),
        (
            f"{CONTAINER}.readinessProbe.httpGet.port",
            {f"{AT}__readinessProbe__httpGet__port": 81},
        ),
        (
            f"{CONTAINER}.readinessProbe.httpGet.httpHeaders",
            {f"{AT}__readinessProbe__httpGet__httpHeaders": []},
        ),
        ("labels.app", {"metadata__labels": {"app": "other"}}),
        (
            "annotations.gameday.dev/undo.x",
            {"metadata__annotations": {"token": "hunter2", "gameday.dev/undo.x": "{}"}},
        ),
    ],
)
def test_a_changed_spec_is_named(lab: Lab, key: str, change: dict[str, Any]) -> None:
    before = lab.take()
    lab.change(**change)
    assert lab.changed(before) == [("deployment/web", key)]
    lab.change(metadata__generation=3)  # put back, which the generation shows
    assert lab.changed(before) == []


@pytest.mark.parametrize(
    "change",
    [
        {"metadata__generation": 9},
        {"status__replicas": 0},
        {
            "metadata__annotations": {
                "token": "hunter2",
                "deployment.kubernetes.io/revision": "7",
            }
        },
    ],
)
def test_what_controllers_write_is_no_difference(
    lab: Lab, change: dict[str, Any]
) -> None:
    before = lab.take()
    lab.change(**change)
    assert lab.changed(before) == []


def test_replicas_that_an_autoscaler_decides_are_no_difference(lab: Lab) -> None:
    about = {"kind": "Deployment", "name": "web"}
    lab.cluster.put(SCALERS, "web", spec={"scaleTargetRef": about})
    before = lab.take()
    lab.change(spec__replicas=7)
    assert lab.changed(before) == []
    lab.change(spec__replicas=7, spec__paused=True)
    assert lab.changed(before) == [("deployment/web", "spec.paused")]
    assert lab.platforms(before) == [("deployment/web", "spec.replicas")]


def test_nodes_that_come_and_leaders_that_are_elected_are_the_platforms(
    lab: Lab,
) -> None:
    meta = {"annotations": {LEADER: '{"holderIdentity": "a"}'}}
    lab.cluster.put(f"{CORE}/configmaps", "lock", metadata=meta)
    before = lab.take()
    meta = {"annotations": {LEADER: '{"holderIdentity": "b"}'}}
    lab.cluster.put(f"{CORE}/configmaps", "lock", metadata=meta)
    lab.cluster.put(f"{CORE}/configmaps", "second", metadata=meta)
    lab.cluster.put("/api/v1/nodes", "node-b", spec={})
    assert lab.changed(before) == []
    assert lab.platforms(before) == [
        ("configmap/lock", f"annotations.{LEADER}"),
        ("configmap/second", "present"),
        ("node/node-b", "present"),
    ]


def test_no_secret_is_in_it_and_a_changed_one_is_named(lab: Lab) -> None:
    before = lab.take()
    assert "hunter2" not in str(before)
    assert before["configmap/shop"]["data"].startswith("#")
    lab.cluster.put(f"{CORE}/configmaps", "shop", data={"key": "hunter3"})
    assert lab.changed(before) == [("configmap/shop", "data")]
    assert "hunter3" not in str(lab.take())


def test_what_is_gone_or_new_is_named(lab: Lab) -> None:
    before = lab.take()
    lab.cluster.remove(f"{CORE}/configmaps", "shop")
    lab.cluster.put(f"{CORE}/services", "web", spec={"clusterIP": "10.0.0.1"})
    assert {name for name, _ in lab.changed(before)} == {
        "configmap/shop",
        "service/web",
    }


def test_a_node_is_looked_at_for_what_keeps_pods_away(lab: Lab) -> None:
    before = lab.take()
    condition = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}
    spec = {"podCIDR": "10.0.9.0/24", "taints": [condition]}
    lab.cluster.put("/api/v1/nodes", "node-a", spec=spec)
    assert lab.changed(before) == []
    ours = {"key": "gameday.dev/fault", "effect": "NoSchedule"}
    kept = [condition, ours]
    lab.cluster.put(
        "/api/v1/nodes", "node-a", spec={"unschedulable": True, "taints": kept}
    )
    assert lab.changed(before) == [
        ("node/node-a", "spec.taints.gameday.dev/fault:NoSchedule"),
        ("node/node-a", "spec.unschedulable"),
    ]


def test_nodes_and_autoscalers_may_be_forbidden_and_nothing_else(lab: Lab) -> None:
    lab.cluster.forbidden = {"/api/v1/nodes", SCALERS}
    assert "node/node-a" not in lab.take()
    lab.cluster.forbidden = {f"{CORE}/configmaps"}
    with pytest.raises(Forbidden, match="not for you"):
        lab.take()
