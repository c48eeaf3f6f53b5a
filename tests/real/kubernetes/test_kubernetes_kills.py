"""Killed at any instant on a cluster: nothing outlives the run. A sample of them.

`bench/kills.py --kubernetes CONTEXT` has all. GAMEDAY_KILLS_SEED repeats one sample.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.kubernetes import kills
from tests.real.kubernetes.world import World
from tests.real.ledger.kills import TRANSITIONS, Fault, Kill, Place, run_after_death
from tests.real.targets.world import wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes(watched=True)]

SEED = int(os.environ["GAMEDAY_KILLS_SEED"])  # tests/conftest.py chooses one
DICE = random.Random(SEED)  # noqa: S311 - to be repeated, not to be secret
HELD = (
    Fault("network.partition", "count: 1, duration: 5s"),
    Fault("process.pause", "count: 1, duration: 5s"),
)


def named(kill: Kill) -> str:
    return f"seed {SEED}: {kill}"


def sample() -> list[Kill]:
    """Return each way for some faults of each family, at some transition."""
    chosen = [*DICE.sample(kills.SHARED, 4), *DICE.sample(kills.OWN, 3)]
    return [
        *(Kill(fault, DICE.choice(TRANSITIONS), DICE.choice(WAYS)) for fault in chosen),
        Kill(DICE.choice(kills.SHARED), "injecting", "run"),
        Kill(DICE.choice(kills.CATALOGUE), DICE.uniform(0.0, 4.0), "all"),
    ]


WAYS = ("run", "both", "all")


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Place]:
    with kills.on_cluster(world, tmp_path) as made:
        yield made


@pytest.mark.parametrize("kill", sample(), ids=named)
def test_nothing_is_left(world: World, place: Place, kill: Kill) -> None:
    kills.play(world, place, kill)


@pytest.mark.parametrize("fault", HELD, ids=lambda fault: fault.kind)
def test_with_nobody_left_the_helper_ends_it(
    world: World, place: Place, fault: Fault
) -> None:
    going = place.start(place.scenario(fault, hold="4s"))
    going.until("biting")
    going.kill("all")
    wait_for(lambda: not world.deaf(), 20.0)
    assert world.left() != []  # who was killed has not tidied up
    kills.heal(world, place)
    kills.is_whole(place, str(fault))


def test_a_plan_is_not_refused_over_what_the_dead_left(place: Place) -> None:
    """A workload that is scaled down has too few pods for the share."""
    done = run_after_death(place, Fault("process.stop"), share="34%")
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: nobody watched
    assert "left by run" in done.stderr
    kills.is_whole(place, "after the next run")
