"""No fault outlives its run: SIGKILL at every transition and at random instants.

    python bench/kills.py [--random 200] [--timed 100] [--callers 4] [--seed N]
                          [--only N] [--local | --kubernetes CONTEXT]

For every fault of the catalogue, on a Docker engine (or, with --local, for the
process family on a supervisord of its own; or, with --kubernetes, for that and
Kubernetes' own in a namespace of a cluster, made for it and removed): the run is
killed, or run and watchdog together, or these and the engine with all that it started.
Runs are those of `gameday run` and of plain `chaos run`; who recovers them is the
watchdog, `gameday heal`, `heal` by the target's marks alone, the next `gameday run` or
the next `chaos run` (--callers: how often each of both kinds by each).
Afterwards nothing may be left: no container down or frozen, no rule, no helper, no
mark, no lock. On a cluster the healer knows nothing but the cluster, and an undo waits
for pods that are made anew. --only takes so many of them all, by the seed. Prints the
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
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.real.kubernetes import kills as cluster_kills
from tests.real.kubernetes.world import World
from tests.real.ledger import kills
from tests.real.ledger.kills import Fault, Kill, Place
from tests.real.targets.world import ComposeProject

Play = Callable[[Kill], float | None]
WAYS = ("run", "both", "all")
LONGEST = 2.0  # seconds from a kill to the last undo, at the 99th of 100
LONGEST_THERE = 30.0  # the same on a cluster, which has to start pods again


@contextlib.contextmanager
def on_docker(folder: Path) -> Iterator[Play]:
    """Yield how to play a kill on a compose project."""
    project = ComposeProject("gdkill")
    try:
        target = f"docker: {{project: {project.name}}}"
        place = Place(folder, target, lambda: kills.damage(project), url=project.url)
        yield partial(kills.play, place)
    finally:
        project.remove()


@contextlib.contextmanager
def on_this_machine(folder: Path) -> Iterator[Play]:
    """Yield how to play a kill on a supervisord of its own."""
    os.environ.update(kills.LOGIN)  # for our own look at it
    with kills.on_supervisord(folder) as place:
        yield partial(kills.play, place)


@contextlib.contextmanager
def on_kubernetes(context: str, folder: Path) -> Iterator[Play]:
    """Yield how to play a kill in a namespace of a cluster."""
    world = World("gd-kill", context)
    try:
        with cluster_kills.on_cluster(world, folder) as place:
            yield partial(cluster_kills.play, world, place)
    finally:
        world.remove()


def main() -> int:
    """Kill, look, and tell."""
    given = _arguments()
    plan = _plan(given)
    print(f"seed {given.seed}: {len(plan)} kills", flush=True)
    stage = on_this_machine if given.local else on_docker
    if given.kubernetes:
        stage = partial(on_kubernetes, given.kubernetes)
    took: list[float] = []
    left = 0
    with (
        tempfile.TemporaryDirectory(prefix="gdkill") as name,
        stage(Path(name)) as play,
    ):
        for number, kill in enumerate(plan, start=1):
            try:
                seconds = play(kill)
            except AssertionError as wrong:
                left += 1  # and the next ones have a whole place again
                print(f"{number}: LEFT {kill}: {wrong}", flush=True)
                continue
            if seconds is not None:
                took.append(seconds)
            if number % 20 == 0:
                print(f"{number} done, {left} left something", flush=True)
    longest = LONGEST_THERE if given.kubernetes else LONGEST
    took.sort()
    slowest = took[max(0, -(-99 * len(took) // 100) - 1)] if took else 0.0
    middle = statistics.median(took) if took else 0.0
    print(
        f"{len(plan)} kills, {left} left something; from the kill of a run to the last "
        f"undo ({len(took)} with a fault open): median {middle:.3f} s, "
        f"p99 {slowest:.3f} s (bar {longest:g} s)"
    )
    return 1 if left or slowest > longest else 0


def _plan(given: argparse.Namespace) -> list[Kill]:
    """Return the kills that were asked for, in their order."""
    faults = _faults(given)
    dice = random.Random(given.seed)
    plan = kills.at_transitions(faults, WAYS) if given.transitions else []
    plan += [Kill(dice.choice(faults), "biting", "run") for _ in range(given.timed)]
    plan += kills.at_random(faults, WAYS, given.random, dice)
    if not given.kubernetes:
        callers = kills.CALLERS[:-1] if given.local else kills.CALLERS
        for _ in range(given.callers):
            plan += kills.by_caller(faults, callers, dice)
    if given.only:
        plan = dice.sample(plan, min(given.only, len(plan)))
    return plan


def _faults(given: argparse.Namespace) -> Sequence[Fault]:
    if given.kubernetes:
        return [*cluster_kills.CATALOGUE, *cluster_kills.NODES]
    return kills.PROCESS if given.local else kills.CATALOGUE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--timed", type=int, default=100)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--only", type=int, default=0)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true")
    where.add_argument("--kubernetes", metavar="CONTEXT", default="")
    parser.add_argument("--no-transitions", dest="transitions", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
