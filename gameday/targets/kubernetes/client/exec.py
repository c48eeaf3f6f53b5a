"""A command inside a pod, and what it prints while it goes on."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from gameday.errors import FaultFailed, TargetNotFound
from gameday.frozen import frozen
from gameday.targets.kubernetes.client.api import (
    CONNECT,
    READ,
    Api,
    ApiRefused,
    namespaced,
)

_SHELL = "/bin/sh"
_STDOUT, _STATUS = 1, 3  # the channels of the API's exec protocol
_PATIENCE = 1.0  # seconds beyond its time until a command has ended


@frozen(kw_only=False)
class ExecCommand:
    """A shell command for a pod's (only) container."""

    namespace: str
    pod: str
    command: str


def exec_lines(api: Api, spoken: ExecCommand, seconds: float) -> Iterator[str]:
    """Yield the lines that a command prints, until it ends or time is over.

    FaultFailed where it ends with 1, ApiRefused where the pod cannot be spoken to.
    """
    end = api.clock.monotonic() + seconds + _PATIENCE
    talk = _open(api, spoken)
    rest, status = b"", b""
    try:
        for channel, data in _frames(talk.sock, lambda: end - api.clock.monotonic()):
            if channel == _STDOUT:
                *lines, rest = (rest + data).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
            elif channel == _STATUS:
                status += data
        if rest:
            yield rest.decode(errors="replace")
    finally:
        talk.close()
        talk.sock.shutdown()  # which `close` forgets where the other end closed first
    if b'"ExitCode","message":"1"' in status:
        raise FaultFailed(f"{spoken.pod} did not take: {spoken.command}")


def _frames(sock: Any, left: Callable[[], float]) -> Iterator[tuple[int, bytes]]:
    """Yield what comes, by channel; the client's own loop loses what TLS holds back."""
    from websocket import ABNF, WebSocketException

    while (seconds := left()) > 0:
        sock.settimeout(seconds)
        try:
            code, frame = sock.recv_data_frame(True)
        except (WebSocketException, OSError):
            return  # time is over, or the other end is gone
        if code == ABNF.OPCODE_CLOSE:
            return
        if frame.data:
            yield frame.data[0], frame.data[1:]


def _open(api: Api, spoken: ExecCommand) -> Any:
    """Open the talk; beside us, since the client waits for ever for a mute server."""
    opened: list[Any] = []
    wrong: list[Exception] = []
    late = threading.Event()

    def beside() -> None:
        try:
            opened.append(_opened(api, spoken))
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            wrong.append(error)
        if late.is_set() and opened:
            opened[0].sock.shutdown()

    thread = threading.Thread(target=beside, daemon=True)
    thread.start()
    thread.join(CONNECT + READ)
    if wrong:
        raise wrong[0]
    if not opened:
        late.set()
        raise TargetNotFound(
            f"{spoken.pod} cannot be told anything: the Kubernetes API did not answer "
            f"within {CONNECT + READ:g} s"
        )
    return opened[0]


class ExecCall:
    """The one call of the client that is made by its `stream`.

    The client's own class for it has every other call of the API as well.
    """

    def __init__(self, api_client: Any) -> None:
        self.api_client = api_client  # by this name `stream` finds it

    def connect(self, spoken: ExecCommand) -> Any:
        """Have a command run in a pod; return the connection."""
        command = [("command", word) for word in (_SHELL, "-c", spoken.command)]
        wanted = {"stderr": True, "stdin": False, "stdout": True, "tty": False}
        return self.api_client.call_api(
            namespaced(spoken.namespace, "pods", spoken.pod, "exec"),
            "GET",
            {},
            [*command, *wanted.items()],
            {"Accept": "*/*"},
            auth_settings=["BearerToken"],
            _return_http_data_only=True,
            _preload_content=False,
            _request_timeout=READ,
        )


def _opened(api: Api, spoken: ExecCommand) -> Any:
    from gameday.targets.kubernetes.client.library import ApiClient, ApiException

    # After it: it is imported without the models.
    from kubernetes.stream import stream  # isort: skip

    # A client of its own: `stream` swaps the client's way to ask while it works.
    call = ExecCall(ApiClient(api.configuration))
    try:
        return stream(call.connect, spoken)
    except ApiException as wrong:
        status = int(wrong.status or 0)
        raise ApiRefused(f"{spoken.pod}: {wrong.reason}", status, {}) from wrong
    except OSError as wrong:
        raise TargetNotFound(
            f"{spoken.pod} cannot be told anything: {wrong}"
        ) from wrong
