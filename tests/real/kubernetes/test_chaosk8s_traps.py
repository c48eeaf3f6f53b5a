"""Traps of chaosk8s that need no cluster: what it sends, seen by a server of ours.

When one of these tests fails, upstream has mended the defect: take the trap out of
gameday/model/faults/foreign_others.py. A mended `delete_nodes` meets this server too.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0  # seconds for a process that makes one call


class Api(ThreadingHTTPServer):
    """Answers everything with an empty list, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []  # method, path, body


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, body))
        answer = b'{"kind": "List", "metadata": {}, "items": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - the server's own way of naming
    do_PUT = do_GET  # noqa: N815
    do_PATCH = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5.0)


def call(api: Api, folder: Path, module: str, asked: str) -> str:
    """Have another process make a call; return its exception, or `done`."""
    port = api.server_address[1]
    server = {"server": f"http://127.0.0.1:{port}"}
    context = {"cluster": "c", "user": "u"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "here", "context": context}],
    }
    path = folder / "config"
    path.write_text(json.dumps(config))
    code = (
        f"from chaosk8s.{module} import *\n"
        f"try: {asked}; print('done')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KUBECONFIG": str(path), "KUBERNETES_CONTEXT": "here"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ran.stdout.strip() or ran.stderr


def posted(api: Api) -> Any:
    (body,) = [body for method, _, body in api.asked if method == "POST"]
    return body


NETWORK = "chaosmesh.network.actions"


def test_upstream_defect_a_network_fault_has_no_end_of_its_own(
    api: Api, tmp_path: Path
) -> None:
    said = call(
        api,
        tmp_path,
        NETWORK,
        "add_latency('slow', latency='1s', label_selectors='a=b')",
    )
    assert said == "done"
    assert posted(api)["kind"] == "NetworkChaos"
    assert "duration" not in posted(api)["spec"]


def test_upstream_defect_a_mode_is_sent_without_its_value(
    api: Api, tmp_path: Path
) -> None:
    asked = "set_loss('lossy', loss='5', mode='fixed', mode_value='2')"
    assert call(api, tmp_path, NETWORK, asked) == "done"
    assert posted(api)["spec"]["mode"] == "fixed"
    assert "value" not in posted(api)["spec"]


def test_upstream_defect_the_bandwidth_action_is_misspelt(
    api: Api, tmp_path: Path
) -> None:
    asked = "set_bandwidth('thin', rate='1mbps', limit=100, buffer=100)"
    assert call(api, tmp_path, NETWORK, asked) == "done"
    assert posted(api)["spec"]["action"] == "bandwdith"


def test_upstream_defect_all_nodes_cannot_be_deleted(api: Api, tmp_path: Path) -> None:
    said = call(api, tmp_path, "node.actions", "delete_nodes(all=True)")
    assert said.startswith("TypeError")
    assert api.asked == []


@pytest.mark.parametrize(
    "asked",
    [
        "replace_custom_object('g', 'v1', 'things', 'x', resource={})",
        "replace_cluster_custom_object('g', 'v1', 'things', 'x', resource={})",
    ],
)
def test_upstream_defect_replace_hands_on_an_unknown_argument(
    api: Api, tmp_path: Path, asked: str
) -> None:
    said = call(api, tmp_path, "crd.actions", asked)
    assert "force" in said
    assert api.asked == []


def test_upstream_defect_apply_sends_text_instead_of_an_object(
    api: Api, tmp_path: Path
) -> None:
    resource = {"apiVersion": "g/v1", "kind": "Thing", "metadata": {"name": "x"}}
    text = json.dumps(resource)
    call(api, tmp_path, "crd.actions", f"apply_from_json({text!r})")
    assert posted(api) == text


def test_upstream_defect_a_namespace_is_default_whatever_the_context_says(
    api: Api, tmp_path: Path
) -> None:
    assert call(api, tmp_path, "pod.actions", "terminate_pods()") == "done"
    assert [path for _, path, _ in api.asked] == ["/api/v1/namespaces/default/pods"]
