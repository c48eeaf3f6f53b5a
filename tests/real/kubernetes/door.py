"""A door before a cluster's API: everything passes, until it is shut or stalled."""

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from kubernetes import config


class Door:
    """Listens on a free port of loopback and passes bytes on to the API."""

    def __init__(self, context: str, folder: Path) -> None:
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._pairs: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.kubeconfig = folder / "kubeconfig"
        self._to = self._write(context)
        threading.Thread(target=self._accept, daemon=True).start()

    def _write(self, context: str) -> tuple[str, int]:
        """Write the kubeconfig of who comes through here; return where the API is."""
        with Path(os.environ["KUBECONFIG"]).open(encoding="utf-8") as file:
            kubeconfig: Any = yaml.safe_load(file)
        contexts, _ = config.list_kube_config_contexts()
        mine = next(entry for entry in contexts if entry["name"] == context)
        name = mine["context"]["cluster"]
        clusters = {named["name"]: named["cluster"] for named in kubeconfig["clusters"]}
        cluster = clusters[name]
        parts = urlsplit(cluster["server"])
        port = self._listening.getsockname()[1]
        cluster["server"] = f"https://127.0.0.1:{port}"
        cluster["tls-server-name"] = parts.hostname
        self.kubeconfig.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
        return str(parts.hostname), parts.port or 443

    def stall(self) -> None:
        """Pass nothing on; whoever comes, waits."""
        self._open.clear()

    def pass_on(self) -> None:
        """Pass on what waited, and all that comes."""
        self._open.set()

    def cut(self) -> None:
        """End every connection that there is."""
        pairs, self._pairs = self._pairs, []
        for connection in pairs:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End."""
        self._ended = True
        self._open.set()
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while not self._ended:
            try:
                here, _ = self._listening.accept()
                there = socket.create_connection(self._to, 5)
            except OSError:
                continue
            there.settimeout(None)
            self._pairs += [here, there]
            for source, other in ((here, there), (there, here)):
                loop = threading.Thread(
                    target=self._loop, args=(source, other), daemon=True
                )
                loop.start()

    def _loop(self, source: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError), source, other:
            while data := source.recv(1 << 16):
                self._open.wait(120)
                other.sendall(data)
