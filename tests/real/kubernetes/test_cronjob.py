"""A scheduled game day inside a cluster: with its roles it runs, with less it refuses.

GAMEDAY_TEST_KUBERNETES=CONTEXT/NAMESPACE; these tests make namespaces of their own
beside it (NAMESPACE-runner-…, NAMESPACE-target-…) and remove them.
GAMEDAY_TEST_KUBERNETES_IMAGE: gameday's image (`deploy/gameday/build`), which the
cluster's nodes have.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.real.kubernetes.world import kubectl, sleeping_web
from tests.real.targets.world import wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes(watched=True)]

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy" / "gameday"
PATIENCE = 150.0  # seconds for one game day in a pod
NODES = "/api/v1/nodes"
EXPIRED = 22.0  # seconds without a sign of life after which a holder is dead
SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {name: a-replica-is-lost}
target:
  kubernetes: {context: CONTEXT, namespace: NAMESPACE}
blast_radius: {at_most: 1, share: 50%}
steps:
  - name: lost
    experiment: ../experiments/lost.yaml
    with: {service: web}
    hold: 2s
    expect: {no_other_alerts: false}  # nobody watches
  - name: killed
    experiment: ../experiments/killed.yaml
    with: {service: web}
    hold: 2s
    expect: {no_other_alerts: false}
"""
EXPERIMENT = """\
title: One replica is gone
description: One of three is missing, and comes back.
runtime: {rollbacks: {strategy: always}}
configuration:
  target: {type: env, key: GAMEDAY_TARGET, default: "kubernetes://in-cluster/shop"}
  service: web
method:
  - type: action
    name: a replica goes
    provider:
      type: python
      module: gameday.faults.process
      func: stop
      arguments: {service: "${service}", count: 1}
rollbacks:
  - type: action
    name: undo
    provider: {type: python, module: gameday.faults, func: undo}
"""
LOST = "failed to try resolving symlinks"  # what is left of a log that was removed
EXPERIMENTS = {
    "lost.yaml": EXPERIMENT,
    "killed.yaml": EXPERIMENT.replace("func: stop", "func: kill"),
}
WANTED = ("read", "run", "process")  # the roles that the scenario needs


def get(space: str, *words: str) -> Any:
    return json.loads(kubectl("-n", space, "get", *words, "-o", "json"))


@dataclass(frozen=True, slots=True)
class Place:
    """The runner's namespace and the target's."""

    runner: str
    target: str

    def manifests(self) -> Iterator[dict[str, Any]]:
        """Yield what is deployed, in our namespaces, with our image and no volume."""
        text = kubectl("kustomize", str(DEPLOY))
        for document in yaml.safe_load_all(text):
            if document["kind"] in ("Namespace", "PersistentVolumeClaim"):
                continue
            role = document["metadata"]["name"].removeprefix("gameday-")
            if document["kind"] in ("Role", "RoleBinding") and role not in WANTED:
                continue
            yield self._moved(document)

    def _moved(self, document: dict[str, Any]) -> dict[str, Any]:
        spaces = {"gameday": self.runner, "shop": self.target}
        document["metadata"]["namespace"] = spaces[document["metadata"]["namespace"]]
        for who in document.get("subjects", ()):
            who["namespace"] = self.runner
        if document["kind"] == "CronJob":
            pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            container = pod["containers"][0]
            container["image"] = image()
            for variable in container["env"]:
                if variable["name"] == "GAMEDAY_HELPER_IMAGE":
                    variable["value"] = image()
            pod["volumes"][0] = {"name": "state", "emptyDir": {}}
        return document

    def hold(self, name: str) -> "Held":
        """Hold a game day as the schedule would, and wait for its end."""
        make = ("create", "job", "--from=cronjob/gameday", name)
        kubectl("-n", self.runner, *make)
        chosen = f"job-name={name}"

        def ended() -> Any:
            for pod in get(self.runner, "pods", "-l", chosen)["items"]:
                for status in pod.get("status", {}).get("containerStatuses", ()):
                    stuck = status["state"].get("waiting", {}).get("reason", "")
                    assert "Image" not in stuck, f"{image()}: {stuck}"
                    return status["state"].get("terminated")
            return None

        over = wait_for(ended, PATIENCE)
        log = kubectl("-n", self.runner, "logs", f"job/{name}", fails=True)
        return Held(int(over["exitCode"]), over.get("message", ""), log)

    def begin_slow(self, name: str) -> None:
        """Begin a game day whose first fault holds for two minutes."""
        job = get(self.runner, "cronjob", "gameday")["spec"]["jobTemplate"]
        pod = job["spec"]["template"]["spec"]
        for volume in pod["volumes"]:
            if volume["name"] == "scenarios":
                volume["configMap"]["name"] = "gameday-slow"
        meta = {"name": name, "namespace": self.runner}
        made = {**job, "apiVersion": "batch/v1", "kind": "Job", "metadata": meta}
        kubectl("apply", "-f", "-", given=json.dumps(made))

    def replicas(self) -> int:
        return int(get(self.target, "deployment", "web")["spec"]["replicas"])

    def silent(self) -> float:
        """Return the seconds since the holder of the Lease gave a sign of life."""
        (lease,) = get(self.target, "leases")["items"]
        renewed = datetime.fromisoformat(lease["spec"]["renewTime"])
        return (datetime.now(UTC) - renewed).total_seconds()

    def whole(self) -> bool:
        """Return whether the workload is as it was, and nothing of ours is left."""
        web = get(self.target, "deployment", "web")
        marks = [key for key in web["metadata"]["annotations"] if "gameday" in key]
        return (
            web["status"].get("availableReplicas") == 3
            and web["spec"]["replicas"] == 3
            and marks == []
            and get(self.target, "leases")["items"] == []
            and get(self.target, "pods", "-l", "gameday.dev/run")["items"] == []
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A game day that was held: the container's exit code, last words and log.

    Two kubelets on one machine remove each other's logs: it may be lost, which is
    empty where it was removed while it was being read.
    """

    code: int
    said: str
    log: str


def image() -> str:
    return os.environ.get("GAMEDAY_TEST_KUBERNETES_IMAGE", "")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    if not image():
        pytest.skip("no image of gameday: GAMEDAY_TEST_KUBERNETES_IMAGE names one")
    base = os.environ["GAMEDAY_TEST_KUBERNETES"].rpartition("/")[2]
    tail = secrets.token_hex(2)  # the last ones may still be on their way out
    made = Place(f"{base}-runner-{tail}", f"{base}-target-{tail}")
    try:
        for space in (made.runner, made.target):
            kubectl("create", "namespace", space)
        strict = "pod-security.kubernetes.io/enforce=restricted"
        kubectl("label", "namespace", made.runner, strict)
        kubectl("-n", made.target, "apply", "-f", "-", given=sleeping_web(3))
        things = list(made.manifests())
        kubectl("apply", "-f", "-", given=yaml.safe_dump_all(things))
        scenario = scenario_of("in-cluster", made.target)
        files = {
            "scenarios": {"lost.yaml": scenario},
            "slow": {"slow.yaml": scenario.replace("hold: 2s", "hold: 2m", 1)},
            "experiments": EXPERIMENTS,
        }
        for kind, texts in files.items():
            config = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"gameday-{kind}", "namespace": made.runner},
                "data": texts,
            }
            kubectl("apply", "-f", "-", given=json.dumps(config))
        wait_for(made.whole, PATIENCE)
        yield made
    finally:
        spaces = (made.runner, made.target)
        kubectl("delete", "namespace", *spaces, "--wait=false", fails=True)


def scenario_of(context: str, namespace: str) -> str:
    return SCENARIO.replace("CONTEXT", context).replace("NAMESPACE", namespace)


def test_a_game_day_is_held_with_these_roles_alone(place: Place) -> None:
    held = place.hold("whole")
    assert held.code == 0, held.said
    assert "pass  " in held.said, held.said
    lost = not held.log or held.log.startswith(LOST)
    assert lost or "## Findings" in held.log, held.log
    assert wait_for(place.whole, PATIENCE)


def test_a_job_that_is_deleted_undoes_everything_first(place: Place) -> None:
    place.begin_slow("slow")
    wait_for(lambda: place.replicas() == 2, PATIENCE)
    kubectl("-n", place.runner, "delete", "job", "slow", "--wait=false")
    wait_for(lambda: place.replicas() == 3, 30.0)
    assert wait_for(place.whole, PATIENCE)


@pytest.mark.parametrize(
    ("role", "resource", "lacking"),
    [
        ("process", "deployments", "may not patch deployments.apps"),
        ("run", "leases", "may not create, patch or delete leases.coordination.k8s.io"),
        ("read", "events", "may not get, list or watch events"),
    ],
)
def test_without_one_rule_it_refuses_and_names_it(
    place: Place, role: str, resource: str, lacking: str
) -> None:
    before = get(place.target, "deployment", "web")["metadata"]["generation"]
    name = f"gameday-{role}"
    whole = get(place.target, "role", name)
    less = json.loads(json.dumps(whole))
    for rule in less["rules"]:
        rule["resources"] = [kept for kept in rule["resources"] if kept != resource]
    less["rules"] = [rule for rule in less["rules"] if rule["resources"]]
    put_back = {"rules": whole["rules"]}
    patch = ("-n", place.target, "patch", "role", name, "--type=merge", "-p")
    try:
        kubectl(*patch, json.dumps({"rules": less["rules"]}))
        held = place.hold(f"less-{resource}")
    finally:
        kubectl(*patch, json.dumps(put_back))
    assert held.code == 2, held.said
    assert f"{lacking} in namespace {place.target}" in held.said, held.said
    assert get(place.target, "deployment", "web")["metadata"]["generation"] == before
    assert place.whole()


# What the account may do, looked at from here -----------------------------------------


@pytest.fixture
def account(place: Place, tmp_path: Path) -> Path:
    """Return a kubeconfig with the runner's own account, context `account`."""
    view = json.loads(kubectl("config", "view", "--minify", "--raw", "-o", "json"))
    token = kubectl("-n", place.runner, "create", "token", "gameday").strip()
    cluster = view["clusters"][0]["cluster"]
    if path := cluster.pop("certificate-authority", ""):
        held = base64.b64encode(Path(path).read_bytes()).decode()
        cluster["certificate-authority-data"] = held
    named = {"cluster": "c", "user": "u"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "account", "context": named}],
    }
    written = tmp_path / "kubeconfig"
    written.write_text(json.dumps(config))
    return written


@pytest.fixture
def doctor(
    place: Place, account: Path, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    for folder in ("scenarios", "experiments"):
        (tmp_path / folder).mkdir()
    scenario = tmp_path / "scenarios" / "lost.yaml"
    scenario.write_text(scenario_of("account", place.target))
    for name, text in EXPERIMENTS.items():
        (tmp_path / "experiments" / name).write_text(text)
    given: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(account),
        "GAMEDAY_HOME": str(tmp_path / "home"),
    }

    def asked(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gameday", "doctor", str(scenario), *words],
            env=dict(given),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return asked


def test_the_account_may_do_nothing_else(place: Place) -> None:
    who = f"--as=system:serviceaccount:{place.runner}:gameday"
    for words in (
        ("get", "secrets"),
        ("delete", "deployments"),
        ("create", "pods", "--subresource=eviction"),
        ("patch", "nodes"),
    ):
        said = kubectl("-n", place.target, "auth", "can-i", *words, who, fails=True)
        assert said.strip() == "no", words
    for space in (place.runner, "kube-system"):
        said = kubectl("-n", space, "auth", "can-i", "get", "pods", who, fails=True)
        assert said.strip() == "no"


def test_doctor_prints_the_role_that_is_missing_and_it_suffices(
    place: Place, doctor: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert doctor().returncode == 0, doctor().stdout
    bound = ("-n", place.target, "rolebinding", "gameday-process")
    binding = get(place.target, "rolebinding", "gameday-process")
    kubectl("delete", *bound)
    try:
        lacking = doctor()
        assert lacking.returncode == 1
        assert "may not patch deployments.apps in namespace" in lacking.stdout
        told = json.loads(doctor("-o", "json").stdout)
        assert [check["remedy"] for check in told if check["remedy"]] == [
            lacking.stdout.partition("---\n")[2]
        ]
        role = lacking.stdout[lacking.stdout.index("---\n") :]
        kubectl("apply", "-f", "-", given=role)
        binding["roleRef"]["name"] = "gameday-missing"
        binding["metadata"] = {"name": "given", "namespace": place.target}
        kubectl("apply", "-f", "-", given=json.dumps(binding))
        enough = doctor()
        assert enough.returncode == 0, enough.stdout
        assert "---" not in enough.stdout
    finally:
        again = next(
            manifest
            for manifest in place.manifests()
            if manifest["kind"] == "RoleBinding"
            and manifest["metadata"]["name"] == "gameday-process"
        )
        kubectl("apply", "-f", "-", given=json.dumps(again))


DIES = """\
import os, sys
from gameday.clock import SystemClock
from gameday.model.faults.request import parse_request
from gameday.targets import open_target
from gameday.targets.ownership import holder_here
target = open_target(sys.argv[1], SystemClock())
assert target.lock.hold(holder_here("r-dead", "lost", "")) is None
asked = parse_request("process.stop", {"service": "web", "duration": "5m"})
victim = target.instances("web")[0]
target.inject(asked, victim, target.prepare(asked, victim, "r-dead.1"))
os._exit(9)
"""


def test_what_a_dead_run_left_is_undone_by_the_next_one_with_these_roles_alone(
    place: Place, account: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES, f"kubernetes://account/{place.target}"],
        env={"PATH": os.environ["PATH"], "KUBECONFIG": str(account)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == 9, died.stderr
    assert place.replicas() == 2
    (lease,) = get(place.target, "leases")["items"]
    unseen = lease["metadata"]["annotations"]["gameday.dev/holder-unseen"]
    assert unseen.split() == [f"/api/v1/namespaces/{place.target}/secrets", NODES]
    wait_for(lambda: place.silent() > EXPIRED, 2 * EXPIRED)
    held = place.hold("next")
    assert held.code == 0, held.said
    assert wait_for(place.whole, PATIENCE)
