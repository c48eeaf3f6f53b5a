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
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gameday.clock import SystemClock
from gameday.model.events import Event
from gameday.model.quantity import parse_instant
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo, Term
from gameday.observers.alertmanager import AlertmanagerObserver
from gameday.observers.prometheus import PrometheusObserver

PROGRAMS = {
    "prometheus": ("GAMEDAY_TEST_PROMETHEUS", "prometheus"),
    "alertmanager": ("GAMEDAY_TEST_ALERTMANAGER", "prometheus-alertmanager"),
}

TEMPLATES = "templates"
HEALTHY = {"flag": 1.0, 'requests_total{code="200"}': 100.0}


def wait_for(
    what: Callable[[], Any], seconds: float = 20.0, every: float = 0.05
) -> Any:
    """Return the first true answer; AssertionError after that many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def given_programs() -> dict[str, str]:
    """Return the programs named by the environment or found on PATH."""
    paths = {}
    for name, (variable, package) in PROGRAMS.items():
        path = os.environ.get(variable) or shutil.which(name) or shutil.which(package)
        if path:
            paths[name] = path
    return paths


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
        self.values = dict(HEALTHY)
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
        """End it."""
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
            alert
            for _, page in self.got
            for alert in page["alerts"]
            if alert["status"] == status
        ]

    def all_over(self) -> bool:
        """Return whether each alert that rang was told to be over."""
        last = {
            alert["labels"]["alertname"]: alert["status"]
            for _, page in self.got
            for alert in page["alerts"]
        }
        return "firing" not in last.values()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


class Server:
    """One program on a free port of loopback, started and ended by us."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        self.command, self.folder, self.port = command, folder, port
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with (self.folder / f"log-{self.port}").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdout=log, stderr=log
            )
        wait_for(self.ready)

    def ready(self) -> bool:
        """Return whether it answers."""
        try:
            url = f"{self.url}/-/ready"
            with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def reload(self) -> None:
        """Let it read its configuration again."""
        self.signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
            self.process = None


PROMETHEUS = """
global:
  scrape_interval: {interval}
  scrape_timeout: {interval}
  evaluation_interval: {interval}
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


RULES = """
groups:
  - name: shop
    rules:
      - {alert: Down, expr: flag == 0, labels: {severity: page}}
      - {alert: DownForTwo, expr: flag == 0, for: 2s, labels: {severity: page}}
  - name: fragile
    rules:
      - {alert: Matched, expr: left * on (a) right > 0}
"""

SLO = Slo(
    name="shop-availability",
    service="shop",
    objective=0.99,
    window=3600.0,
    bad=(Term(selector='requests_total{code="500"}'),),
    total=(Term(selector="requests_total"),),
    format="openslo",
)


class Lab:
    """All four together."""

    def __init__(
        self,
        programs: dict[str, str],
        folder: Path,
        rules: str,
        interval: str = "1s",
        lookback: str = "5m",
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
                f"--query.lookback-delta={lookback}",
                "--web.enable-lifecycle",
            ],
            folder,
            prometheus,
        )

    def start(self) -> None:
        """Start both servers."""
        self.alertmanager.start()
        self.prometheus.start()

    def calm(self) -> None:
        """Have the shop healthy, and wait until nothing rings any more."""
        self.shop.broken = False
        self.shop.values = dict(HEALTHY)
        wait_for(self._rings_nowhere)
        wait_for(self.sink.all_over)
        self.sink.got.clear()

    def _rings_nowhere(self) -> bool:
        query = urllib.parse.quote("flag == 1 unless on () ALERTS")
        url = f"{self.prometheus.url}/api/v1/query?query={query}"
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(json.load(answer)["data"]["result"])

    def stop(self) -> None:
        """End it."""
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


class Run:
    """The observers of a lab, and what they reported so far."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.clock = SystemClock()
        self.events: list[Event] = []
        self.prometheus = PrometheusObserver(
            Endpoint(url=lab.prometheus.url), self.clock, [SLO]
        )
        self.alertmanager = AlertmanagerObserver(
            Endpoint(url=lab.alertmanager.url), self.clock
        )

    def start(self) -> None:
        """Observe from now on, once the shop is being scraped."""
        wait_for(lambda: self.prometheus.api.query("flag"))
        self.started = self.clock.now()
        self.prometheus.start(self.events.append, self.started)
        self.alertmanager.start(self.events.append, self.started)

    def of(self, kind: str, **fields: Any) -> list[Any]:
        """Return the events so far of this kind that have these fields."""
        return [
            event
            for event in list(self.events)
            if event.kind == kind
            and all(event.fields.get(k) == v for k, v in fields.items())
        ]

    def wait(self, kind: str, seconds: float = 20.0, **fields: Any) -> Any:
        """Return the first such event, as soon as it is there."""
        events: list[Any] = wait_for(lambda: self.of(kind, **fields), seconds)
        return events[0]

    def flush(self) -> None:
        """Let the observers report all up to now."""
        now = self.clock.now()
        self.prometheus.flush(now)
        self.alertmanager.flush(now)

    def pages(self, status: str, key: str) -> dict[str, set[float]]:
        """Return by alert the times that the webhooks carry."""
        moments: dict[str, set[float]] = {}
        for alert in self.lab.sink.alerts(status):
            times = moments.setdefault(alert["labels"]["alertname"], set())
            times.add(round(parse_instant(alert[key]), 3))
        return moments

    def times(self, kind: str) -> dict[str, set[float]]:
        """Return by alert the times that the observer reported."""
        moments: dict[str, set[float]] = {}
        for event in self.of(kind):
            moments.setdefault(event.alert, set()).add(event.at)
        return moments

    def stop(self) -> None:
        """End it."""
        self.prometheus.stop()
        self.alertmanager.stop()


@contextmanager
def observed(lab: Lab) -> Iterator[Run]:
    """Yield the observers of a lab, and end them."""
    run = Run(lab)
    try:
        yield run
    finally:
        run.stop()
