"""Undoing Kubernetes' own faults: what comes late, what others did, what is gone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import FaultFailed
from gameday.model.faults.fault import FaultRequest, Undo, Undone
from gameday.model.faults.request import parse_request
from gameday.model.target import Instance
from gameday.targets import open_target
from gameday.targets.kubernetes.ownership.fencing import PASSING
from gameday.targets.kubernetes.target import KubernetesTarget
from tests.unit.ledger.fake import HandClock
from tests.unit.targets.fake_cluster import Json
from tests.unit.targets.fake_objects import (
    APPS,
    CORE,
    URL,
    Call,
    FakeObjects,
    serving,
)

NODE = "/api/v1/nodes/n"
COLOURS = f"{CORE}/configmaps/colours"
WEB, DB = f"{APPS}/deployments/web", f"{APPS}/statefulsets/db"
CONFLICT = 409


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeObjects]:
    with serving(tmp_path, monkeypatch) as made:
        made.put(NODE, {"spec": {}})
        made.put(COLOURS, {"data": {"COLOUR": "blue"}})
        made.put(WEB, workload("web", replicas=1))
        made.put(f"{APPS}/replicasets/web-1", owned(made.kept[WEB], {}))
        made.put(f"{CORE}/pods/web-1-a", pod("web", replica_set(made)))
        yield made


def replica_set(objects: FakeObjects) -> Json:
    return objects.kept[f"{APPS}/replicasets/web-1"]


def workload(name: str, ready: int = 1, **spec: Any) -> Json:
    container = {"name": name, "image": f"{name}:1"}
    template = {"spec": {"containers": [container]}}
    replicas = spec.get("replicas", 1)
    return {
        "metadata": {"generation": 1},
        "spec": {"template": template, **spec},
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "readyReplicas": ready,
        },
    }


def owned(owner: Json, resource: Json) -> Json:
    reference = {"uid": owner["metadata"]["uid"], "controller": True}
    meta = {**resource.get("metadata", {}), "ownerReferences": [reference]}
    return {**resource, "metadata": meta}


def pod(name: str, owner: Json, *, ready: bool = True, revision: str = "") -> Json:
    labels = {"controller-revision-hash": revision} if revision else {}
    status = {"name": name, "state": {"running": {}}, "ready": ready, "started": True}
    condition = {"type": "Ready", "status": str(ready)}
    resource = {
        "metadata": {"labels": labels},
        "spec": {"nodeName": "n", "containers": [{"name": name}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{**status, "containerID": "x://1"}],
            "conditions": [condition],
        },
    }
    return owned(owner, resource)


class Hurt:
    """A fault that an engine prepares, and somebody undoes."""

    def __init__(self, kind: str, service: str = "web", **given: Any) -> None:
        self.clock = HandClock()
        self.request: FaultRequest = parse_request(
            f"kubernetes.{kind}", {"service": service, "duration": "5m", **given}
        )
        self.target = self._opened()
        self.victim: Instance = self.target.instances(service)[0]
        self.said: Undo = self.target.prepare(self.request, self.victim, "r1.a")

    def _opened(self) -> KubernetesTarget:
        opened = open_target(URL, self.clock)
        assert isinstance(opened, KubernetesTarget)
        return opened

    def inject(self) -> None:
        self.target.inject(self.request, self.victim, self.said)

    def undo(self) -> Undone:
        return self._opened().undo(self.said)


def changes(api_objects: FakeObjects, path: str) -> list[Call]:
    return [call for call in api_objects.calls if call.path == path]


def die_in(objects: FakeObjects, hurt: Hurt, path: str) -> None:
    """Have the engine die while its call for an object is on its way."""
    objects.held = lambda call: call.path == path
    with pytest.raises(FaultFailed, match="does not answer"):
        hurt.inject()
    objects.held = lambda _: False
    assert len(objects.on_the_way) == 1


def come_before_the_undo_sees_to_it(objects: FakeObjects, path: str) -> None:
    """Have what is on its way come after the undo has looked, at its first call."""

    def before(call: Call) -> None:
        if call.path == path and objects.on_the_way:
            status, _ = objects.come(objects.on_the_way.pop())
            assert status != CONFLICT

    objects.before = before


# What comes late ----------------------------------------------------------------------


CHANGED: tuple[tuple[str, Json, str], ...] = (
    ("config_removed", {"name": "colours"}, COLOURS),
    ("cordon", {}, NODE),
    ("taint", {}, NODE),
    ("scale", {"to": 3}, WEB),
    ("bad_image", {"image": "bad:1"}, WEB),
)


@pytest.mark.parametrize(("kind", "given", "path"), CHANGED)
def test_a_call_that_comes_after_the_undo_is_refused(
    kind: str, given: Mapping[str, Any], path: str, objects: FakeObjects
) -> None:
    was = objects.kept[path]
    hurt = Hurt(kind, **given)
    die_in(objects, hurt, path)
    assert hurt.undo().ok
    status, _ = objects.come(objects.on_the_way.pop())
    assert status == CONFLICT
    again = hurt.undo()
    assert again.ok
    assert "already" in again.found
    assert _lasting(objects.kept[path]) == _lasting(was)
    assert not [kept_path for kept_path in objects.kept if "gameday-kept" in kept_path]


@pytest.mark.parametrize(("kind", "given", "path"), CHANGED)
def test_a_call_that_comes_during_the_undo_is_undone(
    kind: str, given: Mapping[str, Any], path: str, objects: FakeObjects
) -> None:
    was = objects.kept[path]
    hurt = Hurt(kind, **given)
    die_in(objects, hurt, path)
    come_before_the_undo_sees_to_it(objects, path)
    assert hurt.undo().ok
    assert not objects.on_the_way
    assert _lasting(objects.kept[path]) == _lasting(was)
    assert not [kept_path for kept_path in objects.kept if "gameday-kept" in kept_path]


def _lasting(resource: Json) -> Json:
    meta = resource["metadata"]
    notes = {**(meta.get("annotations") or {}), **(meta.get("labels") or {})}
    return {
        **{k: v for k, v in resource.items() if k in ("spec", "data") and v},
        **notes,
    }


@pytest.mark.parametrize(("kind", "given", "path"), CHANGED[1:])
def test_mark_and_change_are_one_patch_of_the_version_that_was_read(
    kind: str, given: Mapping[str, Any], path: str, objects: FakeObjects
) -> None:
    version = objects.kept[path]["metadata"]["resourceVersion"]
    Hurt(kind, **given).inject()
    (call,) = changes(objects, path)
    assert call.body["metadata"]["resourceVersion"] == version
    assert call.body["metadata"]["annotations"]
    assert call.body["spec"]


def test_an_undo_that_finds_its_mark_changes_nothing_else(objects: FakeObjects) -> None:
    hurt = Hurt("cordon")
    hurt.inject()
    assert hurt.undo().ok
    assert len(changes(objects, NODE)) == 2
    assert PASSING not in objects.kept[NODE]["metadata"].get("labels", {})


# What others did ----------------------------------------------------------------------


def test_what_was_edited_since_it_was_copied_is_not_removed(
    objects: FakeObjects,
) -> None:
    hurt = Hurt("config_removed", name="colours")
    objects.put(COLOURS, {**objects.kept[COLOURS], "data": {"COLOUR": "red"}})
    with pytest.raises(FaultFailed, match="configmap colours changed since it was cop"):
        hurt.inject()
    assert hurt.undo().ok
    assert objects.kept[COLOURS]["data"] == {"COLOUR": "red"}


def test_what_another_made_anew_is_not_touched(objects: FakeObjects) -> None:
    hurt = Hurt("config_removed", name="colours")
    hurt.inject()
    objects.put(COLOURS, {"data": {"COLOUR": "red"}})
    objects.put(f"{CORE}/pods/web-1-b", pod("web", replica_set(objects)))
    before = len(changes(objects, COLOURS))
    assert hurt.undo().ok
    assert len(changes(objects, COLOURS)) == before
    assert objects.kept[COLOURS]["data"] == {"COLOUR": "red"}


def cordoned(objects: FakeObjects) -> None:
    objects.put(NODE, {**objects.kept[NODE], "spec": {"unschedulable": True}})


def test_a_node_that_is_cordoned_cannot_be_cordoned(objects: FakeObjects) -> None:
    cordoned(objects)
    with pytest.raises(FaultFailed, match="n was made unschedulable by another alr"):
        Hurt("cordon")


@pytest.mark.parametrize("kind", ["cordon", "drain"])
def test_a_node_that_is_cordoned_meanwhile_is_left(
    kind: str, objects: FakeObjects
) -> None:
    hurt = Hurt(kind)
    cordoned(objects)
    with pytest.raises(FaultFailed, match="was schedulable before and is cordoned now"):
        hurt.inject()
    assert hurt.undo().ok
    assert objects.kept[NODE]["spec"] == {"unschedulable": True}


def test_a_drain_is_proven_by_the_eviction_alone(objects: FakeObjects) -> None:
    cordoned(objects)
    hurt = Hurt("drain")
    hurt.inject()
    objects.put(NODE, {**objects.kept[NODE], "spec": {}})
    del objects.kept[f"{CORE}/pods/web-1-a"]
    proof = hurt.target.verify(hurt.request, hurt.victim, hurt.said)
    assert proof.bites
    assert "and was before; the pod is gone" in proof.because


# Rollouts taken back ------------------------------------------------------------------


def stateful(objects: FakeObjects, **rolling: int) -> Callable[..., None]:
    """Have a StatefulSet of two, one ready; return what makes its pods."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    made = workload("db", replicas=2, updateStrategy=strategy)
    owner = objects.put(DB, made)

    def revision(name: str, image: str) -> None:
        containers = [{"name": "db", "image": image}]
        data = {"spec": {"template": {"spec": {"containers": containers}}}}
        objects.put(f"{APPS}/controllerrevisions/{name}", owned(owner, {"data": data}))

    def have(name: str, revision: str, *, ready: bool) -> None:
        made = pod("db", owner, ready=ready, revision=revision)
        objects.put(f"{CORE}/pods/{name}", made)

    revision("db-older", "db:0")
    revision("db-old", "db:1")
    revision("db-bad", "bad:1")
    return have


def with_a_bad_image(objects: FakeObjects) -> tuple[Callable[..., None], Hurt]:
    """Return what puts pods there, and a bad image injected into two ready ones."""
    have = stateful(objects)
    have("db-0", "db-old", ready=True)
    have("db-1", "db-old", ready=True)
    hurt = Hurt("bad_image", "db", image="bad:1")
    hurt.inject()
    return have, hurt


def deleted_pods(objects: FakeObjects) -> list[tuple[str, Json]]:
    return [
        (call.path.rpartition("/")[2], call.body)
        for call in objects.calls
        if call.method == "DELETE" and "/pods/" in call.path
    ]


@pytest.mark.parametrize("below", ["db-older", "db-bad"])
def test_only_what_the_fault_broke_is_made_anew_and_ends_in_peace(
    below: str, objects: FakeObjects
) -> None:
    have = stateful(objects, partition=1)
    have("db-0", "db-older", ready=True)
    have("db-1", "db-old", ready=True)
    hurt = Hurt("bad_image", "db", image="bad:1")
    hurt.inject()
    have("db-0", below, ready=False)  # below the partition: not the fault's
    have("db-1", "db-bad", ready=False)
    uid = objects.kept[f"{CORE}/pods/db-1"]["metadata"]["uid"]
    done = hurt.undo()
    assert done.ok, done
    sure = {"gracePeriodSeconds": 1, "preconditions": {"uid": uid}}
    assert deleted_pods(objects) == [("db-1", sure)]


def test_a_broken_pod_that_is_ready_or_ends_already_is_waited_for(
    objects: FakeObjects,
) -> None:
    have, hurt = with_a_bad_image(objects)
    have("db-0", "db-bad", ready=True)
    have("db-1", "db-bad", ready=False)
    ending = objects.kept[f"{CORE}/pods/db-1"]["metadata"]
    ending["deletionTimestamp"] = "2026-01-01T00:00:01Z"
    done = hurt.undo()
    assert not done.ok
    assert "not rolled out after 90 s" in done.found
    assert deleted_pods(objects) == []


def test_a_broken_pod_that_was_replaced_meanwhile_is_none_of_ours(
    objects: FakeObjects,
) -> None:
    have, hurt = with_a_bad_image(objects)
    have("db-1", "db-bad", ready=False)

    def replaced(call: Call) -> None:
        if call.method == "DELETE":
            have("db-1", "db-old", ready=True)

    objects.before = replaced
    done = hurt.undo()
    assert done.ok, done
    assert objects.kept[f"{CORE}/pods/db-1"]


def test_a_revision_that_is_pruned_confirms_no_rollout(objects: FakeObjects) -> None:
    hurt = Hurt("bad_image", image="bad:1")
    hurt.inject()
    notes = {"annotations": objects.kept[WEB]["metadata"]["annotations"]}
    copy = f"{APPS}/replicasets/web-2"
    objects.put(copy, owned(objects.kept[WEB], {"metadata": notes}))
    objects.kept[WEB]["status"]["updatedReplicas"] = 0  # and so it stays

    def pruned(call: Call) -> None:
        if call.path == copy:
            objects.kept.pop(copy, None)

    objects.before = pruned
    done = hurt.undo()
    assert copy not in objects.kept
    assert not done.ok
    assert "not rolled out after 90 s" in done.found


@pytest.mark.parametrize("asleep", [False, True])
def test_a_workload_that_was_deleted_is_undone(
    asleep: bool, objects: FakeObjects
) -> None:
    hurt = Hurt("bad_image", image="bad:1")
    hurt.inject()
    if asleep:  # while its rollout is waited for
        objects.kept[WEB]["status"]["updatedReplicas"] = 0
        hurt.clock.while_asleep = lambda: objects.kept.pop(WEB, None)
    else:
        del objects.kept[WEB]
    done = hurt.undo()
    assert done.ok
    assert "the workload is gone" in done.found


def test_a_node_that_is_gone_took_its_fault_with_it(objects: FakeObjects) -> None:
    hurt = Hurt("cordon")
    hurt.inject()
    del objects.kept[NODE]
    assert hurt.undo() == Undone(ok=True, found="n: the node is gone")
