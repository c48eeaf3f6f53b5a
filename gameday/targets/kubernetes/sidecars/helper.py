"""Helper pods: started on the victim's node, waiting, then told to work, then to end.

A helper prints lines of JSON and receives signals; a command inside the pod carries
both. The helper's own deadline ends the fault when no process is left to do so, and the
pod's (`activeDeadlineSeconds`) ends the helper.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gameday.errors import FaultFailed, GamedayError
from gameday.targets.helper_image import image_name
from gameday.targets.kubernetes.client.api import (
    Api,
    ApiRefused,
    Conflict,
    namespaced,
)
from gameday.targets.kubernetes.client.exec import ExecCommand, exec_lines
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.sidecars.helper_pod import (
    PID,
    SAID,
    HelperPodSpec,
    manifest,
    pod_name,
    run_of,
)
from gameday.targets.sidecar_faults.host import END, GO, Ended, Line, wait_for_line

READY = 60.0  # seconds until a helper has started: its image may have to be pulled
_APPLIED = 15.0
_ENDED = 15.0
_TOLD = 2.0  # seconds after its end within which the API knows it
_STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_STUCK_TOO = ("CreateContainerError", "CreateContainerConfigError", "RunContainerError")
_SIGNAL = f"kill -{{name}} $(cat {PID}) || exit 1; "


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

    def start(self, order: HelperPodSpec) -> str:
        """Start a helper and wait until it is ready for the word; return its name."""
        name = pod_name(order)
        try:
            self._api.create(self._all, self._manifest(order))
        except Conflict:
            raise FaultFailed(f"helper pod {name} is there already") from None
        except BaseException as wrong:
            with suppress(GamedayError):
                self.remove(name)  # it may have been made before the answer was lost
            if isinstance(wrong, ApiRefused):
                raise FaultFailed(f"no helper pod could be made: {wrong}") from wrong
            raise
        try:
            self._started(name)
            self.wait_for_line(name, "ready", READY)
        except BaseException:
            self.remove(name)
            raise
        return name

    def _manifest(self, order: HelperPodSpec) -> Mapping[str, Any]:
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
            why = _why_stuck(pod)
            if why:
                raise FaultFailed(f"helper pod {name} does not start: {why}")
        raise FaultFailed(f"helper pod {name} did not start within {READY:g} s")

    def wait_for_line(self, name: str, word: str, seconds: float) -> Line:
        """Wait until it says the word; FaultFailed where it fails, ends or is slow."""
        return wait_for_line(self.follow_lines(name, seconds), word)

    def follow_lines(
        self, name: str, seconds: float, first: str = ""
    ) -> Iterator[Line]:
        """Yield what it says as it says it, until it ends or time is over.

        Listened to inside of it, not in its log, which a node may lose. `first`: what
        is done before listening.
        """
        tail = f"tail -s 0.02 -n +1 -F {SAID} 2>/dev/null"
        listen = f"{first}exec timeout {seconds:g} {tail}"
        command = ExecCommand(self._pods.name, name, listen)
        for line in exec_lines(self._api, command, seconds):
            yield _line(line)

    def signal(self, name: str, signal: str) -> Iterator[Line]:
        """Tell it a signal and yield what it says; at last what only its end tells."""
        wrong: FaultFailed | None = None
        try:
            yield from self.follow_lines(name, _APPLIED, _SIGNAL.format(name=signal))
        except FaultFailed as error:
            wrong = error
        # One that was quicker than we could listen has left its words with the API.
        yield from self._stored_lines(name, _TOLD).values()
        if wrong is not None:
            raise wrong

    def start_work(self, name: str) -> Line:
        """Give the word and wait until it is done; return what the helper says."""
        return wait_for_line(self.signal(name, GO), "applied")

    def end(self, name: str) -> Ended:
        """End a helper gently, and say whether it has put back all that it changed."""
        pod = self._api.find(f"{self._all}/{name}")
        if pod is None:
            return Ended(clean=False, over=True)
        lost, over = "", exit_code(pod) is not None
        if not over:
            try:
                for told in self.follow_lines(name, _ENDED, _SIGNAL.format(name=END)):
                    if told["say"] == "lost":
                        lost = str(told["because"])
                    elif told["say"] == "removed":
                        return Ended(clean=True, at=told["at"], lost=lost)
            except (ApiRefused, FaultFailed):
                pass  # it cannot hear, or has just ended
            if self._exits(name, _TOLD) is None:
                self._api.delete(f"{self._all}/{name}")  # the kubelet tells it then
        return replace(self._by_its_status(name), over=over)

    def _by_its_status(self, name: str) -> Ended:
        """Return how a helper ended, where its log could not be followed to the end."""
        words = self._stored_lines(name, _ENDED)
        lost = str(words.get("lost", {}).get("because", ""))
        began, at = (words.get(word, {}).get("at") for word in ("applied", "removed"))
        code = self._exits(name, _TOLD)
        there = self._api.find(f"{self._all}/{name}") is not None
        return Ended(
            clean=code == 0,  # one that never got the word has nothing to remove
            at=at,
            lost=lost,
            held=at - began if at is not None and began is not None else None,
            seen=code is not None or not there,
        )

    def _stored_lines(self, name: str, seconds: float) -> dict[str, dict[str, Any]]:
        """Return what an ended helper has left with the API, by its words."""
        self._exits(name, seconds)
        pod = self._api.find(f"{self._all}/{name}")
        return {told["say"]: told for told in map(_line, _last_lines(pod))}

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


def _last_lines(pod: Mapping[str, Any] | None) -> list[str]:
    listed = (pod or {}).get("status", {}).get("containerStatuses") or ()
    ended = [container.get("state", {}).get("terminated") or {} for container in listed]
    return [line for state in ended for line in state.get("message", "").splitlines()]


def exit_code(pod: Mapping[str, Any]) -> int | None:
    """Return a helper's exit code; None while it runs."""
    for status in pod.get("status", {}).get("containerStatuses") or ():
        ended = status.get("state", {}).get("terminated")
        if ended is not None:
            return int(ended["exitCode"])
    return None


def _why_stuck(pod: Mapping[str, Any]) -> str:
    for status in pod["status"].get("containerStatuses") or ():
        waiting = status.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in (*_STUCK, *_STUCK_TOO):
            return f"{waiting['reason']}: {waiting.get('message', '')}".strip(": ")
    return ""


def _line(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if isinstance(line, dict) and "say" in line:
        return line
    return {"say": "", "because": text}
