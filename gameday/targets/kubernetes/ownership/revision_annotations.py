"""Copies of our marks: controllers write a workload's annotations onto its revisions.

A Deployment's go onto its ReplicaSet at every look, a StatefulSet's and a DaemonSet's
onto each new ControllerRevision; none of them is ever taken away again.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gameday.targets.kubernetes.client.api import Api, Forbidden, Gone, Json, namespaced
from gameday.targets.kubernetes.inventory.workloads import (
    APPS,
    WorkloadObject,
    controller,
)
from gameday.targets.kubernetes.ownership.marks import COPIES, UNDO

_LOOKS = 5  # the last of them has to find nothing
_PAUSE = 0.5  # seconds: a controller that looked before the mark went may still write


def remove_copies(api: Api, namespace: str, workload: WorkloadObject) -> None:
    """Remove from a workload's revisions the marks that the workload no longer has.

    The cluster removes a revision with its workload, and old ones at any time; their
    marks go with them.
    """
    plural = COPIES[0] if workload.kind == "Deployment" else COPIES[1]
    path = namespaced(namespace, plural, group=APPS)
    for _ in range(_LOOKS):
        now = api.find(workload.path)
        copies = list(_copies(api, path, workload, _keys(now))) if now else []
        if not copies:
            return
        for name, keys in copies:
            gone = {"metadata": {"annotations": dict.fromkeys(keys)}}
            with suppress(Gone):
                api.merge(f"{path}/{name}", gone)
        api.clock.sleep(_PAUSE)


def _copies(
    api: Api, path: str, workload: WorkloadObject, held: set[str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each revision with annotations that the workload lacks, and these."""
    try:
        listed: list[Json] = api.items(path)
    except Forbidden:
        return
    for copy in listed:
        owner = controller(copy)
        more = sorted(_keys(copy) - held)
        if more and owner and owner["uid"] == workload.raw["metadata"]["uid"]:
            yield str(copy["metadata"]["name"]), more


def _keys(copy: Mapping[str, Any]) -> set[str]:
    notes = copy["metadata"].get("annotations") or {}
    return {key for key in notes if key.startswith(UNDO)}
