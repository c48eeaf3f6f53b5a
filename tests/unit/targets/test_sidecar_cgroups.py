"""Whose process it is, and what a container's cgroups allow."""

import os
from pathlib import Path

import pytest

from gameday.targets.sidecar.process import container
from gameday.targets.sidecar.process.container import ContainerProcess
from gameday.targets.sidecar.resource.cgroups import Cgroups, find, host_memory

ID = "4a" * 32
PLENTY = 1 << 40  # bytes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"4:memory:/docker/{ID}\n0::/\n", True),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope\n", True),
        (f"0::/../../cri-containerd-{ID}.scope\n", True),
        (f"0::/system.slice/docker-{ID}.scope/init.scope\n", True),
        (f"0::/machine.slice/libpod-conmon-{ID}.scope\n", False),
        (f"0::/kubepods.slice/crio-conmon-{ID}.scope\n", False),
        ("0::/docker/other\n", False),
        ("", False),
    ],
)
def test_a_containers_processes_are_known_by_their_cgroup(
    text: str, *, wanted: bool
) -> None:
    assert container.names(text, ID) is wanted


def test_the_main_process_is_the_first_of_its_namespace() -> None:
    other = ContainerProcess(pid=70, state="S", started=5, depth=2, inner=30)
    main = ContainerProcess(pid=90, state="S", started=9, depth=2, inner=1)
    nested = ContainerProcess(pid=80, state="S", started=7, depth=3, inner=1)
    assert container.main_of([other, nested, main]) == 90


def test_in_a_shared_namespace_the_main_process_is_the_oldest() -> None:
    young = ContainerProcess(pid=60, state="S", started=9, depth=2, inner=60)
    old = ContainerProcess(pid=70, state="S", started=5, depth=2, inner=7)
    assert container.main_of([young, old]) == 70
    assert container.main_of([]) is None


def test_a_process_is_seen_as_it_is() -> None:
    seen = container.look(os.getpid())
    assert seen is not None
    assert (seen.pid, seen.state) == (os.getpid(), "R")
    assert seen.started > 0
    assert container.look(2**22 + 1) is None
    assert not container.belongs(2**22 + 1, ID)
    assert container.main_process("no such container") is None


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n", encoding="ascii")
    return folder


@pytest.fixture
def second(tmp_path: Path) -> Cgroups:
    """Build a tree of version 2: a pod with a limit, its container with others."""
    write(tmp_path, cgroup__controllers="cpu memory")
    pod = write(
        tmp_path / "kubepods.slice" / "pod1.slice",
        cpu__max="50000 100000",
        memory__max="max",
    )
    write(
        pod / f"cri-containerd-{ID}.scope",
        cpu__max="max 100000",
        cpu__stat="usage_usec 2500000\nuser_usec 1",
        memory__max="1000000",
        memory__current="700000",
        memory__stat="anon 5\ninactive_file 200000",
        memory__events="low 0\noom 2\noom_kill 1",
    )
    write(tmp_path / "machine.slice" / f"conmon-{ID}.scope")
    path = find(str(tmp_path), ID, None)
    assert path is not None
    return path


def test_the_tightest_limit_of_all_levels_counts(second: Cgroups) -> None:
    assert second.cpus() == 0.5
    memory = second.memory(PLENTY)
    assert memory is not None
    assert memory.limit == 1_000_000
    assert memory.used() == 500_000
    assert second.memory(900_000) is None  # more than the machine has: no limit
    assert second.cpu_used() == 2.5
    assert second.oom_kills() == 1
    assert second.for_cpu() == second.for_memory()


def test_with_version_1_each_controller_has_a_tree(tmp_path: Path) -> None:
    for tree in ("cpu", "cpuacct", "memory"):
        write(tmp_path / tree / "docker" / ID)
    write(
        tmp_path / "cpu" / "docker" / ID,
        cpu__cfs_quota_us="150000",
        cpu__cfs_period_us="100000",
    )
    write(tmp_path / "cpuacct" / "docker" / ID, cpuacct__usage="1500000000")
    write(
        tmp_path / "memory" / "docker" / ID,
        memory__limit_in_bytes="4096000",
        memory__usage_in_bytes="96000",
        memory__stat="inactive_file 1\ntotal_inactive_file 6000",
        memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 3",
    )
    path = find(str(tmp_path), ID, None)
    assert path is not None
    assert path.for_cpu() == [
        tmp_path / "cpu" / "docker" / ID,
        tmp_path / "cpuacct" / "docker" / ID,
    ]
    assert path.cpus() == 1.5
    assert path.cpu_used() == 1.5
    memory = path.memory(PLENTY)
    assert memory is not None
    assert (memory.limit, memory.used()) == (4_096_000, 90_000)
    assert path.oom_kills() == 3


def test_without_a_quota_or_a_limit_there_is_none(tmp_path: Path) -> None:
    write(
        tmp_path / "cpu" / "docker" / ID,
        cpu__cfs_quota_us="-1",
        cpu__cfs_period_us="100000",
    )
    write(tmp_path / "memory" / ID, memory__limit_in_bytes="9223372036854771712")
    path = find(str(tmp_path), ID, None)
    assert path is not None
    assert path.cpus() is None
    assert path.cpu_used() is None
    assert path.memory(host_memory()) is None


def test_what_has_no_cgroup_of_its_own_is_told(tmp_path: Path) -> None:
    write(tmp_path / "cpu" / "docker" / "another")
    assert find(str(tmp_path), ID, None) is None
    assert find(str(tmp_path / "nowhere"), ID, None) is None


def test_the_machines_memory_is_known() -> None:
    assert host_memory() > 1 << 26
