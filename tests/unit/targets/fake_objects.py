"""A cluster's API on loopback: objects that are made, patched and deleted.

It holds what the real one holds to here: versions, uids, preconditions. A call can be
kept on its way, as one whose caller died, and come later.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.unit.targets.fake_cluster import CONTEXT, NAMESPACE, Json, merged, served

URL = f"kubernetes://{CONTEXT}/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
CORE = f"/api/v1/namespaces/{NAMESPACE}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes something."""

    method: str
    path: str
    body: Json


@dataclass
class FakeObjects:
    """What the API has, by path, and which calls changed it.

    `held`: whether a call stays on its way; `before`: called before each that does not.
    """

    kept: dict[str, Json] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    on_the_way: list[Call] = field(default_factory=list)
    held: Callable[[Call], bool] = lambda _: False
    before: Callable[[Call], None] = lambda _: None
    _version: int = 0
    _lock: Any = field(default_factory=threading.RLock)

    def put(self, path: str, resource: Json) -> Json:
        """Have an object, as somebody else makes or changes it."""
        with self._lock:
            self._version += 1
            name = path.rpartition("/")[2]
            meta = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{self._version}"}
            meta |= {"creationTimestamp": "2026-01-01T00:00:00Z"}
            meta |= resource.get("metadata", {})
            meta["resourceVersion"] = str(self._version)
            self.kept[path] = {**resource, "metadata": meta}
            return self.kept[path]

    def find(self, path: str) -> Json | None:
        """Return an object, or a collection where the path ends like one."""
        with self._lock:
            if path in self.kept:
                return self.kept[path]
            plural = path.rpartition("/")[2].endswith("s")
            items = [
                resource
                for where, resource in self.kept.items()
                if where.rpartition("/")[0] == path
            ]
            listed = {"resourceVersion": str(self._version)}
            return {"metadata": listed, "items": items} if plural else None

    def come(self, call: Call) -> tuple[int, Json]:
        """Have a call take effect; return the answer."""
        with self._lock:
            self.calls.append(call)
            made = {"POST": self._post, "PATCH": self._patch, "DELETE": self._delete}
            return made[call.method](call)

    def _post(self, call: Call) -> tuple[int, Json]:
        path = f"{call.path}/{call.body['metadata']['name']}"
        return _no(409) if path in self.kept else (201, self.put(path, call.body))

    def _patch(self, call: Call) -> tuple[int, Json]:
        resource = self.kept.get(call.path)
        if resource is None:
            return _no(404)
        meta = {**call.body.get("metadata", {})}
        version = meta.pop("resourceVersion", resource["metadata"]["resourceVersion"])
        if version != resource["metadata"]["resourceVersion"]:
            return _no(409)
        made = merged(resource, {**call.body, "metadata": meta})
        return 200, resource if made == resource else self.put(call.path, made)

    def _delete(self, call: Call) -> tuple[int, Json]:
        resource = self.kept.get(call.path)
        if resource is None:
            return _no(404)
        sure = call.body.get("preconditions", {})
        if any(resource["metadata"][key] != value for key, value in sure.items()):
            return _no(409)
        del self.kept[call.path]
        return 200, resource


def _no(status: int) -> tuple[int, Json]:
    return status, {"kind": "Status", "message": f"no: {status}"}


class _Handler(BaseHTTPRequestHandler):
    objects: FakeObjects
    wbufsize = 1 << 16  # an answer in one piece
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        resource = self.objects.find(urlsplit(self.path).path)
        self._answer(*(_no(404) if resource is None else (200, resource)))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        call = Call(self.command, urlsplit(self.path).path, body or {})
        if self.objects.held(call):
            self.objects.on_the_way.append(call)
            self.close_connection = True
            return
        self.objects.before(call)
        self._answer(*self.objects.come(call))

    do_PATCH = do_POST  # noqa: N815 - the server's own way of naming
    do_DELETE = do_POST  # noqa: N815

    def _answer(self, status: int, body: Mapping[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeObjects]:
    """Serve a cluster on a free port; the target URL names it."""
    objects = FakeObjects()
    handler = type("Handler", (_Handler,), {"objects": objects})
    with served(handler, folder, monkeypatch):
        yield objects
