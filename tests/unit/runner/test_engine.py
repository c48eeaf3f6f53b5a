"""The real engine, of whichever generation pip gives this Python, in its fork."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.runner.engine.fork_server import ForkServer
from gameday.runner.engine.jobs import Job
from tests.conftest import ROOT
from tests.unit.runner import ahead
from tests.unit.runner.interrupting import REASON

PATIENCE = 60.0  # seconds
WRITE = {"type": "process", "path": "true"}
CONTROL = {
    "name": "till",
    "provider": {"type": "python", "module": "tests.unit.runner.interrupting"},
}


def experiment(**more: Any) -> dict[str, Any]:
    return {
        "title": "nothing is broken",
        "description": "It only runs.",
        "method": [{"type": "action", "name": "act", "provider": WRITE}],
        "rollbacks": [{"type": "action", "name": "undo", "provider": WRITE}],
        **more,
    }


class Heard:
    """What an engine said, and whether it has come to a word."""

    def __init__(self) -> None:
        self.said: dict[str, Mapping[str, Any]] = {}
        self._more = threading.Condition()

    def __call__(self, name: str, fields: Mapping[str, Any]) -> None:
        with self._more:
            self.said[name] = fields
            self._more.notify_all()

    def wait(self, name: str) -> Mapping[str, Any]:
        with self._more:
            assert self._more.wait_for(lambda: name in self.said, PATIENCE), self.said
        return self.said[name]


@pytest.fixture(scope="module")
def fork_server() -> ForkServer:
    return ForkServer()


def test_an_experiment_that_asks_for_a_python_of_its_own_runs_here(
    fork_server: ForkServer,
) -> None:
    python = {"dependencies": ["no-such-extension"], "version": "2.7"}
    runtime = {"rollbacks": {"strategy": "always"}, "python": python}
    heard = Heard()
    fork_server.experiment(Job(document=experiment(runtime=runtime), hold=False), heard)
    heard.wait("gone")
    engine = {"status": "completed", "deviated": False, "because": ""}
    assert heard.said["engine"] == engine
    assert heard.said["rolled_back"] == {"failed": []}


def test_a_control_that_interrupts_is_named_and_the_rollbacks_are_played(
    fork_server: ForkServer,
) -> None:
    heard = Heard()
    fork_server.experiment(Job(document=experiment(controls=[CONTROL])), heard)
    heard.wait("gone")
    assert heard.said["engine"]["status"] == "interrupted"
    assert heard.said["engine"]["because"] == "control till: the till is closed"
    assert json.loads(heard.said["journal"]["text"])["interruption"] == REASON
    assert "method_completed" not in heard.said
    assert heard.said["rolled_back"] == {"failed": []}


def test_a_hold_that_is_interrupted_says_so(fork_server: ForkServer) -> None:
    heard = Heard()
    child = fork_server.experiment(Job(document=experiment()), heard)
    heard.wait("method_completed")
    child.interrupt()
    heard.wait("gone")
    assert heard.said["engine"]["status"] == "interrupted"
    assert heard.said["rolled_back"] == {"failed": []}


SCRIPT = """\
import pathlib, threading
from gameday.runner.engine.fork_server import ForkServer
from gameday.runner.engine.jobs import Job

with pathlib.Path("runs.txt").open("a") as runs:
    runs.write("once\\n")
server, over = ForkServer(), threading.Event()
server.warm()
tell = lambda name, fields: over.set() if name == "gone" else print(name)
server.experiment(Job(document=DOCUMENT, hold=False), tell)
over.wait(60)
"""


def test_a_script_that_holds_game_days_is_not_run_again_by_them(tmp_path: Path) -> None:
    """As in a notebook's script: nothing keeps its lines from being imported."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("DOCUMENT", repr(experiment())))
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (tmp_path / "runs.txt").read_text() == "once\n", done.stderr
    assert "rolled_back" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_done_ahead_is_done_beside_the_gate(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    """An engine that did it only after its gate, or its method, would hold here."""
    done = tmp_path / "done"
    until = f"-c 'until [ -e {done} ]; do sleep 0.01; done'"
    waits = {"type": "process", "path": "sh", "arguments": until}
    gate = {"type": "probe", "name": "done", "tolerance": 0, "provider": waits}
    steady = {"title": "it was done", "probes": [gate]}
    heard = Heard()
    job = Job(
        document=experiment(**{"steady-state-hypothesis": steady}),
        environment={"DONE": str(done)},
        hold=False,
        ahead=ahead.touch,
    )
    fork_server.experiment(job, heard)
    heard.wait("gone")
    assert heard.said["engine"]["status"] == "completed"


def test_an_engine_goes_on_where_nothing_could_be_done_ahead(
    fork_server: ForkServer,
) -> None:
    heard = Heard()
    job = Job(document=experiment(), hold=False, ahead=ahead.fail)
    fork_server.experiment(job, heard)
    heard.wait("gone")
    assert heard.said["engine"]["status"] == "completed"
