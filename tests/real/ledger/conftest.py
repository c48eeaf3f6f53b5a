"""A compose project for the tests here, and a place with a home of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ledger.kills import Place, damage
from tests.real.targets.world import CLOCK, ComposeProject


@pytest.fixture(scope="module")
def project() -> Iterator[ComposeProject]:
    made = ComposeProject("gdledger")
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture
def place(project: ComposeProject, tmp_path: Path) -> Iterator[Place]:
    """Yield a place; afterwards nothing may be left of it in the project."""
    target = f"docker: {{project: {project.name}}}"
    made = Place(tmp_path, target, lambda: damage(project), url=project.url)
    yield made
    end = CLOCK.monotonic() + 10.0
    while left := made.whole():
        assert CLOCK.monotonic() < end, left
        CLOCK.sleep(0.05)
