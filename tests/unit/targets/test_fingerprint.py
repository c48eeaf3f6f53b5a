"""What of a container and of a namespace is in a fingerprint, and what is not."""

from typing import Any

import pytest

from gameday.model.fingerprint import Fingerprint, differences
from gameday.targets.docker.endpoint import EngineAddress
from gameday.targets.docker.engine import DockerEngine
from gameday.targets.docker.fingerprint import (
    Fingerprints,
    mode_of,
    mounts,
    survey_keys,
)
from gameday.targets.docker.sidecars.helper import Helper
from gameday.targets.sidecar.network.survey import rules_of, without_volatile
from tests.unit.ledger.fake import HandClock

ID = "306a02de7024a3eb72f3e21999e4f58dd760bd767949196299888a85a01c852d"


def container(**changes: Any) -> dict[str, Any]:
    """Return an inspected container, with values at dotted paths changed."""
    details: dict[str, Any] = {
        "Id": ID,
        "Image": "sha256:9a676bfe610e8d04567cdf73ec93aed3d7c099babcc7f1f3b9f6d29947bc",
        "RestartCount": 0,
        "State": {"Status": "running", "Running": True, "Pid": 29785, "StartedAt": "a"},
        "Config": {
            "Cmd": ["python3", "--password=hunter2"],
            "Env": ["PASSWORD=hunter2", "MODE=fast"],
            "Labels": {"com.docker.compose.service": "web"},
        },
        "HostConfig": {
            "NetworkMode": "shop_default",
            "Memory": 0,
            "PidsLimit": None,
            "CapAdd": None,
            "RestartPolicy": {"Name": "always"},
            "LogConfig": {"Type": "splunk", "Config": {"splunk-token": "hunter2"}},
        },
        "Mounts": [],
        "NetworkSettings": {
            "Networks": {
                "shop_default": {
                    "Aliases": [ID[:12], "web"],
                    "IPAMConfig": None,
                    "IPAddress": "172.23.0.9",
                    "MacAddress": "02:42:ac:17:00:09",
                    "EndpointID": "71a1",
                }
            }
        },
    }
    for path, value in changes.items():
        *way, last = path.split("__")
        place = details
        for key in way:
            place = place[key]
        place[last] = value
    return details


class Project:
    """One container that can be exchanged."""

    def __init__(self) -> None:
        self.found = container()
        engine = DockerEngine(EngineAddress(host="tcp://127.0.0.1:9"), HandClock())
        self._prints = Fingerprints(engine, Helper(engine), self._inspected)

    def _inspected(self) -> dict[str, dict[str, Any]]:
        return {"web-1": self.found}

    def take(self, **changes: Any) -> Fingerprint:
        """Return the fingerprint with these changes."""
        self.found = container(**changes)
        return self._prints.take(())

    def changed(self, **changes: Any) -> list[str]:
        """Return the keys that differ with these changes."""
        return [
            difference.key
            for difference in differences(self.take(), self.take(**changes))
        ]


NETWORK = "NetworkSettings__Networks__shop_default"


@pytest.mark.parametrize(
    "changes",
    [
        {"State__Pid": 1, "State__StartedAt": "b", "RestartCount": 7},
        {"State__Health": {"Status": "unhealthy"}},
        {f"{NETWORK}__IPAddress": "172.23.0.2", f"{NETWORK}__MacAddress": "x"},
        {f"{NETWORK}__Aliases": ["web", ID[:12]], f"{NETWORK}__EndpointID": "y"},
        {"HostConfig__PidsLimit": 0, "HostConfig__CapAdd": [], "HostConfig__Memory": 0},
    ],
)
def test_what_a_fault_cannot_help_changing_is_no_difference(
    changes: dict[str, Any],
) -> None:
    assert Project().changed(**changes) == []


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("container", {"Id": "b" * 64, f"{NETWORK}__Aliases": ["b" * 12, "web"]}),
        ("Image", {"Image": "sha256:aa"}),
        ("State", {"State__Status": "paused"}),
        ("State", {"State__Status": "exited"}),
        ("Config.Cmd", {"Config__Cmd": ["python3"]}),
        ("Config.Env.MODE", {"Config__Env": ["PASSWORD=hunter2", "MODE=slow"]}),
        ("Config.Env.MODE", {"Config__Env": ["PASSWORD=hunter2"]}),
        ("HostConfig.Memory", {"HostConfig__Memory": 67108864}),
        ("HostConfig.NanoCpus", {"HostConfig__NanoCpus": 5}),
        ("HostConfig.CapAdd", {"HostConfig__CapAdd": ["NET_ADMIN"]}),
        ("HostConfig.RestartPolicy", {"HostConfig__RestartPolicy": {"Name": "no"}}),
        ("HostConfig.SomethingNew", {"HostConfig__SomethingNew": "x"}),
        ("Networks.shop_default", {"NetworkSettings__Networks": {}}),
        ("Networks.shop_default", {f"{NETWORK}__Aliases": [ID[:12]]}),
        (
            "Networks.shop_default",
            {f"{NETWORK}__IPAMConfig": {"IPv4Address": "172.23.0.5"}},
        ),
        (
            "Mounts./data",
            {
                "Mounts": [
                    {
                        "Type": "volume",
                        "Name": "data",
                        "Destination": "/data",
                        "RW": True,
                    }
                ]
            },
        ),
    ],
)
def test_everything_else_is_named(key: str, changes: dict[str, Any]) -> None:
    assert Project().changed(**changes) == [key]


def test_no_secret_is_in_it() -> None:
    one, other = Project().take(), Project().take()
    assert "hunter2" not in str(one)
    hidden = ("Config.Env.PASSWORD", "Config.Cmd", "HostConfig.LogConfig")
    for key in hidden:  # nobody can find it by trying: each has a key of its own
        assert one["web-1"][key].startswith("#")
        assert one["web-1"][key] != other["web-1"][key]


def test_the_mode_of_what_a_near_engine_binds(tmp_path: Any) -> None:
    place = tmp_path / "data"
    place.mkdir()
    place.chmod(0o750)
    bind = {"Type": "bind", "Source": str(place), "Destination": "/data", "RW": False}
    near = dict(mounts([bind], near=True))
    assert near["Mounts./data.mode"].startswith("0750 ")
    place.chmod(0o777)
    assert dict(mounts([bind], near=True)) != near
    assert list(dict(mounts([bind], near=False))) == ["Mounts./data"]
    assert mode_of(str(tmp_path / "nothing")) == ""


SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [12:720]
:DOCKER_OUTPUT - [0:0]
-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT
-A DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -j DNAT --to-destination 127.0.0.11:{one}
-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p udp --sport {two} -j SNAT --to-source :53
COMMIT
"""


def test_the_ports_of_the_engines_dns_are_of_the_moment() -> None:
    before = rules_of("iptables", SAVED.format(one=34567, two=41000))
    assert before == rules_of("iptables", SAVED.format(one=35999, two=52000))
    assert len(before) == 3


def test_a_rule_of_somebody_else_about_dns_is_kept_as_it_is() -> None:
    line = "*nat\n-A OUTPUT -p udp -j DNAT --to-destination 127.0.0.11:5353\nCOMMIT\n"
    assert rules_of("iptables", line) == [
        "iptables nat -A OUTPUT -p udp -j DNAT --to-destination 127.0.0.11:5353"
    ]


def test_an_empty_table_is_no_rule_and_a_policy_is_one() -> None:
    text = "*filter\n:INPUT {} [5:300]\n:OUTPUT ACCEPT [0:0]\n:MINE - [0:0]\nCOMMIT\n"
    assert rules_of("iptables", text.format("ACCEPT")) == []
    assert rules_of("ip6tables", text.format("DROP")) == [
        "ip6tables filter -P INPUT DROP"
    ]


def test_routes_and_qdiscs_without_what_passes() -> None:
    text = (
        "default via 172.23.0.1 dev eth0 \n"
        "172.23.0.0/16 dev eth0 proto kernel scope link src 172.23.0.9 \n"
        "fe80::/64 dev eth0 expires 300sec\n"
        "qdisc noqueue 0: dev eth0 root refcnt 2\n\n"
    )
    assert without_volatile(text) == [
        "172.23.0.0/16 dev eth0 proto kernel scope link",
        "default via 172.23.0.1 dev eth0",
        "fe80::/64 dev eth0",
        "qdisc noqueue 0: dev eth0 root",
    ]


def test_a_line_that_is_there_twice_differs_from_once() -> None:
    said: dict[str, list[str]] = {"rules": ["a"], "qdiscs": [], "routes": []}
    once, twice = survey_keys(said), survey_keys({**said, "rules": ["a", "a"]})
    (difference,) = differences({"web-1": once}, {"web-1": twice})
    assert (difference.key, difference.before, difference.after) == (
        "inside.rules.a",
        "there",
        "there 2 times",
    )
