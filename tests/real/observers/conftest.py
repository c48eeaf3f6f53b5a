"""Both generations of Prometheus and Alertmanager, where they can be had."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.observers.lab import (
    RULES,
    Lab,
    Run,
    debian_programs,
    given_programs,
    running,
)

PROGRAMS = ("prometheus", "alertmanager")


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return debian_programs(tmp_path_factory.mktemp("debian"))


@pytest.fixture(scope="session", params=["debian", "given"])
def programs(request: pytest.FixtureRequest, debian: dict[str, str]) -> dict[str, str]:
    """The programs' paths: unpacked from Debian's packages, or given by the user."""
    found = debian if request.param == "debian" else given_programs()
    if missing := [name for name in PROGRAMS if name not in found]:
        why = (
            "apt-get download gives no packages here"
            if request.param == "debian"
            else "set GAMEDAY_TEST_PROMETHEUS and GAMEDAY_TEST_ALERTMANAGER"
        )
        pytest.skip(f"no {' and '.join(missing)}: {why}")
    return found


@pytest.fixture
def lab(programs: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    """A lab of the test's own, which it may break."""
    with running(Lab(programs, tmp_path, RULES)) as one:
        yield one


@pytest.fixture
def run(lab: Lab) -> Iterator[Run]:
    """A lab that is observed."""
    one = Run(lab)
    try:
        yield one
    finally:
        one.stop()
