"""What is left of runs once their phases are subtracted."""

import random

import pytest

from gameday.model.timing.phase import Grid, Phases
from gameday.regressions.measure import RunSample
from gameday.regressions.steady import without_phases

INTERVAL, FOR = 1.0, 3.0


def held(
    count: int, own: float, *, seed: int, interval: float = INTERVAL
) -> list[RunSample]:
    """Return runs of a system that shows a change after `own` seconds, at any phase."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    samples = []
    for number in range(count):
        scrape, evaluation = chance.uniform(0, interval), chance.uniform(0, interval)
        phases = Phases(Grid(scrape, interval), Grid(evaluation, interval))
        samples.append(
            RunSample(
                run=f"{seed}-{number}",
                measured=phases.seen(own) + FOR,
                waited=phases.seen(0.0),
                period=interval,
                scrape=scrape,
                scrape_interval=interval,
                evaluation=evaluation,
                evaluation_interval=interval,
            )
        )
    return samples


@pytest.mark.parametrize("own", [0.0, 0.4, 0.8, 2.7])
def test_runs_of_one_system_are_alike_once_their_phases_are_subtracted(
    own: float,
) -> None:
    left = without_phases(held(10, own, seed=1), held(3, own, seed=2))
    assert left is not None
    old, new = left
    assert max(old) - min(old) < 1e-6
    assert new == pytest.approx(old[:3])
    # Where in a period the system is done is known to what the phases leave open.
    assert (old[0] - FOR) % INTERVAL == pytest.approx(own % INTERVAL, abs=0.2)


def test_a_slower_system_is_slower_by_a_scrape() -> None:
    """Its balancer takes a second more; nothing else has changed."""
    left = without_phases(held(10, 0.8, seed=1), held(3, 1.8, seed=2))
    assert left is not None
    old, new = left
    assert min(new) - max(old) == pytest.approx(INTERVAL)


def test_of_two_runs_the_phase_is_what_was_recorded() -> None:
    old = held(2, 0.8, seed=1)
    left = without_phases(old, held(1, 0.8, seed=2))
    assert left is not None
    assert left[0] == [sample.measured - (sample.waited or 0.0) for sample in old]


def test_a_baseline_that_knows_only_what_was_waited_is_read_as_before() -> None:
    old = [RunSample(run=f"{n}", measured=5.0 + n, waited=float(n)) for n in range(4)]
    assert without_phases(old, held(1, 0.0, seed=2)) == ([5.0] * 4, [FOR])


def test_without_a_phase_nothing_is_subtracted() -> None:
    unknown = [RunSample(run="a", measured=5.0)]
    assert without_phases(unknown, held(3, 0.0, seed=1)) is None
    assert without_phases(held(3, 0.0, seed=1), unknown) is None
    assert without_phases([], held(3, 0.0, seed=1)) is None
