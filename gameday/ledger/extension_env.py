"""The environment in which other extensions act: which cluster, whatever they assume.

chaosk8s builds its client anew at every call, from the experiment's secrets, else
from the environment, and never asks whether it is the cluster that was meant: without
a context it takes the kubeconfig's current one, and where it finds no kubeconfig (it
takes `a:b` in KUBECONFIG for one path) it talks to http://localhost, unverified.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.model.faults.foreign_kubernetes import MODULE
from gameday.model.target import TargetRef, parse_target

IN_CLUSTER = "in-cluster"  # the context that means the pod's own service account
# Where chaosk8s goes when it finds no kubeconfig: no name there is ever resolved.
NOWHERE = "https://no-kubeconfig.invalid"
_DEFAULT = "~/.kube/config"


def extension_environment(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that hold other extensions to a run's target."""
    target = _cluster(url)
    if target is None:
        return {"GAMEDAY_TARGET": url} if url else {}
    held = {"GAMEDAY_TARGET": url, "KUBERNETES_HOST": NOWHERE}
    if target.name == IN_CLUSTER:
        # Empty, so that no file of the pod's stands before its service account.
        return {**held, "CHAOSTOOLKIT_IN_POD": "true", "KUBECONFIG": ""}
    kubeconfig = _one_file(target.name, environ)
    file = {"KUBECONFIG": str(kubeconfig)} if kubeconfig is not None else {}
    context = {"KUBERNETES_CONTEXT": target.name, "CHAOSTOOLKIT_IN_POD": "false"}
    return {**held, **context, **file}


def refusal(url: str, environ: Mapping[str, str], document: Mapping[str, Any]) -> str:
    """Return why chaosk8s cannot reach the target as gameday does; empty: it can."""
    target = _cluster(url)
    if target is None or target.name == IN_CLUSTER or not uses_chaosk8s(document):
        return ""
    files = _files(environ)
    if not files:
        return (
            "there is no kubeconfig file for chaosk8s; set KUBECONFIG to the one that "
            f"has the context {target.name!r}"
        )
    if _one_file(target.name, environ) is not None:
        return ""
    return (
        f"chaosk8s reads one kubeconfig, and no one file of KUBECONFIG holds all of "
        f"the context {target.name!r}; write one with `kubectl config view --flatten` "
        "and set KUBECONFIG to it"
    )


def uses_chaosk8s(document: Mapping[str, Any]) -> bool:
    """Return whether an experiment calls anything of chaosk8s, by its providers."""
    hypothesis = document.get("steady-state-hypothesis") or {}
    called = (
        *(hypothesis.get("probes") or ()),
        *(document.get("method") or ()),
        *(document.get("rollbacks") or ()),
        *(document.get("controls") or ()),
    )
    modules = (
        str(activity.get("provider", {}).get("module", "")) for activity in called
    )
    return any(module.split(".", maxsplit=1)[0] == MODULE for module in modules)


def _cluster(url: str) -> TargetRef | None:
    try:
        target = parse_target(url)
    except ValueError:
        return None
    return target if target.kind == "kubernetes" else None


def _files(environ: Mapping[str, str]) -> list[Path]:
    named = environ.get("KUBECONFIG") or _DEFAULT
    paths = [Path(path).expanduser() for path in named.split(os.pathsep) if path]
    return [path.absolute() for path in paths if path.is_file()]


def _one_file(context: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that chaosk8s has to be given; None where there is no such one.

    Of several files the first that has an entry's name counts, as for kubectl.
    """
    files = _files(environ)
    if len(files) <= 1:
        return files[0] if files else None
    entries = {path: _entries(path) for path in files}
    owner = _first("contexts", context, entries)
    if owner is None:
        return None
    meant = entries[owner]["contexts"][context]
    whole = all(
        _first(kind, str(meant.get(kind[:-1])), entries) == owner
        for kind in ("clusters", "users")
    )
    return owner if whole else None


def _first(
    kind: str, name: str, entries: Mapping[Path, Mapping[str, Mapping[str, Any]]]
) -> Path | None:
    return next((path for path in entries if name in entries[path][kind]), None)


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return a kubeconfig's contexts, clusters and users by name."""
    import yaml

    try:
        read = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        read = None
    content = read if isinstance(read, dict) else {}
    return {
        kind: {
            str(entry.get("name")): entry.get(kind[:-1]) or {}
            for entry in content.get(kind) or ()
            if isinstance(entry, dict)
        }
        for kind in ("contexts", "clusters", "users")
    }
