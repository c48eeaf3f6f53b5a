"""Run every test, side by side where they only wait; say at the end what took how long.

    tests/everything.py [--workers N] [PYTEST OPTION…]

First the tests of real systems, each group of tests/groups.toml on one of N workers;
then, alone, the tests that are marked `quiet`. Exits with 1 where anything failed. The
other Pythons have their own command, tests/lanes.py.

Beside others a test may fail for want of a core: two of them share five game days with
times of seconds. A few that failed are therefore run once more, alone. What fails again
has failed; what passes is named at the end, and is a flake to be mended at its cause.
"""

# ruff: noqa: T201 - a script, and one that says how it went

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = ("tests/real", "tests/demo", "tests/docs", "tests/wheel")
# They mostly wait: more than there are cores. GAMEDAY_TEST_WORKERS is another number.
WORKERS = int(os.environ.get("GAMEDAY_TEST_WORKERS") or 5)
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"  # where pytest says it
FEW = 3  # tests that may have failed for want of a core; of more something is wrong
NOTHING_RAN = 5  # pytest's exit code where no test was chosen


def pytest(*words: str) -> int:
    """Run pytest; return its exit code, or 0 where it had nothing to run."""
    code = subprocess.call([sys.executable, "-m", "pytest", *words], cwd=ROOT)
    return 0 if code == NOTHING_RAN else code


def failed(file: Path = FAILED) -> list[str]:
    """Return the tests that failed last, as pytest's cache has them."""
    try:
        return sorted(json.loads(file.read_text()))
    except (OSError, ValueError):
        return []


def flakes(code: int, names: Sequence[str], alone: Callable[..., int]) -> list[str]:
    """Return those that failed beside others and pass alone; none where one does not.

    `code`: pytest's, of the run in which they failed; `alone` runs tests by name.
    """
    if code != 1 or not 0 < len(names) <= FEW or alone("-q", *names):
        return []
    return list(names)


def tell(took: Sequence[tuple[str, float]], flaky: Sequence[str]) -> None:
    """Print what took how long, and which tests are flaky."""
    for name, seconds in took:
        print(f"{name:<24} {seconds:>6.0f} s")
    for test in flaky:
        print(f"FLAKY: failed beside others, passed alone: {test}")


def main(words: Sequence[str]) -> int:
    """Run all; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, default=WORKERS)
    asked, options = parser.parse_known_args(words)
    began = time.monotonic()
    spread = ("-n", str(asked.workers), "--dist", "loadscope", "--no-loadscope-reorder")
    # The same in all its runs: a kill that failed is found again by its name.
    os.environ.setdefault("GAMEDAY_KILLS_SEED", str(secrets.randbelow(2**31)))
    FAILED.unlink(missing_ok=True)
    codes = [pytest("-q", *spread, "-m", "not quiet", *options, *REAL)]
    suspects = failed() if codes[0] else []
    took = [("side by side", time.monotonic() - began)]
    began = time.monotonic()
    flaky = flakes(codes[0], suspects, pytest)
    if flaky:
        codes[0] = 0
    codes.append(pytest("-q", "-m", "quiet", *options, *REAL))
    took.append(("alone, in quiet", time.monotonic() - began))
    tell(took, flaky)
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
