"""A game day as tests, and in a test of one's own, on the shop without Docker."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.game_days.play import LONGEST, Stage
from tests.shops import ROOT

pytestmark = [pytest.mark.local, pytest.mark.usefixtures("local_shop")]

TEST = """
def test_the_replica_is_missed(gameday):
    result = gameday.run("SCENARIO")
    assert result.finding("fires_within", "WebReplicaDown").outcome == "pass"
    assert result.code == 0
"""


def run_pytest(stage: Stage, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a user's pytest on what is in the test's folder."""
    out = str(stage.folder / "out")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v"),
            *("--rootdir", str(stage.folder), "-c", "/dev/null"),
            *("--gameday", "--gameday-out", out, *words),
        ],
        cwd=ROOT,
        env=stage.environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def test_each_finding_of_one_run_is_a_test(stage: Stage) -> None:
    scenario = stage.scenario("local/lost-replica")
    done = run_pytest(stage, str(scenario))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fires_within[WebReplicaDown] PASSED" in done.stdout
    (report,) = (stage.folder / "out").glob("*/report.html")
    assert f"report: {report}" in done.stdout


def test_the_fixture_holds_one(stage: Stage, tmp_path: Path) -> None:
    scenario = stage.scenario("local/lost-replica")
    path = tmp_path / "test_own.py"
    path.write_text(TEST.replace("SCENARIO", str(scenario)))
    done = run_pytest(stage, str(path))
    assert done.returncode == 0, done.stdout + done.stderr
