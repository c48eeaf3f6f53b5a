"""A copy of the repository's files that a reader of the pages would work in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds for the shop to come up or down


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the files that the pages speak of."""
    for name in ("experiments", "scenarios", "slos", "demo"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return a reader's environment: the virtual environment, a home of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    home = tmp_path / "home"
    home.mkdir()
    return {**os.environ, "PATH": path, "GAMEDAY_HOME": str(home), "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def shop() -> Iterator[None]:
    """Open the shop on Docker, unless it is open, and close what was opened."""
    from stage import docker, local  # type: ignore[import-not-found, unused-ignore]

    if local.is_up():  # it would have the same ports
        local.down()
    was_up = docker.is_up()
    command = [sys.executable, str(ROOT / "demo" / "up"), "docker"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    yield
    if not was_up:
        down = [sys.executable, str(ROOT / "demo" / "down")]
        subprocess.run(down, check=True, timeout=PATIENCE)
