"""A Prometheus of our own, for the time of a replay.

It scrapes nothing, listens on loopback, keeps its data in a temporary folder and ends
with the replay.
"""

import http.client
import math
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from gameday.errors import UsageError
from gameday.ports import Clock
from gameday.runner.evaluation.server import Server

PROGRAM = "prometheus"
READY = 30.0  # seconds for a Prometheus to come up
LOOK = 0.02  # seconds between two looks at whether it has
# What is computed of a record is written after it, and begins as early.
_CONFIG = "storage: {tsdb: {out_of_order_time_window: 1000d}}\n"


def find_program(named: str) -> str:
    """Return the path of the Prometheus program; UsageError where there is none."""
    program = shutil.which(named or PROGRAM)
    if program is None:
        what = f"{named!r} is no program" if named else "there is no `prometheus` here"
        raise UsageError(
            f"{what}: rules are evaluated by Prometheus itself. Put its program on "
            "PATH, or name it, or a server, with --prometheus"
        )
    return program


class Scratch:
    """A Prometheus of our own, for the length of a `with`."""

    def __init__(self, program: str, lookback: float, clock: Clock) -> None:
        self._clock = clock
        self._program = program
        self._lookback = max(1, math.ceil(lookback))
        self._folder = tempfile.TemporaryDirectory(prefix="gameday-replay-")
        self._process: subprocess.Popen[bytes] | None = None
        self._server: Server | None = None

    def __enter__(self) -> Server:
        place = Path(self._folder.name)
        (place / "prometheus.yaml").write_text(_CONFIG)
        port = _free_port()
        log = place / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    self._program,
                    f"--config.file={place / 'prometheus.yaml'}",
                    f"--storage.tsdb.path={place / 'data'}",
                    "--storage.tsdb.retention.time=100y",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--web.enable-remote-write-receiver",
                    f"--query.lookback-delta={self._lookback}s",
                    "--query.timeout=5m",
                    "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=place,
            )
        self._server = Server(f"http://127.0.0.1:{port}")
        try:
            self._wait(log)
        except BaseException:
            self._end()
            raise
        return self._server

    def _wait(self, log: Path) -> None:
        process, server = self._process, self._server
        until = self._clock.monotonic() + READY
        while process is not None and server is not None:
            if process.poll() is not None or self._clock.monotonic() > until:
                said = log.read_text(errors="replace").strip().split("\n")[-1][:300]
                raise UsageError(f"{self._program} does not come up: {said}")
            try:
                if server.ask("/-/ready")[0] == http.client.OK:
                    return
            except UsageError:
                pass
            self._clock.sleep(LOOK)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        self._end()

    def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._process is not None:
            self._process.kill()  # nothing of its data is wanted any more
            self._process.wait()
        self._folder.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
