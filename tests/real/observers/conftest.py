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
    observed,
    running,
)

PROGRAMS = ("prometheus", "alertmanager")


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return debian_programs(tmp_path_factory.mktemp("debian"))


@pytest.fixture(scope="session", params=["debian", "given"])
def programs(request: pytest.FixtureRequest, debian: dict[str, str]) -> dict[str, str]:
    """The programs' paths: unpacked from Debian's packages, or given by the user."""
    paths = debian if request.param == "debian" else given_programs()
    if missing := [name for name in PROGRAMS if name not in paths]:
        why = (
            "apt-get download gives no packages here"
            if request.param == "debian"
            else "set GAMEDAY_TEST_PROMETHEUS and GAMEDAY_TEST_ALERTMANAGER"
        )
        pytest.skip(f"no {' and '.join(missing)}: {why}")
    return paths


@pytest.fixture
def lab(programs: dict[str, str], tmp_path: Path) -> Iterator[Lab]:
    """A lab of the test's own, which it may break."""
    with running(Lab(programs, tmp_path, RULES)) as lab:
        yield lab


@pytest.fixture
def run(lab: Lab) -> Iterator[Run]:
    """Observe the test's own lab."""
    with observed(lab) as run:
        yield run


@pytest.fixture(scope="session")
def common_lab(
    programs: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A lab for all tests of a generation that break nothing."""
    with running(Lab(programs, tmp_path_factory.mktemp("lab"), RULES)) as lab:
        yield lab


@pytest.fixture
def common_run(common_lab: Lab) -> Iterator[Run]:
    """Observe the common lab, in which nothing is left of the test before."""
    common_lab.calm()
    with observed(common_lab) as run:
        yield run
