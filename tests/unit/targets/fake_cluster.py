"""A cluster's API on loopback: collections that can be listed, watched and changed.

What a test puts into it is an object of the API; versions are given here. Nobody acts
on what is changed: there are no controllers.
"""

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gameday.clock import SystemClock
from gameday.targets.kubernetes.client.access import Access
from gameday.targets.kubernetes.client.api import Api

Json = dict[str, Any]
Answer = tuple[str, str, int, bytes]  # to which method and path, status, body
NAMESPACE = "shop"
COLLECTIONS = (
    *("pods", "nodes", "secrets", "configmaps", "services", "events", "leases"),
    *("deployments", "statefulsets", "daemonsets", "replicasets"),
    *("controllerrevisions", "networkpolicies", "poddisruptionbudgets"),
    *("endpointslices", "horizontalpodautoscalers", "serviceaccounts"),
    *("persistentvolumeclaims", "jobs", "cronjobs", "ingresses"),
)
CONTEXT = "fake"


class FakeCluster:
    """What the API has, by path and name, and what happened to it."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Json] = {}
        self.told: list[tuple[str, int, Json]] = []  # path, version, watch event
        self.asked: list[str] = []
        self.forgotten = 0  # a watch from before this version is refused
        self.forbidden: set[str] = set()  # paths
        self.patched: Callable[[str], None] = lambda _: None  # told which path
        self.answers: list[Answer] = []  # given in place of what is there, once each
        self.held_up: dict[str, list[Json]] = {}  # patches that come later, by path
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
            resource = {**parts, "metadata": meta}
            self.kept[path, name] = resource
            self._tell(path, "MODIFIED" if before else "ADDED", resource)
            return resource

    def remove(self, path: str, name: str) -> None:
        """Delete an object."""
        with self.changed:
            resource = self.kept.pop((path, name))
            meta = {**resource["metadata"], "resourceVersion": str(self._tick())}
            self._tell(path, "DELETED", {**resource, "metadata": meta})

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
            items = [
                resource for (where, _), resource in self.kept.items() if where == path
            ]
            return {"metadata": {"resourceVersion": str(self._last)}, "items": items}

    def after(self, path: str, version: int, seconds: float) -> list[tuple[int, Json]]:
        """Return what was told after a version, waiting for it."""

        def there() -> list[tuple[int, Json]]:
            return [
                (v, event) for p, v, event in self.told if p == path and v > version
            ]

        with self.changed:
            self.changed.wait_for(lambda: there() or self.down, seconds)
            return there()

    def object(self, path: str) -> Json | None:
        """Return one object by its whole path."""
        parent, _, name = path.rpartition("/")
        return self.kept.get((parent, name))

    def merge(self, path: str, patch: Json) -> tuple[int, Json]:
        """Merge a patch in, as RFC 7386 has it; return status and answer."""
        if path in self.held_up:
            self.held_up[path].append(patch)
            return 503, {"kind": "Status", "message": "held up"}
        resource = self.object(path)
        if resource is None:
            return 404, {"kind": "Status", "message": f"{path} not found"}
        version = patch.get("metadata", {}).get("resourceVersion")
        if version not in (None, resource["metadata"]["resourceVersion"]):
            return 409, {"kind": "Status", "message": "the object has been modified"}
        parent, _, name = path.rpartition("/")
        made = self.put(parent, name, **merged(resource, patch))
        self.patched(path)
        return 200, made

    def create(self, path: str, body: Json) -> tuple[int, Json]:
        """Make an object; return status and answer."""
        name = body["metadata"]["name"]
        if (path, name) in self.kept:
            return 409, {"kind": "Status", "message": f"{name} already exists"}
        return 201, self.put(path, name, **body)

    def delete(self, path: str) -> tuple[int, Json]:
        """Delete an object; return status and answer."""
        if self.object(path) is None:
            return 404, {"kind": "Status", "message": f"{path} not found"}
        parent, _, name = path.rpartition("/")
        self.remove(parent, name)
        return 200, {"kind": "Status"}

    def answer(self, method: str, path: str) -> tuple[int, bytes] | None:
        """Return what is to be answered once in place of what is there."""
        for answer in self.answers:
            if answer[:2] == (method, path):
                self.answers.remove(answer)
                return answer[2:]
        return None

    def _tick(self) -> int:
        self._last = next(self._versions)
        return self._last

    def _tell(self, path: str, kind: str, resource: Json) -> None:
        self.told.append((path, self._last, {"type": kind, "object": resource}))
        self.changed.notify_all()


def merged(document: Any, patch: Any) -> Any:
    """Return a JSON merge patch (RFC 7386) applied."""
    if not isinstance(patch, Mapping):
        return patch
    made = dict(document) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    wbufsize = 1 << 16
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.cluster.asked.append(("watch " if "watch" in query else "") + parts.path)
        if self.cluster.down:
            self.close_connection = True
            return
        given = self.cluster.answer("GET", parts.path)
        if given is not None:
            self._send(*given)
        elif parts.path in self.cluster.forbidden:
            self._answer(403, {"kind": "Status", "message": "not for you"})
        elif "watch" not in query:
            self._answer(*self._found(parts.path))
        elif int(query["resourceVersion"]) < self.cluster.forgotten:
            self._answer(410, {"kind": "Status", "message": "too old"})
        else:
            self._stream(parts.path, int(query["resourceVersion"]))

    def do_PATCH(self) -> None:
        patch = self._body()
        self._changed("PATCH", lambda path: self.cluster.merge(path, patch))

    def do_POST(self) -> None:
        body = self._body()
        self._changed("POST", lambda path: self.cluster.create(path, body))

    def do_DELETE(self) -> None:
        self._body()
        self._changed("DELETE", self.cluster.delete)

    def _changed(self, method: str, act: Callable[[str], tuple[int, Json]]) -> None:
        path = urlsplit(self.path).path
        self.cluster.asked.append(f"{method} {path}")
        given = self.cluster.answer(method, path)
        if given is not None:
            self._send(*given)
        else:
            self._answer(*act(path))

    def _body(self) -> Json:
        body: Json = json.loads(
            self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"
        )
        return body

    def _found(self, path: str) -> tuple[int, Json]:
        if path.rpartition("/")[2] in COLLECTIONS:
            return 200, self.cluster.listed(path)
        resource = self.cluster.object(path)
        missing = {"kind": "Status", "message": f"{path} not found"}
        return (200, resource) if resource is not None else (404, missing)

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, text: bytes) -> None:
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
                for _, event in told:
                    line = json.dumps(event).encode() + b"\n"
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
    with served(handler, folder, monkeypatch):
        try:
            access = Access(context=CONTEXT, namespace=NAMESPACE)
            yield cluster, Api(access, SystemClock())
        finally:
            cluster.down = True


@contextmanager
def served(
    handler: type[BaseHTTPRequestHandler],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Serve on a free port of loopback; the kubeconfig's one context leads there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    config = folder / "kubeconfig"
    config.write_text(_kubeconfig(server.server_address[1]))
    monkeypatch.setenv("KUBECONFIG", str(config))
    try:
        yield
    finally:
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
