"""The catalogue's faults on a cluster: seen from other pods, undone, nothing left."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gameday.errors import FaultFailed
from gameday.model.faults.fault import Proof, Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.ownership.lease import EVERY
from gameday.targets.kubernetes.sidecars.helper import exit_code
from gameday.targets.kubernetes.sidecars.helper_pod import PID
from gameday.targets.kubernetes.target import KubernetesTarget
from gameday.targets.ownership import holder_here
from tests.real.kubernetes.world import LOST, World
from tests.real.targets.world import CLOCK, ask, wait_for

pytestmark = pytest.mark.kubernetes

PEER = "db-0"  # the pod that looks on
AGAIN = 20.0  # seconds until what was undone shows outside


@dataclass
class Hurt:
    """A fault that was injected, and what it can be asked."""

    world: World
    target: KubernetesTarget
    victim: Instance
    undo: Undo
    proof: Proof

    @property
    def pod(self) -> str:
        return self.victim.labels["pod"]

    @property
    def address(self) -> str:
        return self.victim.addresses[0]

    def end(self) -> Undone:
        """Undo, twice: nothing may be left, and the second time harms nothing."""
        undone = self.target.undo(self.undo)
        assert undone.ok, undone
        assert self.world.left() == []
        again = self.target.undo(self.undo)
        assert again.ok, again
        assert self.world.traces() == []
        return undone


@dataclass
class Field:
    """The namespace, and a target that nobody else has."""

    world: World
    target: KubernetesTarget

    def hurt(
        self, kind: str, service: str = "web", duration: str = "60s", **given: Any
    ) -> Hurt:
        """Prepare and inject into the last instance; the fault has to bite."""
        self.able(kind)
        request = ask(kind, service, duration=duration, **given)
        victim = self.target.instances(service)[-1]
        try:
            undo = self.target.prepare(request, victim, self.world.mark())
        except FaultFailed as wrong:
            if LOST not in str(wrong):
                raise
            undo = self.target.prepare(request, victim, self.world.mark())
        self.target.inject(request, victim, undo)
        proof = self.target.verify(request, victim, undo)
        made = Hurt(self.world, self.target, victim, undo, proof)
        if not proof.bites:
            self.target.undo(undo)
        assert proof.bites, proof
        return made

    def able(self, kind: str) -> None:
        why = self.target.refusal(kind)
        assert not why, why


@pytest.fixture
def field(world: World) -> Iterator[Field]:
    """Yield the field; afterwards nothing may be other than it was."""
    before = world.fingerprint()
    yield Field(world, world.target())
    for leftover in world.left():  # so that one failure is not the next one's too
        if leftover.undo is not None:
            world.target().undo(leftover.undo)
        world.target().marks.drop(leftover)
    world.settle()
    assert world.drift(before) == []


def answers_again(hurt: Hurt) -> None:
    wait_for(lambda: hurt.world.answers(PEER, hurt.address, 1.0) is not None, AGAIN)


# Processes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "workload", "number"),
    [("web", "deployment/web", 3), ("db", "statefulset/db", 2)],
)
def test_stop_takes_one_pod_and_gives_it_back(
    field: Field, service: str, workload: str, number: int
) -> None:
    hurt = field.hurt("process.stop", service)
    world = field.world
    assert world.get(workload)["spec"]["replicas"] == number - 1
    wait_for(lambda: world.tried("get", "pod", hurt.pod).returncode != 0, AGAIN)
    assert len(world.get("pods", "-l", f"app={service}")["items"]) == number - 1
    (leftover,) = world.left()
    assert leftover.run == world.run
    assert leftover.undo is not None
    assert "process.stop" in leftover.what
    hurt.end()
    assert world.get(workload)["spec"]["replicas"] == number
    assert "already" in field.target.undo(hurt.undo).found
    assert world.get(workload)["spec"]["replicas"] == number


def test_stop_is_undone_by_whoever_finds_the_mark(field: Field) -> None:
    field.hurt("process.stop")
    # The workload, and the pod that goes.
    undos = [leftover.undo for leftover in field.world.left()]
    for undo in undos:
        assert undo is not None
        assert field.world.target().undo(undo).ok
    assert field.world.left() == []
    assert field.world.get("deployment/web")["spec"]["replicas"] == 3


def restarts(world: World, pod: str) -> int:
    (status,) = world.pod(pod)["status"]["containerStatuses"]
    return int(status["restartCount"])


def test_kill_ends_the_process_and_the_pod_stays(field: Field) -> None:
    victim = field.target.instances("web")[-1]
    before = restarts(field.world, victim.labels["pod"])
    hurt = field.hurt("process.kill")
    hurt.end()
    pod = field.world.pod(hurt.pod)
    assert pod["metadata"]["uid"] == hurt.victim.identity["id"]
    assert restarts(field.world, hurt.pod) == before + 1


def test_restart_makes_another_pod(field: Field) -> None:
    hurt = field.hurt("process.restart")
    hurt.end()
    wait_for(lambda: field.world.tried("get", "pod", hurt.pod).returncode != 0, AGAIN)
    assert len(field.world.get("pods", "-l", "app=web")["items"]) == 3


def test_restart_of_a_daemonset_s_pod(field: Field) -> None:
    hurt = field.hurt("process.restart", "agent")
    hurt.end()
    wait_for(lambda: field.world.tried("get", "pod", hurt.pod).returncode != 0, AGAIN)


def test_a_paused_pod_does_not_answer(field: Field) -> None:
    victim = field.target.instances("web")[-1]
    before = restarts(field.world, victim.labels["pod"])
    hurt = field.hurt("process.pause")
    assert field.world.answers(PEER, hurt.address, 1.0) is None
    hurt.end()
    answers_again(hurt)
    assert restarts(field.world, hurt.pod) == before


# The network --------------------------------------------------------------------------


def test_a_partition_from_everybody(field: Field) -> None:
    other = field.target.instances("web")[0]
    hurt = field.hurt("network.partition")
    world = field.world
    assert world.knock(PEER, hurt.address, 1.5) is None
    assert world.knock(hurt.pod, other.addresses[0], 1.5) is None
    assert world.knock(PEER, other.addresses[0]) is not None
    hurt.end()
    answers_again(hurt)
    assert world.knock(hurt.pod, other.addresses[0]) is not None


PEERS = ("db-0", "db-1")


def far(field: Field, hurt: Hurt) -> set[str]:
    """Return the peers' instances on other nodes than the victim."""
    here = hurt.victim.labels["node"]
    there = field.target.instances("db")
    return {instance.name for instance in there if instance.labels["node"] != here}


def test_a_partition_from_a_service_leaves_the_others(field: Field) -> None:
    other = field.target.instances("web")[0]
    world = field.world
    front = world.get("service/db")["spec"]["clusterIP"]
    assert world.knock(other.labels["pod"], front) is not None
    hurt = field.hurt("network.partition", peers="db")
    for peer in PEERS:  # both ways, from this node and from others
        assert world.knock(peer, hurt.address, 1.5) is None, peer
        assert world.knock(hurt.pod, world.pod(peer)["status"]["podIP"], 1.5) is None
        assert world.knock(peer, other.addresses[0]) is not None
    assert world.knock(hurt.pod, front, 1.5) is None
    assert world.knock(hurt.pod, other.addresses[0]) is not None
    assert world.knock(other.labels["pod"], hurt.address) is not None
    assert set(hurt.proof.evidence.get("far ends", ())) == far(field, hurt)
    hurt.end()
    for peer in PEERS:
        assert world.knock(peer, hurt.address) is not None, peer
    assert world.knock(hurt.pod, front) is not None


def test_a_far_end_whose_helper_is_gone_is_swept_up(field: Field) -> None:
    hurt = field.hurt("network.partition", peers="db")
    ends = hurt.undo.arguments["far"]
    assert ends, "no peer on another node"
    left = {leftover.undo.instance for leftover in field.world.left() if leftover.undo}
    assert {end["instance"] for end in ends} < left, "heal finds each end by itself"
    for end in ends:
        helper = end["arguments"]["helper"]
        field.world.kubectl("delete", "pod", helper, "--grace-period=0", "--force")
    hurt.end()
    for peer in PEERS:
        assert field.world.knock(peer, hurt.address) is not None, peer


def test_delay_is_felt_by_the_peer_alone(field: Field) -> None:
    other = field.target.instances("web")[0]
    peer = field.world.pod(PEER)["status"]["podIP"]
    hurt = field.hurt("network.delay", peers="db", by="400ms")
    slow = field.world.knock(hurt.pod, peer, 5.0)
    assert slow is not None
    assert 0.38 <= slow < 2.0
    quick = field.world.knock(hurt.pod, other.addresses[0])
    assert quick is not None
    assert quick < 0.38
    hurt.end()
    answers_again(hurt)
    back = field.world.knock(hurt.pod, peer)
    assert back is not None
    assert back < 0.38


def test_loss_loses_what_goes_to_the_peer(field: Field) -> None:
    peer = field.world.pod(PEER)["status"]["podIP"]
    hurt = field.hurt("network.loss", peers="db", packets="80%")
    # A lost SYN is sent again after 1 s: an answer in less was not lost.
    tries = [field.world.knock(hurt.pod, peer, 0.8) for _ in range(8)]
    assert None in tries, "one in 400 000 if no packet is lost by chance"
    hurt.end()
    answers_again(hurt)
    tries = [field.world.knock(hurt.pod, peer, 0.8) for _ in range(4)]
    assert None not in tries


@pytest.mark.quiet
def test_a_rate_is_kept_in_both_directions(field: Field) -> None:
    peer = field.world.pod(PEER)["status"]["podIP"]
    hurt = field.hurt("network.rate", to="2mbit")
    assert fetched(field.world, PEER, hurt.address) > 1.8
    assert fetched(field.world, hurt.pod, peer) > 1.8
    hurt.end()
    assert fetched(field.world, PEER, hurt.address) < 1.8
    assert fetched(field.world, hurt.pod, peer) < 1.8


_FETCH = (  # half a megabyte, 2 s at 2mbit, of a file that is larger
    "import http.client, sys, time; began = time.monotonic();"
    "c = http.client.HTTPConnection(sys.argv[1], 8000, timeout=20);"
    "c.request('GET', '/usr/bin/python3'); n = len(c.getresponse().read(500_000));"
    "assert n == 500_000, n; print(time.monotonic() - began)"
)


def fetched(world: World, pod: str, address: str) -> float:
    """Return the seconds until a pod had half a megabyte of another's."""
    return float(world.kubectl("exec", pod, "--", "python3", "-c", _FETCH, address))


# Resources ----------------------------------------------------------------------------

_CPU = (
    "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null ||"
    " sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat"
)
_MEMORY = (
    "cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null ||"
    " cat /sys/fs/cgroup/memory.current"
)


def read(world: World, pod: str, command: str) -> float:
    """Read a number in a container; skip where its kernel shows none."""
    done = world.tried("exec", pod, "--", "sh", "-c", command)
    if not done.stdout.strip():
        pytest.skip(f"kernel: no such counter in a container: {done.stderr.strip()}")
    return float(done.stdout)


def used(world: World, pod: str) -> float:
    """Return how much of a CPU a container uses in the next 3 s."""
    began, first = CLOCK.monotonic(), read(world, pod, _CPU)
    CLOCK.sleep(3.0)
    second = read(world, pod, _CPU)
    return (second - first) / 1e9 / (CLOCK.monotonic() - began)


@pytest.mark.quiet
def test_cpu_is_burnt_inside_the_container(field: Field) -> None:
    victim = field.target.instances("web")[-1]
    read(field.world, victim.labels["pod"], _CPU)
    hurt = field.hurt("resource.cpu", load="80%")  # of half a CPU, its limit
    assert used(field.world, hurt.pod) > 0.2
    hurt.end()
    assert used(field.world, hurt.pod) < 0.2


def test_memory_is_filled_inside_the_container(field: Field) -> None:
    victim = field.target.instances("web")[-1]
    before = read(field.world, victim.labels["pod"], _MEMORY)
    hurt = field.hurt("resource.memory", fill="80%")  # of 96 MiB, its limit
    whole = 96 * 2**20
    assert read(field.world, hurt.pod, _MEMORY) > 0.7 * whole > before
    hurt.end()
    wait_for(lambda: read(field.world, hurt.pod, _MEMORY) < 0.6 * whole, AGAIN)


# Nobody undoes, and helpers that die --------------------------------------------------

HELD: list[tuple[str, Any]] = [("network.partition", {}), ("process.pause", {})]


@pytest.mark.parametrize(("kind", "given"), HELD, ids=[kind for kind, _ in HELD])
def test_the_deadline_ends_it_when_nobody_does(
    field: Field, kind: str, given: Any
) -> None:
    hurt = field.hurt(kind, duration="5s", **given)
    assert field.world.answers(PEER, hurt.address, 1.0) is None
    answers_again(hurt)
    undone = hurt.end()
    assert undone.at is not None
    assert undone.at < CLOCK.now()


@pytest.mark.parametrize(("kind", "given"), HELD, ids=[kind for kind, _ in HELD])
def test_a_helper_that_is_deleted_by_force_leaves_nothing_after_the_undo(
    field: Field, kind: str, given: Any
) -> None:
    hurt = field.hurt(kind, **given)
    helper = str(hurt.undo.arguments["helper"])
    field.world.kubectl("delete", "pod", helper, "--grace-period=0", "--force")
    hurt.end()
    answers_again(hurt)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("network.delay", {"by": "100ms"}),
        ("network.loss", {"packets": "50%"}),
        ("network.rate", {"to": "2mbit"}),
    ],
    ids=["network.delay", "network.loss", "network.rate"],
)
def test_what_the_kernel_goes_on_with_held_and_what_a_helper_does_itself_had_not(
    field: Field, kind: str, given: Any
) -> None:
    hurt = field.hurt(kind, **given)
    helper = str(hurt.undo.arguments["helper"])
    by_a_queue = "queue" in field.world.kubectl("logs", helper)
    # Not by deleting its pod: it would hear that, and put everything back.
    field.world.kubectl("exec", helper, "--", "sh", "-c", f"kill -KILL $(cat {PID})")
    wait_for(lambda: exit_code(field.world.get(f"pod/{helper}")) is not None, AGAIN)
    early = hurt.end().early
    assert early == ("its helper was gone before it was undone" if by_a_queue else "")


@pytest.mark.parametrize(("kind", "given"), HELD, ids=[kind for kind, _ in HELD])
def test_a_helper_that_somebody_ends_is_told_to_have_ended_early(
    field: Field, kind: str, given: Any
) -> None:
    hurt = field.hurt(kind, **given)
    field.world.kubectl("delete", "pod", str(hurt.undo.arguments["helper"]))
    answers_again(hurt)
    assert "before it was undone" in hurt.end().early


def test_what_holds_to_its_end_is_not_early(field: Field) -> None:
    assert field.hurt("process.pause").end().early == ""
    hurt = field.hurt("process.pause", duration="3s")
    answers_again(hurt)
    assert hurt.end().early == ""


def test_what_a_dead_helper_stopped_goes_on_in_that_very_container(
    field: Field,
) -> None:
    world = field.world
    side = world.get("deployment/web")["spec"]["template"]["spec"]["containers"][0]
    beside = {**side, "name": "a-side", "command": ["sleep", "infinity"]}
    del beside["readinessProbe"]
    both = {"spec": {"template": {"spec": {"containers": [beside, side]}}}}
    world.kubectl("patch", "deployment/web", "-p", json.dumps(both))
    try:
        world.settle("deployment/web")
        hurt = field.hurt("process.pause")
        helper = str(hurt.undo.arguments["helper"])
        world.kubectl("delete", "pod", helper, "--grace-period=0", "--force")
        hurt.end()
        answers_again(hurt)
    finally:
        gone = {"containers": [{"$patch": "delete", "name": "a-side"}]}
        less = {"spec": {"template": {"spec": gone}}}
        world.kubectl("patch", "deployment/web", "-p", json.dumps(less))
        world.settle("deployment/web")


# The lock -----------------------------------------------------------------------------


def test_a_lock_that_another_has_taken_is_known_as_lost(field: Field) -> None:
    world, target = field.world, field.target
    holder = holder_here(world.run, "a-scenario", "")
    assert target.lock.hold(holder) is None
    try:
        assert target.lock.why_lost() == ""
        note = "gameday.dev/holder-run=other"
        world.kubectl("annotate", "--overwrite", "lease", "gameday", note)
        wait_for(lambda: target.lock.why_lost() != "", 4 * EVERY)
        assert "run other has its Lease" in target.lock.why_lost()
    finally:
        target.lock.release(world.run)
        world.kubectl("delete", "lease", "gameday")
