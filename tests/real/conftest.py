"""The nodes of the cluster, which all groups of tests share.

Whoever cordons, taints or drains one has them alone meanwhile: a game day beside it
would call that drift. Such a test says so in its name or by `@pytest.mark.nodes`; one
that a changed node would disturb is marked `nodes(watched=True)`. Tests that have them
alone, one after another, give them back after the last: each change of hands waits for
every test that watches.
"""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

CHANGES = ("cordon", "taint", "drain")
_ALONE = ExitStack()  # the nodes, while tests of this process have them alone
_taken = pytest.StashKey[bool]()


@pytest.fixture(autouse=True)
def _nodes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold the nodes while a test needs them: alone, or with others who only watch."""
    if _changes(request.node):
        if not request.config.stash.get(_taken, False):
            _ALONE.enter_context(_held(fcntl.LOCK_EX))
            request.config.stash[_taken] = True
        yield
        return
    with ExitStack() as held:
        if _of_a_cluster(request.node) and request.node.get_closest_marker("nodes"):
            held.enter_context(_held(fcntl.LOCK_SH))
        yield


@pytest.hookimpl(trylast=True)  # once the test's own fixtures have put back
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Give the nodes back where the next test does not want them alone."""
    if nextitem is None or not _changes(nextitem):
        item.config.stash[_taken] = False
        _ALONE.close()


def _changes(item: pytest.Item) -> bool:
    """Return whether a test changes nodes."""
    if not _of_a_cluster(item):
        return False
    marker = item.get_closest_marker("nodes")
    watches = marker is not None and bool(marker.kwargs.get("watched"))
    named = any(word in item.name for word in CHANGES)
    return named or (marker is not None and not watches)


def _of_a_cluster(item: pytest.Item) -> bool:
    return item.get_closest_marker("kubernetes") is not None


def _held(how: int) -> ExitStack:
    """Return the nodes' lock, once it is had; closing it gives them back."""
    with ExitStack() as held:
        # Whoever wants them alone closes the door first, so that nobody overtakes.
        door = held.enter_context(_lock("door"))
        room = held.enter_context(_lock("room"))
        fcntl.flock(door, how)
        fcntl.flock(room, how)
        fcntl.flock(door, fcntl.LOCK_UN)
        return held.pop_all()


def _lock(name: str) -> TextIO:
    path = Path(tempfile.gettempdir()) / f"gameday-tests-nodes-{name}"
    return path.open("w")
