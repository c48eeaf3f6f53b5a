"""Knocking at a port: open, closed, and changed meanwhile."""

import socket
from collections.abc import Iterator

import pytest

from gameday.targets.sidecar.proof.reach import CLOSED, OPEN, SILENT, Reach, port_state

HERE = "127.0.0.1"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.create_server((HERE, 0)) as made:
        yield made


def port_of(door: socket.socket) -> int:
    return int(door.getsockname()[1])


def test_an_open_port_and_a_closed_one_both_answer(door: socket.socket) -> None:
    port = port_of(door)
    assert port_state(HERE, port) == OPEN
    door.close()
    assert port_state(HERE, port) == CLOSED


def test_what_cannot_be_reached_is_silent() -> None:
    assert port_state("255.255.255.255", 9) == SILENT


def test_a_change_is_seen_at_once(door: socket.socket) -> None:
    work = Reach({"address": HERE, "port": port_of(door)})
    work.prepare()
    door.close()
    told = {"before": OPEN, "now": CLOSED, "port": work.apply()["port"]}
    assert work.apply() == told


def test_one_that_was_silent_before_is_not_waited_for() -> None:
    work = Reach({"address": "255.255.255.255", "port": 9})
    work.prepare()
    assert work.apply() == {"before": SILENT, "now": SILENT, "port": 9}
