"""Fingerprints of a real project: what is left behind is named, and nothing else."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from gameday.model.fingerprint import Fingerprint, differences
from gameday.ports import Target
from gameday.targets import open_target
from tests.real.targets.world import CLOCK, ComposeProject, ask, find, wait_for

pytestmark = pytest.mark.docker

MARK = "gdtest.0badcafe"
FAULTS = {
    "process.kill": {},
    "process.stop": {},
    "process.pause": {},
    "process.restart": {},
    "network.partition": {},
    "network.delay": {"by": "100ms"},
    "network.rate": {"to": "2mbit"},
}
TOUCHED = ("web-1",)
LEFT = "iptables -A INPUT -s 192.0.2.1 -j DROP; ip route add 192.0.2.0/24 dev eth0"


@pytest.fixture
def own() -> Iterator[ComposeProject]:
    """A project that a test may leave as it likes."""
    project = ComposeProject()
    try:
        yield project
    finally:
        project.remove()


def keys(target: Target, before: Fingerprint, *touched: str) -> list[str]:
    changes = differences(before, target.fingerprint(touched))
    return [f"{difference.instance} {difference.key}" for difference in changes]


@pytest.mark.parametrize("kind", FAULTS)
def test_nothing_is_left_of_a_fault_that_was_undone(
    kind: str, target: Target, project: ComposeProject
) -> None:
    target.make_ready(kind)
    why = target.refusal(kind)
    if why:
        pytest.skip(f"kernel: {why}")
    before = target.fingerprint(TOUCHED)
    request = ask(kind, "web", instances="web-1", **FAULTS[kind])
    victim = find(target, "web-1")
    undo = target.prepare(request, victim, MARK)
    target.inject(request, victim, undo)
    assert target.verify(request, victim, undo).bites
    if kind.startswith("network"):
        during = keys(target, before, *TOUCHED)
        assert during
        assert all(key.startswith("web-1 inside.") for key in during), during
    assert target.undo(undo).ok
    wait_for(lambda: project.runs("web-1"))
    assert keys(target, before, *TOUCHED) == []


def test_a_fault_that_still_holds_is_named(
    target: Target, project: ComposeProject
) -> None:
    before = target.fingerprint()
    project.api.pause(project.inspect("web-1")["Id"])
    assert keys(target, before) == ["web-1 State"]
    project.api.unpause(project.inspect("web-1")["Id"])
    project.api.kill(project.inspect("web-1")["Id"])
    assert keys(target, before, *TOUCHED) == ["web-1 State"]


def limit(project: ComposeProject) -> None:
    project.api.update_container(
        project.inspect("web-1")["Id"], mem_limit="64m", memswap_limit="64m"
    )


def policy(project: ComposeProject) -> None:
    project.api.update_container(
        project.inspect("web-1")["Id"],
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 3},
    )


def disconnect(project: ComposeProject) -> None:
    project.api.disconnect_container_from_network(
        project.inspect("web-1")["Id"], project.network
    )


def reconnect(project: ComposeProject) -> None:
    """As somebody does who does not know of the service's other names."""
    container = project.inspect("web-2")["Id"]
    project.api.disconnect_container_from_network(container, project.network)
    project.api.connect_container_to_network(
        container, project.network, aliases=["spare"]
    )


def replace(project: ComposeProject) -> None:
    project.api.remove_container(project.inspect("db-1")["Id"], force=True)
    project.create("db", 1)


def remove(project: ComposeProject) -> None:
    project.api.remove_container(project.inspect("db-1")["Id"], force=True)


def add(project: ComposeProject) -> None:
    project.create("web", 3)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (limit, ["web-1 HostConfig.Memory", "web-1 HostConfig.MemorySwap"]),
        (policy, ["web-1 HostConfig.RestartPolicy"]),
        (reconnect, ["web-2 Networks.{name}"]),
        (replace, ["db-1 container"]),
        (remove, ["db-1 present"]),
        (add, ["web-3 present"]),
    ],
)
def test_a_change_by_hand_is_named(
    change: Callable[[ComposeProject], None], named: list[str], own: ComposeProject
) -> None:
    target = open_target(own.url, CLOCK)
    before = target.fingerprint()
    change(own)
    assert keys(target, before) == [key.format(name=own.name) for key in named]


def test_a_network_left_disconnected_is_named(own: ComposeProject) -> None:
    target = open_target(own.url, CLOCK)
    target.make_ready("network.delay")
    before = target.fingerprint(TOUCHED)
    disconnect(own)
    changed_keys = keys(target, before, *TOUCHED)
    assert f"web-1 Networks.{own.name}" in changed_keys
    assert any(
        key.startswith("web-1 inside.routes.default via") for key in changed_keys
    )


def test_a_rule_and_a_route_left_inside_are_named(own: ComposeProject) -> None:
    target = open_target(own.url, CLOCK)
    target.make_ready("network.delay")
    before = target.fingerprint(TOUCHED)
    image = target.helper.image  # type: ignore[attr-defined]
    beside = own.inspect("web-1")["Id"]
    made = own.api.create_container(
        image,
        ["sh", "-c", LEFT],
        host_config=own.api.create_host_config(
            network_mode=f"container:{beside}", cap_add=["NET_ADMIN"]
        ),
        labels={"gameday.mark": MARK, "gameday.beside": beside},
    )
    own.api.start(made["Id"])
    assert own.api.wait(made["Id"], timeout=30)["StatusCode"] == 0
    assert keys(target, before, *TOUCHED) == [
        "web-1 inside.routes.192.0.2.0/24 dev eth0 scope link",
        "web-1 inside.rules.iptables filter -A INPUT -s 192.0.2.1/32 -j DROP",
    ]
    own.api.restart(beside, timeout=0)  # a new namespace: all of it went with the old
    wait_for(partial(own.runs, "web-1"))
    assert keys(target, before, *TOUCHED) == []


def test_no_helper_is_left_of_looking(target: Target, project: ComposeProject) -> None:
    target.make_ready("network.delay")
    target.fingerprint(("web-1", "web-2", "db-1"))
    assert project.helpers() == []
