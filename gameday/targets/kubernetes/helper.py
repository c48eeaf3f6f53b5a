"""Helper pods: on the victim's node, started and waiting, then told to go, to end.

What a helper says are lines of JSON in its log; what it is told are signals, sent by
a command inside of it. Its own deadline ends the fault when nobody else is left to,
and the pod's (`activeDeadlineSeconds`) ends the helper.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gameday.errors import FaultFailed, TargetNotFound
from gameday.targets.helper_image import image_name
from gameday.targets.kubernetes.api import (
    Api,
    ApiRefused,
    Conflict,
    Json,
    labels,
    namespaced,
)
from gameday.targets.kubernetes.helper_pod import (
    Order,
    label_value,
    manifest,
    pod_name,
    run_of,
)
from gameday.targets.kubernetes.pods import Namespace
from gameday.targets.kubernetes.seen import LABEL
from gameday.targets.kubernetes.telling import tell

READY = 60.0  # seconds until a helper has started: its image may have to be pulled
_APPLIED = 15.0
_ENDED = 15.0
_TOLD = 2.0  # seconds after its end within which the API knows it
_STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_STUCK_TOO = ("CreateContainerError", "CreateContainerConfigError", "RunContainerError")
_SIGNAL = "kill -{name} $(cat /tmp/gameday.pid)"


@dataclass(frozen=True, slots=True)
class Ended:
    """Whether a helper put everything back, and when, by its own clock."""

    clean: bool
    at: float | None = None
    lost: str = ""  # why it did not hold to the end, where it did not


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
            self._api.create(self._all, self._manifest(order))
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

    def _manifest(self, order: Order) -> Mapping[str, Any]:
        owners = self._owner(run_of(order))
        return manifest(order, self.image, owners, grace=int(_ENDED))

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
            self._hurry(name)
        lost = ""
        try:
            for told in self._heard(name, _ENDED):
                if told["say"] == "lost":
                    lost = str(told["because"])
                elif told["say"] == "removed":
                    return Ended(clean=True, at=told["at"], lost=lost)
            pod = self._api.find(f"{self._all}/{name}")
        except ApiRefused:
            return Ended(clean=False)
        # One that never got the word has nothing to remove, and ends well.
        return Ended(clean=pod is not None and self._exits(name, _ENDED) == 0)

    def _hurry(self, name: str) -> None:
        """Tell it to end; where it cannot hear, have the kubelet tell it."""
        try:
            self._signal(name, "TERM")
        except (ApiRefused, FaultFailed):
            if self._exits(name, _TOLD) is None:
                self._api.delete(f"{self._all}/{name}")

    def _exits(self, name: str, seconds: float) -> int | None:
        for pods in self._pods.changes(seconds, f"metadata.name={name}"):
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
