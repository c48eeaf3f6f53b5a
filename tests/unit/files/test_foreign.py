"""Other extensions' actions: an undo is recognised, its lack is told with its line."""

# ruff: noqa: E501 - a call and what is said of it stand in one line

import ast
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import Problem
from gameday.files.experiment import experiment
from gameday.model.faults.foreign import After
from gameday.model.faults.foreign_others import ACTIONS, TRAPS

DEPLOYMENT = "chaosk8s.deployment.actions"
NODE = "chaosk8s.node.actions"
NETWORK = "chaosk8s.networking.actions"
STRESS = "chaosk8s.chaosmesh.stress.actions.stress_cpu"
POD = "chaosk8s.pod.actions"
CRD = "chaosk8s.crd.actions"
MESH = "chaosk8s.chaosmesh.network.actions"
TOXIC = "chaostoxi.toxic.actions"
PROXY = "chaostoxi.proxy.actions"
HERE = "kubernetes://lab/shop"

Call = tuple[str, dict[str, Any]]  # a function and its arguments


def activity(call: Call, kind: str = "action") -> dict[str, Any]:
    module, _, func = call[0].rpartition(".")
    provider = {"type": "python", "module": module, "func": func, "arguments": call[1]}
    return {"type": kind, "name": call[0], "provider": provider}


def judged(
    folder: Path,
    method: list[Call],
    *rollbacks: Call,
    probe: Call | None = None,
    target: str | None = None,
    **more: Any,
) -> list[Problem]:
    document = {
        "title": "t",
        "description": "d",
        "configuration": {"name": "web", "late": {"type": "env", "key": "LATE"}},
        "method": [activity(action) for action in method],
        "rollbacks": [activity(rollback) for rollback in rollbacks],
        **more,
    }
    if probe is not None:
        looked = {**activity(probe, "probe"), "tolerance": True}
        document["steady-state-hypothesis"] = {"title": "h", "probes": [looked]}
    path = folder / "e.yaml"
    path.write_text(json.dumps(document, indent=1))
    problems = experiment.read(str(path), target_url=target, env={})[1]
    return [problem for problem in problems if "LATE" not in problem.message]


def told(*given: Any, **more: Any) -> list[str]:
    return [problem.message for problem in judged(*given, **more)]


SCALE: Call = (f"{DEPLOYMENT}.scale_deployment", {"name": "web", "replicas": 1})
DENY: Call = (f"{NETWORK}.deny_all_ingress", {"ns": "shop"})
CORDON: Call = (f"{NODE}.cordon_node", {"name": "node-a"})
DRAIN: Call = (f"{NODE}.drain_nodes", {"label_selector": "zone=a"})
LATENCY: Call = (f"{MESH}.add_latency", {"name": "slow", "ns": "shop"})
DELETE: Call = (f"{DEPLOYMENT}.delete_deployment", {"name": "web", "ns": "shop"})
TOXIC_ONE: Call = (
    f"{TOXIC}.create_latency_toxic",
    {"for_proxy": "db", "toxic_name": "slow"},
)
UNCORDON = f"{NODE}.uncordon_node"
SCALED = f"{DEPLOYMENT}.scale_deployment"

UNDONE = [
    (SCALE, (SCALED, {"name": "web", "replicas": 3})),
    (SCALE, (SCALED, {"name": "web", "replicas": 3, "ns": "default"})),
    (SCALE, (SCALED, {"name": "${name}", "replicas": 3})),
    (SCALE, (SCALED, {"name": "${late}", "replicas": "${late}"})),
    (DENY, (f"{NETWORK}.remove_deny_all_ingress", {"ns": "shop"})),
    (DENY, (f"{NETWORK}.remove_network_policy", {"name": "chaostoolkit-deny-all-ingress", "ns": "shop"})),
    (CORDON, (UNCORDON, {"name": "node-a"})),
    (CORDON, (UNCORDON, {})),
    (DRAIN, (UNCORDON, {"label_selector": "zone=a"})),
    (LATENCY, (f"{MESH}.delete_network_fault", {"name": "slow", "ns": "shop"})),
    (DELETE, (f"{DEPLOYMENT}.create_deployment", {"spec_path": "web.yaml", "ns": "shop"})),
    (TOXIC_ONE, (f"{TOXIC}.delete_toxic", {"for_proxy": "db", "toxic_name": "slow"})),
    (TOXIC_ONE, (f"{PROXY}.reset", {})),
]  # fmt: skip


@pytest.mark.parametrize(("action", "undo"), UNDONE)
def test_a_rollback_that_fits_is_an_undo(
    tmp_path: Path, action: Call, undo: Call
) -> None:
    assert told(tmp_path, [action], undo) == []
    assert told(tmp_path, [action]) != []


ELSEWHERE = [
    (SCALE, (SCALED, {"name": "api", "replicas": 3}), "compare name, ns or replicas"),
    (SCALE, (SCALED, {"name": "web", "replicas": 3, "ns": "shop"}), "compare name, ns or replicas"),
    (SCALE, (SCALED, {"name": "web", "replicas": 1}), "compare name, ns or replicas"),
    (DENY, (f"{NETWORK}.remove_deny_all_ingress", {}), "compare ns"),
    (CORDON, (UNCORDON, {"name": "node-b"}), "compare name or label_selector"),
    (DRAIN, (UNCORDON, {"name": "node-a"}), "compare name or label_selector"),
    (LATENCY, (f"{MESH}.delete_network_fault", {"name": "slow"}), "compare name or ns"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "undo", "says"), ELSEWHERE)
def test_a_rollback_of_something_else_is_none(
    tmp_path: Path, action: Call, undo: Call, says: str
) -> None:
    (message,) = told(tmp_path, [action], undo)
    assert "but not for the same thing" in message
    assert says in message


LACKING = [
    (SCALE, "scale_deployment stays when the run ends, or dies: no rollback calls scale_deployment"),
    (DENY, "stays when the run ends, or dies: no rollback calls remove_deny_all_ingress or remove_network_policy"),
    (CORDON, "cordon_node stays when the run ends, or dies: no rollback calls uncordon_node"),
    (LATENCY, "add_latency stays when the run ends, or dies: no rollback calls delete_network_fault"),
    (DELETE, "has no undo of its own (it can only be made anew from its file), and no rollback calls create_deployment"),
    ((f"{NODE}.delete_nodes", {}), "has no undo (a node comes back when its kubelet restarts): nothing can bring it back"),
    (("chaosk8s.namespace.actions.delete_namespace", {"name": "shop"}), "has no undo (all that is in it goes with it): nothing can bring it back"),
    ((f"{POD}.exec_in_pods", {"cmd": "rm x", "label_selector": "a", "container_name": "c"}), "what its command leaves behind cannot be known"),
    (TOXIC_ONE, "create_latency_toxic stays when the run ends, or dies: no rollback calls delete_toxic or reset"),
    ((f"{POD}.terminate_pod", {}), "chaosk8s.pod.actions is not known to have 'terminate_pod'; did you mean \"terminate_pods\"?"),
    (("chaosk8s.newer.actions.bend", {}), "chaosk8s.newer.actions.bend is not known to gameday"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "says"), LACKING)
def test_a_lack_is_a_warning_with_its_line(
    tmp_path: Path, action: Call, says: str
) -> None:
    (problem,) = judged(tmp_path, [action])
    assert says in problem.message
    assert problem.severity == "warning"
    assert problem.line is not None
    text = (tmp_path / "e.yaml").read_text().splitlines()
    assert problem.line > text.index(' "method": [')


@pytest.mark.parametrize(
    "action",
    [
        (f"{POD}.terminate_pods", {"label_selector": "app=web", "ns": "shop"}),
        (f"{DEPLOYMENT}.rollout_deployment", {"name": "web"}),
        (STRESS, {"name": "hot", "workers": 1, "load": 5}),
        (UNCORDON, {"name": "node-a"}),
        ("somebody.elses.action", {}),
    ],
)
def test_what_needs_no_undo_is_passed_over(tmp_path: Path, action: Call) -> None:
    assert told(tmp_path, [action]) == []


def test_a_method_may_take_back_what_it_did_but_a_crash_between_is_told(
    tmp_path: Path,
) -> None:
    made: Call = (f"{NETWORK}.create_network_policy", {"spec_path": "p", "ns": "shop"})
    gone: Call = (f"{NETWORK}.remove_network_policy", {"name": "p", "ns": "shop"})
    (message,) = told(tmp_path, [made, gone])
    assert message.startswith("method[0]: ")
    assert "create_network_policy stays" in message


SPRUNG = [
    ((f"{POD}.exec_in_pods", {"cmd": "x", "label_selector": "a"}), "runs nothing, and is called a success"),
    ((f"{POD}.terminate_pods", {"ns": "shop"}), "any pod of the namespace may be hit"),
    ((f"{DEPLOYMENT}.delete_deployment", {"ns": "shop"}), "deletes every one in the namespace"),
    ((f"{NODE}.cordon_node", {}), "hits every node of the cluster"),
    ((f"{NODE}.drain_nodes", {}), "hits every node of the cluster"),
    ((f"{NODE}.delete_nodes", {"all": True}), "all: true always fails"),
    ((f"{MESH}.set_bandwidth", {"name": "thin"}), "bandwdith"),
    ((f"{MESH}.set_loss", {"name": "lossy", "mode": "fixed"}), "without its value"),
    ((f"{CRD}.apply_from_yaml", {"resource": "x"}), "it always fails"),
    ((f"{CRD}.replace_custom_object", {"name": "x"}), "it always fails"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "says"), SPRUNG)
def test_a_known_trap_is_told(tmp_path: Path, action: Call, says: str) -> None:
    assert any(says in message for message in told(tmp_path, [action]))


@pytest.mark.parametrize(
    "action",
    [
        (f"{POD}.exec_in_pods", {"cmd": "x", "label_selector": "a", "container_name": "c"}),
        (f"{NODE}.delete_nodes", {"label_selector": "zone=a"}),
        (f"{NODE}.drain_nodes", {"pod_label_selector": "app=web"}),
        (f"{MESH}.set_loss", {"name": "lossy", "mode": "all"}),
    ],
)  # fmt: skip
def test_what_avoids_a_trap_is_not_warned_of_it(tmp_path: Path, action: Call) -> None:
    traps = [trap.says for trap in TRAPS if trap.name == action[0]]
    assert not [
        message
        for message in told(tmp_path, [action])
        if any(t in message for t in traps)
    ]


def test_a_probe_that_breaks_is_told(tmp_path: Path) -> None:
    probe = ("chaosk8s.deployment.probes.deployment_partially_available", {"name": "w"})
    (problem,) = judged(tmp_path, [], probe=probe)
    assert problem.message.startswith("steady-state-hypothesis.probes[0]: ")
    assert "with no pod available it fails" in problem.message


def secret(value: Any) -> dict[str, Any]:
    return {"secrets": {"k8s": {"KUBERNETES_CONTEXT": value}}}


HIT: Call = (f"{POD}.terminate_pods", {"label_selector": "app=web", "ns": "shop"})


def test_another_cluster_than_the_scenarios_is_refused(tmp_path: Path) -> None:
    (problem,) = judged(tmp_path, [HIT], target=HERE, **secret("production"))
    assert problem.severity == "error"
    assert "names the context 'production', the scenario's target is 'lab'" in str(
        problem
    )
    assert told(tmp_path, [HIT], target=HERE, **secret("lab")) == []
    assert told(tmp_path, [HIT], target=HERE) == []
    assert told(tmp_path, [HIT], **secret("production")) == []  # no scenario


def test_a_context_that_only_a_run_knows_is_told(tmp_path: Path) -> None:
    vault = {"type": "vault", "path": "k8s"}
    (problem,) = judged(tmp_path, [HIT], target=HERE, **secret(vault))
    assert problem.severity == "warning"
    assert "only a run knows this context; it must be 'lab'" in problem.message


def test_a_context_of_the_environment_is_looked_up(tmp_path: Path) -> None:
    judged(tmp_path, [HIT], **secret({"type": "env", "key": "WHICH"}))
    path = str(tmp_path / "e.yaml")
    for value, errors in (("lab", 0), ("production", 1)):
        env = {"WHICH": value, "LATE": ""}
        problems = experiment.read(path, target_url=HERE, env=env)[1]
        assert (
            len([problem for problem in problems if problem.severity == "error"])
            == errors
        )


def test_another_namespace_is_told_and_a_systems_own_is_refused(tmp_path: Path) -> None:
    elsewhere = (HIT[0], {"label_selector": "app=web"})
    (problem,) = judged(tmp_path, [elsewhere], target=HERE)
    assert problem.severity == "warning"
    assert (
        "acts on the namespace 'default', the scenario's is 'shop'" in problem.message
    )
    system = (HIT[0], {"label_selector": "k8s-app=dns", "ns": "kube-system"})
    (problem,) = judged(tmp_path, [system], target=HERE)
    assert problem.severity == "error"
    assert judged(tmp_path, [system], target="kubernetes://lab/kube-system") == []


def test_another_target_leaves_chaosk8s_to_the_current_context(tmp_path: Path) -> None:
    (problem,) = judged(tmp_path, [HIT], target="docker://shop")
    assert "current context, which nobody named" in problem.message
    assert judged(tmp_path, [HIT], target="docker://shop", **secret("lab")) == []


def test_every_undo_of_the_table_is_a_function_that_it_knows() -> None:
    for action in ACTIONS.values():
        assert set(action.undone_by) <= set(ACTIONS), action.name
        assert bool(action.undone_by) or action.after is not After.STAYS, action.name


def exported() -> Iterator[str]:
    """Yield the actions that the installed chaosk8s has, read from its source."""
    spec = find_spec("chaosk8s")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for path in root.rglob("actions.py"):
        parts = path.relative_to(root.parent).with_suffix("").parts
        for node in ast.parse(path.read_text()).body:
            if (
                isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "__all__"
            ):
                for name in ast.literal_eval(node.value):
                    yield ".".join((*parts, name))


def test_every_action_of_the_installed_chaosk8s_is_in_the_table() -> None:
    theirs = {name for name in ACTIONS if name.startswith("chaosk8s.")}
    deprecated = {f"{POD}.delete_pods"}  # not exported, and still written
    assert set(exported()) == theirs - deprecated
