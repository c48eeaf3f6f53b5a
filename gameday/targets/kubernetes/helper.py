"""Helper pods: on the victim's node, started and waiting, then told to go, to end.

What a helper says are lines of JSON in its log; what it is told are signals, sent by
a command inside of it. Its own deadline ends the fault when nobody else is left to,
and the pod's (`activeDeadlineSeconds`) ends the helper.
"""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gameday.errors import FaultFailed, TargetNotFound
from gameday.targets.helper_image import code_files, image_name
from gameday.targets.kubernetes.api import (
    Api,
    ApiRefused,
    Conflict,
    Json,
    labels,
    namespaced,
)
from gameday.targets.kubernetes.pods import LABEL, Namespace
from gameday.targets.kubernetes.telling import tell

READY = 60.0  # seconds until a helper has started: its image may have to be pulled
_APPLIED = 15.0
_ENDED = 15.0
_WAIT = 90.0  # seconds that a helper waits for the word before it gives up
_SLACK = 60  # seconds beyond its own deadline after which the cluster ends it
_STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_STUCK_TOO = ("CreateContainerError", "CreateContainerConfigError", "RunContainerError")
RIGHTS = ("SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "NET_RAW", "KILL", "DAC_OVERRIDE")
# The code is unpacked by Python itself; a file with the pid is what signals go by.
_BOOT = (
    "import base64,os,runpy,sys;"
    "open('/tmp/gameday.zip','wb').write(base64.b64decode(os.environ['GAMEDAY_CODE']));"
    "open('/tmp/gameday.pid','w').write(str(os.getpid()));"
    "sys.path.insert(0,'/tmp/gameday.zip');"
    "runpy.run_module('gameday.targets.sidecar',run_name='__main__')"
)
_SIGNAL = "kill -{name} $(cat /tmp/gameday.pid)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One helper pod: what it does, on which node, and what is known of it there.

    `undo`: kept on the pod, for whoever has lost the ledger. `host`: it sees the
    node's processes. `mounts`: folders of the node, by their place in the helper.
    """

    spec: Mapping[str, Any]
    mark: str
    node: str
    host: bool = True
    rights: Sequence[str] = RIGHTS
    mounts: Mapping[str, str] = field(default_factory=dict)
    undo: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Whether a helper put everything back, and when, by its own clock."""

    clean: bool
    at: float | None = None


class Helper:
    """The helper pods of one namespace."""

    def __init__(
        self,
        api: Api,
        pods: Namespace,
        image: str,
        owner: Callable[[str], list[Mapping[str, str]]],
    ) -> None:
        self._api = api
        self._pods = pods
        self._all = namespaced(pods.name, "pods")
        self.image = image or image_name()
        self._owner = owner

    def start(self, order: Order) -> str:
        """Start a helper and wait until it is ready for the word; return its name."""
        name = pod_name(order)
        try:
            self._api.create(self._all, self._pod(name, order))
        except Conflict:
            raise FaultFailed(f"helper pod {name} is there already") from None
        except ApiRefused as wrong:
            raise FaultFailed(f"no helper pod could be made: {wrong}") from wrong
        try:
            self._started(name)
            self.said(name, "ready", READY)
        except BaseException:
            self.remove(name)
            raise
        return name

    def _pod(self, name: str, order: Order) -> Mapping[str, Any]:
        run = order.mark.rpartition(".")[0]
        lasts = float(order.spec.get("duration", 0.0))
        notes = {f"{LABEL}mark": order.mark, f"{LABEL}run": run}
        if order.undo is not None:
            notes[f"{LABEL}undo"] = json.dumps(order.undo)
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": {
                    "app.kubernetes.io/managed-by": "gameday",
                    f"{LABEL}run": label_value(run),
                    f"{LABEL}do": str(order.spec["do"]),
                },
                "annotations": notes,
                "ownerReferences": self._owner(run),
            },
            "spec": {
                **_where(order),
                "activeDeadlineSeconds": int(lasts + _WAIT + _SLACK),
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": int(_ENDED),
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "containers": [self._container(order)],
                "volumes": [
                    {"name": f"v{number}", "hostPath": {"path": path}}
                    for number, path in enumerate(order.mounts.values())
                ],
            },
        }

    def _container(self, order: Order) -> Mapping[str, Any]:
        spec = {"mark": order.mark, "wait": _WAIT, **order.spec}
        return {
            "name": "helper",
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-S", "-c", _BOOT],
            "env": [
                {"name": "GAMEDAY_SPEC", "value": json.dumps(spec)},
                {"name": "GAMEDAY_CODE", "value": code()},
                {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
            ],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "securityContext": _security(order),
            "volumeMounts": [
                {"name": f"v{number}", "mountPath": place}
                for number, place in enumerate(order.mounts)
            ],
        }

    # Talking ----------------------------------------------------------------------

    def _started(self, name: str) -> None:
        """Wait until the pod's container runs (or has run)."""
        for pods in self._pods.changes(READY, f"metadata.name={name}"):
            if not pods:
                break
            pod = pods[0]
            phase = pod["status"].get("phase")
            if phase in ("Running", "Succeeded", "Failed"):
                return
            why = _stuck(pod)
            if why:
                raise FaultFailed(f"helper pod {name} does not start: {why}")
        raise FaultFailed(f"helper pod {name} did not start within {READY:g} s")

    def said(self, name: str, word: str, seconds: float) -> dict[str, Any]:
        """Wait until it says the word; FaultFailed where it fails, ends or is slow."""
        last: Any = "nothing"
        for told in self._heard(name, seconds):
            if told["say"] == word:
                return told
            if told["say"] == "failed":
                raise FaultFailed(told["because"])
            last = told.get("because", told["say"])
        raise FaultFailed(f"the helper did not say {word!r}; it last said: {last}")

    def _heard(self, name: str, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield what it says as it says it, until it ends or time is over."""
        path = f"{self._all}/{name}/log"
        with suppress(TargetNotFound):  # silence until the time was over
            for line in self._api.lines(path, seconds, follow="true"):
                yield _line(line)

    def go(self, name: str) -> dict[str, Any]:
        """Give the word and wait until it is done; return what the helper says."""
        self._signal(name, "USR1")
        return self.said(name, "applied", _APPLIED)

    def _signal(self, name: str, signal: str) -> None:
        tell(self._api, self._pods.name, name, _SIGNAL.format(name=signal))

    def run(self, order: Order) -> dict[str, Any]:
        """Start, give the word, take the answer, remove."""
        name = self.start(order)
        try:
            return self.go(name)
        finally:
            self.remove(name)

    def end(self, name: str) -> Ended:
        """End a helper gently, and say whether it has put back all that it changed."""
        pod = self._api.find(f"{self._all}/{name}")
        if pod is None:
            return Ended(clean=False)
        if exit_code(pod) is None:
            try:
                self._signal(name, "TERM")
            except (ApiRefused, FaultFailed):
                self._api.delete(f"{self._all}/{name}")  # the kubelet sends the same
        try:
            for told in self._heard(name, _ENDED):
                if told["say"] == "removed":
                    return Ended(clean=True, at=told["at"])
            pod = self._api.find(f"{self._all}/{name}")
        except ApiRefused:
            return Ended(clean=False)
        # One that never got the word has nothing to remove, and ends well.
        return Ended(clean=pod is not None and self._exits(name) == 0)

    def _exits(self, name: str) -> int | None:
        for pods in self._pods.changes(_ENDED, f"metadata.name={name}"):
            code = exit_code(pods[0]) if pods else None
            if code is not None or not pods:
                return code
        return None

    def remove(self, name: str) -> None:
        """Remove a helper's pod, whatever its state."""
        try:
            self._api.delete(f"{self._all}/{name}", {"gracePeriodSeconds": 0})
        except ApiRefused:
            return

    def all(self, run: str = "") -> list[Json]:
        """Return the helper pods of a run, or of all runs."""
        wanted = {f"{LABEL}run": label_value(run)} if run else {}
        chosen = labels(wanted) or f"{LABEL}run"
        return self._api.items(self._all, labelSelector=chosen)


def exit_code(pod: Mapping[str, Any]) -> int | None:
    """Return a helper's exit code; None while it runs."""
    for one in pod.get("status", {}).get("containerStatuses") or ():
        ended = one.get("state", {}).get("terminated")
        if ended is not None:
            return int(ended["exitCode"])
    return None


def pod_name(order: Order) -> str:
    """Return a helper's name: what it does, and its mark as far as names can hold."""
    tail = hashlib.sha256(order.mark.encode()).hexdigest()[:10]
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


def _where(order: Order) -> Mapping[str, Any]:
    if not order.node:
        return {}
    everything = [{"operator": "Exists"}]  # also a node that takes no other pods
    return {"nodeName": order.node, "hostPID": order.host, "tolerations": everything}


def _security(order: Order) -> Mapping[str, Any]:
    return {
        "runAsUser": 0,
        "runAsNonRoot": False,
        "capabilities": {"drop": ["ALL"], "add": list(order.rights)},
        "seccompProfile": {"type": "Unconfined" if order.host else "RuntimeDefault"},
    }


def _stuck(pod: Mapping[str, Any]) -> str:
    for one in pod["status"].get("containerStatuses") or ():
        waiting = one.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in (*_STUCK, *_STUCK_TOO):
            return f"{waiting['reason']}: {waiting.get('message', '')}".strip(": ")
    return ""


def _line(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict) and "say" in found:
        return found
    return {"say": "", "because": text}
