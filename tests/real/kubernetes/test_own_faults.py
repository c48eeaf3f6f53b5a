"""Kubernetes' own faults on a cluster: each bites, is undone, and leaves nothing.

What a fault did is looked at with kubectl. Nodes are cordoned and tainted for moments.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from gameday.errors import FaultFailed
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.faults.fault import FaultRequest, Proof, Undo
from gameday.model.faults.request import parse_request
from gameday.model.faults.selection import choose
from gameday.model.target import Instance
from gameday.targets.helper_image import image_name
from gameday.targets.kubernetes.client.api import Conflict, namespaced
from gameday.targets.kubernetes.faults.policy import NOT_ENFORCED
from gameday.targets.kubernetes.inventory.workloads import path_of
from gameday.targets.kubernetes.target import KubernetesTarget
from tests.real.kubernetes.world import World
from tests.real.targets.world import wait_for

pytestmark = pytest.mark.kubernetes

SECRET = "swordfish-4711"
NEEDY = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: colours, labels: {{app: needy}}, annotations: {{note: kept}}}}
data: {{COLOUR: blue}}
binaryData: {{blob: AAEC}}
---
apiVersion: v1
kind: Secret
metadata: {{name: password, labels: {{app: needy}}}}
stringData: {{PASSWORD: {SECRET}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: needy}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: needy}}}}
  template:
    metadata: {{labels: {{app: needy}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: needy
        image: {image_name()}
        imagePullPolicy: IfNotPresent
        command: [sleep, infinity]
        envFrom: [{{configMapRef: {{name: colours}}}}]
        volumeMounts: [{{name: p, mountPath: /p}}]
      volumes: [{{name: p, secret: {{secretName: password}}}}]
"""
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "keep-all"},
    "spec": {"minAvailable": 3, "selector": {"matchLabels": {"app": "web"}}},
}


@dataclass
class Hurt:
    """A fault on all its victims, and what it can be asked."""

    world: World
    target: KubernetesTarget
    request: FaultRequest
    victims: Sequence[Instance]
    undos: list[Undo] = field(default_factory=list)

    def inject(self) -> None:
        """Prepare all, then hit all, as the faults' own flow does."""
        for victim in self.victims:
            mark = self.world.mark()
            self.undos.append(self.target.prepare(self.request, victim, mark))
        for victim, undo in zip(self.victims, self.undos, strict=True):
            self.target.inject(self.request, victim, undo)

    def proofs(self) -> list[Proof]:
        pairs = zip(self.victims, self.undos, strict=True)
        return [
            self.target.verify(self.request, victim, undo) for victim, undo in pairs
        ]

    def end(self) -> None:
        for undo in reversed(self.undos):
            done = self.target.undo(undo)
            assert done.ok, done

    @property
    def nodes(self) -> list[Any]:
        names = {victim.labels["node"] for victim in self.victims}
        return [self.world.get("node", name, at="") for name in sorted(names)]


@pytest.fixture(scope="module")
def needy(world: World) -> World:
    """The namespace, with a workload that needs a ConfigMap and a Secret."""
    world.apply(yaml.safe_load_all(NEEDY))
    world.settle("deployment/needy")
    return world


@pytest.fixture
def hurt(needy: World) -> Iterator[Callable[..., Hurt]]:
    """Choose victims of a fault; at the end all is undone, and nothing is left."""
    world = needy
    world.settle("deployment/web", "statefulset/db", "deployment/needy")
    before = world.fingerprint()
    made: list[Hurt] = []

    def choice(
        kind: str, names: Sequence[str] = (), service: str = "web", **given: Any
    ) -> Hurt:
        chosen = {"instances": list(names)} if names else {}
        asked = {"service": service, "duration": "5m", **chosen, **given}
        request = parse_request(f"kubernetes.{kind}", asked)
        target = world.target()
        assert target.refusal(request.kind) == ""
        victims = choose(request.selection, target.instances(service), 1)
        made.append(Hurt(world, target, request, victims))
        return made[-1]

    try:
        yield choice
    finally:
        for injected in made:
            injected.end()
    assert world.left() == []
    assert world.traces() == []
    assert copied(world) == []
    assert world.drift(before) == []


def copied(world: World) -> list[str]:
    """Return the revisions that carry a mark: controllers copy annotations there."""
    revisions = world.get("replicasets,controllerrevisions")["items"]
    return [
        resource["metadata"]["name"]
        for resource in revisions
        if "gameday.dev/" in json.dumps(resource["metadata"].get("annotations", {}))
    ]


def image_of(world: World, workload: str) -> str:
    spec = world.get(workload)["spec"]["template"]["spec"]
    return str(spec["containers"][0]["image"])


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, and what kubectl shows while it holds."""

    kind: str
    seen: Callable[[Hurt], bool]
    given: Mapping[str, Any] = field(default_factory=dict)
    service: str = "web"


def cordoned(hurt: Hurt) -> bool:
    return all(node["spec"].get("unschedulable") for node in hurt.nodes)


def tainted(hurt: Hurt) -> bool:
    wanted = {"key": "gameday.dev/taint", "effect": "NoSchedule"}
    return all(
        any(wanted.items() <= taint.items() for taint in node["spec"].get("taints", ()))
        for node in hurt.nodes
    )


def field_is(path: str, value: Any) -> Callable[[Hurt], bool]:
    """Return whether a workload has a value at a path of its spec."""

    def seen(hurt: Hurt) -> bool:
        field_value = hurt.world.get(hurt.victims[0].labels["workload"])["spec"]
        for word in path.split("."):
            field_value = (
                field_value[int(word)] if word.isdigit() else field_value.get(word, {})
            )
        return bool(field_value == value)

    return seen


def pulls_nothing(hurt: Hurt) -> bool:
    return image_of(hurt.world, "deployment/web").startswith("gameday.invalid/")


def gone(kind: str, name: str) -> Callable[[Hurt], bool]:
    return lambda hurt: hurt.world.tried("get", kind, name).returncode != 0


PORT = "template.spec.containers.0.readinessProbe.tcpSocket.port"
IMAGE = "template.spec.containers.0.image"
NONE = "gameday.invalid/never:1"
COLOURS = {"name": "colours"}
PASSWORD = {"name": "password", "object": "secret"}
CASES = (
    Case("cordon", cordoned),
    Case("taint", tainted),
    Case("scale", field_is("replicas", 1), {"to": 1}),
    Case("scale", field_is("replicas", 3), {"to": 3}, "db"),
    Case("bad_image", field_is(IMAGE, NONE), {"image": NONE}),
    Case("bad_image", field_is(IMAGE, NONE), {"image": NONE}, "db"),
    Case("bad_readiness", field_is(PORT, 1)),
    Case("bad_readiness", field_is(PORT, 1), {}, "db"),
    Case("image_pull_failure", pulls_nothing),
    Case("config_removed", gone("configmap", "colours"), COLOURS, "needy"),
    Case("config_removed", gone("secret", "password"), PASSWORD, "needy"),
)


def test_every_fault_is_tried() -> None:
    own = {name.partition(".")[2] for name in CATALOGUE if name.startswith("kub")}
    assert own == {case.kind for case in CASES} | {"evict", "drain", "isolate"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.service}")
def test_it_bites_and_is_undone_by_its_marks_alone(
    case: Case, hurt: Callable[..., Hurt]
) -> None:
    injected = hurt(case.kind, service=case.service, **case.given)
    injected.inject()
    proofs = injected.proofs()
    assert [proof for proof in proofs if not proof.bites] == []
    assert case.seen(injected)
    left = injected.world.left()
    assert len(left) == len(injected.victims)
    another = injected.world.target()
    for leftover in left:
        assert leftover.undo is not None
        done = another.undo(leftover.undo)
        assert done.ok, done
    assert injected.world.left() == []
    assert not case.seen(injected)


def test_an_evicted_pod_is_replaced(hurt: Callable[..., Hurt]) -> None:
    injected = hurt("evict")
    injected.inject()
    assert injected.proofs()[0].bites
    injected.end()
    pods = injected.world.get("pods", "-l", "app=web")["items"]
    there = [o["metadata"]["uid"] for o in pods if not _ends(o)]
    assert len(there) == 3
    assert injected.victims[0].identity["id"] not in there


def _ends(pod: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in pod["metadata"]


@pytest.mark.parametrize("kind", ["evict", "drain"])
def test_a_budgets_refusal_is_reported_by_its_name(
    kind: str, hurt: Callable[..., Hurt]
) -> None:
    # A drain asks again, but no longer than the fault may last.
    injected = hurt(kind, names=_together(hurt), duration="2s")
    injected.world.apply([BUDGET])
    try:
        wait_for(lambda: _allows(injected.world, 0), 30)
        with pytest.raises(
            FaultFailed, match="refused by PodDisruptionBudget keep-all"
        ):
            injected.inject()
    finally:
        injected.world.kubectl("delete", "pdb", "keep-all")


def _allows(world: World, number: int) -> bool:
    status = world.get("pdb", "keep-all").get("status", {})
    there = status.get("currentHealthy") == 3
    return bool(there and status.get("disruptionsAllowed") == number)


def _together(hurt: Callable[..., Hurt]) -> list[str]:
    """Return all instances of web on the node that runs the most of them."""
    by_node: dict[str, list[str]] = {}
    for victim in hurt("scale", to=0).victims:  # a choice only: nothing is injected
        by_node.setdefault(victim.labels["node"], []).append(victim.name)
    return max(by_node.values(), key=len)


def test_a_drained_node_takes_nothing_and_loses_the_service(
    hurt: Callable[..., Hurt],
) -> None:
    injected = hurt("drain", names=_together(hurt))
    injected.inject()
    assert [proof for proof in injected.proofs() if not proof.bites] == []
    assert cordoned(injected)
    uids = {victim.identity["id"] for victim in injected.victims}
    pods = injected.world.get("pods", "-l", "app=web")["items"]
    assert not [o for o in pods if o["metadata"]["uid"] in uids and not _ends(o)]
    agents = injected.world.get("pods", "-l", "app=agent")["items"]
    assert not [agent for agent in agents if _ends(agent)]
    injected.end()
    assert not cordoned(injected)


def test_a_drain_reaches_no_further_than_its_victims(
    hurt: Callable[..., Hurt],
) -> None:
    together = _together(hurt)
    injected = hurt("drain", names=together[:1])
    with pytest.raises(FaultFailed, match="more of the service's pods than were"):
        injected.inject()
    assert not cordoned(injected)


def test_no_execute_is_refused_where_others_would_go(
    hurt: Callable[..., Hurt],
) -> None:
    injected = hurt("taint", effect="NoExecute")
    with pytest.raises(FaultFailed, match="NoExecute would end"):
        injected.inject()
    assert not any(
        taint["key"].startswith("gameday")
        for taint in injected.nodes[0]["spec"].get("taints", ())
    )


def test_a_node_is_given_back_by_the_last_of_its_marks(
    hurt: Callable[..., Hurt],
) -> None:
    names = _together(hurt)[:1]
    first, second = hurt("cordon", names=names), hurt("cordon", names=names)
    first.inject()
    second.inject()
    assert cordoned(first)
    first.end()
    assert cordoned(first)
    second.end()
    assert not cordoned(first)


def test_a_node_that_was_cordoned_before_stays_so(hurt: Callable[..., Hurt]) -> None:
    injected = hurt("drain", names=_together(hurt))
    node = injected.victims[0].labels["node"]
    injected.world.kubectl("cordon", node, at="")
    try:
        with pytest.raises(FaultFailed, match="was made unschedulable by another"):
            hurt("cordon", names=[injected.victims[0].name]).inject()
        injected.inject()
        assert [proof for proof in injected.proofs() if not proof.bites] == []
        injected.end()
        assert cordoned(injected)
    finally:
        injected.world.kubectl("uncordon", node, at="")


@pytest.mark.parametrize("given", [COLOURS, PASSWORD], ids=lambda given: given["name"])
def test_a_delete_that_comes_after_the_undo_is_refused(
    given: Mapping[str, Any], hurt: Callable[..., Hurt]
) -> None:
    injected = hurt("config_removed", service="needy", **given)
    world, kind = injected.world, given.get("object", "configmap")
    was = world.get(kind, given["name"])
    undo = injected.target.prepare(injected.request, injected.victims[0], world.mark())
    assert injected.target.undo(undo).ok
    sure = {key: was["metadata"][key] for key in ("uid", "resourceVersion")}
    path = namespaced(world.name, f"{kind}s", given["name"])
    with pytest.raises(Conflict):
        injected.target.api.delete(path, {"preconditions": sure})
    assert _lasting(world.get(kind, given["name"])) == _lasting(was)


def test_a_patch_that_comes_after_the_undo_is_refused(
    hurt: Callable[..., Hurt],
) -> None:
    injected = hurt("scale", service="db", to=3)
    world = injected.world
    was = world.get("statefulset/db")
    undo = injected.target.prepare(injected.request, injected.victims[0], world.mark())
    assert injected.target.undo(undo).ok
    sure = {"resourceVersion": was["metadata"]["resourceVersion"]}
    path = path_of(world.name, "StatefulSet", "db")
    with pytest.raises(Conflict):
        injected.target.api.merge(path, {"metadata": sure, "spec": {"replicas": 3}})
    assert _lasting(world.get("statefulset/db")) == _lasting(was)


def test_a_rollout_is_taken_back_in_its_middle(hurt: Callable[..., Hurt]) -> None:
    injected = hurt("bad_image", service="db", image=NONE)
    before = injected.world.fingerprint()
    injected.inject()  # and nothing is waited for
    injected.end()
    assert injected.world.drift(before) == []
    assert image_of(injected.world, "statefulset/db") == image_name()


def test_a_partition_keeps_its_old_pods_through_a_rollout(
    hurt: Callable[..., Hurt],
) -> None:
    world = hurt("bad_readiness", service="db").world
    before = world.get("statefulset/db")["spec"]["updateStrategy"]
    template = {"metadata": {"annotations": {"canary": "yes"}}}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    _patch(world, {"template": template, "updateStrategy": strategy})
    try:
        world.settle("statefulset/db")
        old = world.pod("db-0")["metadata"]
        injected = hurt("bad_readiness", service="db")
        injected.inject()
        assert injected.proofs()[0].bites
        injected.end()
        now = world.pod("db-0")["metadata"]
        assert now["uid"] == old["uid"]
        revision = now["labels"]["controller-revision-hash"]
        status = world.get("statefulset/db")["status"]
        assert revision != status["updateRevision"]
        assert status["readyReplicas"] == 2
    finally:
        _patch(world, {"template": {"metadata": {"annotations": None}}})
        _patch(world, {"updateStrategy": before})
        world.settle("statefulset/db")


def _patch(world: World, spec: Mapping[str, Any]) -> None:
    patch = json.dumps({"spec": spec})
    world.kubectl("patch", "statefulset/db", "--type=merge", "-p", patch)


def test_what_another_has_changed_meanwhile_is_left(hurt: Callable[..., Hurt]) -> None:
    injected = hurt("scale", to=2)
    injected.inject()
    injected.world.kubectl("scale", "deployment/web", "--replicas=4")
    done = injected.target.undo(injected.undos[0])
    assert done.ok
    assert "changed by somebody else" in done.found
    assert injected.world.get("deployment/web")["spec"]["replicas"] == 4
    injected.end()
    injected.world.kubectl("scale", "deployment/web", "--replicas=3")
    injected.world.settle("deployment/web")


def test_a_second_fault_of_a_workload_is_refused(hurt: Callable[..., Hurt]) -> None:
    first = hurt("scale", to=2)
    second = hurt("bad_image", image=NONE)
    first.inject()
    with pytest.raises(FaultFailed, match="carries another fault"):
        second.inject()
    assert image_of(first.world, "deployment/web") == image_name()


def test_what_was_removed_is_the_same_again_and_told_nobody(
    hurt: Callable[..., Hurt],
) -> None:
    injected = hurt("config_removed", service="needy", **PASSWORD)
    before = _lasting(injected.world.get("secret", "password"))
    injected.inject()
    kept = injected.world.get("secret", str(injected.undos[0].arguments["kept"]))
    said = [json.dumps(dict(undo.arguments)) for undo in injected.undos]
    said += [json.dumps(kept["metadata"]), *(o.because for o in injected.proofs())]
    assert not [line for line in said if SECRET in line or "c3dvcmRmaXNo" in line]
    injected.end()
    assert _lasting(injected.world.get("secret", "password")) == before


def _lasting(resource: Any) -> Any:
    passing = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
    resource["metadata"] = {
        k: v for k, v in resource["metadata"].items() if k not in passing
    }
    return resource


def test_what_nobody_needs_does_not_bite(hurt: Callable[..., Hurt]) -> None:
    injected = hurt("config_removed", **COLOURS)  # web has no use for it
    injected.inject()
    proof = injected.proofs()[0]
    assert not proof.bites
    assert "do not need the configmap colours" in proof.because


def test_a_policy_bites_where_it_is_enforced_and_is_said_not_to_elsewhere(
    hurt: Callable[..., Hurt],
) -> None:
    injected = hurt("isolate")
    injected.inject()
    policies = injected.world.get("networkpolicies")["items"]
    assert [policy["spec"]["policyTypes"] for policy in policies] == [
        ["Ingress", "Egress"]
    ]
    labels = injected.world.pod(injected.victims[0].labels["pod"])["metadata"]["labels"]
    wanted = policies[0]["spec"]["podSelector"]["matchLabels"]
    assert wanted.items() <= labels.items()
    proof = injected.proofs()[0]
    outside = injected.world.knock("db-0", injected.victims[0].addresses[0])
    assert proof.bites == (outside is None)
    assert proof.bites or proof.because == NOT_ENFORCED
    injected.end()
    assert injected.world.get("networkpolicies")["items"] == []
