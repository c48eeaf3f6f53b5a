"""How soon a game day reaches its fault: `gameday run` and `gameday plan`.

`python bench/reach.py [SCENARIO [ROUNDS]]`, while the demo shop is up (`make up`).
From the start of the process to the fault's own start, less the warm-up's two scrapes
and the gate's length, as the run's timeline has them. Each run is stopped (SIGINT)
once its fault is there; that everything is undone then is checked as well.
"""

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cost import BIN, ROOT, Bar, verdict

SCENARIO = "scenarios/lost-replica.yaml"
ROUNDS = 5
RUN_AT_MOST = 2.0  # seconds beyond warm-up and gate
PLAN_AT_MOST = 1.0  # seconds
PATIENCE = 90.0  # seconds until a run's fault has to be there
INTERRUPTED = 130


class Unmeasured(Exception):
    """A run that did not reach its fault, and what it said."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Seconds from the process's start to the fault, in parts."""

    all: float
    warm_up: float  # two scrapes
    gate: float

    @property
    def ours(self) -> float:
        """What is neither warm-up nor gate."""
        return self.all - self.warm_up - self.gate


def read(path: Path) -> list[dict[str, Any]]:
    """Return the timeline's whole lines so far."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines if line]


def at(events: Sequence[dict[str, Any]], kind: str, **fields: str) -> float | None:
    """Return when the first such event was, in seconds since the epoch."""
    for event in events:
        same = all(event.get(name) == value for name, value in fields.items())
        if event["kind"] == kind and same:
            return datetime.fromisoformat(event["at"]).timestamp()
    return None


def run_once(scenario: str) -> Reach:
    """Run until the fault is there, stop, and return how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        timeline = Path(folder) / "timeline.ndjson"
        began = time.time()
        process = subprocess.Popen(
            [BIN / "gameday", "run", scenario, "--out", folder],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            while process.poll() is None and time.time() - began < PATIENCE:
                if at(read(timeline), "fault_biting") is not None:
                    break
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=PATIENCE)[0]
        return measured(folder, began, process.returncode, said)


def measured(folder: str, began: float, code: int, said: str) -> Reach:
    """Return the times of a run that was stopped after its fault began."""
    events = read(Path(folder) / "timeline.ndjson")
    fault = at(events, "fault_started")
    gate = at(events, "phase", phase="gate")
    inject = at(events, "phase", phase="fault")
    if fault is None or gate is None or inject is None or code != INTERRUPTED:
        first = "\n".join(said.strip().splitlines()[:3])
        raise Unmeasured(f"the run ended with {code}:\n{first}")
    plan = json.loads((Path(folder) / "plan.json").read_text())
    scrape = plan["eyes"]["scrape_interval"]
    return Reach(all=fault - began, warm_up=2 * scrape, gate=inject - gate)


def plan_once(scenario: str) -> float:
    """Return how long `gameday plan` takes, in seconds."""
    began = time.monotonic()
    command = [BIN / "gameday", "plan", scenario]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-2:])
        raise Unmeasured(f"plan exits with {done.returncode}:\n{last}")
    return time.monotonic() - began


def main(scenario: str, rounds: int) -> int:
    """Measure both, print the table, return the exit code."""
    try:
        plans = [plan_once(scenario) for _ in range(rounds)]
        runs = [run_once(scenario) for _ in range(rounds)]
    except Unmeasured as why:
        print(why, file=sys.stderr)
        return 1
    middle = sorted(runs, key=lambda run: run.ours)[len(runs) // 2]
    return verdict(
        [
            Bar(
                what="gameday run, until the fault",
                value=middle.ours,
                at_most=RUN_AT_MOST,
                unit="s",
                detail=(
                    f"of {middle.all:.2f} s: warm-up {middle.warm_up:.2f} s, gate "
                    f"{middle.gate:.2f} s; median of {rounds}, worst "
                    f"{max(run.ours for run in runs):.2f} s"
                ),
            ),
            Bar(
                what="gameday plan",
                value=statistics.median(plans),
                at_most=PLAN_AT_MOST,
                unit="s",
                detail=f"median of {rounds}, worst {max(plans):.2f} s",
            ),
        ]
    )


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else SCENARIO
    sys.exit(main(asked, int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))
