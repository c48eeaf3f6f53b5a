"""What an experiment costs: gameday's runner beside one `chaos run` each.

`python bench/engine.py [EXPERIMENTS]`: the same trivial experiment (a hypothesis of
one probe and a method of one action) that many times, one after the other, each way.
What starting Python and warming gameday's server costs is in its figure.
"""

import json
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from cost import BIN, Bar, Cost, become_reaper, measure, verdict

NOTHING = {"type": "process", "path": "true"}
EXPERIMENT: dict[str, Any] = {
    "title": "Nothing happens",
    "description": "What the engine itself costs.",
    "steady-state-hypothesis": {
        "title": "It is",
        "probes": [
            {"type": "probe", "name": "is", "tolerance": 0, "provider": NOTHING}
        ],
    },
    "method": [{"type": "action", "name": "do nothing", "provider": NOTHING}],
    "rollbacks": [],
}
AT_MOST = 0.25
PATIENCE = 30.0  # seconds for one experiment


def through_gameday(count: int) -> int:
    """Run the experiments in this process; return how many did not complete."""
    from gameday.runner.engine.fork_server import ForkServer
    from gameday.runner.engine.jobs import Job

    fork_server = ForkServer()
    fork_server.warm()
    failed = 0
    for _ in range(count):
        said: dict[str, Any] = {}
        gone = threading.Event()

        def tell(
            name: str,
            fields: Any,
            said: dict[str, Any] = said,
            gone: threading.Event = gone,
        ) -> None:
            said[name] = fields
            if name == "gone":
                gone.set()

        fork_server.experiment(Job(document=EXPERIMENT, hold=False), tell)
        over = gone.wait(PATIENCE)
        failed += not (over and said.get("engine", {}).get("status") == "completed")
    return failed


def through_chaos(count: int, folder: Path) -> Cost:
    """Return what that many `chaos run`s cost in all."""
    path = folder / "experiment.json"
    path.write_text(json.dumps(EXPERIMENT))
    command = [BIN / "chaos", "--no-version-check", "--no-log-file", "run", path]
    costs = [measure(command, folder) for _ in range(count)]
    return Cost(
        cpu=sum(cost.cpu for cost in costs),
        wall=sum(cost.wall for cost in costs),
        code=max(abs(cost.code) for cost in costs),
    )


def main(count: int) -> int:
    """Measure both, print the table, return the exit code."""
    become_reaper()
    with tempfile.TemporaryDirectory() as folder:
        chaos = through_chaos(count, Path(folder))
        ours = measure([sys.executable, __file__, "--inside", str(count)])
    if chaos.code or ours.code:
        print(f"exit codes: chaos {chaos.code}, gameday {ours.code}", file=sys.stderr)
        return 1
    return verdict(
        [
            Bar(
                what=f"{count} experiments, {what}",
                value=mine / theirs,
                at_most=AT_MOST,
                unit="x",
                detail=f"gameday {mine:.2f} s; chaos run {theirs:.2f} s",
            )
            for what, mine, theirs in (
                ("CPU", ours.cpu, chaos.cpu),
                ("wall", ours.wall, chaos.wall),
            )
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        sys.exit(1 if through_gameday(int(sys.argv[2])) else 0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
