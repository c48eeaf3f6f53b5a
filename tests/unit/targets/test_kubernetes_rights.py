"""The tables of rights, and what is made of them: roles, manifests, the chart."""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.faults.rights import HELPER, RbacRule
from gameday.targets.access_rights import rights as rights_of
from gameday.targets.kubernetes.rbac import rights

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy" / "gameday"
CHART = DEPLOY / "chart"
EVICTION = RbacRule(group="", resource="pods/eviction", verbs=("create",))
NODES = RbacRule(group="", resource="nodes", verbs=("get", "patch"), cluster=True)

Thing = dict[str, Any]
Key = tuple[str, str, str]


# Tables -------------------------------------------------------------------------------


def test_every_fault_has_its_rights() -> None:
    assert [kind for kind, entry in CATALOGUE.items() if not entry.rights] == []


def test_what_a_helper_holds_needs_a_helper_s_rights() -> None:
    needs = {entry.rights for entry in CATALOGUE.values() if entry.ways}
    assert needs == {HELPER}


def test_every_fault_is_in_one_capability() -> None:
    listed = [kind for kinds in rights.CAPABILITIES.values() for kind in kinds]
    assert sorted(listed) == sorted(rights.FAULTS)


def test_looking_changes_nothing() -> None:
    verbs = {verb for rule in rights.READ for verb in rule.verbs}
    assert verbs == {"get", "list", "watch"}


def test_no_role_reads_secrets_that_does_not_keep_them() -> None:
    readers = {
        name
        for name in ("read", "run", *rights.CAPABILITIES)
        for rule in rights.capability(name)
        if rule.resource == "secrets"
    }
    assert readers == {"config"}


def test_nothing_asks_for_everything() -> None:
    every = rights.merged(*rights.FAULTS.values(), rights.READ, rights.RUN)
    assert [
        right for right in every if "*" in (right.group, right.resource, *right.verbs)
    ] == []


def test_only_faults_of_nodes_reach_beyond_the_namespace() -> None:
    wide = {
        name
        for name in rights.CAPABILITIES
        if any(rule.cluster for rule in rights.capability(name))
    }
    assert wide == {"nodes"}


def test_rules_of_one_kind_of_object_become_one() -> None:
    rules = rights.rules_for(["process.kill", "process.stop"])
    kinds = [(rule.group, rule.resource, rule.cluster) for rule in rules]
    assert len(kinds) == len(set(kinds))
    pods = next(rule for rule in rules if rule.resource == "pods")
    assert pods.verbs == ("get", "list", "watch", "create", "delete", "patch")


def test_the_order_of_the_faults_does_not_matter() -> None:
    kinds = list(rights.FAULTS)
    assert rights.rules_for(kinds[::-1]) == rights.rules_for(kinds)


def test_a_foreign_action_adds_nothing() -> None:
    assert rights.rules_for(["chaosk8s.pod.actions.x"]) == rights.rules_for([])


def test_the_capabilities_of_faults_hold_all_their_rules() -> None:
    for kind in rights.FAULTS:
        names = rights.capabilities_for([kind])
        held = rights.merged(*(rights.capability(name) for name in names))
        verbs = {
            (game_day.group, game_day.resource, game_day.cluster): set(game_day.verbs)
            for game_day in held
        }
        for rule in rights.rules_for([kind]):
            key = rule.group, rule.resource, rule.cluster
            assert set(rule.verbs) <= verbs[key], kind


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (EVICTION, "may not create pods/eviction in namespace shop"),
        (NODES, "may not get or patch nodes in the cluster"),
        (
            RbacRule(
                group="apps", resource="deployments", verbs=("get", "list", "watch")
            ),
            "may not get, list or watch deployments.apps in namespace shop",
        ),
    ],
)
def test_a_missing_rule_is_said(rule: RbacRule, said: str) -> None:
    assert rule.lacking("shop") == said


def test_an_access_review_is_told_the_subresource_apart() -> None:
    assert EVICTION.parts == ("pods", "eviction")
    assert NODES.parts == ("nodes", "")


def test_only_keeps_the_order_of_the_rule() -> None:
    assert NODES.only({"patch", "list"}).verbs == ("patch",)


# Roles --------------------------------------------------------------------------------


def test_rules_become_a_role_that_the_cluster_reads() -> None:
    role, wide = yaml.safe_load_all(rights.as_role((EVICTION, NODES), "mine", "shop"))
    assert role == {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "mine", "namespace": "shop"},
        "rules": [
            {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]}
        ],
    }
    assert wide["kind"] == "ClusterRole"
    assert wide["metadata"] == {"name": "mine"}
    assert wide["rules"][0]["resources"] == ["nodes"]


def test_no_rules_make_no_role() -> None:
    assert rights.as_role((), "mine", "shop") == ""


class Namespace:
    """A target that lacks what it is told to lack."""

    def __init__(self, *missing: RbacRule) -> None:
        self._missing = missing

    def missing(self, kinds: Collection[str]) -> Sequence[RbacRule]:
        del kinds
        return self._missing


def test_a_missing_right_is_named_with_the_role_that_gives_it() -> None:
    target = Namespace(EVICTION)
    asked = rights_of(target, "shop", {"kubernetes.evict"})
    lacking = [right for right in asked.each if not right.held]
    assert [(right.subject, right.says) for right in lacking] == [
        ("pods/eviction", "may not create pods/eviction in namespace shop")
    ]
    assert len(asked.each) == len(rights.rules_for({"kubernetes.evict"}))
    made = yaml.safe_load(asked.role)
    assert made["rules"][0]["resources"] == ["pods/eviction"]


def test_all_rights_held_need_no_role() -> None:
    asked = rights_of(Namespace(), "shop", {"kubernetes.drain"})
    assert all(right.held for right in asked.each)
    assert asked.role == ""
    assert "nodes (cluster)" in {right.subject for right in asked.each}


# What is deployed ---------------------------------------------------------------------


def read(folder: Path) -> Iterator[Thing]:
    """Yield the objects of a kustomization as kustomize would, resources only."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for name in listed["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from read(path)
        else:
            yield from (
                document
                for document in yaml.safe_load_all(path.read_text())
                if document
            )


def keyed(things: Iterator[Thing]) -> dict[Key, Thing]:
    return {
        (
            resource["kind"],
            resource["metadata"].get("namespace", ""),
            resource["metadata"]["name"],
        ): resource
        for resource in things
    }


def template(**values: str) -> dict[Key, Thing]:
    done = helm("template", "gameday", str(CHART), "--namespace", "gameday", **values)
    assert done.returncode == 0, done.stderr
    return keyed(document for document in yaml.safe_load_all(done.stdout) if document)


def helm(*words: str, **values: str) -> subprocess.CompletedProcess[str]:
    program = os.environ.get("GAMEDAY_TEST_HELM") or shutil.which("helm")
    if program is None:
        pytest.skip("version: no helm here (GAMEDAY_TEST_HELM names one)")
    given = [word for name, text in values.items() for word in ("--set", name + text)]
    return subprocess.run(
        [program, *words, *given],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_roles_are_the_tables() -> None:
    done = subprocess.run(
        [sys.executable, DEPLOY / "generate.py", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_scheduled_game_day_is_held_once() -> None:
    resources = keyed(read(DEPLOY))
    schedule = resources["CronJob", "gameday", "gameday"]["spec"]
    job = schedule["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    assert schedule["concurrencyPolicy"] == "Forbid"
    assert job["backoffLimit"] == 0
    # The pod's own first: the Job's deletes the pod, with its log and its code.
    grace = pod["terminationGracePeriodSeconds"]
    assert job["activeDeadlineSeconds"] > pod["activeDeadlineSeconds"] + grace
    assert pod["restartPolicy"] == "Never"


def test_the_runner_may_do_nothing_on_its_node() -> None:
    pod = keyed(read(DEPLOY))["CronJob", "gameday", "gameday"]["spec"]["jobTemplate"][
        "spec"
    ]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_node_faults_are_asked_for_by_name() -> None:
    kinds = {kind for kind, _, _ in keyed(read(DEPLOY))}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}
    assert {"ClusterRole", "ClusterRoleBinding"} <= {
        kind for kind, _, _ in keyed(read(DEPLOY / "nodes"))
    }


def test_every_role_is_bound_to_the_runner() -> None:
    resources = keyed(read(DEPLOY)) | keyed(read(DEPLOY / "nodes"))
    accounts = {key[1:] for key in resources if key[0] == "ServiceAccount"}
    for kind, space, name in resources:
        if kind in ("Role", "ClusterRole"):
            bound = resources[f"{kind}Binding", space, name]
            assert bound["roleRef"]["name"] == name
            who = bound["subjects"][0]
            assert (who["namespace"], who["name"]) in accounts
        assert not kind.startswith("Cluster") or name == "gameday-nodes"


def test_the_example_is_the_demo() -> None:
    example = DEPLOY / "example"
    for name in (
        "experiments/stop-one-web.yaml",
        "slos/checkout.yaml",
        "slos/checkout-latency.yaml",
    ):
        assert (example / name).read_text() == (ROOT / name).read_text()


def versions() -> Mapping[str, str]:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    (project,) = (
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("version = ")
    )
    cron = keyed(read(DEPLOY))["CronJob", "gameday", "gameday"]
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    image = pod["containers"][0]["image"]
    example = yaml.safe_load((DEPLOY / "example" / "kustomization.yaml").read_text())
    return {
        "example": example["images"][0]["newTag"],
        "chart": chart["version"],
        "app": chart["appVersion"],
        "project": project,
        "image": image.partition(":")[2],
    }


def test_one_version_everywhere() -> None:
    assert len(set(versions().values())) == 1, versions()


def test_the_charts_values_name_capabilities_that_are() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    table = yaml.safe_load((CHART / "files" / "roles.yaml").read_text())
    assert set(values["capabilities"]) <= set(rights.CAPABILITIES)
    assert set(table) == {"read", "run", *rights.CAPABILITIES}
    listed = {path.stem for path in (CHART / "templates").glob("*.yaml")}
    assert listed == {"account", "cronjob", "files", "pager", "roles", "state"}


def test_the_chart_is_sound() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_chart_makes_the_plain_manifests() -> None:
    plain = {
        key: resource
        for key, resource in keyed(read(DEPLOY)).items()
        if key[0] != "Namespace"
    }
    made = template()
    volume = made["PersistentVolumeClaim", "gameday", "gameday"]["metadata"]
    assert volume.pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert made == plain


def test_the_chart_gives_every_capability() -> None:
    several = ",".join(set(rights.CAPABILITIES) - {"nodes"})
    made = template(**{"capabilities=": f"{{{several}}}", "nodeFaults=": "true"})
    roles = {key: resource for key, resource in made.items() if "Role" in key[0]}
    names = [DEPLOY / "rights" / f"{name}.yaml" for name in ("read", "run")]
    names += [
        DEPLOY / ("nodes" if name == "nodes" else "rights") / f"{name}.yaml"
        for name in rights.CAPABILITIES
    ]
    plain = keyed(
        document for path in names for document in yaml.safe_load_all(path.read_text())
    )
    assert roles == plain


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"capabilities=": "{proces}"}, "no capability proces; there are config, "),
        ({"capabilities=": "{nodes}"}, "say nodeFaults: true"),
    ],
)
def test_the_chart_refuses_what_it_does_not_know(
    values: dict[str, str], says: str
) -> None:
    done = helm("template", "gameday", str(CHART), **values)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_chart_takes_scenarios_and_another_namespace() -> None:
    made = template(
        **{
            "target.namespace=": "checkout",
            r"scenarios.lost\.yaml=": "a: 1",
            "state.enabled=": "false",
        }
    )
    assert made["ConfigMap", "gameday", "gameday-scenarios"]["data"] == {
        "lost.yaml": "a: 1"
    }
    assert ("Role", "checkout", "gameday-read") in made
    assert "PersistentVolumeClaim" not in {kind for kind, _, _ in made}
