"""How soon a game day reaches its fault on Kubernetes, against what it has to ask.

    python bench/cluster.py CONTEXT [ROUNDS]

In a namespace of its own, removed afterwards. From the start of the process to the
fault that is there and proven, less the warm-up's and the gate's own length: a pod
stopped (an API object changes), a partition (a helper pod is started). Beside it, in
turns: a bare script with the same calls through the same client, one after the other;
the helper alone, from a process that is warm; and `chaos run` with chaosk8s' nearest
actions, scale_deployment and terminate_pods. Nothing of gameday is in the bare script.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cost import BIN, Bar, verdict

from gameday.targets.kubernetes.inventory.fingerprint import _KINDS
from tests.real.kubernetes import kills
from tests.real.kubernetes.world import World
from tests.real.ledger.kills import Fault, Place
from tests.real.targets.world import CLOCK, ask

AT_MOST = 1.2  # times the bare calls (and the helper)
ROUNDS = 5
STOP, CUT = Fault("process.stop"), Fault("network.partition")

# The calls of a run that stops a pod: the account's rights, what there is, what it is
# like, the lock, the mark and the fault, a look at it.
BARE = """\
import json
import sys
from kubernetes import client, config
config.load_kube_config(context=sys.argv[1])
space, groups = sys.argv[2], sys.argv[3].split(",")
core, apps = client.CoreV1Api(), client.AppsV1Api()
api = core.api_client
def get(path):
    answer = api.call_api(path, "GET", auth_settings=["BearerToken"],
        _preload_content=False, _return_http_data_only=True)
    return json.loads(answer.data)
pods = core.list_namespaced_pod(space)
for plural in ("deployments", "statefulsets", "daemonsets", "replicasets"):
    get(f"/apis/apps/v1/namespaces/{space}/{plural}")
for listed in groups:
    group, _, plural = listed.rpartition("/")
    get(f"{'/apis/' + group if group else '/api/v1'}/namespaces/{space}/{plural}")
core.list_node()
reviews = client.AuthorizationV1Api()
for verb, group, what in (("get", "", "pods"), ("list", "", "pods"),
        ("watch", "", "pods"), ("patch", "", "pods"), ("patch", "apps", "deployments"),
        ("create", "coordination.k8s.io", "leases")):
    reviews.create_self_subject_access_review({"spec": {"resourceAttributes": {
        "namespace": space, "verb": verb, "group": group, "resource": what}}})
leases = client.CoordinationV1Api()
leases.create_namespaced_lease(space, {"metadata": {"name": "bare"},
    "spec": {"holderIdentity": "bare"}})
name = next(p.metadata.name for p in pods.items if p.metadata.labels["app"] == "web")
note = {"metadata": {"annotations":
    {"controller.kubernetes.io/pod-deletion-cost": "-2147483648"}}}
core.patch_namespaced_pod(name, space, note)
web = apps.read_namespaced_deployment("web", space)
apps.patch_namespaced_deployment("web", space, {"metadata": {"resourceVersion":
    web.metadata.resource_version}, "spec": {"replicas": web.spec.replicas - 1}})
try:
    core.read_namespaced_pod(name, space)
except client.ApiException as gone:  # it may have gone by then
    if gone.status != 404:
        raise
"""


def reached(place: Place, fault: Fault) -> float:
    """Return the seconds from `gameday run` to its fault, less what it waits for."""
    going = place.start(place.scenario(fault, hold="200ms"))
    code = going.end()
    lines = (going.out / "timeline.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    waited = at(events, "fault") - at(events, "warmup")
    there = [event for event in events if event["kind"] == "fault_biting"]
    if code not in (0, 3) or not there:
        raise SystemExit(f"the run ended with {code}:\n{going.text}")
    return stamp(there[0]) - going.started - waited


def at(events: list[dict[str, Any]], phase: str) -> float:
    """Return when a phase began."""
    return next(stamp(event) for event in events if event.get("phase") == phase)


def stamp(event: dict[str, Any]) -> float:
    """Return when an event was."""
    return datetime.fromisoformat(event["at"]).timestamp()


def bare(world: World) -> float:
    """Return the seconds that the bare calls take, their process included."""
    kinds = [f"{group}/{plural}" for plural, group in _KINDS.values()]
    words = [world.context, world.name, ",".join(kinds)]
    began = CLOCK.monotonic()
    subprocess.run([sys.executable, "-c", BARE, *words], check=True)
    took = CLOCK.monotonic() - began
    world.kubectl("delete", "lease", "bare")
    back(world)
    return took


def back(world: World) -> None:
    """Have all pods there again."""
    world.kubectl("scale", "deployment/web", "--replicas=3")
    world.settle("deployment/web")


def helper(world: World) -> float:
    """Return the seconds for a partition in a process that is warm: all its helper."""
    target = world.target()
    request, mark = ask(CUT.kind), world.mark()
    victim = target.instances("web")[-1]
    began = CLOCK.monotonic()
    undo = target.prepare(request, victim, mark)
    try:
        target.inject(request, victim, undo)
        proof = target.verify(request, victim, undo)
        took = CLOCK.monotonic() - began
    finally:
        target.undo(undo)
    if not proof.bites:
        raise SystemExit(f"the partition is not there: {proof.because}")
    world.settle("deployment/web")
    return took


def chaos(world: World, folder: Path, func: str, **given: Any) -> float:
    """Return the seconds from `chaos run` to the end of chaosk8s' action."""
    family = "deployment" if func == "scale_deployment" else "pod"
    action = {
        "type": "action",
        "name": func,
        "provider": {
            "type": "python",
            "module": f"chaosk8s.{family}.actions",
            "func": func,
            "arguments": {"ns": world.name, **given},
            "secrets": ["k8s"],
        },
    }
    context = {"KUBERNETES_CONTEXT": world.context}
    experiment = {"title": func, "description": func, "secrets": {"k8s": context}}
    path, journal = folder / "chaos.json", folder / "journal.json"
    path.write_text(json.dumps({**experiment, "method": [action]}))
    began = CLOCK.now()
    options = ["--no-version-check", "--no-log-file"]
    words = ["run", str(path), "--journal-path", str(journal)]
    subprocess.run(
        [BIN / "chaos", *options, *words], check=True, capture_output=True, cwd=folder
    )
    (ran,) = json.loads(journal.read_text())["run"]
    if ran["status"] != "succeeded":
        raise SystemExit(f"chaosk8s: {ran}")
    ended = datetime.fromisoformat(ran["end"])
    took = ended.replace(tzinfo=UTC).timestamp() - began
    back(world)
    return took


def main(context: str, rounds: int) -> int:
    """Measure in turns, print the table, return the exit code."""
    world = World("gd-bench", context)
    took: dict[str, list[float]] = {}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="gdcluster") as name,
            kills.on_cluster(world, Path(name)) as place,
        ):
            folder = Path(name)
            sides: dict[str, Callable[[], float]] = {
                "bare": lambda: bare(world),
                "stop": lambda: reached(place, STOP),
                "helper": lambda: helper(world),
                "cut": lambda: reached(place, CUT),
                "scale": lambda: chaos(
                    world, folder, "scale_deployment", name="web", replicas=2
                ),
                "terminate": lambda: chaos(
                    world, folder, "terminate_pods", label_selector="app=web", qty=1
                ),
            }
            for _ in range(rounds):
                for side, measure in sides.items():
                    world.settle("deployment/web")
                    took.setdefault(side, []).append(measure())
    finally:
        world.remove()
    return _table(took)


def _table(took: dict[str, list[float]]) -> int:
    middle = {side: statistics.median(times) for side, times in took.items()}
    beside = f"bare calls {middle['bare']:.2f} s"
    peers = f"scale {middle['scale']:.2f} s, terminate {middle['terminate']:.2f} s"
    held = middle["bare"] + middle["helper"]
    return verdict(
        [
            _bar("to process.stop", middle["stop"], middle["bare"], beside),
            _bar(
                "to network.partition",
                middle["cut"],
                held,
                f"{beside} + helper {middle['helper']:.2f} s; chaos run: {peers}",
            ),
        ]
    )


def _bar(what: str, ours: float, theirs: float, beside: str) -> Bar:
    detail = f"{ours:.2f} s, {beside}"
    return Bar(what=what, value=ours / theirs, at_most=AT_MOST, unit="x", detail=detail)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))
