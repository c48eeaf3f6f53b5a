"""The helper's image on the nodes; a namespace for each module that asks for one."""

import fcntl
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.real.kubernetes.world import World, context

LOAD_PATIENCE = 600  # seconds


@pytest.fixture(scope="session", autouse=True)
def helper_image(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the nodes have it, where somebody says how they get local images.

    Of several workers one loads it; the others wait for it.
    """
    if not os.environ.get("GAMEDAY_TEST_KUBERNETES"):
        return
    if not os.environ.get("GAMEDAY_IMAGE_LOADER"):
        return  # then they pull what GAMEDAY_HELPER_IMAGE names
    from stage import kubernetes_images  # type: ignore[import-not-found, unused-ignore]

    loader = kubernetes_images.loader(context())
    command = [*loader, kubernetes_images.helper()]
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "helper-image").open("a+") as done:
        fcntl.flock(done, fcntl.LOCK_EX)
        done.seek(0)
        if not done.read():
            subprocess.run(
                command, check=True, timeout=LOAD_PATIENCE, capture_output=True
            )
            done.write("loaded")


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Yield a namespace of the module's own; removed afterwards."""
    last = request.module.__name__.rpartition("_")[2]
    made = World(f"gd-g-{last}")
    try:
        yield made
    finally:
        made.remove()
