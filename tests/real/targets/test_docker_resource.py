"""The resource family on a real engine: what the container's own cgroup feels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import FaultRequest, Proof, Undo
from gameday.model.target import Instance
from gameday.ports import Target
from gameday.targets.docker.target import DockerTarget
from gameday.targets.sidecar.resource.stress import NAME
from tests.real.targets.world import (
    IMAGE,
    ComposeProject,
    ask,
    find,
    injected,
    wait_for,
)

pytestmark = pytest.mark.docker

MARK = "gdtest.89abcdef"
LIMIT = 96 << 20  # bytes


@pytest.fixture(autouse=True)
def small(project: ComposeProject, target: Target) -> Iterator[str]:
    """Yield `small-1`: half a CPU, 96 MiB."""
    target.make_ready("resource.cpu")
    labels = dict(project.inspect("db-1")["Config"]["Labels"])
    labels["com.docker.compose.service"] = "small"
    host = project.api.create_host_config(
        mem_limit=LIMIT, cpu_period=100_000, cpu_quota=50_000
    )
    made = project.api.create_container(
        IMAGE,
        ["sleep", "100000"],
        name=f"{project.name}_small_1",
        labels=labels,
        host_config=host,
    )
    project.api.start(made["Id"])
    yield made["Id"]
    project.api.remove_container(made["Id"], force=True)
    wait_for(lambda: not burners())


def burners() -> list[int]:
    """Return the burners that are on this machine."""
    pids = []
    for process in Path("/proc").iterdir():
        try:
            if (
                process.name.isdecimal()
                and (process / "comm").read_text().strip() == NAME
            ):
                pids.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile
    return pids


def asked(kind: str, target: Target, **given: str) -> tuple[FaultRequest, Instance]:
    (victim,) = target.instances("small")
    return ask(kind, "small", instances=victim.name, **given), victim


def inject(target: Target, kind: str, **given: str) -> tuple[Undo, Proof]:
    request, victim = asked(kind, target, **given)
    return injected(target, request, victim, MARK)


def memory_used(project: ComposeProject) -> int:
    stats = project.api.stats(project.inspect("small-1")["Id"], stream=False)
    return int(stats["memory_stats"]["usage"])


def cpu_used(project: ComposeProject) -> float:
    """Return the seconds of CPU time that the engine counts for the container."""
    stats = project.api.stats(
        project.inspect("small-1")["Id"], stream=False, one_shot=True
    )
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


def test_the_load_is_the_containers_own(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "resource.cpu", load="80%")
    assert proof.bites, proof.because
    assert proof.evidence["cpus"] == 0.5
    assert proof.evidence["where"] == "inside its cgroup"
    assert proof.evidence["container"] > 0.1  # what a busy machine leaves
    assert len(burners()) == 1
    before = cpu_used(project)
    wait_for(lambda: cpu_used(project) > before + 0.3)
    undone = target.undo(undo)
    assert undone.ok
    assert undone.at is not None
    assert burners() == []
    quiet = cpu_used(project)
    assert cpu_used(project) - quiet < 0.05


def test_memory_is_filled_up_to_the_share_and_given_back(
    target: Target, project: ComposeProject
) -> None:
    before = memory_used(project)
    undo, proof = inject(target, "resource.memory", fill="75%")
    assert proof.bites, proof.because
    assert proof.evidence["limit"] == LIMIT
    assert proof.evidence["share"] == pytest.approx(0.75, abs=0.02)
    assert memory_used(project) == pytest.approx(0.75 * LIMIT, rel=0.04)
    assert target.undo(undo).ok
    assert memory_used(project) < before + (8 << 20)
    assert burners() == []


def test_the_filler_dies_first_when_memory_runs_out(
    target: Target, project: ComposeProject, small: str
) -> None:
    undo, proof = inject(target, "resource.memory", fill="90%")
    assert proof.bites, proof.because
    script = "x=$(head -c 40000000 /dev/zero | tr '\\0' a); echo done"
    made = project.api.exec_create(small, ["bash", "-c", script])
    assert project.api.exec_start(made["Id"]) == b"done\n"
    undone = target.undo(undo)
    assert undone.ok
    assert "it did not hold" in undone.found
    assert project.inspect("small-1")["State"]["OOMKilled"] is False
    assert project.runs("small-1")


def test_a_container_without_a_limit_is_not_filled(target: Target) -> None:
    victim = find(target, "web-1")
    with pytest.raises(CannotFault, match="web-1 has no memory limit"):
        target.prepare(ask("resource.memory", fill="10%"), victim, MARK)


def test_what_is_full_already_cannot_be_filled(target: Target) -> None:
    request, victim = asked("resource.memory", target, fill="0.1%")
    undo = target.prepare(request, victim, MARK)
    with pytest.raises(FaultFailed, match="in use already"):
        target.inject(request, victim, undo)
    assert target.undo(undo).ok


def test_the_deadline_is_in_the_helper(target: Target) -> None:
    undo, proof = inject(target, "resource.cpu", load="50%", duration="2s")
    assert proof.bites, proof.because
    wait_for(lambda: not burners())
    assert target.undo(undo).ok


def test_burners_die_with_a_helper_that_is_killed(
    target: Target, project: ComposeProject
) -> None:
    for kind, given in (
        ("resource.cpu", {"load": "50%"}),
        ("resource.memory", {"fill": "60%"}),
    ):
        undo, _ = inject(target, kind, **given)
        assert burners()
        project.api.kill(undo.arguments["helper"], "SIGKILL")
        wait_for(lambda: not burners())
        undone = target.undo(undo)
        assert undone.ok
        assert undone.found == "the helper had died; its processes died with it"
    assert memory_used(project) < 0.2 * LIMIT


def test_burners_go_when_the_container_does(
    target: Target, project: ComposeProject, small: str
) -> None:
    undo, proof = inject(target, "resource.cpu", load="50%")
    assert proof.bites, proof.because
    project.api.kill(small, "SIGKILL")
    wait_for(lambda: not burners())
    undone = target.undo(undo)
    assert undone.ok
    assert "main process ended" in undone.found
    project.api.start(small)
    wait_for(lambda: project.runs("small-1"))


def test_a_helper_of_a_dead_run_is_found_and_ended(target: Target) -> None:
    inject(target, "resource.cpu", load="50%")
    assert isinstance(target, DockerTarget)
    (left,) = [
        leftover for leftover in target.marks.leftovers() if leftover.run == "gdtest"
    ]
    assert left.undo is not None
    assert target.undo(left.undo).ok
    assert burners() == []
