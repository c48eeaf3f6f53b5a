"""`gameday gate --serve`: gates over HTTP, for Argo Rollouts, Flagger and scripts.

`GET /v1/gate/NAME` is always 200 with the decision: a metric provider reads `outcome`.
`POST /v1/gate` is 200, or 409 for fail and inconclusive, with a sentence: a webhook
reads the status. A gate that is not known is 404.
"""

import hmac
import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from gameday.app.evidence.gate import Gates
from gameday.errors import GamedayError, UsageError
from gameday.gate.override import document, may_ship
from gameday.model.quantity import show_instant
from gameday.model.values.listen_address import host_and_port
from gameday.reports.wording import clean

LOCAL = ("127.0.0.1", "::1", "localhost")
FRESH = 5.0  # seconds for which a decision is given again
MOST = 64 * 1024  # bytes of a request's body
PREFIX = "/v1/gate"
OK, UNAUTHORIZED, NOT_FOUND, CONFLICT, TOO_LARGE = 200, 401, 404, 409, 413
BAD = 400


class _HttpServer(ThreadingHTTPServer):
    """Listens at an address of either family."""

    daemon_threads = True

    def __init__(
        self, host: str, port: int, handler: type[BaseHTTPRequestHandler]
    ) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), handler)


class GateServer:
    """Answers for some gates until it is stopped."""

    def __init__(self, gates: Gates, listen: str, token: str = "") -> None:
        try:
            host, port = host_and_port(listen)
        except ValueError as error:
            raise UsageError(f"--listen {error}") from None
        if host not in LOCAL and not token:
            raise UsageError(
                f"--listen {listen}: others than this machine may only ask with a "
                "token; name its file with --token-file"
            )
        self._gates = gates
        self._token = token
        self._known: dict[str, tuple[float, dict[str, Any], bool]] = {}
        self._lock = threading.Lock()
        try:
            self._server = _HttpServer(host, port, self._handler())
        except OSError as error:
            raise UsageError(f"--listen {listen}: {error.strerror}") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Answer until `stop`."""
        self._server.serve_forever(0.1)

    def stop(self) -> None:
        """End; idempotent."""
        self._server.shutdown()
        self._server.server_close()

    def allowed(self, authorization: str) -> bool:
        """Whether a request may be answered."""
        wanted = f"Bearer {self._token}"
        return not self._token or hmac.compare_digest(
            authorization.encode(), wanted.encode()
        )

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return the answer to a GET."""
        name = unquote(path.removeprefix(f"{PREFIX}/"))
        if not path.startswith(f"{PREFIX}/") or name not in self._gates.policies:
            return NOT_FOUND, self._unknown(name)
        return OK, self._decision_response(name)[0]

    def post(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return the answer to a POST; Flagger's payload names the gate."""
        try:
            asked = json.loads(body or b"{}")
            name = self._named(asked)
        except (ValueError, AttributeError, RecursionError):
            return BAD, {"error": 'expected a JSON object such as {"name": "GATE"}'}
        if path != PREFIX or name not in self._gates.policies:
            return NOT_FOUND, self._unknown(name)
        found, ships = self._decision_response(name)
        return (OK if ships else CONFLICT), found

    def _named(self, asked: dict[str, Any]) -> str:
        """Return the gate that a payload means: by metadata, name, or the only one."""
        metadata = asked.get("metadata") or {}
        name = str(metadata.get("gate") or asked.get("name") or "")
        only = list(self._gates.policies)
        if name not in self._gates.policies and not metadata.get("gate"):
            return only[0] if len(only) == 1 else name
        return name

    def _unknown(self, name: str) -> dict[str, Any]:
        known = ", ".join(sorted(self._gates.policies))
        return {"error": f"there is no gate {clean(name)!r}; there are: {known}"}

    def _decision_response(self, name: str) -> tuple[dict[str, Any], bool]:
        with self._lock:
            now = self._gates.clock.monotonic()
            at, found, ships = self._known.get(name, (now - FRESH - 1, {}, False))
            if now - at > FRESH:
                found, ships = self._ask(name)
                self._known[name] = (now, found, ships)
            return found, ships

    def _ask(self, name: str) -> tuple[dict[str, Any], bool]:
        """Return a decision; what cannot be decided is inconclusive, not an error."""
        try:
            decision, override = self._gates.decided(name)
        except GamedayError as error:
            at = show_instant(self._gates.clock.now())
            shown = {"gate": name, "at": at, "outcome": "inconclusive"}
            return {**shown, "because": clean(str(error)), "reasons": []}, False
        shown = document(decision, override)
        if "overridden" in shown and override is not None:
            shown["because"] += f" (overridden by {override.by}: {override.because})"
        return shown, may_ship(decision, override)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                self._answer(lambda path, _: server.get(path))

            def do_POST(self) -> None:
                self._answer(server.post)

            def _answer(
                self, ask: Callable[[str, bytes], tuple[int, dict[str, Any]]]
            ) -> None:
                given = self.headers.get("Content-Length") or "0"
                if not given.isdecimal() or int(given) > MOST:
                    self.close_connection = True
                    said = f"expected a body of at most {MOST} bytes, and its length"
                    status = TOO_LARGE if given.isdecimal() else BAD
                    self._send(status, {"error": said})
                    return
                body = self.rfile.read(int(given))
                if not server.allowed(self.headers.get("Authorization") or ""):
                    self._send(UNAUTHORIZED, {"error": "a bearer token is needed"})
                    return
                self._send(*ask(urlsplit(self.path).path, body))

            def _send(self, status: int, body: dict[str, Any]) -> None:
                content = (json.dumps(body) + "\n").encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing: whoever asks logs it."""

        return Handler
