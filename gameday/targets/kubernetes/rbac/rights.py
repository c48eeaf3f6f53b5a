"""What gameday has to be allowed to do in a cluster: rules by what they are for.

What every run needs is here, what a fault needs is in the catalogue; nothing here asks
a cluster. A role in the cluster (`deploy/gameday`), the page on rights, `gameday
doctor` and the plan's refusals all come from these, so that none can ask for more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.faults.rights import LOOK, RbacRule, apps, core

# What check, plan, doctor and the checks of a run look at.
READ = (
    core("pods", *LOOK),
    core("services", *LOOK),
    core("configmaps", *LOOK),
    core("events", *LOOK),
    apps("deployments", *LOOK),
    apps("statefulsets", *LOOK),
    apps("daemonsets", *LOOK),
    apps("replicasets", *LOOK),
    RbacRule(group="discovery.k8s.io", resource="endpointslices", verbs=LOOK),
    RbacRule(group="autoscaling", resource="horizontalpodautoscalers", verbs=("list",)),
    RbacRule(group="networking.k8s.io", resource="networkpolicies", verbs=LOOK),
    RbacRule(group="policy", resource="poddisruptionbudgets", verbs=LOOK),
    RbacRule(group="coordination.k8s.io", resource="leases", verbs=LOOK),
)

# The lock and the heartbeat of a run.
RUN = (
    RbacRule(
        group="coordination.k8s.io",
        resource="leases",
        verbs=("get", "create", "patch", "delete"),
    ),
)

# What each fault needs beside READ and RUN.
FAULTS: Mapping[str, tuple[RbacRule, ...]] = {
    kind: entry.rights for kind, entry in CATALOGUE.items()
}

# A role each: its name, and the faults that it is for.
CAPABILITIES: Mapping[str, tuple[str, ...]] = {
    "process": tuple(kind for kind in FAULTS if kind.startswith("process.")),
    "network": tuple(kind for kind in FAULTS if kind.startswith("network.")),
    "resource": tuple(kind for kind in FAULTS if kind.startswith("resource.")),
    "evict": ("kubernetes.evict",),
    "rollout": (
        "kubernetes.scale",
        "kubernetes.bad_image",
        "kubernetes.image_pull_failure",
        "kubernetes.bad_readiness",
    ),
    "config": ("kubernetes.config_removed",),
    "isolate": ("kubernetes.isolate",),
    "nodes": ("kubernetes.drain", "kubernetes.cordon", "kubernetes.taint"),
}


def merged(*tables: Iterable[RbacRule]) -> tuple[RbacRule, ...]:
    """Return all rules with one entry for each kind of object, verbs in first order."""
    verbs: dict[tuple[str, str, bool], dict[str, None]] = {}
    for rule in (rule for table in tables for rule in table):
        key = (rule.group, rule.resource, rule.cluster)
        verbs.setdefault(key, {}).update(dict.fromkeys(rule.verbs))
    return tuple(
        RbacRule(group=group, resource=resource, cluster=cluster, verbs=tuple(said))
        for (group, resource, cluster), said in verbs.items()
    )


def rules_for(kinds: Iterable[str]) -> tuple[RbacRule, ...]:
    """Return all that a run with these faults needs: to read, to run, to fault.

    A fault that the tables do not know (another extension's) adds nothing. The order
    is the tables' own, so that the same question always gets the same text.
    """
    wanted = set(kinds)
    return merged(READ, RUN, *(FAULTS[kind] for kind in FAULTS if kind in wanted))


def capability(name: str) -> tuple[RbacRule, ...]:
    """Return one role's rules: `read`, `run`, or one of CAPABILITIES."""
    if name in ("read", "run"):
        return READ if name == "read" else RUN
    return merged(*(FAULTS[kind] for kind in CAPABILITIES[name]))


def capabilities_for(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the roles whose faults these are, `read` and `run` first."""
    wanted = set(kinds)
    return (
        "read",
        "run",
        *(name for name, its in CAPABILITIES.items() if wanted & set(its)),
    )


def as_objects(
    rules: Sequence[RbacRule], name: str, namespace: str
) -> list[dict[str, Any]]:
    """Return the Role of the rules, and a ClusterRole where there are cluster rules."""
    kinds = (("Role", False), ("ClusterRole", True))
    return [
        _role(
            kind, [rule for rule in rules if rule.cluster is cluster], name, namespace
        )
        for kind, cluster in kinds
        if any(rule.cluster is cluster for rule in rules)
    ]


def as_role(rules: Sequence[RbacRule], name: str, namespace: str) -> str:
    """Return `as_objects` as YAML for kubectl; empty where nothing is asked."""
    return "---\n".join(
        yaml.safe_dump(role, sort_keys=False, default_flow_style=None, width=88)
        for role in as_objects(rules, name, namespace)
    )


def _role(
    kind: str, rules: Sequence[RbacRule], name: str, namespace: str
) -> dict[str, Any]:
    place = {} if kind == "ClusterRole" else {"namespace": namespace}
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for rule in rules:
        alike.setdefault((rule.group, rule.verbs), []).append(rule.resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, **place},
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
            for (group, verbs), resources in alike.items()
        ],
    }
