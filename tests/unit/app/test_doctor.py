"""What `doctor` says of a machine without any scenario."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DOCTOR = f"exec {sys.executable} -m gameday doctor"
Said = subprocess.CompletedProcess[str]


def doctor(home: Path, before: str = "") -> Said:
    environment = {
        **os.environ,
        "GAMEDAY_HOME": str(home),
        "DOCKER_HOST": "unix:///nowhere/docker.sock",
    }
    return subprocess.run(
        ["sh", "-c", f"{before}{DOCTOR}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_machine_on_which_state_can_be_kept_is_well(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"ok  state          {tmp_path}" in done.stdout
    assert "--  docker engine" in done.stdout  # nothing needs it


@pytest.mark.parametrize("before", ["ulimit -f 1; "])
def test_where_nothing_can_be_written_that_is_not_ok(
    tmp_path: Path, before: str
) -> None:
    done = doctor(tmp_path, before)
    assert done.returncode == 1
    assert f"NO  state          {tmp_path}: nothing can be written there" in done.stdout
