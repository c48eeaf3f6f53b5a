"""A command inside a pod: the only way to send it a signal."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gameday.errors import FaultFailed, GamedayError, TargetNotFound
from gameday.targets.kubernetes.api import READ, Api, ApiRefused

_SHELL = "/bin/sh"
_HANDSHAKE = re.compile(r"\(?Handshake status (\d+)")  # what the client makes of a no
_ERROR = 3  # the channel on which the kubelet says how it ended


def tell(api: Api, namespace: str, pod: str, command: str) -> str:
    """Run a shell command in a pod's (only) container; return what it printed.

    FaultFailed where it did not end well.
    """
    from kubernetes.client import CoreV1Api
    from kubernetes.client.api_client import ApiClient
    from kubernetes.stream import stream

    # A client of its own: `stream` swaps the client's way to ask while it works.
    core = CoreV1Api(ApiClient(api.configuration))
    with _speaking(pod):
        talk: Any = stream(
            core.connect_get_namespaced_pod_exec,
            pod,
            namespace,
            command=[_SHELL, "-c", command],
            stderr=True,
            stdin=False,
            stdout=True,
            tty=False,
            _preload_content=False,
            _request_timeout=READ,
        )
        try:
            talk.run_forever(timeout=READ)
            code = _code(talk)  # first: `read_all` throws it away
            said = talk.read_all()
        finally:
            talk.close()
    if code:
        raise FaultFailed(f"{pod}: {command!r} ended with {code}: {said.strip()}")
    return str(said)


@contextmanager
def _speaking(pod: str) -> Iterator[None]:
    """Turn the client's errors into ours."""
    from kubernetes.client.exceptions import ApiException
    from websocket import WebSocketException

    try:
        yield
    except ApiException as wrong:
        raise _problem(pod, wrong) from wrong
    except AttributeError as wrong:  # the client's: it decodes a body that is None
        if not isinstance(wrong.__context__, ApiException):
            raise
        raise _problem(pod, wrong.__context__) from wrong
    except (OSError, WebSocketException) as wrong:
        raise TargetNotFound(f"{pod} cannot be told anything: {wrong}") from wrong


def _problem(pod: str, wrong: Any) -> GamedayError:
    """Return what the client's error means: a no, or no answer at all."""
    shaken = _HANDSHAKE.match(str(wrong.reason))
    status = int(shaken[1]) if shaken else int(wrong.status or 0)
    if not status:
        return TargetNotFound(f"{pod}: no answer: {wrong.reason}")
    said = str(wrong.reason).partition(" -+-")[0]
    return ApiRefused(f"{pod}: {said}", status, {})


def _code(talk: Any) -> str:
    """Return the exit code, or why there is none; empty: it ended well.

    The client's own `returncode` takes every answer for a number.
    """
    if talk.is_open():
        return f"nothing within {READ:g} s"
    text = talk.read_channel(_ERROR)
    try:
        said = json.loads(text)
    except ValueError:
        return f"no word of how: {text!r}"
    if said.get("status") == "Success":
        return ""
    if said.get("reason") == "NonZeroExitCode":
        return str(said["details"]["causes"][0]["message"])
    return str(said.get("message", said))
