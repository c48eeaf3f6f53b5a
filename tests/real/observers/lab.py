"""A small real lab: an exporter of ours, Prometheus, Alertmanager, a webhook sink."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROGRAMS = {
    "prometheus": ("GAMEDAY_TEST_PROMETHEUS", "prometheus"),
    "alertmanager": ("GAMEDAY_TEST_ALERTMANAGER", "prometheus-alertmanager"),
}

TEMPLATES = "templates"


def wait_for(what: Callable[[], Any], seconds: float = 20.0, every: float = 0.05) -> Any:
    """Return the first true answer; AssertionError after that many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def given_programs() -> dict[str, str]:
    """Return the programs named by the environment or found on PATH."""
    found = {}
    for name, (variable, package) in PROGRAMS.items():
        path = os.environ.get(variable) or shutil.which(name) or shutil.which(package)
        if path:
            found[name] = path
    return found


def debian_programs(folder: Path) -> dict[str, str]:
    """Return the programs of Debian's packages, unpacked into the folder."""
    if not shutil.which("apt-get"):
        return {}
    for _, package in PROGRAMS.values():
        if not list(folder.glob(f"{package}_*.deb")):
            fetch = ["apt-get", "download", package]
            done = subprocess.run(fetch, cwd=folder, capture_output=True, check=False)
            if done.returncode:
                return {}
        (deb,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", deb, folder], check=True)
    _carry_templates(folder)
    return {
        name: str(folder / "usr" / "bin" / package)
        for name, (_, package) in PROGRAMS.items()
    }


def _carry_templates(folder: Path) -> None:
    """Let Debian's Alertmanager find its templates where it was unpacked.

    It opens one fixed folder under /usr; a path of the same length, relative to
    where it is started, takes its place.
    """
    fixed = b"/usr/share/prometheus/alertmanager"
    program = folder / "usr" / "bin" / "prometheus-alertmanager"
    ours = b"." + b"/" * (len(fixed) - 1 - len(TEMPLATES)) + TEMPLATES.encode()
    program.write_bytes(program.read_bytes().replace(fixed, ours))


class Shop:
    """What is scraped: gauges and counters that tests set; may be slow or dead."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {"up_flag": 1.0}
        self.broken = False
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if shop.broken:
                    self.send_error(500)
                    return
                text = "".join(f"{k} {v}\n" for k, v in shop.values.items())
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Sink:
    """Takes webhooks and keeps them with the time at which they came."""

    def __init__(self) -> None:
        self.got: list[tuple[float, dict[str, Any]]] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                at = time.time()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                sink.got.append((at, json.loads(body)))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def alerts(self, status: str) -> list[dict[str, Any]]:
        """Return the alerts of all notifications that have this status."""
        return [
            one
            for _, page in self.got
            for one in page["alerts"]
            if one["status"] == status
        ]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Server:
    """One program on a free port of loopback, started and ended by us."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        self.command, self.folder, self.port = command, folder, port
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / f"log-{self.port}").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdout=log, stderr=log
            )
        wait_for(self.ready)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def reload(self) -> None:
        self.signal(signal.SIGHUP)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
            self.process = None


PROMETHEUS = """
global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{shop}"]}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]
"""

ALERTMANAGER = """
route:
  receiver: team
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: team
    webhook_configs: [{{url: "http://127.0.0.1:{sink}/"}}]
"""


class Lab:
    """All four together."""

    def __init__(
        self, programs: dict[str, str], folder: Path, rules: str, interval: str = "1s"
    ) -> None:
        self.folder = folder
        self.shop, self.sink = Shop(), Sink()
        alertmanager, prometheus = free_port(), free_port()
        ports = {
            "shop": self.shop.port,
            "sink": self.sink.port,
            "alertmanager": alertmanager,
            "interval": interval,
        }
        (folder / "prometheus.yaml").write_text(PROMETHEUS.format(**ports))
        (folder / "alertmanager.yaml").write_text(ALERTMANAGER.format(**ports))
        (folder / "rules.yaml").write_text(rules)
        shared = Path(programs["alertmanager"]).parents[1] / "share/prometheus"
        if (shared / "alertmanager").is_dir():
            (folder / TEMPLATES).symlink_to(shared / "alertmanager")
        self.alertmanager = Server(
            [
                programs["alertmanager"],
                "--config.file=alertmanager.yaml",
                f"--web.listen-address=127.0.0.1:{alertmanager}",
                "--cluster.listen-address=",
                "--storage.path=am",
            ],
            folder,
            alertmanager,
        )
        self.prometheus = Server(
            [
                programs["prometheus"],
                "--config.file=prometheus.yaml",
                f"--web.listen-address=127.0.0.1:{prometheus}",
                "--storage.tsdb.path=data",
            ],
            folder,
            prometheus,
        )

    def start(self) -> None:
        self.alertmanager.start()
        self.prometheus.start()

    def stop(self) -> None:
        self.prometheus.stop()
        self.alertmanager.stop()
        self.shop.stop()
        self.sink.stop()


@contextmanager
def running(lab: Lab) -> Iterator[Lab]:
    """Start the lab, and end it."""
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
