"""Which cluster: a context of the kubeconfig by name, or the pod's own account.

The kubeconfig's current context is never used: a fault in the wrong cluster is the
one mistake that nothing puts right.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.errors import Refused, TargetNotFound
from gameday.model.target import TargetRef

IN_CLUSTER = "in-cluster"
_PROTECTED = ("kube-", "openshift")
_CONNECTIONS = 16  # kept open: watches and calls of several threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A context and a namespace that may be touched."""

    context: str
    namespace: str


def access_of(ref: TargetRef) -> Access:
    """Return what the target names; Refused for a namespace that is protected.

    A protected namespace (the cluster's own) needs `consent` with its name.
    """
    name = ref.namespace
    guarded = name.startswith(_PROTECTED)
    if guarded and ref.options.get("consent") != name:
        raise Refused(
            f"namespace {name!r} is the cluster's own and protected; if it is really "
            f"meant, say so: target: {{kubernetes: {{…, consent: {name}}}}}"
        )
    return Access(context=ref.name, namespace=name)


def configuration_of(context: str) -> Any:
    """Return the client's configuration; TargetNotFound where there is no such one."""
    from kubernetes import client, config

    made = client.Configuration()
    made.retries = 0  # `Api` retries what is safe to be asked twice
    made.connection_pool_maxsize = _CONNECTIONS
    wrong: Exception
    try:
        if context == IN_CLUSTER:
            config.load_incluster_config(client_configuration=made)
        else:
            config.load_kube_config(
                config_file=kubeconfig(),
                context=context,
                client_configuration=made,
                persist_config=False,
            )
    except config.ConfigException as error:
        wrong = error
    except OSError as error:
        wrong = error
    else:
        return made
    raise TargetNotFound(_why(context, wrong)) from wrong


def kubeconfig() -> str:
    """Return the path (or the list of paths) of the kubeconfig."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def contexts() -> list[str]:
    """Return the names of the kubeconfig's contexts; none where it cannot be read."""
    from kubernetes import config

    try:
        found, _ = config.list_kube_config_contexts(config_file=kubeconfig())
    except (config.ConfigException, OSError):
        return []
    return sorted(one["name"] for one in found)


def _why(context: str, wrong: Exception) -> str:
    if context == IN_CLUSTER:
        return f"this process has no service account of a pod: {wrong}"
    paths = kubeconfig().split(os.pathsep)
    if not any(Path(path).expanduser().exists() for path in paths):
        return f"there is no kubeconfig at {kubeconfig()} (KUBECONFIG names another)"
    known = contexts()
    if known and context not in known:
        listed = ", ".join(known)
        return f"no context {context!r} in the kubeconfig; it has: {listed}"
    return f"context {context!r} of the kubeconfig {kubeconfig()}: {wrong}"
