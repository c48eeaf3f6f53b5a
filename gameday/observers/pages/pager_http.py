"""The pager's HTTP server, and forwarding to another pager."""

import http.client
import json
import queue
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from gameday.observers.pages.pages import VENDORS, NotAPageError, answer, read_page

LARGEST = 1 << 20
"""Bytes of a body; more is refused with 413."""
LONGEST = 60.0
"""Seconds that a reader may ask to wait."""
_OURS = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


_LINE = 8192  # bytes of a chunk's header or of a trailer
_TRAILERS = 100  # lines that may follow a chunked body


class _Refused(Exception):
    """A page is not taken; `status` is the answer."""

    def __init__(self, status: int, because: str) -> None:
        super().__init__(because)
        self.status = status


class PageHandler(Protocol):
    """What the server calls for each request."""

    def now(self) -> float:
        """Return the time, seconds since the epoch."""

    def keep(self, at: float, receiver: str, fields: Mapping[str, Any]) -> None:
        """Keep a page that was read and answered."""

    def refuse(self, at: float, receiver: str, vendor: str, because: str) -> None:
        """Keep that a page was refused, and why."""

    def show(self, since: int, wait: float) -> dict[str, Any]:
        """Return what came after `since`, waiting for it if asked."""

    def pass_on(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Hand a page to whoever else wants it."""


class PagerServer(ThreadingHTTPServer):
    """Listens at an address and serves a desk from a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, desk: PageHandler) -> None:
        self.desk = desk
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Request)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), daemon=True, name="pager"
        )

    def open(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def shut(self) -> None:
        """End serving and free the port."""
        self.shutdown()
        self.server_close()
        self._thread.join(timeout=5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a visitor that hangs up is no news."""


class _Request(BaseHTTPRequestHandler):
    """One connection."""

    server: PagerServer
    protocol_version = "HTTP/1.1"
    server_version = "gameday-pager"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    _at = 0.0

    def parse_request(self) -> bool:
        """Stamp the time before anything is read of what follows."""
        self._at = self.server.desk.now()
        return super().parse_request()

    def do_POST(self) -> None:
        """Take a page: answer, keep, pass on, in this order."""
        vendor, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        receiver, _, path = rest.partition("/")
        try:
            body = self._body()
            _known(vendor, receiver)
            fields = {"vendor": vendor, **read_page(vendor, path, body)}
        except (_Refused, NotAPageError) as error:
            status = error.status if isinstance(error, _Refused) else 400
            about = (unquote(receiver), vendor if vendor in VENDORS else "")
            self.server.desk.refuse(self._at, *about, str(error))
            self._problem(status, str(error))
            return
        self._send(*answer(vendor, fields))
        desk = self.server.desk
        desk.keep(self._at, unquote(receiver), fields)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _OURS}
        desk.pass_on(self.path, headers, body)

    do_PUT = do_POST  # noqa: N815 (the name is the library's)

    def do_GET(self) -> None:
        """Show the pages."""
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._send(200, "text/plain", b"ok\n")
            return
        if url.path != "/pages":
            self._problem(404, "expected /pages?since=SEQ or /healthz")
            return
        asked = parse_qs(url.query)
        try:
            since = int(asked.get("since", ["0"])[0])
            wait = float(asked.get("wait", ["0"])[0])
        except ValueError:
            self._problem(400, "since is a whole number, wait a number of seconds")
            return
        wait = min(wait, LONGEST) if wait > 0 else 0.0
        shown = self.server.desk.show(since, wait)
        self._send(200, "application/json", json.dumps(shown).encode())

    def _body(self) -> bytes:
        """Return the body; _Refused where it is too large or has no length."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
            return self._chunks()
        if not length.isdecimal():
            raise _Refused(411, "Content-Length, or a chunked body, is required")
        if int(length) > LARGEST:
            raise _Refused(413, f"larger than {LARGEST} bytes")
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        """Return a body that comes in chunks, each headed by its size (RFC 9112)."""
        body = bytearray()
        while size := self._size():
            if len(body) + size > LARGEST:
                raise _Refused(413, f"larger than {LARGEST} bytes")
            body += self.rfile.read(size)
            self.rfile.readline(_LINE)
        for _ in range(_TRAILERS):
            if not self.rfile.readline(_LINE).strip():
                return bytes(body)
        raise _Refused(400, "a chunked body without an end")

    def _size(self) -> int:
        line = self.rfile.readline(_LINE).partition(b";")[0].strip()
        try:
            size = int(line, 16)
        except ValueError:
            size = -1
        if size < 0:
            raise _Refused(400, "a chunk without its size")
        return size

    def _problem(self, status: int, message: str) -> None:
        self.close_connection = True
        body = json.dumps({"message": message}).encode()
        self._send(status, "application/json", body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (inherited)
        """Print nothing: paths may hold secrets."""


def _known(vendor: str, receiver: str) -> None:
    if vendor not in VENDORS or not receiver:
        ways = "|".join(VENDORS)
        raise _Refused(404, f"no such receiver; expected /{ways}/NAME")


class Forwarder:
    """Sends pages on to a base URL, one after the other, in the background.

    Each is tried once: its sender was answered already, and a page that comes late
    is worse than none. `failed` counts those that did not arrive.
    """

    def __init__(self, base: str) -> None:
        url = urlsplit(base)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("forward is not a http:// or https:// URL")
        secure = url.scheme == "https"
        self._kind = (
            http.client.HTTPSConnection if secure else http.client.HTTPConnection
        )
        self._host, self._port = url.hostname, url.port
        self._base = url.path.rstrip("/")
        self._queue: queue.Queue[tuple[str, Mapping[str, str], bytes] | None]
        self._queue = queue.Queue(maxsize=1000)
        self._thread = threading.Thread(
            target=self._forward_all, daemon=True, name="forward"
        )
        self.failed = 0

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, for at most ten seconds; idempotent."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout=10)

    def add(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Queue a page; with a thousand waiting it is dropped."""
        try:
            self._queue.put_nowait((path, headers, body))
        except queue.Full:
            self.failed += 1

    def _forward_all(self) -> None:
        while (job := self._queue.get()) is not None:
            path, headers, body = job
            try:
                self._post(path, headers, body)
            except (OSError, http.client.HTTPException):
                self.failed += 1

    def _post(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        connection = self._kind(self._host, self._port, timeout=5)
        try:
            connection.request("POST", self._base + path, body, dict(headers))
            if connection.getresponse().status >= http.client.BAD_REQUEST:
                self.failed += 1
        finally:
            connection.close()
