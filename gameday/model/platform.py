"""What platforms change by themselves: no drift, which is what somebody did.

Clusters add and remove nodes, elect leaders, renew leases, scale what an autoscaler
watches, and write endpoints and status. Sources: Kubernetes' API conventions (spec is
asked for, status is observed), client-go's leader election, and the taints of
cluster-autoscaler and Karpenter.
"""

PLATFORM = "platform."  # before a fingerprint's key: why that key is the platform's
WHOLE = f"{PLATFORM}*"  # … the whole object is
LEADER = "control-plane.alpha.kubernetes.io/leader"
_OBJECTS = {
    "lease": "a lease is renewed by whoever holds it",
    "leases": "a lease is renewed by whoever holds it",
    "endpoints": "endpoints follow the pods",
    "endpointslice": "endpoints follow the pods",
}
_SCALERS = ("ClusterAutoscaler", "karpenter.sh/")


def why_platforms_own(instance: str, key: str) -> str:
    """Return why a difference is the platform's own, as its name and key tell."""
    kind = instance.partition("/")[0] if "/" in instance else ""
    if kind in _OBJECTS:
        return _OBJECTS[kind]
    if kind == "node" and key == "present":
        return "nodes come and go with the cluster's autoscaler"
    if kind == "node" and key.startswith("spec.taints.") and _scales(key):
        return "an autoscaler marks the nodes that it removes"
    if kind and (key == "status" or key.startswith("status.")):
        return "status is observed, not asked for"
    if key == f"annotations.{LEADER}":
        return "a leader was elected"
    return ""


def _scales(key: str) -> bool:
    return any(word in key for word in _SCALERS)
