"""The nodes of the cluster, which all groups of tests share.

Whoever cordons, taints or drains one has them alone meanwhile: a game day beside it
would call that drift. Such a test says so in its name or by `@pytest.mark.nodes`; one
that a changed node would disturb is marked `nodes(watched=True)`.
"""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

CHANGES = ("cordon", "taint", "drain")


@pytest.fixture(autouse=True)
def _nodes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold the nodes while a test needs them: alone, or with others who only watch."""
    marker = request.node.get_closest_marker("nodes")
    of_a_cluster = request.node.get_closest_marker("kubernetes") is not None
    named = any(word in request.node.name for word in CHANGES)
    if not of_a_cluster or (marker is None and not named):
        yield
        return
    watched = marker is not None and bool(marker.kwargs.get("watched")) and not named
    with ExitStack() as held:
        # Whoever wants them alone closes the door first, so that nobody overtakes.
        door = held.enter_context(_lock("door"))
        room = held.enter_context(_lock("room"))
        fcntl.flock(door, fcntl.LOCK_SH if watched else fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_SH if watched else fcntl.LOCK_EX)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield


def _lock(name: str) -> TextIO:
    path = Path(tempfile.gettempdir()) / f"gameday-tests-nodes-{name}"
    return path.open("w")
