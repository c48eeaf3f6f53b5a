"""A helper pod as the API takes it: where it runs, what it may, what it is told."""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any

from gameday.frozen import frozen
from gameday.targets.helper_image import code_files
from gameday.targets.kubernetes.inventory.pod_status import LABEL

_WAIT = 90.0  # seconds that a helper waits for the word before it gives up
SAID = "/tmp/gameday.said"  # noqa: S108 - in the helper's own container
PID = "/tmp/gameday.pid"  # noqa: S108
_SLACK = 60  # seconds beyond its own deadline after which the cluster ends it
IN_ITS_NETWORK = ("SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "NET_RAW")
ON_ITS_PROCESSES = ("KILL",)
# Python reads the code from memory; a file with the pid is what signals go by.
_BOOT = (
    "import base64,os,runpy,sys;"
    "f=os.memfd_create('gameday');"
    "os.write(f,base64.b64decode(os.environ.pop('GAMEDAY_CODE')));"
    "sys.path.insert(0,f'/proc/self/fd/{f}');"
    "open('/tmp/gameday.pid','w').write(str(os.getpid()));"
    "runpy.run_module('gameday.targets.sidecar',run_name='__main__')"
)


@frozen
class HelperPodSpec:
    """One helper pod: what it does, on which node, and what is known of it there.

    `rights`: the Linux capabilities that its work needs, and no other. `end`: which
    end of a connection it is at, where it is not the victim's.
    `undo`: kept on the pod, for whoever has lost the ledger. `host`: it sees the
    node's processes. `mounts`: folders of the node, by their place in the helper.
    """

    spec: Mapping[str, Any]
    mark: str
    node: str
    host: bool = True
    rights: Sequence[str] = ()
    mounts: Mapping[str, str] = field(default_factory=dict)
    undo: Mapping[str, Any] | None = None
    end: str = ""


def manifest(
    order: HelperPodSpec, image: str, owners: Sequence[Mapping[str, str]], *, grace: int
) -> Mapping[str, Any]:
    """Return the pod as the API takes it; `grace`: seconds that it has to put back."""
    run = run_of(order)
    lasts = float(order.spec.get("duration", 0.0))
    notes = {f"{LABEL}mark": order.mark, f"{LABEL}run": run}
    if order.undo is not None:
        notes[f"{LABEL}undo"] = json.dumps(order.undo)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(order),
            "labels": {
                "app.kubernetes.io/managed-by": "gameday",
                f"{LABEL}run": label_value(run),
                f"{LABEL}do": str(order.spec["do"]),
            },
            "annotations": notes,
            "ownerReferences": list(owners),
        },
        "spec": {
            **_where(order),
            "activeDeadlineSeconds": int(lasts + _WAIT + _SLACK),
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": grace,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "containers": [_container(order, image)],
            "volumes": [
                {"name": f"v{number}", "hostPath": {"path": path}}
                for number, path in enumerate(order.mounts.values())
            ],
        },
    }


def _container(order: HelperPodSpec, image: str) -> Mapping[str, Any]:
    """Return its container, without requests: it has to start on a full node too."""
    spec = {"mark": order.mark, "wait": _WAIT, **order.spec}
    return {
        "name": "helper",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-S", "-c", _BOOT],
        "env": [
            {"name": "GAMEDAY_SPEC", "value": json.dumps(spec)},
            {"name": "GAMEDAY_CODE", "value": code()},
            {"name": "GAMEDAY_SAID", "value": SAID},
            {"name": "GAMEDAY_LAST_WORDS", "value": "/dev/termination-log"},
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
        ],
        "securityContext": _security(order),
        "volumeMounts": [
            {"name": f"v{number}", "mountPath": place}
            for number, place in enumerate(order.mounts)
        ],
    }


def run_of(order: HelperPodSpec) -> str:
    """Return the run that an order belongs to."""
    return order.mark.rpartition(".")[0]


def pod_name(order: HelperPodSpec) -> str:
    """Return a helper's name: what it does, and its mark as far as names can hold."""
    tail = hashlib.sha256(f"{order.mark}{order.end}".encode()).hexdigest()[:10]
    return f"gameday-{order.spec['do']}-{tail}"


def label_value(text: str) -> str:
    """Return a text as a label's value: what is not allowed becomes a dash."""
    clean = re.sub(r"[^A-Za-z0-9_.-]", "-", text)
    if len(clean) > 63:  # noqa: PLR2004 - the API's own limit
        clean = clean[:52] + "-" + hashlib.sha256(text.encode()).hexdigest()[:10]
    return clean.strip("-_.")


@cache
def code() -> str:
    """Return the sidecar's code as a zip archive in base64."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in code_files().items():
            archive.writestr(name, content)
    return base64.b64encode(stream.getvalue()).decode()


def _where(order: HelperPodSpec) -> Mapping[str, Any]:
    if not order.node:
        return {}
    everything = [{"operator": "Exists"}]  # also a node that takes no other pods
    return {"nodeName": order.node, "hostPID": order.host, "tolerations": everything}


def _security(order: HelperPodSpec) -> Mapping[str, Any]:
    return {
        "runAsUser": 0,
        "runAsNonRoot": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": list(order.rights)},
        "seccompProfile": {"type": "Unconfined" if order.host else "RuntimeDefault"},
    }
