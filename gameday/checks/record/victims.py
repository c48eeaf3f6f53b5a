"""The victims of a step: the instances that were hit, and whose alert an alert is.

Only an alert about a victim counts for a promise. Labels that name no instance of
these services (an aggregate, an exporter, another service, a successor that the plan
did not know) say nothing of whom, and the promise's labels alone decide. A fault of a
node hits the node: labels that name one of the nodes that the target knows, whatever
the label is called, are about that node, and only one that was hit counts. Of the
actions of other extensions the victims are what went down while they were at work.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.record.naming import Directory, host_of
from gameday.model.events import InstanceChanged
from gameday.model.faults.catalogue import hits_node
from gameday.model.target import Instance

# The labels by which a target says where an instance runs.
_NODE, _ADDRESS = "node", "node_address"


@dataclass(frozen=True)
class Victims:
    """The instances that a step's faults hit, of all that the target knows.

    `nodes`: the nodes that were hit themselves.
    """

    directory: Directory
    hit: tuple[Instance, ...]
    nodes: frozenset[str] = frozenset()

    def is_node(self, host: str) -> bool:
        """Whether a host, by name or address, is a node that was hit."""
        return self._known.get(host.lower().strip("[]")) in self.nodes

    def named(self, labels: Mapping[str, str]) -> dict[str, Instance]:
        """Return the instances of the services that were hit which labels name."""
        services = {victim.service for victim in self.hit}
        instances = (self.directory.find(text) for text in _texts(labels))
        return {
            instance.name: instance
            for instance in instances
            if instance and instance.service in services
        }

    def names_one(self, labels: Mapping[str, str]) -> bool:
        """Whether labels name an instance, or a node where nodes were hit."""
        return bool(self._nodes_named(labels) or self.named(labels))

    def of(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the victims that labels name: nodes, where they name any."""
        nodes = self._nodes_named(labels)
        if nodes:
            return nodes & self.nodes
        names = {victim.name for victim in self.hit}
        return frozenset(self.named(labels)) & names

    def concern(self, labels: Mapping[str, str], asked: Mapping[str, str]) -> bool:
        """Whether an alert may be about a victim; `asked`: a promise's own labels.

        A promise that itself names an instance is about that one.
        """
        named = self.names_one(labels)
        return not named or bool(self.of(labels)) or self.names_one(asked)

    def required(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the victims of the services of which labels name an instance."""
        if self._nodes_named(labels):
            return self.nodes
        services = {instance.service for instance in self.named(labels).values()}
        return frozenset(
            instance.name for instance in self.hit if instance.service in services
        )

    def _nodes_named(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Return the nodes that labels name; none where no node was hit."""
        if not self.nodes:
            return frozenset()
        hosts = (host_of(text).lower().strip("[]") for text in _texts(labels))
        return frozenset(self._known[host] for host in hosts if host in self._known)

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """All nodes that the target is known to run on, by name and by address."""
        nodes_by_name = {node.lower(): node for node in self.nodes}
        for instance in self.directory.instances:
            node = instance.labels.get(_NODE, "")
            names = (node, instance.labels.get(_ADDRESS, ""))
            nodes_by_name |= {name.lower(): node for name in names if node and name}
        return nodes_by_name


def nodes_of(instances: Iterable[Instance]) -> frozenset[str]:
    """Return the nodes that run these instances, as far as the target tells."""
    nodes = (instance.labels.get(_NODE, "") for instance in instances)
    return frozenset(node for node in nodes if node)


def nodes_hit(kinds: Mapping[str, Iterable[str]], hit: Iterable[Instance]) -> set[str]:
    """Return the nodes that faults hit; `kinds`: of the faults on each instance."""
    mine = (
        instance
        for instance in hit
        if any(map(hits_node, kinds.get(instance.name, ())))
    )
    return set(nodes_of(mine))


def changes_by_actions(
    changes: Iterable[InstanceChanged],
    instances: Iterable[Instance],
    start: float,
    until: float,
) -> tuple[InstanceChanged, ...]:
    """Return the changes of instances between the actions' beginning and their end.

    What was under way before them is not their doing, nor what a Job is: its pods come
    and go by themselves.
    """
    of_jobs = {instance.name for instance in instances if _is_of_job(instance)}
    settled: dict[str, bool] = {}
    by_actions = []
    for change in changes:
        name = change.instance
        if change.at < start:
            settled[name] = change.up or change.state != "running"
        elif change.at <= until and settled.get(name, True) and name not in of_jobs:
            by_actions.append(change)
    return tuple(by_actions)


def instances_taken_down(
    by_actions: Iterable[InstanceChanged],
    changes: Sequence[InstanceChanged],
    instances: Collection[Instance],
    start: float,
) -> set[str]:
    """Return the names of the instances that the actions took down."""
    before = {change.instance for change in changes if change.at < start}
    planned = {instance.name for instance in instances}
    down = {change.instance for change in by_actions if not change.up}
    return down & (before | planned)


def _is_of_job(instance: Instance) -> bool:
    return instance.labels.get("workload", "").startswith(("job/", "cronjob/"))


def _texts(labels: Mapping[str, str]) -> list[str]:
    return [text for key, text in sorted(labels.items()) if key != "alertname"]
