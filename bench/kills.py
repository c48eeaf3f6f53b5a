"""No fault outlives its run: SIGKILL at every transition and at random instants.

    python bench/kills.py [--random 200] [--timed 100] [--seed N] [--local]

For every fault of the catalogue, on a Docker engine (or, with --local, for the
process family on a supervisord of its own): the run is killed, or run and watchdog
together, or these and the engine with all that it started. Afterwards nothing may be
left: no container down or frozen, no rule, no helper, no mark, no lock. Prints the
seed first, each kill that left something, and how long it took from the kill of the
run to the last undo. Exits with 1 when anything was left.
"""

import argparse
import contextlib
import os
import random
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.real.ledger import kills
from tests.real.ledger.kills import Fault, Kill, Place
from tests.real.targets.world import CLOCK, ComposeProject, supervisord

WAYS = ("run", "both", "all")
LONGEST = 2.0  # seconds from a kill to the last undo, at the 99th of 100


@contextlib.contextmanager
def on_docker(folder: Path) -> Iterator[Place]:
    """Yield a place whose target is a compose project."""
    project = ComposeProject("gdkill")
    try:
        target = f"docker: {{project: {project.name}}}"
        yield Place(folder, target, lambda: kills.damage(project))
    finally:
        project.remove()


@contextlib.contextmanager
def on_this_machine(folder: Path) -> Iterator[Place]:
    """Yield a place whose target is a supervisord of its own."""
    login = {"GAMEDAY_SUPERVISOR_USER": "ops", "GAMEDAY_SUPERVISOR_PASSWORD": "hush"}
    os.environ.update(login)  # for our own look at it
    with supervisord(folder) as url:
        from gameday.targets import open_target

        found = open_target(url, CLOCK)

        def whole() -> str:
            there = found.instances()
            return ", ".join(f"{o.name} {o.state}" for o in there if not o.up)

        address = unquote(url.removeprefix("local://"))
        yield Place(folder, f"local: {{supervisor: '{address}'}}", whole, login)


def main() -> int:
    """Kill, look, and tell."""
    given = _arguments()
    faults: Sequence[Fault] = kills.PROCESS if given.local else kills.CATALOGUE
    dice = random.Random(given.seed)
    plan = kills.at_transitions(faults, WAYS) if given.transitions else []
    plan += [Kill(dice.choice(faults), "biting", "run") for _ in range(given.timed)]
    plan += kills.at_random(faults, WAYS, given.random, dice)
    print(f"seed {given.seed}: {len(plan)} kills", flush=True)
    stage = on_this_machine if given.local else on_docker
    took: list[float] = []
    left = 0
    with tempfile.TemporaryDirectory(prefix="gdkill") as name, stage(Path(name)) as at:
        for number, kill in enumerate(plan, start=1):
            try:
                seconds = kills.play(at, kill)
            except AssertionError as wrong:
                left += 1
                print(f"{number}: LEFT {kill}: {wrong}", flush=True)
                continue
            if seconds is not None:
                took.append(seconds)
            if number % 20 == 0:
                print(f"{number} done, {left} left something", flush=True)
    took.sort()
    slowest = took[max(0, -(-99 * len(took) // 100) - 1)] if took else 0.0
    middle = statistics.median(took) if took else 0.0
    print(
        f"{len(plan)} kills, {left} left something; from the kill of a run to the last "
        f"undo ({len(took)} with a fault open): median {middle:.3f} s, "
        f"p99 {slowest:.3f} s (bar {LONGEST:g} s)"
    )
    return 1 if left or slowest > LONGEST else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--timed", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--no-transitions", dest="transitions", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
