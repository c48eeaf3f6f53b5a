"""chaostoolkit-toxiproxy's actions, and what is known not to work, of any extension."""

from collections.abc import Mapping

from gameday.model.faults.foreign import (
    After,
    ForeignAction,
    Trap,
    by_name,
    ended_by_itself,
    lasting_until,
)
from gameday.model.faults.foreign_kubernetes import ACTIONS as KUBERNETES
from gameday.model.faults.foreign_kubernetes import MESH

_PROXY = "chaostoxi.proxy.actions"
_TOXIC = "chaostoxi.toxic.actions"
_NODE = "chaosk8s.node.actions"
_CRD = "chaosk8s.crd.actions"
_MESH = "chaosk8s.chaosmesh.network.actions"

_TOXICS = (
    "create_toxic create_latency_toxic create_bandwith_degradation_toxic "
    "create_slow_connection_close_toxic create_timeout_toxic create_slicer_toxic "
    "create_limiter_toxic"
)
_TOXIPROXY = by_name(
    (
        *ended_by_itself(_PROXY, "enable_proxy reset", After.ENDS),
        *ended_by_itself(_TOXIC, "delete_toxic", After.ENDS),
        *lasting_until(_PROXY, "create_proxy", "delete_proxy", "proxy_name"),
        *lasting_until(_PROXY, "delete_proxy", "create_proxy", "proxy_name"),
        *lasting_until(_PROXY, "modify_proxy", "modify_proxy", "proxy_name"),
        *lasting_until(_PROXY, "disable_proxy", "enable_proxy reset", "proxy_name"),
        *lasting_until(
            _TOXIC,
            _TOXICS,
            f"delete_toxic {_PROXY}.reset",
            "for_proxy toxic_name",
        ),
    )
)
ACTIONS: Mapping[str, ForeignAction] = {**KUBERNETES, **_TOXIPROXY}

_EVERY_NODE = "neither name nor label_selector: this hits every node of the cluster"
_EVERY_ONE = "neither name nor label_selector: this deletes every one in the namespace"
_ANY_POD = (
    "neither label_selector nor name_pattern: any pod of the namespace may be hit"
)
_NO_APPLY = "the object is sent as text, which no cluster takes; it always fails"
_NO_FORCE = "it hands the client an argument that this does not know; it always fails"
_STILL_ONE = "the mode is sent without its value, which Chaos Mesh refuses"
_NO_MEAN = "it always fails (TypeError), whatever Prometheus answers"
_UNANSWERED = "with no pod available it fails (TypeError) instead of saying so"

TRAPS: tuple[Trap, ...] = (
    Trap(
        name="chaosk8s.pod.actions.exec_in_pods",
        without=("container_name",),
        says="without container_name it runs nothing, and is called a success",
    ),
    *(
        Trap(
            name=f"chaosk8s.pod.actions.{func}",
            without=("label_selector", name),
            says=_ANY_POD,
        )
        for func, name in (
            ("terminate_pods", "name_pattern"),
            ("exec_in_pods", "name_pattern"),
            ("delete_pods", "name"),
        )
    ),
    *(
        Trap(name=name, without=("name", "label_selector"), says=_EVERY_ONE)
        for name in (
            "chaosk8s.deployment.actions.delete_deployment",
            "chaosk8s.statefulset.actions.remove_statefulset",
            "chaosk8s.daemonset.actions.delete_daemon_set",
            "chaosk8s.replicaset.actions.delete_replica_set",
        )
    ),
    Trap(
        name=f"{_NODE}.cordon_node",
        without=("name", "label_selector"),
        says=_EVERY_NODE,
    ),
    Trap(
        name=f"{_NODE}.drain_nodes",
        without=("name", "label_selector", "count", "pod_label_selector"),
        says=_EVERY_NODE,
    ),
    Trap(
        name=f"{_NODE}.delete_nodes",
        given=(("all", True),),
        says="all: true always fails (TypeError)",
    ),
    Trap(
        name=f"{_MESH}.set_bandwidth",
        says='its resource says "bandwdith", which Chaos Mesh does not know',
    ),
    *(
        Trap(name=f"{_MESH}.{func}", given=(("mode", mode),), says=_STILL_ONE)
        for func in MESH.split()
        for mode in ("fixed", "random-max-percent")
    ),
    *(
        Trap(name=f"{_CRD}.{func}", says=_NO_APPLY)
        for func in ("apply_from_json", "apply_from_yaml")
    ),
    *(
        Trap(name=f"{_CRD}.{func}", says=_NO_FORCE)
        for func in ("replace_custom_object", "replace_cluster_custom_object")
    ),
    Trap(
        name="chaosk8s.deployment.probes.deployment_partially_available",
        says=_UNANSWERED,
    ),
    *(
        Trap(name=f"chaosprometheus.probes.{func}", says=_NO_MEAN)
        for func in ("compute_mean", "nodes_cpu_usage_mean")
    ),
    Trap(
        name="chaosaddons.controls.bypass",
        says="it bypasses nothing: what it names is done all the same",
    ),
)
