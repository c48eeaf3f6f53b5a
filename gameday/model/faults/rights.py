"""What a fault has to be allowed to do in a cluster, as rules of its RBAC.

The catalogue says which of these each fault needs, beside what every run needs to look
around and to hold its lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LOOK = ("get", "list", "watch")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RbacRule:
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

    def only(self, verbs: Iterable[str]) -> "RbacRule":
        """Return it with these verbs alone, in its own order."""
        kept = set(verbs)
        return RbacRule(
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


def core(resource: str, *verbs: str) -> RbacRule:
    """Return the right to an object of the core API in the namespace."""
    return RbacRule(group="", resource=resource, verbs=verbs)


def apps(resource: str, *verbs: str) -> RbacRule:
    """Return the right to an object of the API group `apps` in the namespace."""
    return RbacRule(group="apps", resource=resource, verbs=verbs)


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


# A helper pod on the victim's node, spoken to and listened to.
HELPER = (
    core("pods", *LOOK, "create", "delete"),
    core("pods/exec", "create", "get"),
)

NODES = (
    RbacRule(group="", resource="nodes", verbs=("get", "list", "patch"), cluster=True),
)
# NoExecute ends pods of every namespace: which ones is looked at before.
EVERYBODY = RbacRule(group="", resource="pods", verbs=("list",), cluster=True)
EVICT = (core("pods", "get", "list"), core("pods/eviction", "create"))
ROLLOUT = (
    apps("deployments", "get", "patch"),
    apps("statefulsets", "get", "patch"),
    apps("daemonsets", "get", "patch"),
)
# Controllers copy a workload's annotations there, our marks too, and leave them.
COPIES = (
    apps("replicasets", "list", "patch"),
    apps("controllerrevisions", "list", "patch"),
)
SCALE = (*ROLLOUT[:2], *COPIES)
# A StatefulSet does not replace a pod of a broken revision by itself.
REVISION = (*ROLLOUT, *COPIES, core("pods", "get", "list", "delete"))
REMOVED = (
    core("configmaps", "get", "create", "patch", "delete"),
    core("secrets", "get", "list", "create", "patch", "delete"),
    core("pods", "get", "list", "delete"),
)
ISOLATE = (
    RbacRule(
        group="networking.k8s.io",
        resource="networkpolicies",
        verbs=("get", "list", "create", "delete"),
    ),
    core("pods", "get", "list", "patch"),
    *HELPER,  # it looks whether the cluster enforces the policy
)
RESTART = (core("pods", *LOOK, "delete"),)
STOP = (*SCALE, core("pods", "get", "list", "patch"))
DRAIN = (*EVICT, *NODES)
TAINT = (*NODES, EVERYBODY)
