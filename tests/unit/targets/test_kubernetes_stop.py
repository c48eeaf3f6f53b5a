"""process.stop on a cluster: nobody but the victim goes, and no number is overridden.

The cluster is a fake whose controllers remove pods in the order of the real ones: of
a Deployment first what is not ready, then the cheapest; of a StatefulSet the last.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import CannotFault, FaultFailed
from gameday.ledger.heal import undo_with_retries
from gameday.model.faults.fault import Undo, Undone
from gameday.model.faults.request import parse_request
from gameday.model.target import Instance
from gameday.targets import open_target
from gameday.targets.kubernetes.faults.scale_down import COST
from gameday.targets.kubernetes.target import KubernetesTarget
from tests.unit.ledger.fake import HandClock
from tests.unit.targets.fake_cluster import (
    CONTEXT,
    NAMESPACE,
    FakeCluster,
    Json,
    running,
)

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
DEPLOYMENTS, SETS = f"{APPS}/deployments", f"{APPS}/statefulsets"
REVISIONS = f"{APPS}/replicasets"
STOP = parse_request("process.stop", {"service": "web", "duration": "5m"})
SCALE = {"service": "web", "duration": "5m"}


class Lab:
    """A Deployment `web` of three, a StatefulSet `db` of three, and who runs them."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self.clock = HandClock()
        url = f"kubernetes://{CONTEXT}/{NAMESPACE}"
        opened = open_target(url, self.clock)
        assert isinstance(opened, KubernetesTarget)
        self.target = opened
        self._made = itertools.count(1)
        self._marks = itertools.count(1)
        meta = {"annotations": {}, "generation": 1}
        cluster.put(DEPLOYMENTS, "web", metadata=meta, spec={"replicas": 3})
        cluster.put(SETS, "db", metadata=meta, spec={"replicas": 3})
        owner = {"uid": "uid-web", "controller": True}
        cluster.put(REVISIONS, "web-a", metadata={"ownerReferences": [owner]})
        cluster.patched = self.control
        self.control(f"{DEPLOYMENTS}/web")
        self.control(f"{SETS}/db")

    # The cluster's own ------------------------------------------------------------

    def control(self, path: str) -> None:
        """Have as many pods as are wanted."""
        parent, _, name = path.rpartition("/")
        if parent not in (DEPLOYMENTS, SETS):
            return
        wanted = self.cluster.kept[parent, name]["spec"]["replicas"]
        there = self.active(name)
        for pod in sorted(there, key=self._last_to_go)[: max(0, len(there) - wanted)]:
            self.cluster.remove(PODS, pod["metadata"]["name"])
        for _ in range(wanted - len(there)):
            self.make(name)
        workload = self.cluster.kept[parent, name]
        workload["status"] = {
            "observedGeneration": 1,
            **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), wanted),
        }

    def active(self, app: str) -> list[Json]:
        pods = self.cluster.listed(PODS)["items"]
        ours = [pod for pod in pods if pod["metadata"]["labels"]["app"] == app]
        return [pod for pod in ours if "deletionTimestamp" not in pod["metadata"]]

    def _last_to_go(self, pod: Json) -> tuple[int, ...]:
        meta = pod["metadata"]
        if meta["labels"]["app"] == "db":
            return (-int(meta["name"].rpartition("-")[2]),)
        ready = pod["status"]["conditions"][0]["status"] == "True"
        return int(ready), int(meta.get("annotations", {}).get(COST, "0"))

    def make(self, app: str, revision: str = "uid-web-a", name: str = "") -> str:
        number = next(self._made)
        ordinals = {int(o["metadata"]["name"][3:]) for o in self.active("db")}
        first = next(n for n in itertools.count() if n not in ordinals)
        name = name or (f"db-{first}" if app == "db" else f"web-a-{number}")
        owner = {"uid": "uid-db" if app == "db" else revision, "controller": True}
        status = {"name": app, "ready": True, "state": {"running": {}}}
        self.cluster.put(
            PODS,
            name,
            metadata={
                "uid": f"uid-{name}-{number}",
                "labels": {"app": app},
                "creationTimestamp": f"2026-01-01T00:00:{number:02}Z",
                "ownerReferences": [owner],
                "annotations": {"team": "shop"},
            },
            spec={"nodeName": "n", "containers": [{"name": app}]},
            status={
                "phase": "Running",
                "containerStatuses": [status],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        )
        return name

    def change(self, name: str, **parts: Any) -> None:
        self.cluster.merge(f"{PODS}/{name}", parts)

    def scaled(self, number: int, path: str = f"{DEPLOYMENTS}/web") -> None:
        """Scale, as a person would."""
        self.cluster.merge(path, {"spec": {"replicas": number}})

    # Ours -------------------------------------------------------------------------

    def victim(self, number: int, service: str = "web") -> Instance:
        instances = self.target.instances(service)
        return [instance for instance in instances if instance.state == "running"][
            number
        ]

    def mark(self) -> str:
        return f"r1.{next(self._marks):08x}"

    def prepared(self, victim: Instance) -> Undo:
        return self.target.prepare(STOP, victim, self.mark())

    def stopped(self, number: int = 0, service: str = "web") -> Undo:
        victim = self.victim(number, service)
        undo = self.prepared(victim)
        self.target.inject(STOP, victim, undo)
        assert victim.labels["pod"] not in self.names(service)
        return undo

    def scale(self, to: int) -> Undo:
        request = parse_request("kubernetes.scale", {**SCALE, "to": to})
        victim = self.victim(0)
        undo = self.target.prepare(request, victim, self.mark())
        self.target.inject(request, victim, undo)
        return undo

    def undone(self, undo: Undo) -> Undone:
        result = self.target.undo(undo)
        assert result.ok, result
        return result

    def names(self, app: str = "web") -> set[str]:
        return {pod["metadata"]["name"] for pod in self.active(app)}

    def replicas(self, path: str = DEPLOYMENTS, name: str = "web") -> int:
        return int(self.cluster.kept[path, name]["spec"]["replicas"])

    def traces(self) -> list[str]:
        """Return what of ours is on any object."""
        return [
            f"{name}: {key}"
            for (_, name), resource in self.cluster.kept.items()
            for key in resource["metadata"].get("annotations", {})
            if key.startswith("gameday.dev/") or key == COST
        ]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with running(tmp_path, monkeypatch) as (cluster, _):
        config = tmp_path / "kubeconfig"  # twice: then chaosk8s does not scale for us
        monkeypatch.setenv("KUBECONFIG", f"{config}:{config}")
        yield Lab(cluster)


# Who goes -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_deployment_gives_up_the_victim_and_gets_one_back(
    lab: Lab, number: int
) -> None:
    undo = lab.stopped(number)
    assert lab.replicas() == 2
    assert lab.undone(undo).found == "was scaled down; wants 3 again"
    assert (lab.replicas(), len(lab.names()), lab.traces()) == (3, 3, [])
    assert "already" in lab.undone(undo).found
    assert lab.replicas() == 3


def test_a_statefulset_gives_up_its_last(lab: Lab) -> None:
    undo = lab.stopped(2, "db")
    assert lab.replicas(SETS, "db") == 2
    lab.undone(undo)
    assert (lab.replicas(SETS, "db"), lab.traces()) == (3, [])
    with pytest.raises(CannotFault, match=r"highest ordinal first \(pod db-2\)"):
        lab.prepared(lab.victim(0, "db"))


def test_ordinals_may_begin_elsewhere(lab: Lab) -> None:
    lab.cluster.merge(f"{SETS}/db", {"spec": {"ordinals": {"start": 4}}})
    with pytest.raises(CannotFault, match=r"\(pod db-6\)"):
        lab.prepared(lab.victim(2, "db"))


def quiet(_: str) -> None:
    """Be a controller that does nothing yet."""


def refused(lab: Lab, victim: Instance, undo: Undo, why: str) -> None:
    """Inject; it is refused, nobody is stopped, and the undo leaves nothing."""

    def wanted() -> tuple[int, int, set[str], list[str]]:
        numbers = lab.replicas(), lab.replicas(SETS, "db")
        return *numbers, lab.names() | lab.names("db"), lab.traces()

    before = wanted()
    with pytest.raises(FaultFailed, match=why):
        lab.target.inject(STOP, victim, undo)
    lab.undone(undo)
    assert wanted() == before
    assert lab.clock.slept == []  # nothing had to come back


def test_a_replaced_pod_of_a_statefulset_is_not_stopped(lab: Lab) -> None:
    victim = lab.victim(2, "db")
    undo = lab.prepared(victim)
    lab.cluster.remove(PODS, "db-2")
    lab.make("db")
    refused(lab, victim, undo, "db-2 was replaced by another pod")


def test_a_statefulset_that_was_scaled_meanwhile_loses_nobody(lab: Lab) -> None:
    victim = lab.victim(2, "db")
    undo = lab.prepared(victim)
    lab.scaled(4, f"{SETS}/db")
    refused(lab, victim, undo, "db-3 would go now, not db-2")


def test_a_replaced_pod_of_a_deployment_is_not_even_marked(lab: Lab) -> None:
    victim = lab.victim(0)
    undo = lab.prepared(victim)
    pod = victim.labels["pod"]
    lab.cluster.remove(PODS, pod)
    lab.make("web", name=pod)
    asked = len(lab.cluster.asked)
    refused(lab, victim, undo, "the pod was replaced by another")
    assert f"PATCH {PODS}/{pod}" not in lab.cluster.asked[asked:]


NOT_READY = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
ENDING = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
CHEAP = {"metadata": {"annotations": {COST: "-2147483648"}}}
SIBLINGS = [
    (NOT_READY, "is not ready: it might go instead of"),
    (ENDING, "is being ended: it might go"),
    (CHEAP, "has the lowest controller.kubernetes.io/pod-deletion-cost"),
]


@pytest.mark.parametrize(("state", "why"), SIBLINGS)
def test_a_sibling_that_would_go_first_is_a_refusal_before_anything(
    lab: Lab, state: Json, why: str
) -> None:
    lab.change(lab.victim(1).labels["pod"], **state)
    with pytest.raises(FaultFailed, match=why):
        lab.prepared(lab.victim(0))
    assert not [call for call in lab.cluster.asked if call.startswith("PATCH")]


def test_a_sibling_that_became_unready_meanwhile_is_one_too(lab: Lab) -> None:
    victim, other = lab.victim(0), lab.victim(1)
    undo = lab.prepared(victim)
    lab.change(other.labels["pod"], **NOT_READY)
    refused(lab, victim, undo, "is not ready")


def test_a_workload_in_a_rollout_is_left_alone(lab: Lab) -> None:
    owner = {"uid": "uid-web", "controller": True}
    lab.cluster.put(REVISIONS, "web-b", metadata={"ownerReferences": [owner]})
    lab.cluster.remove(PODS, lab.victim(2).labels["pod"])
    lab.make("web", "uid-web-b")
    with pytest.raises(FaultFailed, match="is being rolled out"):
        lab.prepared(lab.victim(0))


def test_more_pods_than_are_wanted_are_waited_for_by_nobody(lab: Lab) -> None:
    lab.make("web")
    with pytest.raises(FaultFailed, match="has 3 pods beside web-a-1 and wants 3"):
        lab.prepared(lab.victim(0))


def test_a_stop_reads_what_decides_and_nothing_twice(lab: Lab) -> None:
    """Each of them is waited for before the fault is there."""
    lab.cluster.asked.clear()
    victim = lab.victim(0)
    owners = ("daemonsets", "deployments", "replicasets", "statefulsets")
    assert sorted(lab.cluster.asked) == [PODS, *(f"{APPS}/{kind}" for kind in owners)]
    pod = f"{PODS}/{victim.labels['pod']}"
    workload = f"{DEPLOYMENTS}/web"
    lab.cluster.asked.clear()
    undo = lab.prepared(victim)
    assert lab.cluster.asked == [pod, workload, PODS]
    lab.cluster.asked.clear()
    lab.target.inject(STOP, victim, undo)
    assert lab.cluster.asked == [
        workload,
        *(pod, f"PATCH {pod}"),
        *(workload, PODS, f"PATCH {workload}"),
    ]


# What is given back -------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 3, 5])  # 3: as who puts it back himself
def test_a_number_that_somebody_has_set_meanwhile_stays(lab: Lab, number: int) -> None:
    undo = lab.stopped()
    lab.scaled(number)
    undone = lab.undone(undo)
    assert f"was set to {number} by somebody else; left as it is" in undone.found
    assert (lab.replicas(), lab.traces()) == (number, [])


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_two_stops_give_back_one_each(lab: Lab, order: tuple[int, ...]) -> None:
    undos = [lab.stopped(), lab.stopped()]
    assert lab.replicas() == 1
    for number, index in zip((2, 3), order, strict=True):
        lab.undone(undos[index])
        assert lab.replicas() == number
    assert lab.traces() == []


def test_two_stops_at_once_take_both_victims_and_nobody_else(lab: Lab) -> None:
    victims = [lab.victim(0), lab.victim(1)]
    undos = [lab.prepared(victim) for victim in victims]
    spared = lab.victim(2).labels["pod"]
    control, lab.cluster.patched = lab.cluster.patched, lambda _: None  # it comes late
    lab.target.inject(STOP, victims[0], undos[0])
    lab.target.inject(STOP, victims[1], undos[1])
    lab.cluster.patched = control
    control(f"{DEPLOYMENTS}/web")
    assert lab.names() == {spared}
    for undo in undos:
        lab.undone(undo)
    assert (lab.replicas(), lab.traces()) == (3, [])


def test_whoever_scales_between_two_undos_has_the_last_word(lab: Lab) -> None:
    first, second = lab.stopped(), lab.stopped()
    lab.scaled(2)
    assert "by somebody else" in lab.undone(second).found
    assert "by somebody else" in lab.undone(first).found
    assert (lab.replicas(), lab.traces()) == (2, [])


def test_a_stop_of_what_somebody_has_scaled_meanwhile_is_refused(lab: Lab) -> None:
    first = lab.stopped()
    lab.scaled(5)
    victim = lab.victim(0)
    undo = lab.prepared(victim)
    refused(lab, victim, undo, "does not want what our other faults left it with")
    lab.undone(first)
    assert (lab.replicas(), lab.traces()) == (5, [])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_scale_and_two_stops_are_undone_in_any_order(
    lab: Lab, order: tuple[int, ...]
) -> None:
    lab.scaled(5)
    undos = [lab.scale(3), lab.stopped(), lab.stopped()]
    assert lab.replicas() == 1
    for index in order:
        lab.undone(undos[index])
    assert (lab.replicas(), lab.traces()) == (5, [])


def test_a_scale_that_was_overridden_takes_its_stops_with_it(lab: Lab) -> None:
    lab.scaled(5)
    scale, stop = lab.scale(3), lab.stopped()
    lab.scaled(1)
    assert "by somebody else" in lab.undone(stop).found
    assert "changed by somebody else" in lab.undone(scale).found
    assert (lab.replicas(), lab.traces()) == (1, [])


# The victim's own price ---------------------------------------------------------------


def stays(lab: Lab, victim: Instance) -> Undo:
    """Stop a victim that its controller has not removed yet."""
    lab.cluster.patched = quiet
    undo = lab.prepared(victim)
    lab.target.inject(STOP, victim, undo)
    return undo


def test_what_the_victim_cost_before_it_costs_again(lab: Lab) -> None:
    victim = lab.victim(1)
    pod = victim.labels["pod"]
    lab.change(pod, metadata={"annotations": {COST: "7"}})
    undo = stays(lab, victim)
    notes = lab.cluster.kept[PODS, pod]["metadata"]["annotations"]
    assert notes[COST] == "-2147483648"
    lab.undone(undo)
    notes = lab.cluster.kept[PODS, pod]["metadata"]["annotations"]
    assert notes == {"team": "shop", COST: "7"}


def test_a_price_that_was_set_meanwhile_stays(lab: Lab) -> None:
    victim = lab.victim(1)
    pod = victim.labels["pod"]
    undo = stays(lab, victim)
    lab.change(pod, metadata={"annotations": {COST: "9"}})
    lab.undone(undo)
    notes = lab.cluster.kept[PODS, pod]["metadata"]["annotations"]
    assert notes == {"team": "shop", COST: "9"}


# A call that comes after the undo -----------------------------------------------------


@pytest.mark.parametrize("held_up", ["the workload", "the pod"])
def test_a_stop_that_comes_after_its_undo_is_refused(lab: Lab, held_up: str) -> None:
    victim = lab.victim(1)
    path = f"{DEPLOYMENTS}/web"
    if held_up == "the pod":
        path = f"{PODS}/{victim.labels['pod']}"
    undo = lab.prepared(victim)
    lab.cluster.held_up[path] = []
    with pytest.raises(FaultFailed, match="held up"):
        lab.target.inject(STOP, victim, undo)
    (late,) = lab.cluster.held_up.pop(path)
    lab.undone(undo)
    assert lab.cluster.merge(path, late)[0] == 409
    assert (lab.replicas(), lab.traces()) == (3, [])


# What is gone -------------------------------------------------------------------------


def test_a_workload_that_is_gone_wants_nothing_back(lab: Lab) -> None:
    undo = stays(lab, lab.victim(0))
    lab.cluster.remove(DEPLOYMENTS, "web")
    assert lab.undone(undo).found == "the workload is gone"
    assert lab.traces() == []


def test_a_revision_that_goes_while_it_is_cleaned_confirms_nothing(lab: Lab) -> None:
    undo = lab.stopped()
    meta = lab.cluster.kept[DEPLOYMENTS, "web"]["metadata"]
    owner = {"ownerReferences": [{"uid": "uid-web", "controller": True}]}
    copied = {**owner, "annotations": dict(meta["annotations"])}
    lab.cluster.put(REVISIONS, "web-old", metadata=copied)
    missing = b'{"kind": "Status", "message": "replicasets web-old not found"}'
    lab.cluster.answers += [("PATCH", f"{REVISIONS}/web-old", 404, missing)]
    assert lab.undone(undo).found == "was scaled down; wants 3 again"
    assert lab.traces() == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_control_plane_that_is_away_for_a_while_is_waited_for(
    lab: Lab, status: int
) -> None:
    undo = lab.stopped()
    away = ("PATCH", f"{DEPLOYMENTS}/web", status, b'{"message": "leader changed"}')
    lab.cluster.answers = [away] * 8  # a refusal is asked five times
    assert undo_with_retries(lab.target.undo, undo, lab.clock).ok
    assert (lab.replicas(), lab.traces()) == (3, [])
