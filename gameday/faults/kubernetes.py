"""Kubernetes' own faults: evictions, nodes, rollouts, configuration, policies.

Each is explained in docs/explanation/kubernetes-faults.md.
"""

from typing import Any

from gameday.faults.flow import fault

__all__ = [
    "bad_image",
    "bad_readiness",
    "config_removed",
    "cordon",
    "drain",
    "evict",
    "image_pull_failure",
    "isolate",
    "scale",
    "taint",
]


@fault("kubernetes.evict")
def evict(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Evict pods, as a drained node does; a disruption budget may refuse.

    What follows is the workload's doing; the fault ends when the pods are back.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("kubernetes.cordon")
def cordon(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Make the nodes of the victims unschedulable: nothing new is placed there.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("kubernetes.drain")
def drain(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Cordon the nodes of the victims and evict the service's pods from them.

    Refused where more of the service's pods are there than were chosen.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("kubernetes.taint")
def taint(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    key: str = "gameday.dev/taint",
    effect: str = "NoSchedule",
    configuration: dict[str, Any] | None = None,
) -> None:
    """Put a taint on the nodes of the victims.

    `effect` NoExecute is refused where others than the victims would have to go.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("kubernetes.scale")
def scale(
    service: str,
    to: int | str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Have the workload (Deployment, StatefulSet) want `to` pods.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """


@fault("kubernetes.bad_image")
def bad_image(
    service: str,
    image: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Roll out `image` in the place of the main container's own.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """


@fault("kubernetes.image_pull_failure")
def image_pull_failure(
    service: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Roll out an image that no registry has.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """


@fault("kubernetes.bad_readiness")
def bad_readiness(
    service: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Roll out a readiness probe that always fails.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """


@fault("kubernetes.config_removed")
def config_removed(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    name: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    object: str = "configmap",  # noqa: A002 - the experiment's word
    configuration: dict[str, Any] | None = None,
) -> None:
    """Remove a ConfigMap (or `object: secret`) and start the victims anew without it.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("kubernetes.isolate")
def isolate(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    direction: str = "both",
    configuration: dict[str, Any] | None = None,
) -> None:
    """Cut pods off by a NetworkPolicy, where the cluster enforces those.

    `direction`: `both`, or `ingress`: only what comes in.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
