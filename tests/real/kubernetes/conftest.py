"""The helper's image on the nodes; a namespace for each module that asks for one."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.real.kubernetes.world import World, context

LOAD_PATIENCE = 600  # seconds


@pytest.fixture(scope="session", autouse=True)
def helper_image() -> None:
    """Have the nodes have it, where somebody says how they get local images."""
    if not os.environ.get("GAMEDAY_TEST_KUBERNETES"):
        return
    if not os.environ.get("GAMEDAY_IMAGE_LOADER"):
        return  # then they pull what GAMEDAY_HELPER_IMAGE names
    from stage import kubernetes_images  # type: ignore[import-not-found, unused-ignore]

    loader = kubernetes_images.loader(context())
    command = [*loader, kubernetes_images.helper()]
    subprocess.run(command, check=True, timeout=LOAD_PATIENCE, capture_output=True)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Yield a namespace of the module's own; removed afterwards."""
    last = request.module.__name__.rpartition("_")[2]
    made = World(f"gd-g-{last}")
    try:
        yield made
    finally:
        made.remove()
