"""A plan on a target that cannot be looked at: one reason, told once."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gameday.app.days.make_plan import prepare
from gameday.clock import SystemClock
from gameday.files.scenario import load
from tests.unit.app.conftest import STOPS_WEB

SCENARIO = """\
apiVersion: gameday/v1
kind: Scenario
metadata: {name: x}
target: {kubernetes: {context: nope, namespace: shop}}
steps:
  - {experiment: e.yaml, hold: 5s}
"""
KUBECONFIG = {
    "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
    "clusters": [{"name": "lab", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "me", "user": {}}],
}
EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin"}
WHY = "no context 'nope' in the kubeconfig; it has: lab"


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario whose context is not in the kubeconfig."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))
    (tmp_path / "e.yaml").write_text(STOPS_WEB)
    path = tmp_path / "s.yaml"
    path.write_text(SCENARIO)
    return path


def planned(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `gameday plan`, whose log lines no test's handlers swallow."""
    return subprocess.run(
        [sys.executable, "-m", "gameday", "plan", str(path), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_target_that_is_not_there_is_the_only_reason(scenario: Path) -> None:
    prepared = prepare(load.scenario(str(scenario), {}), SystemClock(), 1)
    assert prepared.lost == WHY
    assert prepared.plan.refusals == (WHY,)
    faults = [fault for step in prepared.plan.steps for fault in step.faults]
    assert [fault.refusal for fault in faults] == [WHY]


def test_the_text_is_one_line(scenario: Path) -> None:
    done = planned(scenario)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == f"refused: {WHY}\n"


def test_the_json_leads_nobody_astray(scenario: Path) -> None:
    done = planned(scenario, "-o", "json")
    assert done.returncode == 2
    told: Mapping[str, object] = json.loads(done.stdout)
    assert told["refusals"] == [WHY]
    assert "no instance of service" not in done.stdout


def test_a_credential_plugin_that_is_absent_logs_nothing(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("nope", "lab"))
    users = [{"name": "me", "user": {"exec": EXEC}}]
    (scenario.parent / "config").write_text(json.dumps({**KUBECONFIG, "users": users}))
    done = planned(scenario)
    assert (done.returncode, done.stderr) == (2, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("refused: context 'lab' of the kubeconfig ")
    assert line.endswith("failed: No such file or directory: 'no-such-plugin'")
