"""What a command costs: CPU seconds (user and system) of it and all it starts.

Wall time on a busy machine says more about the machine than about the program.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PATIENCE = 120.0  # seconds until a command is given up
# Without it every start compiles our modules anew, and those of what is installed not.
_NO_CACHE = "PYTHONDONTWRITEBYTECODE"
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds of one command, and how it ended."""

    cpu: float
    wall: float
    code: int


def become_reaper() -> None:
    """Let orphaned grandchildren be ours to wait for, so that their CPU counts."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def measure(
    command: Sequence[str | Path],
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to the end of its last descendant; return what it cost."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_cached({**os.environ, **(environment or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    cpu, code, wall = 0.0, 0, 0.0
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            process.returncode = code  # waited for here, not by subprocess
            return Cost(cpu=cpu, wall=wall, code=code)
        if pid == 0:
            if time.monotonic() - began > PATIENCE:
                process.kill()
                raise TimeoutError(f"{command} is not over after {PATIENCE} s")
            time.sleep(0.001)
            continue
        cpu += used.ru_utime + used.ru_stime
        if pid == process.pid:
            code = os.waitstatus_to_exitcode(status)
            wall = time.monotonic() - began


def _cached(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which Python keeps what it has compiled."""
    return {name: text for name, text in environment.items() if name != _NO_CACHE}


def middle(costs: Sequence[Cost]) -> float:
    """Return the median CPU time in seconds."""
    return statistics.median(cost.cpu for cost in costs)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a table: a ratio or a time, and what it may be at most."""

    what: str
    value: float
    at_most: float
    unit: str  # x: times the peer's; s: seconds
    detail: str

    @property
    def met(self) -> bool:
        """Whether it is no more than it may be."""
        return self.value <= self.at_most


def verdict(bars: Sequence[Bar]) -> int:
    """Print the table; return the exit code: 1 when a bar is missed."""
    width = max(len(bar.what) for bar in bars)
    print(f"{'':{width}}  {'measured':>9}  {'at most':>8}         detail")
    for bar in bars:
        word = "ok" if bar.met else "MISSED"
        print(
            f"{bar.what:{width}}  {bar.value:7.2f} {bar.unit}  "
            f"{bar.at_most:6.2f} {bar.unit}  {word:6}  {bar.detail}"
        )
    return 0 if all(bar.met for bar in bars) else 1
