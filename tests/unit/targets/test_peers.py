"""Peers of a network fault: services, instances and addresses."""

from dataclasses import replace
from typing import Any

import pytest

from gameday.errors import FaultFailed
from gameday.targets.docker.sidecars.peers import ends_of
from tests.unit.ledger.fake import instance

VICTIM: dict[str, Any] = {
    "Id": "id-web-1",
    "NetworkSettings": {
        "Networks": {
            "shop": {
                "IPAddress": "172.19.0.2",
                "IPPrefixLen": 16,
                "Gateway": "172.19.0.1",
            },
            "v6": {
                "IPAddress": "",
                "GlobalIPv6Address": "fd00::2",
                "GlobalIPv6PrefixLen": 64,
            },
        }
    },
}
OTHERS = [
    replace(instance("web-1"), addresses=("172.19.0.2",)),
    replace(instance("web-2"), addresses=("172.19.0.3",)),
    replace(instance("db-1"), addresses=("172.19.0.9", "10.1.1.9", "fd00::9")),
    replace(instance("far-1"), addresses=("10.1.1.7",)),
]


def test_a_service_is_all_its_containers_on_shared_networks() -> None:
    ends = ends_of(VICTIM, ["db"], OTHERS)
    assert ends.peers == ("172.19.0.9", "fd00::9")
    assert ends.probes == ("172.19.0.9", "fd00::9")


def test_the_victim_is_no_peer_of_its_own_service() -> None:
    assert ends_of(VICTIM, ["web"], OTHERS).peers == ("172.19.0.3",)


def test_instances_addresses_and_networks_may_be_named() -> None:
    peers = ["web-2", "8.8.8.8", "10.0.0.0/8", "172.19.0.3"]
    ends = ends_of(VICTIM, peers, OTHERS)
    assert ends.peers == ("172.19.0.3", "8.8.8.8", "10.0.0.0/8")
    assert ends.probes == ("172.19.0.3", "8.8.8.8", "172.19.0.3")


def test_by_default_it_is_everybody_and_somebody_near_is_probed() -> None:
    ends = ends_of(VICTIM, [], OTHERS)
    assert ends.peers == ()
    assert ends.probes == ("172.19.0.3", "172.19.0.9", "fd00::9", "172.19.0.1")


@pytest.mark.parametrize(
    ("peers", "message"),
    [
        (["nobody"], "'nobody' is no service or instance"),
        (["far"], "'far' shares no network"),
    ],
)
def test_a_peer_that_cannot_be_is_refused(peers: list[str], message: str) -> None:
    with pytest.raises(FaultFailed, match=message):
        ends_of(VICTIM, peers, OTHERS)


def test_a_container_without_a_network_cannot_be_cut_off() -> None:
    bare = {"Id": "x", "NetworkSettings": {"Networks": {"none": {"IPAddress": ""}}}}
    with pytest.raises(FaultFailed, match="no network of its own"):
        ends_of(bare, [], OTHERS)
