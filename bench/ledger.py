"""What safety costs: a transition with fsync, and a run that has no fault.

    python bench/ledger.py [TRANSITIONS]

The run without faults is timed beside itself: everything that surrounds a run's
phases because of the ledger, the lock in the target and the watchdog, on Docker.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cost import Bar, verdict

from gameday.clock import SystemClock
from gameday.ledger.home import ledger_path
from gameday.ledger.ledger import Ledger
from gameday.ledger.recovery import release_target
from gameday.ledger.target_lock import take
from gameday.ledger.watchdog.launcher import start_watchdog
from gameday.model.faults.fault import FaultState
from gameday.targets import open_target
from tests.real.targets.world import ComposeProject
from tests.unit.ledger.fake import URL, entry

TRANSITION = 0.005
AROUND = 0.100
WATCHDOG = 0.050
MEMORY = 30.0  # MB
ROUNDS = 15
CLOCK = SystemClock()


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def transitions(folder: Path, number: int) -> list[float]:
    """Return how long each of so many transitions took."""
    ledger = Ledger(ledger_path(str(folder)), CLOCK)
    ledger.open_run("r1", URL)
    states = (FaultState.INJECTING, FaultState.BITING, FaultState.UNDOING)
    took = []
    for _ in range(number // 5):
        began = time.perf_counter()
        fault = ledger.begin(entry())
        took.append(time.perf_counter() - began)
        for state in (*states, FaultState.UNDONE):
            began = time.perf_counter()
            assert ledger.move(fault, state)
            took.append(time.perf_counter() - began)
    ledger.close_run("r1")
    return sorted(took)


def around(folder: Path, url: str) -> tuple[list[float], list[float], float]:
    """Return the seconds around runs and of their watchdogs, and one's memory (MB)."""
    whole, dogs, memory = [], [], 0.0
    target = open_target(url, CLOCK)
    target.instances()  # the plan has connected already
    for number in range(ROUNDS):
        run = f"bench-{number}"
        began = time.perf_counter()
        ledger = Ledger(ledger_path(str(folder)), CLOCK)
        ledger.dead_runs(target.url)
        handle = take(ledger, target, run, "bench", CLOCK)
        started = time.perf_counter() - began
        memory = max(memory, resident(run))
        began = time.perf_counter()
        ledger.end_run(run)
        release_target(target, run)
        ledger.close_run(run)
        handle.close()
        whole.append(started + time.perf_counter() - began)
        ledger.close()
    for number in range(ROUNDS):
        run = f"dog-{number}"
        ledger.open_run(run, f"docker://{run}")
        began = time.perf_counter()
        handle = start_watchdog(run, str(folder))
        dogs.append(time.perf_counter() - began)
        ledger.close_run(run)
        handle.close()
    return sorted(whole), sorted(dogs), memory


def resident(run: str) -> float:
    """Return the resident memory of a run's watchdog in MB."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            if b"ledger.watchdog" in words and run.encode() in words:
                status = (folder / "status").read_text()
                return int(status.split("VmRSS:")[1].split()[0]) / 1024
        except OSError:
            continue
    return 0.0


def main() -> int:
    """Measure; return 1 when a bar is missed."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    project = ComposeProject("gdbench")
    try:
        with tempfile.TemporaryDirectory(prefix="gdbench") as name:
            took = transitions(Path(name), number)
            whole, dogs, memory = around(Path(name), project.url)
    finally:
        project.remove()
    slowest = took[-(-99 * len(took) // 100) - 1]
    detail = f"p99 {slowest * 1000:.2f} ms of {len(took)}"
    return verdict(
        [
            _bar("a transition (median)", took, TRANSITION, detail),
            _bar("around a run without faults", whole, AROUND, "median"),
            _bar("of that: its watchdog", dogs, WATCHDOG, "median"),
            Bar("the watchdog's memory", memory, MEMORY, "MB", "resident"),
        ]
    )


def _bar(what: str, times: list[float], at_most: float, detail: str) -> Bar:
    return Bar(what, statistics.median(times) * 1000, at_most * 1000, "ms", detail)


if __name__ == "__main__":
    sys.exit(main())
