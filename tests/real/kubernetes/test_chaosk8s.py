"""chaosk8s' own actions on a real cluster: they work unchanged, and are put back.

GAMEDAY_TEST_KUBERNETES=CONTEXT/NAMESPACE; these tests make a namespace of their own
beside it (NAMESPACE-chaosk8s) and remove it. One node is cordoned for moments.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.ledger.extension_env import extension_environment
from gameday.ledger.foreign import play, rollbacks_entry
from gameday.runner.engine.fork_server import ForkServer
from gameday.runner.engine.jobs import Job
from tests.real.kubernetes.world import sleeping_web
from tests.real.ledger.kills import Place
from tests.real.targets.world import wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes]

ELSEWHERE = "elsewhere"  # the kubeconfig's current context; nothing listens there
PATIENCE = 60.0  # seconds for a pod to come up or go
LONE_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: lone}
spec:
  nodeName: %s
  terminationGracePeriodSeconds: 0
  containers:
  - name: lone
    image: debian:bookworm-slim
    imagePullPolicy: IfNotPresent
    command: [sleep, infinity]
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A namespace of a real cluster, and a kubeconfig that points elsewhere."""

    context: str
    namespace: str
    config: Path
    node: str

    @property
    def url(self) -> str:
        return f"kubernetes://{self.context}/{self.namespace}"

    @property
    def environment(self) -> dict[str, str]:
        """What holds the engine to the cluster."""
        return extension_environment(self.url, {"KUBECONFIG": str(self.config)})

    def kubectl(self, *words: str, given: str = "") -> str:
        return kubectl(self.config, self.context, self.namespace, *words, given=given)

    def get(self, *words: str) -> Any:
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def pods(self) -> set[str]:
        """Return the uids of the pods that are not on their way out."""
        return {
            pod["metadata"]["uid"]
            for pod in self.get("pods", "-l", "app=web")["items"]
            if "deletionTimestamp" not in pod["metadata"]
        }

    def policies(self) -> list[str]:
        listed = self.get("networkpolicies")["items"]
        return [policy["metadata"]["name"] for policy in listed]

    def cordoned(self) -> bool:
        return bool(self.get("node", self.node)["spec"].get("unschedulable"))

    def whole(self) -> bool:
        """Return whether nothing is left of any action."""
        web = self.get("deployment", "web")
        return (
            web["spec"]["replicas"] == 2
            and web["status"].get("availableReplicas") == 2
            and self.policies() == []
            and not self.cordoned()
        )

    def broken(self) -> bool:
        """Return whether all that the experiment does is done."""
        return (
            self.get("deployment", "web")["spec"]["replicas"] == 1
            and self.policies() == ["chaostoolkit-deny-all-ingress"]
            and self.cordoned()
        )


def kubectl(
    config: Path, context: str, namespace: str, *words: str, given: str = ""
) -> str:
    where = ["--kubeconfig", str(config)]
    if context:
        where += ["--context", context, "-n", namespace]
    done = subprocess.run(
        ["kubectl", *where, *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the kubeconfig whose current context is another cluster."""
    real = Path(os.environ.get("KUBECONFIG") or "~/.kube/config").expanduser()
    copy = tmp_path_factory.mktemp("kube") / "config"
    shutil.copy(real, copy)
    for words in (
        ("set-cluster", ELSEWHERE, "--server=https://127.0.0.1:1"),
        ("set-context", ELSEWHERE, f"--cluster={ELSEWHERE}"),
        ("use-context", ELSEWHERE),
    ):
        kubectl(copy, "", "", "config", *words)
    return copy


@pytest.fixture(scope="module")
def cluster(config: Path) -> Iterator[Cluster]:
    context, _, named = os.environ["GAMEDAY_TEST_KUBERNETES"].rpartition("/")
    namespace = f"{named}-chaosk8s"
    nodes = json.loads(kubectl(config, context, "default", "get", "nodes", "-o=json"))
    last = max(node["metadata"]["name"] for node in nodes["items"])
    made = Cluster(context, namespace, config, last)
    kubectl(config, context, "default", "create", "namespace", namespace)
    try:
        made.kubectl("apply", "-f", "-", given=sleeping_web(2))
        wait_for(made.whole, PATIENCE)
        yield made
    finally:
        made.kubectl("uncordon", last)
        made.kubectl("delete", "namespace", namespace, "--wait=true")


@pytest.fixture
def whole(cluster: Cluster) -> Iterator[Cluster]:
    wait_for(cluster.whole, PATIENCE)
    yield cluster
    wait_for(cluster.whole, PATIENCE)


def call(module: str, func: str, kind: str = "action", **arguments: Any) -> Any:
    provider = {"type": "python", "module": f"chaosk8s.{module}", "func": func}
    return {
        "type": kind,
        "name": f"{func} {len(arguments)}",
        "provider": {**provider, "arguments": arguments},
    }


def experiment(cluster: Cluster) -> dict[str, Any]:
    """Return an experiment of chaosk8s alone, as its users write them; no secrets."""
    here = {"ns": cluster.namespace}
    probe = call(
        "deployment.probes",
        "deployment_available_and_healthy",
        "probe",
        name="web",
        **here,
    )
    return {
        "title": "Everything that chaosk8s can put back",
        "description": "And something that the platform does.",
        "steady-state-hypothesis": {
            "title": "web is whole",
            "probes": [{**probe, "tolerance": True}],
        },
        "method": [
            call("pod.actions", "terminate_pods", label_selector="app=web", **here),
            call(
                "deployment.actions", "scale_deployment", name="web", replicas=1, **here
            ),
            call("networking.actions", "deny_all_ingress", **here),
            call("node.actions", "cordon_node", name=cluster.node),
        ],
        "rollbacks": [
            call("node.actions", "uncordon_node", name=cluster.node),
            call("networking.actions", "remove_deny_all_ingress", **here),
            call(
                "deployment.actions", "scale_deployment", name="web", replicas=2, **here
            ),
        ],
    }


class Heard:
    """What an engine has said."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, name: str, fields: Mapping[str, Any]) -> None:
        self.messages.append((name, fields))

    def all(self, name: str) -> list[Mapping[str, Any]]:
        return [fields for said, fields in list(self.messages) if said == name]


@pytest.fixture(scope="module")
def fork_server() -> ForkServer:
    return ForkServer()


def test_the_engine_does_them_on_the_scenarios_cluster_and_puts_back(
    whole: Cluster, fork_server: ForkServer
) -> None:
    before = whole.pods()
    heard = Heard()
    job = Job(document=experiment(whole), environment=whole.environment)
    child = fork_server.experiment(job, heard)
    try:
        wait_for(lambda: heard.all("method_completed") or heard.all("gone"), PATIENCE)
        done = heard.all("activity")
        assert [activity["status"] for activity in done] == ["succeeded"] * len(done), (
            done
        )
        assert len(done) == 5  # the gate's probe, and four actions
        assert whole.broken()
        assert before - whole.pods()  # one was terminated, at least
        child.release()
        assert child.wait(PATIENCE)
    finally:
        child.kill()
    assert [event["failed"] for event in heard.all("rolled_back")] == [[]]


def test_a_dead_engines_rollbacks_are_played_and_may_be_played_twice(
    whole: Cluster, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(whole.config))
    document = experiment(whole)
    entry = rollbacks_entry("r1", "s", whole.url, document)
    assert entry is not None
    monkeypatch.delenv("KUBECONFIG")  # whoever heals may have another environment
    heard = Heard()
    child = fork_server.experiment(
        Job(document=document, environment=whole.environment), heard
    )
    try:
        wait_for(lambda: heard.all("method_completed") or heard.all("gone"), PATIENCE)
        assert whole.broken()
    finally:
        child.kill()
    assert child.wait(PATIENCE)
    assert whole.broken()  # nobody has undone anything yet
    for _ in range(2):  # the second finds no policy to remove: that is no failure
        done = play(entry.undo)
        assert done.ok, done.found


def test_a_hypothesis_of_chaosk8s_is_looked_at_again_and_again(
    whole: Cluster, fork_server: ForkServer
) -> None:
    heard = Heard()
    job = Job(document=experiment(whole), environment=whole.environment)
    prober = fork_server.prober(job, 0.5, heard)
    try:
        wait_for(
            lambda: True in [probe["ok"] for probe in heard.all("probe")], PATIENCE
        )
        whole.kubectl("delete", "pods", "-l", "app=web", "--wait=false")
        wait_for(
            lambda: [probe for probe in heard.all("probe") if probe["ok"] is not True],
            PATIENCE,
        )
        failed = [probe for probe in heard.all("probe") if probe["ok"] is not True]
        assert "Deployment 'web' is not healthy" in failed[0]["because"]
    finally:
        prober.kill()


def test_plain_chaos_run_does_the_same(whole: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text(json.dumps(experiment(whole)))
    environment = {**os.environ, **whole.environment}
    words = ["--no-version-check", "--no-log-file", "run", str(path)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "chaostoolkit", *words),
            *("--rollback-strategy", "always"),
            *("--journal-path", str(tmp_path / "journal.json")),
        ],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    journal = json.loads((tmp_path / "journal.json").read_text())
    ran = [*journal["run"], *journal["rollbacks"]]
    assert [activity["status"] for activity in ran] == ["succeeded"] * 7, done.stderr


# What `gameday check` warns of really is so. When one of these fails, upstream has
# mended it: take the trap out of gameday/model/faults/foreign_others.py.


def said(cluster: Cluster, module: str, call_of: str) -> str:
    """Return what a call hands back, or its exception's name, in its own process."""
    code = (
        f"from chaosk8s.{module} import *\n"
        f"try: print(repr({call_of}))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **cluster.environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout.strip()


def test_upstream_defect_exec_without_a_container_runs_nothing(whole: Cluster) -> None:
    where = f"label_selector='app=web', ns='{whole.namespace}'"
    assert said(whole, "pod.actions", f"exec_in_pods('true', {where})") == "[]"
    named = said(
        whole, "pod.actions", f"exec_in_pods('true', {where}, container_name='web')"
    )
    assert "'exit_code': 0" in named


def test_upstream_defect_partially_available_breaks_with_no_pod(
    whole: Cluster,
) -> None:
    whole.kubectl("scale", "deployment", "web", "--replicas=0")
    try:
        wait_for(lambda: not whole.pods(), PATIENCE)
        wait_for(
            lambda: (
                not whole.get("deployment", "web")["status"].get("availableReplicas")
            ),
            PATIENCE,
        )
        asked = f"deployment_partially_available('web', ns='{whole.namespace}')"
        assert said(whole, "deployment.probes", asked).startswith("TypeError")
    finally:
        whole.kubectl("scale", "deployment", "web", "--replicas=2")


def test_upstream_defect_a_drain_that_fails_leaves_the_node_cordoned(
    whole: Cluster,
) -> None:
    whole.kubectl("apply", "-f", "-", given=LONE_POD % whole.node)
    try:
        asked = f"drain_nodes(name='{whole.node}')"
        assert said(whole, "node.actions", asked).startswith("TypeError")
        assert whole.cordoned()
    finally:
        whole.kubectl("uncordon", whole.node)
        whole.kubectl("delete", "pod", "lone", "--wait=true")


def test_upstream_defect_apply_is_refused_by_every_cluster(whole: Cluster) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "applied", "namespace": whole.namespace},
    }
    text = json.dumps(lease)
    answer = said(whole, "crd.actions", f"apply_from_json({text!r})")
    assert answer.startswith("ActivityFailed"), answer
    assert whole.get("leases")["items"] == []
    resource = f"'coordination.k8s.io', 'v1', 'leases', '{whole.namespace}', {lease!r}"
    made = said(whole, "crd.actions", f"create_custom_object({resource})")
    assert "'name': 'applied'" in made  # an object is taken
    whole.kubectl("delete", "lease", "applied")


SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {{name: theirs}}
target: {{kubernetes: {{context: {context}, namespace: {namespace}}}}}
blast_radius: {{foreign_actions: true}}
steps:
- name: theirs
  experiment: e.json
  hold: 2s
  expect: {{steady_state: may_deviate, no_other_alerts: false}}
"""


def gameday(
    cluster: Cluster, folder: Path, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on a scenario of chaosk8s alone, its kubeconfig elsewhere."""
    text = SCENARIO.format(context=cluster.context, namespace=cluster.namespace)
    (folder / "s.yaml").write_text(text)
    home = {"GAMEDAY_HOME": str(folder / "home"), "KUBECONFIG": str(cluster.config)}
    return subprocess.run(
        [sys.executable, "-m", "gameday", *words, str(folder / "s.yaml")],
        env={**os.environ, **home, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )


def test_a_game_day_of_chaosk8s_alone_passes(whole: Cluster, tmp_path: Path) -> None:
    before = whole.pods()
    (tmp_path / "e.json").write_text(json.dumps(experiment(whole)))
    done = gameday(whole, tmp_path, "run", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert whole.policies() == []
    assert not whole.cordoned()
    assert before - whole.pods()
    lines = (tmp_path / "out" / "timeline.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    ran = [event for event in events if event["kind"] == "activity"]
    assert {activity["status"] for activity in ran} == {"succeeded"}
    assert [activity["phase"] for activity in ran].count("rollback") == 3


def test_another_context_in_the_secrets_is_refused(
    whole: Cluster, tmp_path: Path
) -> None:
    secrets = {"secrets": {"k8s": {"KUBERNETES_CONTEXT": ELSEWHERE}}}
    (tmp_path / "e.json").write_text(json.dumps({**experiment(whole), **secrets}))
    for verb in ("check", "plan", "run"):
        done = gameday(whole, tmp_path, verb)
        assert done.returncode == 2, verb
        said = done.stdout + done.stderr
        assert f"names the context '{ELSEWHERE}'" in said, verb


def test_a_context_of_several_files_is_refused(whole: Cluster, tmp_path: Path) -> None:
    """Our own client puts them together, chaosk8s takes the list for a path."""
    (tmp_path / "e.json").write_text(json.dumps(experiment(whole)))
    config = json.loads(whole.kubectl("config", "view", "--raw", "-o", "json"))
    users = {key: config[key] for key in ("apiVersion", "kind", "users")}
    (tmp_path / "users").write_text(json.dumps(users))
    (tmp_path / "rest").write_text(json.dumps({**config, "users": []}))
    listed = os.pathsep.join((str(tmp_path / "rest"), str(tmp_path / "users")))
    for verb in ("plan", "run"):
        done = gameday(whole, tmp_path, verb, KUBECONFIG=listed)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "no one file of KUBECONFIG holds all" in done.stdout + done.stderr
    assert whole.whole()


@pytest.mark.parametrize("dead", ["run", "all"])
def test_rollbacks_are_played_whoever_was_killed(
    whole: Cluster, tmp_path: Path, dead: str
) -> None:
    here = f"kubernetes: {{context: {whole.context}, namespace: {whole.namespace}}}"
    config = {"KUBECONFIG": str(whole.config)}
    place = Place(tmp_path, here, lambda: "", environment=config)
    document = experiment(whole)
    going = place.start(
        place.scenario(
            hold="60s",
            extra=yaml.safe_dump(document["method"]),
            rollbacks=yaml.safe_dump(document["rollbacks"]),
        )
    )
    going.until_line("holding")
    assert whole.broken()
    going.kill(dead)
    if dead == "all":
        assert whole.broken()
        healed = place.gameday("heal")
        assert healed.returncode == 0, healed.stdout
        assert "rollbacks played" in healed.stdout
    wait_for(going.settled, PATIENCE)
    wait_for(whole.whole, PATIENCE)
