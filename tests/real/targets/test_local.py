"""The process family under a real supervisord."""

import os
import signal
from dataclasses import replace

import pytest

from gameday.errors import FaultFailed, TargetNotFound
from gameday.model.faults.fault import Proof, Undo
from gameday.model.fingerprint import differences
from gameday.model.target import Instance
from gameday.ports import Target
from gameday.targets import open_target
from gameday.targets.procfs import children, identify, state
from tests.real.targets.world import CLOCK, ask, find, injected, wait_for

MARK = "gdtest.89abcdef"


@pytest.fixture
def target(url: str, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_USER", "ops")
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_PASSWORD", "hush")
    target = open_target(url, CLOCK)
    wait_for(
        lambda: all(instance.state == "running" for instance in target.instances())
    )
    return target


def inject(target: Target, kind: str, name: str, **given: str) -> tuple[Undo, Proof]:
    victim = find(target, name)
    return injected(target, ask(kind, victim.service, **given), victim, MARK)


def pid(instance: Instance) -> int:
    return int(instance.identity["pid"])


def test_instances_are_processes_with_their_start(target: Target) -> None:
    assert [instance.name for instance in target.instances()] == [
        "db-1",
        "web-1",
        "web-2",
    ]
    assert [instance.name for instance in target.instances("web")] == ["web-1", "web-2"]
    web = find(target, "web-1")
    assert web.started_at is not None
    assert 0 <= CLOCK.now() - web.started_at < 120
    assert web.exact < 0.1


def test_a_killed_process_is_brought_back(target: Target) -> None:
    before = find(target, "web-1")
    undo, proof = inject(target, "process.kill", "web-1")
    assert proof.bites, proof.because
    wait_for(lambda: find(target, "web-1").state == "running")
    after = find(target, "web-1")
    assert pid(after) != pid(before)
    assert after.identity["id"] == before.identity["id"]
    assert target.undo(undo).found == "is back"


def test_what_nobody_brings_back_is_started_by_the_undo(target: Target) -> None:
    undo, proof = inject(target, "process.kill", "db-1")
    assert proof.bites, proof.because
    assert find(target, "db-1").state != "running"
    assert target.undo(undo).found == "was down; started again"
    assert find(target, "db-1").state == "running"
    assert target.undo(undo).found == "is back"


def test_a_stopped_process_stays_down_until_undone(target: Target) -> None:
    undo, proof = inject(target, "process.stop", "web-2")
    assert proof.bites, proof.because
    assert find(target, "web-2").state == "stopped"
    assert target.undo(undo).found == "was down; started again"
    assert find(target, "web-2").state == "running"


def test_a_paused_process_is_frozen_with_its_children(target: Target) -> None:
    parent = pid(find(target, "web-1"))
    (child,) = wait_for(lambda: children(parent))
    undo, proof = inject(target, "process.pause", "web-1")
    assert proof.bites, proof.because
    assert find(target, "web-1").state == "paused"
    wait_for(lambda: state(child) == "T")
    assert target.undo(undo).found == "was frozen; goes on"
    assert find(target, "web-1").state == "running"
    wait_for(lambda: state(child) != "T")
    assert target.undo(undo).found == "was running"


def test_a_restarted_process_is_another_one(target: Target) -> None:
    before = find(target, "web-2")
    undo, proof = inject(target, "process.restart", "web-2")
    assert proof.bites, proof.because
    assert pid(find(target, "web-2")) != pid(before)
    assert target.undo(undo).ok


def test_another_process_is_never_hit(target: Target) -> None:
    victim = find(target, "web-1")
    request = ask("process.kill")
    old = {**victim.identity, "started": "1"}
    undo = target.prepare(request, victim, MARK)
    with pytest.raises(FaultFailed, match="not the one it was"):
        target.inject(request, victim, replace(undo, identity=old))
    with pytest.raises(FaultFailed, match="not the one it was"):
        target.inject(ask("process.stop"), victim, replace(undo, identity=old))
    frozen = replace(undo, verb="continue", identity=old)
    assert "went with it" in target.undo(frozen).found
    assert identify(pid(victim)).alive
    assert pid(find(target, "web-1")) == pid(victim)


def test_a_frozen_process_that_died_is_not_continued(target: Target) -> None:
    undo, _ = inject(target, "process.pause", "web-1")
    victim = identify(int(undo.identity["pid"]))
    os.kill(victim.pid, signal.SIGKILL)
    wait_for(lambda: not victim.alive)
    undone = target.undo(undo)
    assert "went with it" in undone.found
    assert "gone" in undone.early


def test_after_a_restart_of_supervisord_nothing_is_touched(target: Target) -> None:
    undo, _ = inject(target, "process.stop", "db-1")
    other = {**undo.identity, "id": "1.1.another/db:db"}
    assert "restarted" in target.undo(replace(undo, identity=other)).found
    assert find(target, "db-1").state == "stopped"
    assert target.undo(undo).ok


def test_a_wrong_password_is_said_so_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_USER", "ops")
    monkeypatch.setenv("GAMEDAY_SUPERVISOR_PASSWORD", "guessed")
    with pytest.raises(TargetNotFound, match="401") as refused:
        open_target(url, CLOCK).instances()
    assert "guessed" not in str(refused.value)


@pytest.mark.parametrize(
    "kind", ["process.kill", "process.stop", "process.pause", "process.restart"]
)
def test_nothing_is_left_of_a_fault_that_was_undone(target: Target, kind: str) -> None:
    before = target.fingerprint()
    undo, proof = inject(target, kind, "web-1", instances="web-1")
    assert proof.bites
    if kind in ("process.stop", "process.pause"):
        during = differences(before, target.fingerprint())
        assert "state" in {difference.key for difference in during}
    assert target.undo(undo).ok
    wait_for(lambda: find(target, "web-1").up)
    assert differences(before, target.fingerprint()) == []


def test_what_is_left_of_a_process_is_named(target: Target) -> None:
    before = target.fingerprint()
    assert "sleep" not in str(before)  # the command line is a digest
    web = pid(find(target, "web-1"))
    child = wait_for(lambda: children(web))[0]
    os.setpriority(os.PRIO_PROCESS, web, 5)
    os.kill(child, signal.SIGSTOP)
    wait_for(lambda: state(child) == "T")
    after = differences(before, target.fingerprint())
    os.kill(child, signal.SIGCONT)
    undo, _ = inject(target, "process.restart", "web-1", instances="web-1")
    assert target.undo(undo).ok
    assert [difference.show() for difference in after] == [
        "web-1: frozen: nothing -> 1",
        "web-1: nice: nothing -> 5",
    ]
    assert differences(before, target.fingerprint()) == []


@pytest.mark.parametrize("kind", ["process.stop", "process.pause"])
def test_what_somebody_else_had_undone_had_ended_early(
    target: Target, kind: str
) -> None:
    undo, proof = inject(target, kind, "web-2")
    assert proof.bites
    person = open_target(target.url, CLOCK)
    assert person.undo(undo).early == ""
    undone = target.undo(undo)
    assert undone.ok
    assert "let it run again" in undone.early


def test_the_return_of_a_crashed_process_is_no_early_end(target: Target) -> None:
    undo, proof = inject(target, "process.kill", "web-2")
    assert proof.bites
    person = open_target(target.url, CLOCK)
    assert person.undo(undo).ok
    assert target.undo(undo).early == ""
