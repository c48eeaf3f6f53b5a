"""When a process under supervisord started, on a machine that lets everybody wait."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from xmlrpc.server import SimpleXMLRPCServer

import pytest

from gameday.clock import SystemClock
from gameday.model.target import TargetRef
from gameday.targets.local.boot import Boot
from gameday.targets.local.target import LocalTarget
from gameday.targets.procfs import start_ticks

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
LATE = 0.2  # seconds that an answer takes


class Stalling(SystemClock):
    """A clock after whose first look the process has to wait for its turn."""

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> float:
        self.looks += 1
        return super().now() - (LATE if self.looks == 1 else 0.0)


@pytest.fixture
def child() -> Iterator[tuple[subprocess.Popen[bytes], float, float]]:
    """A process, and between which times it was started."""
    before = time.time()
    process = subprocess.Popen(SLEEP)
    yield process, before, time.time()
    process.kill()
    process.wait()


def test_a_look_that_was_held_up_does_not_count() -> None:
    boot = Boot.measured(Stalling())
    assert boot is not None
    assert boot.error < LATE / 4


def test_a_start_is_within_its_error(
    child: tuple[subprocess.Popen[bytes], float, float],
) -> None:
    process, before, after = child
    boot = Boot.measured(SystemClock())
    assert boot is not None
    at, error = boot.started(start_ticks(process.pid))
    assert before - error <= at <= after + error


def test_a_supervisor_that_answers_late_makes_no_start_earlier(
    child: tuple[subprocess.Popen[bytes], float, float],
) -> None:
    """It was once told 34 ms before the fault that had caused it."""
    process, before, _ = child
    with Late(process.pid) as address:
        target = LocalTarget(TargetRef(kind="local", name=address), SystemClock())
        (instance,) = target.instances()
    assert instance.started_at is not None
    assert instance.started_at + instance.exact >= before


class Late:
    """A supervisord with one process, which takes its time for the list."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.server = SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
        self.server.register_function(lambda: 1, "supervisor.getPID")
        self.server.register_function(self.listed, "supervisor.getAllProcessInfo")

    def listed(self) -> list[dict[str, Any]]:
        threading.Event().wait(LATE)
        states = {"group": "web", "name": "web-1", "statename": "RUNNING"}
        return [{**states, "pid": self.pid}]

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
