"""Kubernetes' own faults: evictions, nodes, rollouts, configuration, policies.

Each is explained in docs/explanation/kubernetes-faults.md.
"""

from typing import Any

from gameday.faults.flow import inject

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


def evict(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Evict pods, as a drained node does; a disruption budget may refuse.

    What follows is the workload's doing; the fault ends when the pods are back.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("kubernetes.evict", given, configuration)


def cordon(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make the nodes of the victims unschedulable: nothing new is placed there.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("kubernetes.cordon", given, configuration)


def drain(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Cordon the nodes of the victims and evict the service's pods from them.

    Refused where more of the service's pods are there than were chosen.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("kubernetes.drain", given, configuration)


def taint(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    key: str = "gameday.dev/taint",
    effect: str = "NoSchedule",
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Put a taint on the nodes of the victims.

    `effect` NoExecute is refused where others than the victims would have to go.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
        "key": key,
        "effect": effect,
    }
    return inject("kubernetes.taint", given, configuration)


def scale(
    service: str,
    to: int | str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Have the workload (Deployment, StatefulSet) want `to` pods.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """
    given = {
        "service": service,
        "duration": duration,
        "to": to,
    }
    return inject("kubernetes.scale", given, configuration)


def bad_image(
    service: str,
    image: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Roll out `image` in the place of the main container's own.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """
    given = {
        "service": service,
        "duration": duration,
        "image": image,
    }
    return inject("kubernetes.bad_image", given, configuration)


def image_pull_failure(
    service: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Roll out an image that no registry has.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """
    given = {
        "service": service,
        "duration": duration,
    }
    return inject("kubernetes.image_pull_failure", given, configuration)


def bad_readiness(
    service: str,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Roll out a readiness probe that always fails.

    It takes no count: every instance is hit. `duration` (`10m`) is the longest it
    may last.
    """
    given = {
        "service": service,
        "duration": duration,
    }
    return inject("kubernetes.bad_readiness", given, configuration)


def config_removed(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    name: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    object: str = "configmap",  # noqa: A002 - the experiment's word
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Remove a ConfigMap (or `object: secret`) and start the victims anew without it.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
        "name": name,
        "object": object,
    }
    return inject("kubernetes.config_removed", given, configuration)


def isolate(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    direction: str = "both",
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Cut pods off by a NetworkPolicy, where the cluster enforces those.

    `direction`: `both`, or `ingress`: only what comes in.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
        "direction": direction,
    }
    return inject("kubernetes.isolate", given, configuration)
