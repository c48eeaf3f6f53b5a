"""A namespace for each module of tests that asks for one."""

from collections.abc import Iterator

import pytest

from tests.real.kubernetes.world import World


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Yield a namespace of the module's own; removed afterwards."""
    last = request.module.__name__.rpartition("_")[2]
    made = World(f"gd-g-{last}")
    try:
        yield made
    finally:
        made.remove()
