"""Killed at any instant: nothing outlives the run. A sample; `bench/kills.py` has all.

GAMEDAY_KILLS_SEED repeats one; the seed is in each test's name.
"""

import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.real.ledger import kills
from tests.real.ledger.kills import (
    CALLERS,
    CATALOGUE,
    PROCESS,
    TRANSITIONS,
    Fault,
    Kill,
    Place,
)

SEED = int(os.environ["GAMEDAY_KILLS_SEED"])  # tests/conftest.py chooses one
DICE = random.Random(SEED)  # noqa: S311 - to be repeated, not to be secret
WAYS = ("run", "both", "all")


def named(kill: Kill) -> str:
    return f"seed {SEED}: {kill}"


def sample() -> list[Kill]:
    """Return each fault at some transition in some way, and some random instants."""
    by_state = [
        Kill(fault, DICE.choice(TRANSITIONS), DICE.choice(WAYS)) for fault in CATALOGUE
    ]
    injecting = [Kill(fault, "injecting", "run") for fault in DICE.sample(CATALOGUE, 3)]
    return by_state + injecting + kills.at_random(CATALOGUE, WAYS, 6, DICE)


@pytest.mark.docker
@pytest.mark.parametrize("kill", sample(), ids=named)
def test_on_docker_nothing_is_left(place: Place, kill: Kill) -> None:
    kills.play(place, kill)


def each_caller(faults: Sequence[Fault], callers: Sequence[str]) -> list[Kill]:
    """Return one kill for each caller, of one kind of run or the other in turn."""
    kinds = kills.by_caller(faults, callers, DICE)
    half = len(kinds) // 2
    return [DICE.choice(pair) for pair in zip(kinds[:half], kinds[half:], strict=True)]


@pytest.mark.docker
@pytest.mark.parametrize("kill", each_caller(CATALOGUE, CALLERS), ids=named)
def test_on_docker_nothing_is_left_whoever_recovers_it(
    place: Place, kill: Kill
) -> None:
    kills.play(place, kill)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in kills.LOGIN.items():
        monkeypatch.setenv(name, value)
    with kills.on_supervisord(tmp_path) as place:
        yield place


@pytest.mark.parametrize(
    "kill",
    [Kill(fault, DICE.choice(TRANSITIONS), DICE.choice(WAYS)) for fault in PROCESS],
    ids=named,
)
def test_under_supervisord_nothing_is_left(here: Place, kill: Kill) -> None:
    kills.play(here, kill)


@pytest.mark.parametrize("kill", each_caller(PROCESS, CALLERS[:-1]), ids=named)
def test_under_supervisord_nothing_is_left_whoever_recovers_it(
    here: Place, kill: Kill
) -> None:
    kills.play(here, kill)


def test_the_next_run_heals_before_it_plans(here: Place) -> None:
    """What a dead run has stopped is a victim again, not one that is down already."""
    fault = Fault("process.stop", "instances: web-1")
    dead = here.start(here.scenario(fault))
    dead.until("biting")
    dead.kill("all")
    assert here.whole() == "web-1 stopped"
    scenario, out = here.scenario(fault, hold="200ms"), here.folder / "next"
    done = here.gameday("run", str(scenario), "--plain", "--out", str(out))
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: nobody watched
    assert "healed  process.stop on web-1" in done.stderr
    assert here.whole() == ""
    lines = map(json.loads, (out / "timeline.ndjson").read_text().splitlines())
    (told,) = [line for line in lines if line["kind"] == "recovered"]
    assert (told["what"], told["ok"]) == ("process.stop on web-1", True)
    for report in ("report.md", "report.html"):
        text = (out / report).read_text()
        assert f"process.stop on web-1, left by run {told['run']}" in text, report
