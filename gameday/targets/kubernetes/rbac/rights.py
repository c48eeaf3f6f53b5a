"""What gameday has to be allowed to do in a cluster: rules by what they are for.

Tables of RBAC rules and what can be made of them; nothing here asks a cluster. A role
in the cluster (`deploy/gameday`), the page on rights, `gameday doctor` and the plan's
refusals all come from these tables, so that none of them can ask for more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from gameday.model.faults.fault import CATALOGUE

LOOK = ("get", "list", "watch")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Rule:
    """The right to some verbs on one kind of object.

    `group`: the API group, empty for the core. `resource`: plural, with its
    subresource (`pods/eviction`). `cluster`: in the whole cluster, not in a namespace.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    cluster: bool = False

    @property
    def parts(self) -> tuple[str, str]:
        """Return resource and subresource, as an access review wants them."""
        resource, _, sub = self.resource.partition("/")
        return resource, sub

    def only(self, verbs: Iterable[str]) -> "Rule":
        """Return it with these verbs alone, in its own order."""
        kept = set(verbs)
        return Rule(
            group=self.group,
            resource=self.resource,
            verbs=tuple(verb for verb in self.verbs if verb in kept),
            cluster=self.cluster,
        )

    def lacking(self, namespace: str) -> str:
        """Return what is missing: `may not create pods/eviction in namespace shop`."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        where = "in the cluster" if self.cluster else f"in namespace {namespace}"
        return f"may not {_listed(self.verbs)} {what} {where}"


def _core(resource: str, *verbs: str) -> Rule:
    return Rule(group="", resource=resource, verbs=verbs)


def _apps(resource: str, *verbs: str) -> Rule:
    return Rule(group="apps", resource=resource, verbs=verbs)


# What check, plan, doctor and the checks of a run look at.
READ = (
    _core("pods", *LOOK),
    _core("services", *LOOK),
    _core("configmaps", *LOOK),
    _core("events", *LOOK),
    _apps("deployments", *LOOK),
    _apps("statefulsets", *LOOK),
    _apps("daemonsets", *LOOK),
    _apps("replicasets", *LOOK),
    Rule(group="discovery.k8s.io", resource="endpointslices", verbs=LOOK),
    Rule(group="autoscaling", resource="horizontalpodautoscalers", verbs=("list",)),
    Rule(group="networking.k8s.io", resource="networkpolicies", verbs=LOOK),
    Rule(group="policy", resource="poddisruptionbudgets", verbs=LOOK),
    Rule(group="coordination.k8s.io", resource="leases", verbs=LOOK),
)

# The lock and the heartbeat of a run.
RUN = (
    Rule(
        group="coordination.k8s.io",
        resource="leases",
        verbs=("get", "create", "patch", "delete"),
    ),
)

# A helper pod on the victim's node, spoken to and listened to.
HELPER = (
    _core("pods", *LOOK, "create", "delete"),
    _core("pods/exec", "create", "get"),
)

_NODES = (
    Rule(group="", resource="nodes", verbs=("get", "list", "patch"), cluster=True),
)
# NoExecute ends pods of every namespace: which ones is looked at before.
_EVERYBODY = Rule(group="", resource="pods", verbs=("list",), cluster=True)
_EVICT = (_core("pods", "get", "list"), _core("pods/eviction", "create"))
_ROLLOUT = (
    _apps("deployments", "get", "patch"),
    _apps("statefulsets", "get", "patch"),
    _apps("daemonsets", "get", "patch"),
)
# Controllers copy a workload's annotations there, our marks too, and leave them.
_COPIES = (
    _apps("replicasets", "list", "patch"),
    _apps("controllerrevisions", "list", "patch"),
)
_SCALE = (*_ROLLOUT[:2], *_COPIES)
# A StatefulSet does not replace a pod of a broken revision by itself.
_REVISION = (*_ROLLOUT, *_COPIES, _core("pods", "get", "list", "delete"))
_REMOVED = (
    _core("configmaps", "get", "create", "patch", "delete"),
    _core("secrets", "get", "list", "create", "patch", "delete"),
    _core("pods", "get", "list", "delete"),
)
_ISOLATE = (
    Rule(
        group="networking.k8s.io",
        resource="networkpolicies",
        verbs=("get", "list", "create", "delete"),
    ),
    _core("pods", "get", "list", "patch"),
    *HELPER,  # it looks whether the cluster enforces the policy
)

# What the faults need that no helper holds, beside READ and RUN.
_OWN: Mapping[str, tuple[Rule, ...]] = {
    "process.kill": HELPER,
    "process.restart": (_core("pods", *LOOK, "delete"),),
    "process.stop": (*_SCALE, _core("pods", "get", "list", "patch")),
    "kubernetes.evict": _EVICT,
    "kubernetes.drain": (*_EVICT, *_NODES),
    "kubernetes.cordon": _NODES,
    "kubernetes.taint": (*_NODES, _EVERYBODY),
    "kubernetes.scale": _SCALE,
    "kubernetes.bad_image": _REVISION,
    "kubernetes.image_pull_failure": _REVISION,
    "kubernetes.bad_readiness": _REVISION,
    "kubernetes.config_removed": _REMOVED,
    "kubernetes.isolate": _ISOLATE,
}

# What each fault needs beside READ and RUN.
FAULTS: Mapping[str, tuple[Rule, ...]] = {
    kind: HELPER if entry.ways else _OWN[kind] for kind, entry in CATALOGUE.items()
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


def merged(*tables: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return all rules with one entry for each kind of object, verbs in first order."""
    verbs: dict[tuple[str, str, bool], dict[str, None]] = {}
    for rule in (rule for table in tables for rule in table):
        key = (rule.group, rule.resource, rule.cluster)
        verbs.setdefault(key, {}).update(dict.fromkeys(rule.verbs))
    return tuple(
        Rule(group=group, resource=resource, cluster=cluster, verbs=tuple(said))
        for (group, resource, cluster), said in verbs.items()
    )


def rules_for(kinds: Iterable[str]) -> tuple[Rule, ...]:
    """Return all that a run with these faults needs: to read, to run, to fault.

    A fault that the tables do not know (another extension's) adds nothing. The order
    is the tables' own, so that the same question always gets the same text.
    """
    wanted = set(kinds)
    return merged(READ, RUN, *(FAULTS[kind] for kind in FAULTS if kind in wanted))


def capability(name: str) -> tuple[Rule, ...]:
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
    rules: Sequence[Rule], name: str, namespace: str
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


def as_role(rules: Sequence[Rule], name: str, namespace: str) -> str:
    """Return `as_objects` as YAML for kubectl; empty where nothing is asked."""
    return "---\n".join(
        yaml.safe_dump(one, sort_keys=False, default_flow_style=None, width=88)
        for one in as_objects(rules, name, namespace)
    )


def _role(
    kind: str, rules: Sequence[Rule], name: str, namespace: str
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


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
