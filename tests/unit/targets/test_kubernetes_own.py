"""Kubernetes' own faults, what of them needs no cluster: fields, marks, refusals."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.faults.fault import Undo
from gameday.model.faults.request import parse_request
from gameday.targets.kubernetes.client.api import TooMany
from gameday.targets.kubernetes.faults import fields, nodes, policy
from gameday.targets.kubernetes.faults.config import packed, unpacked
from gameday.targets.kubernetes.faults.eviction import refused
from gameday.targets.kubernetes.faults.node_blast_radius import is_evicted_by_taint
from gameday.targets.kubernetes.faults.workload_pods import is_ready, why_not_running
from gameday.targets.kubernetes.inventory.pod_status import why_it_ended
from gameday.targets.kubernetes.inventory.workloads import Workload
from gameday.targets.kubernetes.ownership.marks import noted
from tests.unit.targets.fake_cluster import merged

Json = dict[str, Any]
PROBE = {"httpGet": {"path": "/", "port": 80}}


def undo_of(verb: str = "restore_workload", mark: str = "r1.a", **given: Any) -> Undo:
    return Undo(
        target="",
        verb=verb,
        instance="web-1",
        identity={"id": "uid"},
        arguments={
            "mark": mark,
            "workload": "deployment/web",
            "container": "web",
            "node": "n",
            **given,
        },
    )


def deployment(**more: Any) -> Json:
    main = {"name": "web", "image": "web:1", "readinessProbe": PROBE}
    containers = [{"name": "side", "image": "side:1"}, main]
    template = {"spec": {"containers": containers}}
    return {
        "metadata": {"name": "web", "annotations": {}},
        "spec": {"replicas": 3, "template": template, **more},
    }


# Requests -----------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["count", "share", "instances"])
def test_a_fault_of_the_whole_takes_no_choice(word: str) -> None:
    with pytest.raises(ValueError, match="it changes the whole workload"):
        parse_request("kubernetes.scale", {"service": "web", "to": 1, word: "1"})


def test_a_fault_of_the_whole_is_about_every_instance() -> None:
    asked = parse_request("kubernetes.scale", {"service": "web", "to": "0"})
    assert asked.selection.share == pytest.approx(1.0)
    assert asked.selection.count is None
    assert asked.arguments == {"to": 0}


def test_only_rollouts_are_of_the_whole() -> None:
    whole = {name for name, entry in CATALOGUE.items() if entry.whole}
    rollouts = ("scale", "bad_image", "image_pull_failure", "bad_readiness")
    assert whole == {f"kubernetes.{name}" for name in rollouts}


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (
            "taint",
            {"effect": "Never"},
            "effect: 'Never' is not known; expected",
        ),
        ("isolate", {"direction": "egress"}, "expected one of both, ingress"),
        ("config_removed", {"name": "x", "object": "pod"}, "one of configmap, secret"),
        ("config_removed", {}, "requires name"),
        ("scale", {"to": "-1"}, "'-1' is not a whole number of 0 or more"),
        ("scale", {"to": True}, "true is not a whole number of 0 or more"),
    ],
)
def test_what_an_argument_may_be(kind: str, given: Json, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_request(f"kubernetes.{kind}", {"service": "web", **given})


# Fields of a workload -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "was"),
    [
        ("replicas", 0, 3),
        ("image", "bad:1", "web:1"),
        ("readinessProbe", fields.NEVER, PROBE),
    ],
)
def test_a_field_is_put_and_put_back_to_the_last_word(
    field: str, value: Any, was: Any
) -> None:
    undo = undo_of(field=field, value=value)
    resource = deployment()
    assert fields.original_value(resource, undo) == was
    broken = merged(resource, fields.patch_of(resource, undo, value))
    assert fields.read(broken, undo) == value
    assert merged(broken, fields.patch_of(broken, undo, was)) == resource


def test_a_probe_that_was_not_there_is_taken_away_again() -> None:
    undo = undo_of(field="readinessProbe", value=fields.NEVER)
    resource = deployment()
    del resource["spec"]["template"]["spec"]["containers"][1]["readinessProbe"]
    assert fields.original_value(resource, undo) is None
    broken = merged(resource, fields.patch_of(resource, undo, fields.NEVER))
    assert merged(broken, fields.patch_of(broken, undo, None)) == resource


def test_no_other_container_is_changed() -> None:
    undo = undo_of(field="image", value="bad:1")
    patch = fields.patch_of(deployment(), undo, "bad:1")
    containers = patch["spec"]["template"]["spec"]["containers"]
    assert [container["image"] for container in containers] == ["side:1", "bad:1"]


def marked(resource: Json, undo: Undo, **more: Any) -> Json:
    kept = replace(undo, arguments={**undo.arguments, **more})
    made: Json = merged(resource, {"metadata": {"annotations": dict(noted(kept, "x"))}})
    return made


def test_a_second_victim_takes_what_was_before_from_the_first() -> None:
    first = undo_of(field="replicas", value=0, mark="r1.a")
    second = undo_of(field="replicas", value=0, mark="r1.b")
    resource = marked(deployment(replicas=0), first, before=3)
    assert fields.original_value(resource, second) == 3
    assert fields.own_note(resource, first)["before"] == 3


@pytest.mark.parametrize(
    "other",
    [
        {"field": "image", "value": "bad:1"},
        {"field": "replicas", "value": 1},
        {},  # process.stop's
    ],
)
def test_another_fault_of_the_workload_is_in_the_way(other: Json) -> None:
    resource = marked(deployment(), undo_of(mark="r1.a", **other), before=3)
    with pytest.raises(FaultFailed, match="carries another fault already"):
        fields.original_value(resource, undo_of(field="replicas", value=0, mark="r1.b"))


@pytest.mark.parametrize(
    ("kind", "spec", "field", "said"),
    [
        ("Deployment", {"paused": True}, "image", "is paused"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "image", "OnDelete"),
        ("DaemonSet", {}, "replicas", "cannot be scaled"),
    ],
)
def test_what_would_roll_nothing_out_is_refused(
    kind: str, spec: Json, field: str, said: str
) -> None:
    workload = Workload(
        kind=kind, name="web", service="web", path="", raw={"spec": spec}
    )
    with pytest.raises(CannotFault, match=said):
        fields.check(workload, field)


def test_all_victims_of_a_run_get_one_image_that_nobody_has() -> None:
    asked = parse_request("kubernetes.image_pull_failure", {"service": "web"})
    one, two = (fields.field_and_value(asked, mark) for mark in ("run.a", "run.b"))
    assert one == two
    assert one[1].startswith("gameday.invalid/")
    assert fields.field_and_value(asked, "other.a") != one


def test_those_that_were_stopped_meanwhile_stay_so() -> None:
    scaled = undo_of(field="replicas", value=2, mark="r1.a")
    resource = marked(deployment(replicas=1), scaled, before=5)
    resource = marked(resource, undo_of("scale_back", "r1.b"))
    assert fields.value_to_restore(resource, scaled) == (True, 4)


@pytest.mark.parametrize(
    ("replicas", "back"), [(2, (True, 5)), (5, (True, 5)), (7, (False, None))]
)
def test_what_another_has_changed_is_not_given_back(
    replicas: int, back: tuple[bool, int | None]
) -> None:
    scaled = undo_of(field="replicas", value=2, mark="r1.a")
    resource = marked(deployment(replicas=replicas), scaled, before=5)
    assert fields.value_to_restore(resource, scaled) == back


# Pods ---------------------------------------------------------------------------------


def test_a_pod_that_starts_is_in_no_trouble() -> None:
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    assert (
        why_not_running({"status": {"containerStatuses": [{"state": waiting}]}}) == ""
    )
    assert why_not_running({}) == ""


def test_trouble_is_told_in_the_kubelets_words() -> None:
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}
    pod = {"status": {"containerStatuses": [{"state": waiting}]}}
    assert why_not_running(pod) == "ErrImagePull: no such host"
    ended = {
        "status": {"containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}
    }
    assert why_not_running(ended) == "its container ended with 3"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"state": {"running": {}}}, ""),
        (
            {
                "state": {"running": {}},
                "lastState": {"terminated": {"reason": "OOMKilled"}},
            },
            "OOMKilled",
        ),
        ({"state": {"terminated": {"reason": "Error", "exitCode": 1}}}, "Error"),
        ({"state": {"terminated": {"exitCode": 1}}}, ""),
    ],
)
def test_a_pod_says_why_its_containers_process_ended(status: Json, why: str) -> None:
    resource = {"status": {"containerStatuses": [{"name": "web", **status}]}}
    assert why_it_ended(resource, "web") == why


def test_an_init_container_that_ended_is_no_trouble() -> None:
    ended = {"terminated": {"exitCode": 0}}
    assert (
        why_not_running({"status": {"initContainerStatuses": [{"state": ended}]}}) == ""
    )


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False)])
def test_ready_is_a_condition(status: str, ready: bool) -> None:
    pod = {"status": {"conditions": [{"type": "Ready", "status": status}]}}
    assert is_ready(pod) is ready


def test_a_refusal_names_its_budget() -> None:
    message = "The disruption budget keep-all needs 3 healthy pods and has 3 currently"
    said = {"details": {"causes": [{"reason": "DisruptionBudget", "message": message}]}}
    wrong = TooMany("Cannot evict pod", 429, said)
    assert refused(wrong) == f"refused by PodDisruptionBudget keep-all: {message}"
    slow = TooMany("try again later", 429, {})
    assert refused(slow) == "refused by the API (too many requests): try again later"


# Nodes --------------------------------------------------------------------------------

TAINT = {"key": "gameday.dev/taint", "effect": "NoSchedule"}


def node(*marks: Undo, **spec: Any) -> Json:
    resource: Json = {"metadata": {"name": "n", "annotations": {}}, "spec": spec}
    for mark in marks:
        resource = marked(resource, mark)
    return resource


def test_the_last_mark_gives_a_node_back() -> None:
    uncordon = undo_of("uncordon", "r1.a", was="schedulable")
    two = undo_of("uncordon", "r1.b", was="schedulable")
    assert nodes.released(node(uncordon, two, unschedulable=True), uncordon) == {}
    last = nodes.released(node(two, unschedulable=True), two)
    assert last == {"spec": {"unschedulable": None}}


def test_a_node_that_was_cordoned_stays_so() -> None:
    assert nodes.former_state(node()) == "schedulable"
    assert nodes.former_state(node(unschedulable=True)) == "cordoned"
    uncordon = undo_of("uncordon", "r1.a", was="cordoned")
    assert nodes.released(node(uncordon, unschedulable=True), uncordon) == {}


def test_a_second_mark_knows_how_the_node_was_before_the_first() -> None:
    uncordon = undo_of("uncordon", "r1.a", was="schedulable")
    assert nodes.former_state(node(uncordon, unschedulable=True)) == "schedulable"


def test_only_our_taint_is_taken_away() -> None:
    others = {"key": "dedicated", "effect": "NoSchedule"}
    untaint = undo_of("untaint", "r1.a", **TAINT)
    resource = node(untaint, taints=[others, TAINT])
    assert nodes.released(resource, untaint) == {"spec": {"taints": [others]}}
    alone = node(untaint, taints=[TAINT])
    assert nodes.released(alone, untaint) == {"spec": {"taints": None}}


def test_a_taint_is_held_by_marks_of_the_same_taint() -> None:
    untaint = undo_of("untaint", "r1.a", **TAINT)
    same = undo_of("untaint", "r1.b", **TAINT)
    other = undo_of("untaint", "r1.c", key="else", effect="NoSchedule")
    cordon = undo_of("uncordon", "r1.d", was="schedulable")
    assert nodes.released(node(untaint, same, taints=[TAINT]), untaint) == {}
    released = nodes.released(node(untaint, other, cordon, taints=[TAINT]), untaint)
    assert released == {"spec": {"taints": None}}


@pytest.mark.parametrize(
    ("toleration", "goes_away"),
    [
        ({"operator": "Exists"}, False),
        ({"operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "gameday.dev/taint", "operator": "Exists"}, False),
        ({"key": "gameday.dev/taint", "operator": "Equal"}, False),
        ({"key": "gameday.dev/taint", "value": "other"}, True),
        ({"key": "another", "operator": "Exists"}, True),
        ({"operator": "Exists", "tolerationSeconds": 300}, True),
    ],
)
def test_who_goes_for_a_taint(toleration: Json, goes_away: bool) -> None:
    pod = {"metadata": {}, "spec": {"tolerations": [toleration]}}
    assert (
        is_evicted_by_taint(pod, {"key": "gameday.dev/taint"} | {"effect": "NoExecute"})
        is goes_away
    )


def test_static_pods_and_ended_ones_go_for_no_taint() -> None:
    taint = {"key": "k", "effect": "NoExecute"}
    mirror = {"annotations": {"kubernetes.io/config.mirror": "x"}}
    assert not is_evicted_by_taint({"metadata": mirror, "spec": {}}, taint)
    ended = {"metadata": {}, "spec": {}, "status": {"phase": "Succeeded"}}
    assert not is_evicted_by_taint(ended, taint)
    assert is_evicted_by_taint({"metadata": {}, "spec": {}}, taint)


# Kept objects, policies ---------------------------------------------------------------


def test_a_kept_object_is_made_again_without_what_the_api_gave_it() -> None:
    meta = {"name": "s", "labels": {"a": "b"}, "ownerReferences": [{"uid": "o"}]}
    given = {"uid": "u", "resourceVersion": "7", "creationTimestamp": "t"}
    resource = {"metadata": {**meta, **given}, "data": {"k": "djE="}, "immutable": True}
    made = unpacked(
        {"data": {"object": _b64(packed({**resource, "type": "T"}, "secret"))}}
    )
    assert made == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta,
        "data": {"k": "djE="},
        "immutable": True,
        "type": "T",
    }


def _b64(body: bytes) -> str:
    return base64.b64encode(body).decode()


@pytest.mark.parametrize(
    ("direction", "types"),
    [("both", ["Ingress", "Egress"]), ("ingress", ["Ingress"])],
)
def test_a_policy_selects_one_pod_and_carries_its_undo(
    direction: str, types: list[str]
) -> None:
    undo = undo_of("join_again", direction=direction, policy="p", label="abc")
    made = policy.policy_of(undo)
    assert made["spec"] == {
        "podSelector": {"matchLabels": {"gameday.dev/isolated": "abc"}},
        "policyTypes": types,
    }
    note = json.loads(made["metadata"]["annotations"]["gameday.dev/undo"])
    assert note == {
        "verb": undo.verb,
        "instance": undo.instance,
        "identity": dict(undo.identity),
        "arguments": dict(undo.arguments),
    }


@pytest.mark.parametrize(
    ("before", "now", "bites", "said"),
    [
        ("open", "silent", True, "was open; now it is silent"),
        ("closed", "silent", True, "was closed; now it is silent"),
        ("open", "open", False, policy.NOT_ENFORCED),
        ("closed", "closed", False, policy.NOT_ENFORCED),
        ("silent", "silent", False, "did not answer on port 80 before"),
    ],
)
def test_what_two_knocks_prove(before: str, now: str, bites: bool, said: str) -> None:
    proof = policy.judged({"before": before, "now": now, "port": 80})
    assert proof.bites is bites
    assert said in proof.because
