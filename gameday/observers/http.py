"""One small HTTP client for everything that observes: bounded, and discreet.

No error text and no repr carries a credential. Every request is bounded (5 s by
default, 64 MiB), redirects are not followed, and `close` ends requests that are under
way in other threads.
"""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from gameday.errors import ObserverLost
from gameday.frozen import frozen
from gameday.model.date_clock import DateClock
from gameday.model.scenario import Endpoint
from gameday.observers.credentials import headers_for, resolve, tls_for
from gameday.ports import Clock

__all__ = ["MALFORMED", "Client", "HttpError", "HttpResponse", "resolve"]

TIMEOUT = 5.0  # seconds
MOST_BYTES = 64 * 1024 * 1024
_BAD = 400  # from here on a status is an error
# What reading an answer of an unexpected shape may raise.
MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError)


class HttpError(ObserverLost):
    """The server answered, but with an error; `status` says which."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_refused_request(self) -> bool:
        """Whether the server works and it is the request that it refuses."""
        return _BAD <= self.status < http.client.INTERNAL_SERVER_ERROR


@frozen(kw_only=False)
class HttpResponse:
    """A response; `sent` and `took` in seconds (monotonic clock)."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    sent: float
    took: float


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return type(problem).__name__


class Client:
    """HTTP on one endpoint, from any thread, over kept connections."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, timeout: float = TIMEOUT
    ) -> None:
        parts = urlsplit(endpoint.url)
        self._tls_wanted = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls_wanted else 80)
        self._prefix = parts.path.rstrip("/")
        self._user = None if parts.username is None else unquote(parts.username)
        self._password = unquote(parts.password or "")
        where = f"[{self._host}]" if ":" in self._host else self._host
        self.url = f"{parts.scheme}://{where}:{self._port}{self._prefix}"
        self._endpoint = endpoint
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._busy: set[http.client.HTTPConnection] = set()
        self._context: ssl.SSLContext | None = None
        self.closed = False
        self.date = DateClock()  # the server's, by its answers

    def __repr__(self) -> str:
        return f"Client({self.url})"

    def get(
        self, path: str, params: Mapping[str, Any] | None = None, timeout: float = 0.0
    ) -> HttpResponse:
        """Return the answer, whatever its status; ObserverLost when there is none."""
        target = self._prefix + path
        if params:
            target += "?" + urlencode(params, doseq=True)
        return self._ask("GET", target, timeout)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> HttpResponse:
        """Return the answer to a POST; no observer changes anything by one."""
        return self._ask("POST", self._prefix + path, timeout, body, headers)

    def _ask(
        self,
        method: str,
        target: str,
        timeout: float,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        headers = headers_for(self._endpoint, self._user, self._password)
        headers |= more or {}
        connection, used = self._take_connection(timeout or self._timeout)
        try:
            return self._exchange(connection, method, target, headers, body)
        except (http.client.HTTPException, OSError, ValueError) as problem:
            if used and not isinstance(problem, TimeoutError) and not self.closed:
                # The server may have ended a kept connection: once more, afresh.
                self.close_idle()
                return self._ask(method, target, timeout, body, more)
            raise ObserverLost(
                f"{self.url} does not answer: {_reason(problem)}"
            ) from None

    def json(
        self, path: str, params: Mapping[str, Any] | None = None, timeout: float = 0.0
    ) -> Any:
        """Return the JSON of a good answer; HttpError or ObserverLost otherwise."""
        answer = self.get(path, params, timeout)
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise HttpError(
                f"{self.url}{path} answers {answer.status}{_refusal_text(answer.body)}",
                answer.status,
            )
        try:
            return json.loads(answer.body)
        except ValueError:
            raise ObserverLost(f"{self.url}{path} answers no JSON") from None

    def close(self) -> None:
        """End every request that is under way, and take no further one."""
        with self._lock:
            self.closed = True
            busy = list(self._busy)
        self.close_idle()
        for connection in busy:
            if isinstance(connection.sock, socket.socket):
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> HttpResponse:
        sent, asked = self._clock.monotonic(), self._clock.now()
        keep = False
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            response = connection.getresponse()
            self.date.take_date(asked, self._clock.now(), response.headers.get("Date"))
            content = self._read(response, sent + (connection.timeout or TIMEOUT))
            keep = not response.will_close
            took = self._clock.monotonic() - sent
            return HttpResponse(
                response.status, content, dict(response.headers), sent, took
            )
        finally:
            self._give_back(connection, keep=keep)

    def _read(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(1 << 16):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise http.client.HTTPException("the answer is too long")
            if self._clock.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        response.close()  # or the kept connection takes no further request
        return b"".join(pieces)

    def _take_connection(
        self, timeout: float
    ) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self.closed:
                raise ObserverLost(f"{self.url} is no longer asked")
            used = bool(self._idle)
            connection = self._idle.pop() if used else self._connection()
            self._busy.add(connection)
        connection.timeout = timeout
        if isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(timeout)
        return connection, used

    def _connection(self) -> http.client.HTTPConnection:
        if not self._tls_wanted:
            return http.client.HTTPConnection(self._host, self._port)
        try:
            self._context = self._context or tls_for(self._endpoint)
        except OSError as problem:
            raise ObserverLost(
                f"the TLS settings of {self.url} do not work: {_reason(problem)}"
            ) from None
        return http.client.HTTPSConnection(
            self._host, self._port, context=self._context
        )

    def _give_back(self, connection: http.client.HTTPConnection, *, keep: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if keep and not self.closed:
                self._idle.append(connection)
                return
        connection.close()

    def close_idle(self) -> None:
        """Close the connections that are kept but not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _refusal_text(body: bytes) -> str:
    """Return what a server says about its refusal, in one short line."""
    try:
        said = json.loads(body)
        text = said["error"] if isinstance(said, dict) else said
    except (ValueError, KeyError):
        text = body[:200].decode("utf-8", "replace")
    line = " ".join(str(text).split())[:200]
    return f": {line}" if line else ""
