"""An HTTP server of our own, a clock that tests turn, and an event collector."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gameday.model.events import Event


@dataclass
class Asked:
    """One request."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Reply:
    """One answer; `hang`: wait for this event before answering."""

    body: Any = ""
    status: int = 200
    cut: bool = False
    hang: threading.Event | None = None


@dataclass
class FakeServer:
    """Answers with what `answer` says, and keeps what it was asked."""

    answer: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[FakeServer]:
    """Serve on a free port of loopback until the end of the block."""
    fake = FakeServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # one packet an answer, not one for its head

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {k: v[0] for k, v in parse_qs(parts.query).items()}
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(parts.path, params, dict(self.headers), sent)
            fake.asked.append(asked)
            reply = fake.answer(asked)
            if reply.hang is not None:
                reply.hang.wait(10)
            body = _bytes(reply.body)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(body) + 10 * reply.cut))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)
                self.wfile.flush()
            if reply.cut:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Say nothing of connections that the client ended."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


class HandClock:
    """A clock that stands still unless it is turned."""

    def __init__(self, now: float = 1000.0) -> None:
        self.at = now

    def now(self) -> float:
        """Return the time."""
        return self.at

    def monotonic(self) -> float:
        """Return the time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Turn the clock."""
        self.at += seconds


class Heard:
    """Collects events, and lets tests wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        """Keep an event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: str) -> list[Any]:
        """Return the events of this kind."""
        return [event for event in list(self.events) if event.kind == kind]

    def wait(self, kind: str, seconds: float = 60.0) -> Any:
        """Return the first event of this kind, waiting for it."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.of(kind), seconds), kind
        return self.of(kind)[0]
