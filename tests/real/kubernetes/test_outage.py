"""The API server is away in the middle of a run: everything is undone all the same.

A door in front of it is shut for half a minute: connections end, new ones are refused,
as with a server that was killed and is started again.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.real.kubernetes import kills
from tests.real.kubernetes.world import World
from tests.real.ledger.door import Door, door
from tests.real.ledger.kills import Fault, Going, Place
from tests.real.targets.world import CLOCK, wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.nodes(watched=True)]

AWAY = 30.0  # seconds
BACK = 60.0  # seconds until all is undone, once it is there again
STOP = Fault("process.stop")
CUT = Fault("network.partition")
FAULTS = (STOP, CUT)


@dataclass
class Far:
    """A place whose cluster is reached through a door only."""

    place: Place
    door: Door

    def away(self, seconds: float = AWAY) -> None:
        """Shut the door now and open it again later."""
        self.door.shut()
        threading.Timer(seconds, self.door.open).start()


@pytest.fixture
def far(world: World, tmp_path: Path) -> Iterator[Far]:
    """Yield the place, its context's server behind a door; nothing may be left."""
    config = world.kubectl("config", "view", "--raw", "--minify", "-o", "json", at="")
    given = json.loads(config)
    (cluster,) = given["clusters"]
    server = urlsplit(cluster["cluster"]["server"])
    there = (str(server.hostname), server.port or 443)
    with (
        kills.on_cluster(world, tmp_path) as place,
        door(lambda: socket.create_connection(there, 3.0)) as made,
    ):
        cluster["cluster"]["server"] = f"https://127.0.0.1:{made.port}"
        cluster["cluster"]["tls-server-name"] = server.hostname
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(given))
        path.chmod(0o600)
        place.environment = {**place.environment, "KUBECONFIG": str(path)}
        assert os.environ.get("KUBECONFIG") != str(path)  # we look past the door
        yield Far(place, made)
        kills.is_whole(place, "the test")


def verdict(going: Going) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((going.out / "verdict.json").read_text())
    return document


def finished(going: Going) -> int:
    """Return the exit code: passed, inconclusive, or of what has no pass to give."""
    code = going.process.wait(AWAY + BACK + 60.0)
    assert code in (0, 1, 3), going.text
    return code


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_away_while_the_fault_holds(far: Far, fault: Fault) -> None:
    going = far.place.start(far.place.scenario(fault, hold="40s"))
    going.until("biting")
    far.away()
    finished(going)
    assert far.place.whole() == ""
    assert going.settled()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_away_when_it_is_to_be_undone(far: Far, fault: Fault) -> None:
    going = far.place.start(far.place.scenario(fault, hold="2s"))
    going.until("biting")
    far.away()
    code = finished(going)
    wait_for(going.settled, BACK)
    kills.is_whole(far.place, f"a run that ended with {code}")


def test_away_while_it_is_injected(far: Far) -> None:
    going = far.place.start(far.place.scenario(CUT, hold="2s"))
    going.until("injecting")
    far.away()
    assert finished(going) != 0
    assert verdict(going)
    wait_for(going.settled, BACK)
    kills.is_whole(far.place, "a run whose fault could not be injected")


def test_killed_while_it_is_away(far: Far) -> None:
    going = far.place.start(far.place.scenario(STOP, hold="60s"))
    going.until("biting")
    far.door.shut()
    going.kill("run")
    CLOCK.sleep(5.0)
    far.door.open()
    wait_for(going.settled, BACK)
    kills.is_whole(far.place, "a run killed while the API was away")
