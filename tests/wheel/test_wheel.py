"""The wheel, in an empty virtual environment, far from the checkout."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "chaostoolkit-gameday"
SOURCE = ("gameday", "pyproject.toml", "README.md", "LICENSE")
SHOP = ("scenarios", "experiments", "slos", "demo")
LONGEST = 600.0  # seconds for a command; the dependencies may have to be fetched

pytestmark = pytest.mark.timeout(2 * LONGEST)


@dataclass(frozen=True)
class Machine:
    """The wheel, where it is installed, and a folder with the demo's files."""

    wheel: Path
    programs: Path  # the environment's bin
    folder: Path


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Build the wheel and install it into an empty environment, once."""
    source, built, home, folder = (
        tmp_path_factory.mktemp(name) for name in ("source", "built", "home", "folder")
    )
    _copy(SOURCE, source)
    pip = (sys.executable, "-m", "pip")
    _do(*pip, "wheel", "-q", "--no-deps", "--wheel-dir", str(built), str(source))
    (wheel,) = built.glob("*.whl")
    _do(sys.executable, "-m", "venv", str(home))
    programs = home / "bin"
    _do(str(programs / "python"), "-m", "pip", "install", "-q", str(wheel))
    _copy(SHOP, folder)
    return Machine(wheel, programs, folder)


def _copy(names: tuple[str, ...], folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for name in names:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=ignored)
        else:
            shutil.copy(path, folder / name)


def _do(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.fixture(params=["as it is", "without Docker"])
def environment(
    request: pytest.FixtureRequest, machine: Machine, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """Return an environment in which nothing leads to the checkout."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GAMEDAY", "PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    kept["GAMEDAY_HOME"] = str(tmp_path / "home")
    kept["PATH"] = f"{machine.programs}{os.pathsep}{kept['PATH']}"
    if request.param == "as it is":
        yield kept
        return
    empty = tmp_path / "empty"
    empty.mkdir()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        kept["DOCKER_HOST"] = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        kept["PATH"] = f"{machine.programs}{os.pathsep}{empty}"
        assert shutil.which("docker", path=kept["PATH"]) is None
        yield kept


def says(machine: Machine, environment: dict[str, str], *command: str) -> str:
    """Return what a program of the environment prints; it has to end well."""
    program, *words = command
    done = subprocess.run(
        [machine.programs / program, *words],
        cwd=machine.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_named_after_the_distribution_and_holds_the_whole_package(
    machine: Machine,
) -> None:
    assert re.fullmatch(
        r"chaostoolkit_gameday-[\d.]+-py3-none-any\.whl", machine.wheel.name
    )
    with zipfile.ZipFile(machine.wheel) as wheel:
        names = set(wheel.namelist())
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        assert wheel.read(f"{info}/top_level.txt") == b"gameday\n"
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "gameday").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if not name.startswith(info)} == package


def test_its_dependencies_agree_with_each_other(machine: Machine) -> None:
    _do(str(machine.programs / "python"), "-m", "pip", "check")


def test_the_command_says_its_version(
    machine: Machine, environment: dict[str, str]
) -> None:
    where = "import gameday; print(gameday.__file__)"
    path = says(machine, environment, "python", "-c", where).strip()
    assert Path(path).is_relative_to(machine.programs.parent)
    said = says(machine, environment, "gameday", "--version")
    assert re.fullmatch(r"gameday, version \d+\.\d+\.\d+\n", said)


def test_chaos_toolkit_discovers_the_faults(
    machine: Machine, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "discovered.json"
    quiet = ("--no-version-check", "--no-log-file")
    words = ("discover", "--no-install", "--discovery-path", str(out), NAME)
    says(machine, environment, "chaos", *quiet, *words)
    discovered = json.loads(out.read_text())
    functions = {
        (activity["mod"], activity["name"]) for activity in discovered["activities"]
    }
    assert ("gameday.faults.process", "stop") in functions
    assert ("gameday.faults", "undo") in functions


def test_the_demo_passes_the_check(
    machine: Machine, environment: dict[str, str]
) -> None:
    words = ("check", "scenarios", "experiments", "slos")
    assert "all good" in says(machine, environment, "gameday", *words)
