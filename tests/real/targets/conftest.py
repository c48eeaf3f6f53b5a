"""One compose project for all tests here, put back in order after each."""

from collections.abc import Iterator
from functools import partial

import pytest

from gameday.targets import open_target
from gameday.targets.opened import OpenTarget
from tests.real.targets.world import CLOCK, ComposeProject, supervisord, wait_for


@pytest.fixture(scope="session")
def session_project() -> Iterator[ComposeProject]:
    project = ComposeProject()
    try:
        yield project
    finally:
        project.remove()


@pytest.fixture
def project(session_project: ComposeProject) -> Iterator[ComposeProject]:
    """Yield the project; afterwards all run again and no helper is left."""
    yield session_project
    leftovers = session_project.helpers()
    for helper in leftovers:
        session_project.api.remove_container(helper, force=True)
    for mark in session_project.marks():  # a test that breaks by hand leaves them
        session_project.api.remove_container(mark, force=True)
    for name in ("web-1", "web-2", "db-1"):
        state = session_project.inspect(name)["State"]
        if state["Paused"]:
            session_project.api.unpause(session_project.inspect(name)["Id"])
        elif not state["Running"]:
            session_project.api.start(session_project.inspect(name)["Id"])
        wait_for(partial(session_project.runs, name))
    assert leftovers == []


@pytest.fixture
def target(project: ComposeProject) -> OpenTarget:
    return open_target(project.url, CLOCK)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the target URL of a supervisord of the module's own."""
    with supervisord(tmp_path_factory.mktemp("shop")) as address:
        yield address
