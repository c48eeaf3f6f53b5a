"""The actions of chaostoolkit-kubernetes 0.39, what undoes them, and their traps.

`ns` is "default" wherever it is left out, whatever the scenario's namespace is.
"""

from collections.abc import Mapping

from gameday.model.faults.foreign import (
    After,
    ForeignAction,
    by_name,
    ended_by_itself,
    lasting_until,
)

MODULE = "chaosk8s"
_POD = "chaosk8s.pod.actions"
_DEPLOYMENT = "chaosk8s.deployment.actions"
_STATEFULSET = "chaosk8s.statefulset.actions"
_DAEMONSET = "chaosk8s.daemonset.actions"
_REPLICASET = "chaosk8s.replicaset.actions"
_NODE = "chaosk8s.node.actions"
_SERVICE = "chaosk8s.service.actions"
_NETWORK = "chaosk8s.networking.actions"
_NAMESPACE = "chaosk8s.namespace.actions"
_SECRET = "chaosk8s.secret.actions"
_CRD = "chaosk8s.crd.actions"
_MESH_NETWORK = "chaosk8s.chaosmesh.network.actions"
_MESH_STRESS = "chaosk8s.chaosmesh.stress.actions"
_OLD = "chaosk8s.actions"  # deprecated names
_OBJECT = "group version plural ns"
_CLUSTER_OBJECT = "group version plural"
# Families whose functions all take `ns`.
NAMESPACED = (
    *("pod", "deployment", "statefulset", "daemonset", "replicaset", "service"),
    *("networking", "secret", "chaosmesh", "crd", "actions", "probes"),
)


def _without_undo(
    module: str, func: str, undone_by: str, same: str, says: str
) -> ForeignAction:
    undos = tuple(
        function if "." in function else f"{module}.{function}"
        for function in undone_by.split()
    )
    return ForeignAction(
        name=f"{module}.{func}",
        after=After.LOST,
        undone_by=undos,
        same=tuple(same.split()),
        says=says,
    )


_FROM_FILE = "it can only be made anew from its file"
_GONE = (
    _without_undo(
        _DEPLOYMENT, "delete_deployment", "create_deployment", "ns", _FROM_FILE
    ),
    _without_undo(
        _STATEFULSET, "remove_statefulset", "create_statefulset", "ns", _FROM_FILE
    ),
    _without_undo(
        _DAEMONSET, "delete_daemon_set", "create_daemon_set", "ns", _FROM_FILE
    ),
    _without_undo(
        _SERVICE, "delete_service", "create_service_endpoint", "ns", _FROM_FILE
    ),
    _without_undo(_NETWORK, "delete_ingress", "create_ingress", "ns", _FROM_FILE),
    _without_undo(_SECRET, "delete_secret", "create_secret", "ns", _FROM_FILE),
    _without_undo(
        _NETWORK,
        "remove_network_policy",
        "create_network_policy deny_all_ingress deny_all_egress allow_dns_access",
        "ns",
        _FROM_FILE,
    ),
    _without_undo(
        _CRD, "delete_custom_object", "create_custom_object", _OBJECT, _FROM_FILE
    ),
    _without_undo(
        _CRD,
        "delete_cluster_custom_object",
        "create_cluster_custom_object",
        _CLUSTER_OBJECT,
        _FROM_FILE,
    ),
    _without_undo(
        _NAMESPACE, "delete_namespace", "", "", "all that is in it goes with it"
    ),
    _without_undo(
        _NODE, "delete_nodes", "", "", "a node comes back when its kubelet restarts"
    ),
    _without_undo(
        _OLD,
        "kill_microservice",
        f"start_microservice {_DEPLOYMENT}.create_deployment",
        "ns",
        _FROM_FILE,
    ),
    _without_undo(
        _OLD,
        "remove_service_endpoint",
        f"{_SERVICE}.create_service_endpoint",
        "ns",
        _FROM_FILE,
    ),
)
_UNKNOWN = (
    ForeignAction(
        name=f"{_POD}.exec_in_pods",
        after=After.UNKNOWN,
        undone_by=(f"{_POD}.exec_in_pods",),
        same=("ns",),
        says="what its command leaves behind cannot be known",
    ),
    *(
        ForeignAction(
            name=f"{_CRD}.{func}",
            after=After.UNKNOWN,
            undone_by=(f"{_CRD}.delete_custom_object",),
            says="what it makes stays until it is deleted",
        )
        for func in ("apply_from_json", "apply_from_yaml")
    ),
)
MESH = (  # network faults of Chaos Mesh: no duration, they stay until deleted
    "add_latency set_loss duplicate_packets corrupt_packets reorder_packets "
    "set_bandwidth"
)
ACTIONS: Mapping[str, ForeignAction] = by_name(
    (
        *ended_by_itself(_POD, "terminate_pods delete_pods", After.PLATFORM),
        *ended_by_itself(_REPLICASET, "delete_replica_set", After.PLATFORM),
        *ended_by_itself(_DEPLOYMENT, "rollout_deployment", After.ENDS),
        *ended_by_itself(
            _MESH_STRESS, "stress_cpu stress_memory delete_stressor", After.ENDS
        ),
        *ended_by_itself(_NODE, "uncordon_node", After.ENDS),
        *ended_by_itself(_MESH_NETWORK, "delete_network_fault", After.ENDS),
        *ended_by_itself(
            _NETWORK,
            "remove_deny_all_ingress remove_deny_all_egress remove_allow_dns_access",
            After.ENDS,
        ),
        *lasting_until(
            _DEPLOYMENT,
            "scale_deployment",
            f"scale_deployment {_OLD}.scale_microservice",
            "name ns",
            "replicas",
        ),
        *lasting_until(
            _OLD,
            "scale_microservice",
            f"scale_microservice {_DEPLOYMENT}.scale_deployment",
            "name ns",
            "replicas",
        ),
        *lasting_until(
            _STATEFULSET,
            "scale_statefulset",
            "scale_statefulset",
            "name ns",
            "replicas",
        ),
        *lasting_until(_DEPLOYMENT, "create_deployment", "delete_deployment", "ns"),
        *lasting_until(
            _OLD,
            "start_microservice",
            f"kill_microservice {_DEPLOYMENT}.delete_deployment",
            "ns",
        ),
        *lasting_until(_STATEFULSET, "create_statefulset", "remove_statefulset", "ns"),
        *lasting_until(_DAEMONSET, "create_daemon_set", "delete_daemon_set", "ns"),
        *lasting_until(
            _DAEMONSET, "update_daemon_set", "update_daemon_set", "name ns", "spec"
        ),
        *lasting_until(_SERVICE, "create_service_endpoint", "delete_service", "ns"),
        *lasting_until(_SECRET, "create_secret", "delete_secret", "ns"),
        *lasting_until(_NAMESPACE, "create_namespace", "delete_namespace", ""),
        *lasting_until(_NODE, "create_node", "delete_nodes", ""),
        *lasting_until(
            _NODE, "cordon_node drain_nodes", "uncordon_node", "name label_selector"
        ),
        *lasting_until(_NETWORK, "create_ingress", "delete_ingress", "ns"),
        *lasting_until(_NETWORK, "update_ingress", "update_ingress", "name ns", "spec"),
        *lasting_until(
            _NETWORK, "create_network_policy", "remove_network_policy", "ns"
        ),
        *lasting_until(
            _NETWORK,
            "deny_all_ingress",
            "remove_deny_all_ingress remove_network_policy",
            "ns",
        ),
        *lasting_until(
            _NETWORK,
            "deny_all_egress",
            "remove_deny_all_egress remove_network_policy",
            "ns",
        ),
        *lasting_until(
            _NETWORK,
            "allow_dns_access",
            "remove_allow_dns_access remove_network_policy",
            "ns",
        ),
        *lasting_until(_MESH_NETWORK, MESH, "delete_network_fault", "name ns"),
        *lasting_until(_CRD, "create_custom_object", "delete_custom_object", _OBJECT),
        *lasting_until(
            _CRD,
            "create_cluster_custom_object",
            "delete_cluster_custom_object",
            _CLUSTER_OBJECT,
        ),
        *lasting_until(
            _CRD,
            "patch_custom_object replace_custom_object",
            "patch_custom_object replace_custom_object",
            f"{_OBJECT} name",
        ),
        *lasting_until(
            _CRD,
            "patch_cluster_custom_object replace_cluster_custom_object",
            "patch_cluster_custom_object replace_cluster_custom_object",
            f"{_CLUSTER_OBJECT} name",
        ),
        *_GONE,
        *_UNKNOWN,
    )
)
