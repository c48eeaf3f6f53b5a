"""Each fault with the rights that the tables give it, and no other: it works.

GAMEDAY_TEST_KUBERNETES=CONTEXT/NAMESPACE; a namespace of its own is made beside that
one (NAMESPACE-rights-…). Each fault has an account of its own, whose roles are made
from the tables, and a whole `gameday run` that knows nothing but that account.
GAMEDAY_TEST_KUBERNETES_IMAGE: an image for helper pods that the nodes have.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gameday.targets.kubernetes.rbac import rights
from tests.real.kubernetes.world import kubectl

pytestmark = pytest.mark.kubernetes

ONE = {"service": "web", "count": 1}
LIMITED = {"service": "limited", "count": 1}
LONE = {"service": "lone", "count": 1}
WHOLE = {"service": "web"}
CASES: Mapping[str, Mapping[str, Any]] = {
    "process.kill": ONE,
    "process.pause": ONE,
    "process.restart": ONE,
    "process.stop": ONE,
    "network.partition": ONE,
    "network.delay": {**ONE, "by": "50ms"},
    "network.loss": {**ONE, "packets": "50%"},
    "network.rate": {**ONE, "to": "2mbit"},
    "resource.cpu": {**LIMITED, "load": "50%"},
    "resource.memory": {**LIMITED, "fill": "50%"},
    "kubernetes.evict": ONE,
    "kubernetes.drain": LONE,
    "kubernetes.cordon": LONE,
    "kubernetes.taint": LONE,
    "kubernetes.scale": {**WHOLE, "to": 2},
    "kubernetes.bad_image": {**WHOLE, "image": "gameday.invalid/none:1"},
    "kubernetes.image_pull_failure": WHOLE,
    "kubernetes.bad_readiness": WHOLE,
    "kubernetes.config_removed": {**ONE, "name": "settings"},
    "kubernetes.isolate": ONE,
}
# Where the cluster enforces no policies, this one is injected and does not bite.
UNSURE = ("kubernetes.isolate",)
SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {name: %s}
target:
  kubernetes: {context: account, namespace: %s}
blast_radius: {share: 100%%}
steps:
  - name: step
    experiment: experiment.json
    hold: 1s
    expect: {no_other_alerts: false}
"""


def apply(*things: Mapping[str, Any]) -> None:
    for resource in things:
        kubectl("apply", "-f", "-", given=json.dumps(resource))


def workload(name: str, space: str, replicas: int) -> Mapping[str, Any]:
    # A kubelet of 1.34 may crash on a pod with limits that is deleted as it starts:
    # only what `resource.memory` fills has them.
    small = {"memory": "8Mi", "cpu": "1m"}
    limits = {"memory": "64Mi", "cpu": "500m"}
    limited = name == "limited"
    resources = {"requests": small, "limits": limits} if limited else {}
    container = {
        "name": name,
        "image": "debian:bookworm-slim",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "envFrom": [{"configMapRef": {"name": "settings"}}],
        "resources": resources,
    }
    pod = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


@pytest.fixture(scope="module")
def space() -> Iterator[str]:
    if not os.environ.get("GAMEDAY_TEST_KUBERNETES_IMAGE"):
        pytest.skip("no image of gameday: GAMEDAY_TEST_KUBERNETES_IMAGE names one")
    base = os.environ["GAMEDAY_TEST_KUBERNETES"].rpartition("/")[2]
    name = f"{base}-rights-{secrets.token_hex(2)}"
    try:
        kubectl("create", "namespace", name)
        kubectl("-n", name, "create", "configmap", "settings", "--from-literal=A=b")
        sizes = {"web": 3, "lone": 1, "limited": 1}
        apply(*(workload(app, name, size) for app, size in sizes.items()))
        for app in sizes:
            kubectl("-n", name, "rollout", "status", f"deployment/{app}")
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false", fails=True)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that holds what the tables say for one fault."""

    space: str
    name: str

    def make(self, kind: str) -> None:
        meta = {"name": self.name, "namespace": self.space}
        apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        for role in rights.as_objects(rights.rules_for([kind]), self.role, self.space):
            apply(role)
            bound = {
                "apiVersion": role["apiVersion"],
                "kind": f"{role['kind']}Binding",
                "metadata": role["metadata"],
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": role["kind"],
                    "name": self.role,
                },
                "subjects": [{"kind": "ServiceAccount", **meta}],
            }
            apply(bound)

    @property
    def role(self) -> str:
        return f"{self.space}-{self.name}"

    def remove(self) -> None:
        """Remove what is not the namespace's own."""
        for kind in ("clusterrolebinding", "clusterrole"):
            kubectl("delete", kind, self.role, "--ignore-not-found", "--wait=false")

    def config(self) -> str:
        """Return a kubeconfig that knows this account alone."""
        view = json.loads(kubectl("config", "view", "--minify", "--raw", "-o", "json"))
        token = kubectl("-n", self.space, "create", "token", self.name).strip()
        cluster = view["clusters"][0]["cluster"]
        if path := cluster.pop("certificate-authority", ""):
            held = base64.b64encode(Path(path).read_bytes()).decode()
            cluster["certificate-authority-data"] = held
        context = {"cluster": "c", "user": "u"}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": token}}],
                "contexts": [{"name": "account", "context": context}],
            }
        )


def experiment(kind: str) -> str:
    family, _, function = kind.rpartition(".")
    act = {
        "type": "python",
        "module": f"gameday.faults.{family}",
        "func": function,
        "arguments": CASES[kind],
    }
    undo = {"type": "python", "module": "gameday.faults", "func": "undo"}
    target = {"type": "env", "key": "GAMEDAY_TARGET", "default": "kubernetes://c/n"}
    return json.dumps(
        {
            "title": kind,
            "description": kind,
            "runtime": {"rollbacks": {"strategy": "always"}},
            "configuration": {"target": target},
            "method": [{"type": "action", "name": "fault", "provider": act}],
            "rollbacks": [{"type": "action", "name": "undo", "provider": undo}],
        }
    )


def test_no_fault_is_left_out() -> None:
    assert set(CASES) == set(rights.FAULTS)


@pytest.mark.parametrize("kind", CASES)
def test_its_rights_suffice(kind: str, space: str, tmp_path: Path) -> None:
    account = Account(space, kind.replace(".", "-").replace("_", "-"))
    name = f"{account.name}-suffices"
    (tmp_path / "scenario.yaml").write_text(SCENARIO % (name, space))
    (tmp_path / "experiment.json").write_text(experiment(kind))
    try:
        account.make(kind)
        (tmp_path / "kubeconfig").write_text(account.config())
        done = subprocess.run(
            [
                *(sys.executable, "-m", "gameday", "run", "--plain"),
                *("--out", "out", "scenario.yaml"),
            ],
            env={
                "PATH": os.environ["PATH"],
                "KUBECONFIG": str(tmp_path / "kubeconfig"),
                "GAMEDAY_HOME": str(tmp_path / "home"),
                "GAMEDAY_HELPER_IMAGE": os.environ["GAMEDAY_TEST_KUBERNETES_IMAGE"],
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    finally:
        account.remove()
    said = done.stdout + done.stderr
    assert (tmp_path / "out" / "verdict.json").exists(), said
    asked = json.loads((tmp_path / "out" / "verdict.json").read_text())["findings"]
    answers = {
        finding["question"]: (finding["outcome"], finding["because"])
        for finding in asked
    }
    assert answers["undone"][0] == "pass", said
    assert answers["drift"][0] == "pass", said
    if kind not in UNSURE:
        assert answers["bites"][0] == "pass", said
        assert done.returncode == 0, said
