"""Game days as a user runs them: the command line against the whole demo shop."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage import docker as on_docker  # type: ignore[import-not-found, unused-ignore]
from stage import local as on_local
from stage import ready

from tests.real.game_days.play import Stage
from tests.shops import meant, own

SHOPS = {"docker_shop", "local_shop", "current_shop"}


@pytest.fixture(scope="module")
def docker_shop() -> Iterator[None]:
    """The shop on Docker, for a module's length."""
    with meant(own()):
        if on_local.is_up():
            on_local.down()
        on_docker.up()
        ready.wait(90)
        yield
        on_docker.down()


@pytest.fixture(scope="module")
def local_shop() -> Iterator[None]:
    """The shop without Docker, for a module's length."""
    with meant(own()):
        if not on_docker.why_not() and on_docker.is_up():
            on_docker.down()
        on_local.up()
        ready.wait(90)
        yield
        on_local.down()


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A place of its own for a test's state and output; nothing may be left broken.

    What the test before let ring is over by then: a run would be refused over it.
    """
    if SHOPS & set(request.fixturenames):
        ready.wait(90)
    place = Stage(tmp_path)
    yield place
    healed = place.gameday("heal")
    assert "nothing is broken" in healed.stdout, healed.stdout
    assert not os.environ.get("GAMEDAY_RUN")
