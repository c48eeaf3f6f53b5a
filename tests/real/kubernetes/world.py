"""A namespace of its own: web x3, db, agent, of gameday's helper image.

GAMEDAY_TEST_KUBERNETES=CONTEXT/NAMESPACE gives the context; namespaces are made beside
that one and removed. What a test looks at, it looks at with kubectl, not with gameday.
"""

import json
import os
import secrets
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from gameday.model.fingerprint import Fingerprint, differences
from gameday.targets import open_target
from gameday.targets.helper_image import image_name
from gameday.targets.kubernetes.target import KubernetesTarget
from gameday.targets.ownership import Leftover
from tests.real.targets.world import CLOCK

PATIENCE = 120  # seconds for what the cluster does
PORT = 8000
# Seconds for a pod's answer: a delay or a loss (of kills.py here) that is
# left takes longer. Quiet machines answer in 2 to 120 ms, busy ones in more.
AT_ONCE = 0.9
WORKLOADS = ("deployment/web", "statefulset/db", "daemonset/agent")
OURS = "gameday.dev/"
# What is left of a pod's log where two kubelets of one machine share the folder: each
# removes, once a minute, what is not its own.
LOST = "failed to try resolving symlinks"
# Run inside of a pod: the seconds that it took, or why nobody answered. An answer that
# breaks off is none: so does one end whose process is being stopped.
_TIMED = """
import http.client, socket, sys, time
address, port, patience = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
began = time.monotonic()
try:
    {}
except (OSError, http.client.HTTPException) as problem:
    print("silence:", problem)
else:
    print(time.monotonic() - began)
"""
_KNOCK = _TIMED.format("socket.create_connection((address, port), patience).close()")
_ASK = _TIMED.format(
    "server = http.client.HTTPConnection(address, port, timeout=patience);"
    "server.request('GET', '/'); server.getresponse().read()"
)
_SLEEPING_WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: debian:bookworm-slim
        imagePullPolicy: IfNotPresent
        command: [sleep, infinity]
"""


def context() -> str:
    """Return the context that the tests may use."""
    return os.environ["GAMEDAY_TEST_KUBERNETES"].rpartition("/")[0]


def kubectl(*words: str, given: str = "", fails: bool = False) -> str:
    """Run kubectl in that context; return what it printed (`fails`: it may fail)."""
    done = _ran(context(), *words, given=given, patience=180)
    assert fails or done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def sleeping_web(replicas: int) -> str:
    """Return a deployment whose pods do nothing, as YAML."""
    return _SLEEPING_WEB % replicas


class World:
    """One namespace and what runs in it; `patience` is for a machine that is busy."""

    def __init__(self, name: str, of: str = "") -> None:
        self.context = of or context()
        self.name = f"{name}-{secrets.token_hex(2)}"
        self.url = f"kubernetes://{self.context}/{self.name}"
        self.run = f"gdtest{secrets.token_hex(3)}"
        self._marks = 0
        self.kubectl("create", "namespace", self.name, at="")
        try:
            self.apply(_manifests())
            self.settle()
        except BaseException:
            self.remove()
            raise

    # kubectl ----------------------------------------------------------------------

    def kubectl(self, *words: str, given: str = "", at: str | None = None) -> str:
        """Run kubectl in the namespace (at="": in none); return what it printed."""
        done = self.tried(*words, given=given, at=at)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def tried(
        self, *words: str, given: str = "", at: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, whatever comes of it."""
        space = self.name if at is None else at
        where = ["-n", space] if space else []
        return _ran(self.context, *where, *words, given=given, patience=PATIENCE + 5)

    def get(self, *words: str, at: str | None = None) -> Any:
        """Return what `kubectl get` has, as JSON."""
        return json.loads(self.kubectl("get", *words, "-o", "json", at=at))

    def apply(self, manifests: Iterable[Mapping[str, Any]]) -> None:
        """Make or change objects of the namespace."""
        text = yaml.safe_dump_all(manifests)
        self.kubectl("apply", "-f", "-", given=text)

    def settle(self, *workloads: str) -> None:
        """Wait until every pod is there and ready (kubectl watches)."""
        for workload in workloads or WORKLOADS:
            wait = f"--timeout={PATIENCE}s"
            self.kubectl("rollout", "status", workload, wait)

    # gameday ----------------------------------------------------------------------

    def target(self) -> KubernetesTarget:
        """Return a target of its own, as another process would have."""
        opened = open_target(self.url, CLOCK)
        assert isinstance(opened, KubernetesTarget)
        return opened

    def mark(self) -> str:
        """Return a mark that no fault has had."""
        self._marks += 1
        return f"{self.run}.{self._marks:08x}"

    def left(self) -> list[Leftover]:
        """Return what carries a mark here; on nodes only ours: others share them."""
        leftovers = self.target().marks.leftovers()
        nodes = "/api/v1/nodes/"
        return [
            o for o in leftovers if not o.place.startswith(nodes) or o.run == self.run
        ]

    def fingerprint(self) -> Fingerprint:
        """Return what the namespace is like; without the nodes, which others share."""
        taken = self.target().fingerprint()
        return {
            key: values for key, values in taken.items() if not key.startswith("node/")
        }

    def drift(self, before: Fingerprint) -> list[str]:
        """Return what is not as it was."""
        return [
            difference.show() for difference in differences(before, self.fingerprint())
        ]

    def traces(self) -> list[str]:
        """Return all that bears gameday's name, by kubectl."""
        kinds = "pods,secrets,configmaps,networkpolicies,leases.coordination.k8s.io"
        workloads = "deployments,statefulsets,daemonsets"
        resources = self.get(f"{kinds},{workloads}")["items"]
        return [
            f"{resource['kind']}/{resource['metadata']['name']}"
            for resource in resources
            if _is_ours(resource)
        ]

    # From outside of gameday ------------------------------------------------------

    def pod(self, name: str) -> Any:
        """Return a pod."""
        return self.get("pod", name)

    def knock(self, pod: str, address: str, patience: float = 2.0) -> float | None:
        """Return the seconds until a connection from a pod stood; None: it did not."""
        return self._asked(_KNOCK, pod, address, patience)

    def answers(self, pod: str, address: str, patience: float = 2.0) -> float | None:
        """Return the seconds until a web server answered a pod; None: it did not."""
        return self._asked(_ASK, pod, address, patience)

    def _asked(
        self, code: str, pod: str, address: str, patience: float
    ) -> float | None:
        words = ["python3", "-c", code, address, str(PORT), str(patience)]
        said = self.tried("exec", pod, "--", *words)
        assert said.returncode == 0, said.stderr
        return None if said.stdout.startswith("silence:") else float(said.stdout)

    def deaf(self) -> list[str]:
        """Return the addresses of web's pods that do not answer db-0 at once."""
        pods = self.get("pods", "-l", "app=web")["items"]
        there = [pod["status"].get("podIP", "none") for pod in pods]
        return [
            address
            for address in there
            if self.answers("db-0", address, AT_ONCE) is None
        ]

    def damage(self, before: Fingerprint) -> str:
        """Return what is not as it was; empty: nothing."""
        wrong = [*self.traces(), *(leftover.what for leftover in self.left())]
        wrong += self.drift(before)
        for words, number in (("deployment/web", 3), ("statefulset/db", 2)):
            status = self.get(words)["status"]
            ready = (status.get("readyReplicas"), status.get("updatedReplicas"))
            if ready != (number, number) or status["replicas"] != number:
                wrong.append(f"{words}: {status}")
        late = (
            f"{address} does not answer db-0 within {AT_ONCE} s"
            f" (within 5 s: {self.answers('db-0', address, 5.0)})"
            for address in self.deaf()
        )
        return ", ".join(wrong or late)

    def remove(self) -> None:
        """Take the namespace away; the cluster does it behind us."""
        self.kubectl("delete", "namespace", self.name, "--wait=false", at="")


def _ran(
    of: str, *words: str, given: str, patience: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", "--context", of, *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def _is_ours(resource: Mapping[str, Any]) -> bool:
    meta = resource["metadata"]
    keys = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
    return any(key.startswith(OURS) for key in keys)


def _manifests() -> list[Mapping[str, Any]]:
    web = _workload("Deployment", "web", {"replicas": 3})
    db = _workload("StatefulSet", "db", {"replicas": 2, "serviceName": "db"})
    db["spec"]["podManagementPolicy"] = "Parallel"
    agent = _workload("DaemonSet", "agent", {})
    agent["spec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]
    (container,) = web["spec"]["template"]["spec"]["containers"]
    container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {"COLOUR": "green"},
    }
    return [settings, web, db, agent, _service("web"), _service("db")]


def _workload(kind: str, name: str, spec: Mapping[str, Any]) -> Any:
    labels = {"app": name}
    container = {
        "name": name,
        "image": image_name(),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "http.server", str(PORT)],
        "readinessProbe": {
            "httpGet": {"path": "/etc/hostname", "port": PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "failureThreshold": 2,
        },
        "resources": {
            "limits": {"memory": "96Mi", "cpu": "500m"},
            "requests": {"memory": "16Mi", "cpu": "1m"},  # a small cluster, shared
        },
    }
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": labels},
        "spec": {
            **spec,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _service(name: str) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": PORT}]},
    }
