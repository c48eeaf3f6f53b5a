"""A cluster's API on loopback: collections that can be listed and watched.

What a test puts into it is an object of the API; versions are given here.
"""

import contextlib
import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gameday.clock import SystemClock
from gameday.targets.kubernetes.access import Access
from gameday.targets.kubernetes.api import Api

Json = dict[str, Any]
NAMESPACE = "shop"
CONTEXT = "fake"


class FakeCluster:
    """What the API has, by path and name, and what happened to it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Json] = {}
        self.told: list[tuple[str, int, Json]] = []  # path, version, watch event
        self.asked: list[str] = []
        self.forgotten = 0  # a watch from before this version is refused
        self.forbidden: set[str] = set()  # paths
        self.down = False
        self.changed = threading.Condition()
        self._versions = itertools.count(1)
        self._last = 0

    def put(self, path: str, name: str, **parts: Any) -> Json:
        """Make or change an object; return it."""
        with self.changed:
            before = self.kept.get((path, name))
            uid = before["metadata"]["uid"] if before else f"uid-{name}"
            given = parts.pop("metadata", {})
            meta = {"name": name, "namespace": NAMESPACE, "uid": uid, **given}
            meta["resourceVersion"] = str(self._tick())
            found = {**parts, "metadata": meta}
            self.kept[path, name] = found
            self._tell(path, "MODIFIED" if before else "ADDED", found)
            return found

    def remove(self, path: str, name: str) -> None:
        """Delete an object."""
        with self.changed:
            found = self.kept.pop((path, name))
            meta = {**found["metadata"], "resourceVersion": str(self._tick())}
            self._tell(path, "DELETED", {**found, "metadata": meta})

    def forget(self, *, cut: bool = True) -> None:
        """Forget the stream so far; `cut`: whoever watches is told so."""
        with self.changed:
            self.forgotten = self._tick()
            self.told.clear()
            if cut:
                paths = {path for path, _ in self.kept}
                status = {"kind": "Status", "code": 410}
                for path in paths:
                    self._tell(path, "ERROR", status)

    def listed(self, path: str) -> Json:
        """Return a collection."""
        with self.changed:
            items = [one for (where, _), one in self.kept.items() if where == path]
            return {"metadata": {"resourceVersion": str(self._last)}, "items": items}

    def after(self, path: str, version: int, seconds: float) -> list[tuple[int, Json]]:
        """Return what was told after a version, waiting for it."""

        def there() -> list[tuple[int, Json]]:
            return [(v, one) for p, v, one in self.told if p == path and v > version]

        with self.changed:
            self.changed.wait_for(lambda: there() or self.down, seconds)
            return there()

    def _tick(self) -> int:
        self._last = next(self._versions)
        return self._last

    def _tell(self, path: str, kind: str, found: Json) -> None:
        self.told.append((path, self._last, {"type": kind, "object": found}))
        self.changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    wbufsize = 1 << 16
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: found[0] for key, found in parse_qs(parts.query).items()}
        self.cluster.asked.append(("watch " if "watch" in query else "") + parts.path)
        if self.cluster.down:
            self.close_connection = True
            return
        if parts.path in self.cluster.forbidden:
            self._answer(403, {"kind": "Status", "message": "not for you"})
        elif "watch" not in query:
            self._answer(200, self.cluster.listed(parts.path))
        elif int(query["resourceVersion"]) < self.cluster.forgotten:
            self._answer(410, {"kind": "Status", "message": "too old"})
        else:
            self._stream(parts.path, int(query["resourceVersion"]))

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, path: str, version: int) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        with contextlib.suppress(OSError):  # nobody listens any more
            for _ in range(1000):
                told = self.cluster.after(path, version, 0.05)
                for _, one in told:
                    line = json.dumps(one).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                version = told[-1][0] if told else version
                self.wfile.flush()
                if self.cluster.down:
                    break
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FakeCluster, Api]]:
    """Serve a cluster on a free port, and an API that speaks to it."""
    cluster = FakeCluster()
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    config = folder / "kubeconfig"
    config.write_text(_kubeconfig(server.server_address[1]))
    monkeypatch.setenv("KUBECONFIG", str(config))
    try:
        yield cluster, Api(Access(context=CONTEXT, namespace=NAMESPACE), SystemClock())
    finally:
        cluster.down = True
        server.shutdown()
        server.server_close()


def _kubeconfig(port: int) -> str:
    cluster = {"server": f"http://127.0.0.1:{port}"}
    context = {"cluster": "c", "user": "u"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": CONTEXT, "context": context}],
        }
    )
