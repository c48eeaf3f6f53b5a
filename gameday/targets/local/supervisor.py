"""supervisord's XML-RPC, over HTTP or a Unix socket, with bounded waits."""

import base64
import http.client
import os
import socket
import threading
import xmlrpc.client
from collections.abc import Mapping
from typing import Any

from gameday.errors import GamedayError, TargetNotFound

TIMEOUT = 10.0  # seconds for any one answer
USER, PASSWORD = "GAMEDAY_SUPERVISOR_USER", "GAMEDAY_SUPERVISOR_PASSWORD"
NO_NAME = 10  # fault codes of supervisor.xmlrpc.Faults
ALREADY_STARTED = 60
NOT_RUNNING = 70


class SupervisorRefused(GamedayError):
    """supervisord answered, and said no; `code` is its fault code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


class _Transport(xmlrpc.client.Transport):
    """A connection for each question; to a path where it is a Unix socket."""

    def __init__(self, path: str, headers: list[tuple[str, str]]) -> None:
        super().__init__(headers=headers)
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        if self._path:
            made: http.client.HTTPConnection = _SocketConnection(self._path)
        else:
            chost, _, _ = self.get_host_info(host)
            made = http.client.HTTPConnection(chost, timeout=TIMEOUT)
        self._connection = (host, made)
        return made


class Supervisor:
    """One supervisord; `address` is its URL, http://HOST:PORT or unix:///PATH."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = threading.Lock()  # one connection, one question at a time
        path = address.removeprefix("unix://") if address.startswith("unix:") else ""
        url = "http://localhost/RPC2" if path else f"{address.rstrip('/')}/RPC2"
        self._proxy = xmlrpc.client.ServerProxy(url, _Transport(path, _login()))

    def call(self, method: str, *arguments: Any) -> Any:
        """Call `supervisor.METHOD`; SupervisorRefused or TargetNotFound."""
        try:
            with self._lock, self._proxy as proxy:  # closed again: nothing is kept
                return getattr(proxy, f"supervisor.{method}")(*arguments)
        except xmlrpc.client.Fault as wrong:
            raise SupervisorRefused(wrong.faultString, wrong.faultCode) from wrong
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as wrong:
            raise TargetNotFound(
                f"supervisord at {self.address} does not answer: {_error_text(wrong)}"
            ) from wrong

    def processes(self) -> list[Mapping[str, Any]]:
        """Return what supervisord says of each of its processes."""
        processes: list[Mapping[str, Any]] = self.call("getAllProcessInfo")
        return processes

    def process(self, name: str) -> Mapping[str, Any]:
        """Return what supervisord says of GROUP:NAME."""
        process: Mapping[str, Any] = self.call("getProcessInfo", name)
        return process

    @property
    def pid(self) -> int:
        """The process id of supervisord itself."""
        return int(self.call("getPID"))


def _login() -> list[tuple[str, str]]:
    user = os.environ.get(USER)
    if not user:
        return []
    pair = f"{user}:{os.environ.get(PASSWORD, '')}".encode()
    return [("Authorization", f"Basic {base64.b64encode(pair).decode()}")]


def _error_text(wrong: Exception) -> str:
    if isinstance(wrong, xmlrpc.client.ProtocolError):
        hint = f"; {USER} and {PASSWORD} log in" if wrong.errcode == 401 else ""  # noqa: PLR2004
        return f"HTTP {wrong.errcode} {wrong.errmsg}{hint}"
    return str(wrong) or type(wrong).__name__
