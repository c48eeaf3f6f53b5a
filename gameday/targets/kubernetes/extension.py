"""chaosk8s' own actions, called where they are sound: cordon a node, scale.

They build a client of their own at each call, without a timeout, and for the cluster
that the environment names. So they are called with the context that is meant, only
where they will read it from the kubeconfig that we read, and not waited for longer
than any other call.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday.errors import FaultFailed, TargetNotFound
from gameday.targets.kubernetes.access import IN_CLUSTER, Access, kubeconfig
from gameday.targets.kubernetes.api import CONNECT, READ

_ONE = threading.Lock()  # its clients share one configuration of the process
_IN_POD = "CHAOSTOOLKIT_IN_POD"


def reaches(access: Access) -> bool:
    """Return whether chaosk8s would act on the very cluster that is meant.

    It takes a list of kubeconfigs for one path, and where it finds no file it talks
    to whatever listens on localhost.
    """
    file = os.environ.get("KUBECONFIG", "~/.kube/config")
    there = bool(file) and Path(file).expanduser().exists()
    if access.context == IN_CLUSTER:
        return not there and os.environ.get(_IN_POD) == "true"
    return there and Path(file).expanduser() == Path(kubeconfig())


def warm() -> None:
    """Import what will be called: a fault's time begins when that is over."""
    import chaosk8s.deployment.actions
    import chaosk8s.node.actions
    import chaosk8s.statefulset.actions  # noqa: F401


def cordon(access: Access, node: str, after: Callable[[], None]) -> None:
    """Make a node unschedulable; `after` is called when that is done."""
    from chaosk8s.node.actions import cordon_node

    _call(lambda: cordon_node(name=node, secrets=_secrets(access)), after)


def scale(
    access: Access, kind: str, name: str, to: int, after: Callable[[], None]
) -> None:
    """Have a Deployment or StatefulSet want so many pods; then call `after`."""
    from chaosk8s.deployment.actions import scale_deployment
    from chaosk8s.statefulset.actions import scale_statefulset

    act = scale_deployment if kind == "Deployment" else scale_statefulset
    space, secrets = access.namespace, _secrets(access)
    _call(lambda: act(name=name, replicas=to, ns=space, secrets=secrets), after)


def _secrets(access: Access) -> dict[str, str]:
    in_pod = access.context == IN_CLUSTER
    return {} if in_pod else {"KUBERNETES_CONTEXT": access.context}


def _call(act: Callable[[], Any], after: Callable[[], None]) -> None:
    """Do it beside us: one that never comes back must not keep the undo waiting.

    What it does late is still looked at by `after`.
    """
    from chaoslib.exceptions import ActivityFailed
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError

    wrong: list[Exception] = []

    def both() -> None:
        try:
            with _ONE:
                act()
            after()
        except (ActivityFailed, ApiException, ConfigException, FaultFailed) as error:
            wrong.append(error)
        except (HTTPError, OSError) as error:
            wrong.append(TargetNotFound(f"the Kubernetes API does not answer: {error}"))

    beside = threading.Thread(target=both, daemon=True)
    beside.start()
    beside.join(CONNECT + READ)
    if beside.is_alive():
        raise FaultFailed(f"chaosk8s did not come back within {CONNECT + READ:g} s")
    if wrong:
        raise FaultFailed(str(wrong[0])) from wrong[0]
