"""Edge. All code that changes a system; `open_target` opens one.

* ``docker``, ``kubernetes``, ``local``: a kind of target each.
* ``sidecar_faults``: each fault that a helper holds, defined once for all of them.
* ``sidecar``: what runs inside a helper.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gameday.ports import Clock
    from gameday.targets.opened import OpenTarget

# What each kind of target imports on its first call: for whoever may import early.
MODULES = {
    "docker": ("gameday.targets.docker.target",),
    "local": ("gameday.targets.local.target",),
    "kubernetes": (
        "gameday.targets.kubernetes.target",
        "gameday.targets.kubernetes.client.library",
        "kubernetes.stream",
    ),
}


def open_target(url: str, clock: "Clock") -> "OpenTarget":
    """Return the target that a URL names; nothing is asked of it yet.

    The result's own `url` names the engine or supervisor so that it means the same
    in every environment. TargetNotFound where the URL or its context is no target.
    """
    from gameday.errors import TargetNotFound
    from gameday.model.target import parse_target

    try:
        ref = parse_target(url)
    except ValueError as wrong:
        raise TargetNotFound(str(wrong)) from wrong
    if ref.kind == "docker":
        from gameday.targets.docker.target import DockerTarget

        return DockerTarget(ref, clock)
    if ref.kind == "local":
        from gameday.targets.local.target import LocalTarget

        return LocalTarget(ref, clock)
    from gameday.targets.kubernetes.target import KubernetesTarget

    return KubernetesTarget(ref, clock)
