"""Run the tests on the Pythons that users have, each with the engine that pip gives it.

    tests/lanes.py [--unit] [VERSION…]

A lane is one Python: a virtual environment in `.cache/lanes`, the unit tests, and one
game day on Docker. pip resolves another Chaos Toolkit for 3.11 than for newer ones, so
a lane is also a generation of the engine. Without a VERSION these are the supported
Pythons but the one that runs this script, as far as they are on the machine: they run
as `python3.12`, or pyenv has them. What is there has to pass; what is not is named.

Lanes are driven side by side, each with a shop of its own: a game day mostly waits, so
every second lane begins with it while the others compute. `--unit` leaves the game day
out. What the tests are told by the environment (GAMEDAY_TEST_REQUIRE and the rest)
reaches them in every lane.
"""

# ruff: noqa: T201 - a script, and one that says how it went

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "lanes"
SUPPORTED = ("3.11", "3.12", "3.13")
ENGINE = ("chaostoolkit", "chaostoolkit-lib")
LEAST_ENGINE = {"3.12": (1, 45), "3.13": (1, 45)}  # of chaostoolkit-lib
UNIT = "unit"
GAME_DAY = "game day"
DOCKER = "tests/real/game_days/test_docker.py"
PLAYED = "lost-replica"
TESTS = {  # pytest's words
    UNIT: ("-n", "2", "tests/unit"),
    GAME_DAY: (
        f"{DOCKER}::test_a_shipped_scenario_passes_and_leaves_nothing[{PLAYED}]",
    ),
}
LONGEST = 900.0  # seconds for any one command of a lane
FIRST_SHOP = 20  # its number, see tests/shops.py; each further lane has the next


class LaneError(Exception):
    """A lane that is there cannot be driven."""


@dataclass(frozen=True)
class Count:
    """How one group of tests went."""

    name: str
    passed: int
    failed: int
    skipped: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Return whether something ran and nothing failed."""
        return not self.failed and bool(self.passed or self.skipped)

    def __str__(self) -> str:
        parts = [f"{self.passed} passed"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{len(self.skipped)} skipped"] if self.skipped else []
        return f"{self.name}: {', '.join(parts)} in {self.seconds:.0f} s"


@dataclass
class Lane:
    """One Python, its shop's number, what it resolved, and how its tests went."""

    version: str
    python: Path
    shop: int = FIRST_SHOP
    engine: dict[str, str] = field(default_factory=dict)
    counts: list[Count] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Return the lane's virtual environment."""
        return CACHE / self.version

    @property
    def own(self) -> Path:
        """Return the Python of the lane's virtual environment."""
        return self.home / "bin" / "python"


def located(version: str) -> Path | None:
    """Return a Python of this version, or None where there is none that runs."""
    candidates = [shutil.which(f"python{version}"), *_of_pyenv(version)]
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        if candidate is None:
            continue
        # pyenv's shims are on PATH also for versions that are not switched on.
        done = subprocess.run(
            [candidate, "-c", asked], capture_output=True, text=True, check=False
        )
        if done.returncode == 0 and done.stdout.strip() == version:
            return Path(candidate)
    return None


def _of_pyenv(version: str) -> Iterator[str]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = root.glob(f"versions/{version}.*/bin/python{version}")
    yield from map(str, sorted(installed, key=_patch, reverse=True))


def _patch(program: Path) -> int:
    """Return the 7 of `versions/3.12.7/bin/python3.12`; -1 of a pre-release."""
    patch = program.parents[1].name.rpartition(".")[2]
    return int(patch) if patch.isdigit() else -1


def prepare(lane: Lane) -> None:
    """Make the lane's virtual environment, where it is not as pyproject.toml asks."""
    project = (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(project + str(lane.python).encode()).hexdigest()
    stamp = lane.home / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(lane.home, ignore_errors=True)
        _do(str(lane.python), "-m", "venv", str(lane.home))
        pip = (str(lane.own), "-m", "pip", "install", "-q")
        _do(*pip, "--disable-pip-version-check", "-e", ".[test]")
        stamp.write_text(wanted)
    lane.engine = _engine(lane)


def _do(*command: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise LaneError(f"`{' '.join(command)}` failed:\n{tail}")
    return done.stdout


def _engine(lane: Lane) -> dict[str, str]:
    asked = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    versions = _do(str(lane.own), "-c", asked, *ENGINE).split()
    engine = dict(zip(ENGINE, versions, strict=True))
    library = engine["chaostoolkit-lib"]
    least = LEAST_ENGINE.get(lane.version, (0, 0))
    if tuple(int(part) for part in library.split(".")[:2]) < least:
        raise LaneError(
            f"pip resolved chaostoolkit-lib {library}; a user of this Python gets "
            f"{'.'.join(map(str, least))} or newer"
        )
    return engine


def run(lane: Lane, name: str, *words: str) -> Count:
    """Run some tests in the lane; return how they went, as pytest's own file says."""
    results = lane.home / f"{name.replace(' ', '-')}.xml"
    results.unlink(missing_ok=True)
    began = time.monotonic()
    pytest = (str(lane.own), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    command = [*pytest, f"--junitxml={results}", *words]
    shop = {**os.environ, "GAMEDAY_TEST_SHOP": str(lane.shop)}
    # Whole at its end: the lines of two lanes would mix.
    with tempfile.TemporaryFile("w+") as said:
        try:
            subprocess.run(
                command,
                cwd=ROOT,
                env=shop,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LaneError(f"{name} did not end within {LONGEST:.0f} s") from None
        finally:
            said.seek(0)
            print(f"lane {lane.version}, {name}:\n{said.read()}", flush=True)
    if not results.exists():
        raise LaneError(f"{name}: pytest left no results")
    return counted(name, results.read_text(), time.monotonic() - began)


def counted(name: str, results: str, seconds: float) -> Count:
    """Return how tests went, from a JUnit file."""
    # Our own pytest wrote it just now.
    cases = list(ET.fromstring(results).iter("testcase"))  # noqa: S314
    bad = [case for case in cases if case.find("failure") is not None]
    bad += [case for case in cases if case.find("error") is not None]
    skips = [skip for case in cases for skip in case.iter("skipped")]
    failed = len({id(case) for case in bad})
    return Count(
        name=name,
        passed=len(cases) - failed - len(skips),
        failed=failed,
        skipped=tuple(skip.get("message", "") for skip in skips),
        seconds=seconds,
    )


def drive(lane: Lane, names: Sequence[str]) -> bool:
    """Run these tests of a lane in this order; return whether it is good."""
    print(f"lane {lane.version}: {lane.python}", flush=True)
    try:
        prepare(lane)
        print(f"lane {lane.version}: {_resolved(lane)}", flush=True)
        lane.counts.extend(run(lane, name, *TESTS[name]) for name in names)
    except (LaneError, OSError, subprocess.TimeoutExpired) as error:
        print(f"lane {lane.version}: {error}", file=sys.stderr, flush=True)
        return False
    return all(count.good for count in lane.counts)


def _resolved(lane: Lane) -> str:
    return ", ".join(f"{name} {version}" for name, version in lane.engine.items())


def summary(lane: Lane, good: bool) -> str:
    """Return a lane in one line: engine, counts, and what a skip said."""
    line = "; ".join((_resolved(lane), *map(str, lane.counts)))
    days = [count for count in lane.counts if count.name != UNIT]
    reasons = {why for count in days for why in count.skipped}
    said = "".join(f" ({reason})" for reason in sorted(reasons))
    return f"lane {lane.version}: {'good' if good else 'FAILED'}: {line}{said}"


def orders(unit_alone: bool, lanes: int) -> list[list[str]]:
    """Return each lane's tests in their order; every second lane has it reversed."""
    names = [UNIT] if unit_alone else [UNIT, GAME_DAY]
    return [names[:: -1 if number % 2 else 1] for number in range(lanes)]


def main(words: Sequence[str]) -> int:
    """Drive the lanes side by side; return 1 where one is not good."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("versions", metavar="VERSION", nargs="*")
    parser.add_argument("--unit", action="store_true", help="leave the game day out")
    asked = parser.parse_args(words)
    if unknown := set(asked.versions) - set(SUPPORTED):
        parser.error(f"{', '.join(sorted(unknown))}: not of {', '.join(SUPPORTED)}")
    this = "{}.{}".format(*sys.version_info[:2])
    others = [version for version in SUPPORTED if version != this]
    lanes: list[Lane] = []
    lines: list[str] = []
    for version in asked.versions or others:
        python = located(version)
        if python:
            lanes.append(Lane(version, python, FIRST_SHOP + len(lanes)))
        else:
            lines.append(f"lane {version}: this machine has no Python {version}")
    good = not (lines and asked.versions)
    with ThreadPoolExecutor() as side_by_side:
        passed = list(side_by_side.map(drive, lanes, orders(asked.unit, len(lanes))))
    lines += map(summary, lanes, passed)
    good &= all(passed)
    print(*lines, sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
