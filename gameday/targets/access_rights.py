"""The rights that a run needs in its target, and which of them it holds.

Only a cluster has rights to give.
"""

from collections.abc import Collection

from gameday.frozen import frozen
from gameday.targets.kubernetes.rbac.rights import as_role, rules_for
from gameday.targets.opened import TargetRights

ROLE = "gameday-missing"  # what the printed Role is called


@frozen
class Right:
    """One rule that is needed: what for is said by the Rule, held or not."""

    subject: str  # pods/eviction, nodes (cluster)
    held: bool
    says: str


@frozen
class Rights:
    """What is needed, and the YAML of the Role that would give what is missing."""

    each: tuple[Right, ...]
    role: str


def rights(account: TargetRights, namespace: str, kinds: Collection[str]) -> Rights:
    """Ask the target which rights a run with these faults would hold there."""
    lacking = {
        (rule.group, rule.resource, rule.cluster): rule
        for rule in account.missing(kinds)
    }
    each = []
    for rule in rules_for(kinds):
        gap = lacking.get((rule.group, rule.resource, rule.cluster))
        says = gap.lacking(namespace) if gap else ", ".join(rule.verbs)
        subject = rule.resource + " (cluster)" * rule.cluster
        each.append(Right(subject=subject, held=gap is None, says=says))
    role = as_role(tuple(lacking.values()), ROLE, namespace)
    return Rights(each=tuple(each), role=role)
