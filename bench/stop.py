"""From `gameday stop` in another terminal to everything undone, on Docker.

    python bench/stop.py [ROUNDS]

Starts a run that holds a fault which is undone at once (a stopped or paused
container, a partition), then ends it. Two times from the start of the command: until
the last undo is in the ledger, and until the command has returned.
"""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cost import Bar, verdict

from tests.real.ledger import kills
from tests.real.ledger.kills import NETWORK, PROCESS, Place
from tests.real.targets.world import CLOCK, ComposeProject

AT_MOST = 1.0  # seconds, at the 99th of 100


def main() -> int:
    """Stop, again and again; return 1 when a bar is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    faults = (PROCESS[1], PROCESS[2], NETWORK[0])
    undone: list[float] = []
    returned: list[float] = []
    project = ComposeProject("gdkill")
    try:
        with tempfile.TemporaryDirectory(prefix="gdstop") as name:
            target = f"docker: {{project: {project.name}}}"
            place = Place(Path(name), target, lambda: kills.damage(project))
            for number in range(rounds):
                going = place.start(place.scenario(faults[number % len(faults)]))
                going.until("biting")
                at = CLOCK.now()
                done = place.gameday("stop", "--because", "a bench")
                returned.append(CLOCK.now() - at)
                assert done.returncode == 0, done.stdout + done.stderr
                undone.append(going.undone_after(at) or 0.0)
                assert going.end() == 130, going.text
                assert not place.whole(), place.whole()
    finally:
        project.remove()
    return verdict([_bar("all undone", undone), _bar("the command returns", returned)])


def _bar(what: str, times: list[float]) -> Bar:
    times.sort()
    slowest = times[max(0, -(-99 * len(times) // 100) - 1)]
    detail = f"p99 of {len(times)}; median {statistics.median(times):.3f} s"
    return Bar(what=what, value=slowest, at_most=AT_MOST, unit="s", detail=detail)


if __name__ == "__main__":
    sys.exit(main())
