"""The process family on a real engine."""

from dataclasses import replace

import pytest

from gameday.errors import FaultFailed
from gameday.model.faults.fault import Proof, Undo, Undone
from gameday.ports import Target
from gameday.targets import open_target
from tests.real.targets.world import (
    CLOCK,
    ComposeProject,
    ask,
    find,
    injected,
    tcp_door,
    wait_for,
)

pytestmark = pytest.mark.docker

MARK = "gdtest.0123abcd"


def inject(target: Target, kind: str, name: str, **given: str) -> tuple[Undo, Proof]:
    victim = find(target, name)
    return injected(target, ask(kind, victim.service, **given), victim, MARK)


def test_a_stopped_container_stays_down_until_undone(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "process.stop", "web-1")
    assert proof.bites, proof.because
    assert project.inspect("web-1")["State"]["Status"] == "exited"
    states = {instance.name: instance.state for instance in target.instances()}
    assert states == {"web-1": "stopped", "web-2": "running", "db-1": "running"}
    assert target.undo(undo).found == "was down; started again"
    assert project.inspect("web-1")["State"]["Running"]
    assert target.undo(undo) == Undone(ok=True, found="had been started again already")


def test_a_killed_container_comes_back_by_its_restart_policy(
    target: Target, project: ComposeProject
) -> None:
    before = project.inspect("web-1")["State"]
    undo, proof = inject(target, "process.kill", "web-1")
    assert proof.bites, proof.because
    wait_for(lambda: project.inspect("web-1")["State"]["Running"])
    after = project.inspect("web-1")["State"]
    assert after["Pid"] != before["Pid"]
    assert project.inspect("web-1")["RestartCount"] > 0
    assert target.undo(undo).found == "is back"


def test_a_killed_container_without_a_policy_is_started_by_the_undo(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "process.kill", "db-1")
    assert proof.bites, proof.because
    assert not project.inspect("db-1")["State"]["Running"]
    assert target.undo(undo).found == "was down; started again"
    assert project.inspect("db-1")["State"]["Running"]


def test_a_signal_that_is_taken_calmly_does_not_bite(target: Target) -> None:
    undo, proof = inject(target, "process.kill", "db-1", signal="SIGWINCH")
    assert not proof.bites
    assert "now" in proof.because
    assert target.undo(undo).ok


def test_on_a_far_engine_a_helper_sends_the_signal(project: ComposeProject) -> None:
    with tcp_door() as host:
        far = open_target(f"{project.url}?host={host}", CLOCK)
        undo, proof = inject(far, "process.kill", "db-1")
        assert undo.arguments["sidecar"]
        assert proof.bites, proof.because
        assert not project.inspect("db-1")["State"]["Running"]
        assert far.undo(undo).found == "was down; started again"


def test_a_paused_container_is_thawed(target: Target, project: ComposeProject) -> None:
    undo, proof = inject(target, "process.pause", "web-2")
    assert proof.bites, proof.because
    assert project.inspect("web-2")["State"]["Paused"]
    assert target.undo(undo).found == "was paused; thawed"
    assert not project.inspect("web-2")["State"]["Paused"]
    assert target.undo(undo).found == "was not paused any more (running)"


def test_a_restarted_container_is_a_new_process_of_the_old_container(
    target: Target, project: ComposeProject
) -> None:
    before = project.inspect("web-2")
    undo, proof = inject(target, "process.restart", "web-2")
    assert proof.bites, proof.because
    after = project.inspect("web-2")
    assert after["Id"] == before["Id"]
    assert after["State"]["StartedAt"] > before["State"]["StartedAt"]
    assert target.undo(undo).ok


def test_a_container_that_is_down_cannot_be_a_victim(
    target: Target, project: ComposeProject
) -> None:
    victim = find(target, "db-1")
    project.api.kill(victim.identity["id"])
    wait_for(lambda: not project.inspect("db-1")["State"]["Running"])
    with pytest.raises(FaultFailed, match="not running"):
        target.prepare(ask("process.pause", "db"), victim, MARK)


def test_a_replaced_container_is_left_alone(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "process.stop", "db-1")
    old = project.inspect("db-1")["Id"]
    project.api.remove_container(old, force=True)
    new = project.create("db", 1)
    project.api.pause(new)
    undone = target.undo(undo)
    assert undone.ok
    assert "replaced" in undone.found
    assert project.inspect("db-1")["State"]["Paused"]
    frozen = replace(undo, verb="unpause")
    assert "replaced" in target.undo(frozen).found
    assert project.inspect("db-1")["State"]["Paused"]


def test_an_undo_that_the_engine_refuses_says_what_to_do(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "process.stop", "web-1")
    project.api.rename(project.inspect("web-1")["Id"], f"{project.name}_aside")
    try:
        network = project.network
        project.api.disconnect_container_from_network(undo.identity["id"], network)
        undone = target.undo(undo)
        assert not undone.ok
        assert (
            undone.by_hand
            == f"docker network connect {project.name} " + undo.identity["id"][:12]
        )
        project.api.connect_container_to_network(undo.identity["id"], network)
        assert target.undo(undo).ok
    finally:
        project.api.rename(undo.identity["id"], f"{project.name}_web_1")


def test_a_container_that_waits_for_its_next_restart_is_not_waited_for(
    target: Target, project: ComposeProject
) -> None:
    for _ in range(5):  # each crash doubles the policy's pause
        undo, proof = inject(target, "process.kill", "web-2")
        assert proof.bites, proof.because
        undone = target.undo(undo)
        assert undone.ok, undone
        assert project.runs("web-2")


@pytest.mark.parametrize(
    ("kind", "what"),
    [("process.stop", "somebody started it"), ("process.pause", "not paused any more")],
)
def test_what_somebody_else_had_undone_had_ended_early(
    target: Target, kind: str, what: str
) -> None:
    undo, proof = inject(target, kind, "web-2")
    assert proof.bites
    person = open_target(target.url, CLOCK)
    assert person.undo(undo).early == ""
    undone = target.undo(undo)
    assert undone.ok
    assert what in undone.early


def test_the_return_of_a_crashed_container_is_no_early_end(target: Target) -> None:
    undo, proof = inject(target, "process.kill", "web-2")
    assert proof.bites
    person = open_target(target.url, CLOCK)
    assert person.undo(undo).ok
    assert target.undo(undo).early == ""
