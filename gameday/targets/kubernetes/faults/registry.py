"""Kubernetes' own faults: which driver does which, and which undoes what."""

from collections.abc import Mapping

from gameday.targets.kubernetes.faults.config import Config
from gameday.targets.kubernetes.faults.eviction import Evict
from gameday.targets.kubernetes.faults.nodes import HOW as HOW_NODES
from gameday.targets.kubernetes.faults.nodes import Nodes
from gameday.targets.kubernetes.faults.policy import Isolate
from gameday.targets.kubernetes.faults.rollout import HOW as HOW_ROLLOUT
from gameday.targets.kubernetes.faults.rollout import Rollout
from gameday.targets.kubernetes.sidecars.context import NamespaceContext
from gameday.targets.opened import FaultDriver


def kubernetes_drivers(
    context: NamespaceContext,
) -> tuple[Mapping[str, FaultDriver], Mapping[str, FaultDriver]]:
    """Return the hands by the kind of the fault, and by the verb of the undo.

    The verb `wait_back` is the process family's.
    """
    nodes, rollout = Nodes(context), Rollout(context)
    config, isolate = Config(context), Isolate(context)
    kinds: dict[str, FaultDriver] = {
        "kubernetes.evict": Evict(context),
        **dict.fromkeys(HOW_NODES, nodes),
        **dict.fromkeys(HOW_ROLLOUT, rollout),
        "kubernetes.config_removed": config,
        "kubernetes.isolate": isolate,
    }
    verbs: dict[str, FaultDriver] = {
        "uncordon": nodes,
        "untaint": nodes,
        "restore_workload": rollout,
        "restore_config": config,
        "join_again": isolate,
    }
    return kinds, verbs
