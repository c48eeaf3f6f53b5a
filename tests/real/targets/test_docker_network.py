"""The network family on a real engine: what really passes between containers."""

import io
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from docker.api import APIClient

from gameday.errors import CannotFault, FaultFailed
from gameday.model.faults.fault import Proof, Undo
from gameday.ports import Target
from gameday.targets import helper_image, open_target
from gameday.targets.docker.sidecars.helper import Sidecar
from gameday.targets.docker.target import DockerTarget
from gameday.targets.opened import OpenTarget
from tests.real.targets.world import (
    CLOCK,
    SOCKET,
    ComposeProject,
    ask,
    find,
    injected,
    tcp_door,
    wait_for,
)

pytestmark = pytest.mark.docker

MARK = "gdtest.4567abcd"


@pytest.fixture(scope="module", autouse=True)
def _image(session_project: ComposeProject) -> None:
    target = open_target(session_project.url, CLOCK)
    target.make_ready("network.delay")
    why = target.refusal("network.delay")
    if why:
        pytest.skip(f"kernel: {why}")


def inject(target: Target, kind: str, **given: str) -> tuple[Undo, Proof]:
    request = ask(kind, "web", instances="web-1", **given)
    return injected(target, request, find(target, "web-1"), MARK)


def test_a_partition_from_one_service_leaves_the_others(
    target: Target, project: ComposeProject
) -> None:
    assert project.knock("web-1", "db-1") is not None
    undo, proof = inject(target, "network.partition", peers="db")
    assert proof.bites, proof.because
    assert proof.evidence["dropped"] > 0
    assert project.knock("web-1", "db-1") is None
    assert project.knock("db-1", "web-1") is None
    assert project.knock("web-1", "web-2") is not None
    undone = target.undo(undo)
    assert undone.ok
    assert undone.at is not None
    assert project.knock("web-1", "db-1") is not None


def test_a_partition_from_everybody(target: Target, project: ComposeProject) -> None:
    undo, proof = inject(target, "network.partition")
    assert proof.bites, proof.because
    assert project.knock("web-1", "db-1") is None
    assert project.knock("web-2", "web-1") is None
    assert project.knock("web-1", "web-1") is not None  # itself it still reaches
    assert target.undo(undo).ok
    assert project.knock("web-2", "web-1") is not None


def test_a_helper_image_may_run_something_else_as_somebody_else(
    project: ComposeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = f"gameday-test-helper:{secrets.token_hex(4)}"
    text = f'FROM {helper_image.IMAGE}\nUSER 10001\nENTRYPOINT ["false"]\n'
    engine = APIClient(f"unix://{SOCKET}")
    built = engine.build(fileobj=io.BytesIO(text.encode()), tag=image, rm=True)
    assert list(built)  # which is waited for
    monkeypatch.setenv(helper_image.OVERRIDE, image)
    try:
        target = open_target(project.url, CLOCK)
        undo, proof = inject(target, "network.partition", peers="db")
        assert proof.bites, proof.because
        assert target.undo(undo).ok
        assert project.knock("web-1", "db-1") is not None
    finally:
        engine.remove_image(image)


@pytest.mark.quiet
def test_a_delay_is_measured_and_felt_from_both_sides(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "network.delay", by="700ms", peers="db")
    assert proof.bites, proof.because
    for took in proof.evidence["after"]:
        assert took == pytest.approx(0.7, abs=0.1)
    for source, other in (("web-1", "db-1"), ("db-1", "web-1")):
        took = project.knock(source, other, 3.0)
        assert took is not None
        assert took > 0.7
    near = project.knock("web-1", "web-2", 3.0)
    assert near is not None
    assert near < 0.7
    assert target.undo(undo).ok
    after = project.knock("web-1", "db-1", 3.0)
    assert after is not None
    assert after < 0.7


@pytest.mark.quiet
def test_jitter_spreads_the_delay(target: Target) -> None:
    undo, proof = inject(
        target, "network.delay", by="200ms", jitter="100ms", peers="db-1"
    )
    assert proof.bites, proof.because
    assert all(0.09 < took < 0.4 for took in proof.evidence["after"])
    assert len(set(proof.evidence["after"])) == 3
    assert target.undo(undo).ok


def unanswered(project: ComposeProject, source: str, other: str, many: int) -> int:
    """Count how many of so many handshakes, half a second each, stay unanswered."""
    door = f"timeout 0.5 bash -c '</dev/tcp/{project.address(other)}/9' 2>/dev/null"
    script = f"for i in $(seq {many}); do {door} & done; for p in $(jobs -p); do "
    script += "wait $p; [ $? = 124 ] && echo lost; done; true"
    made = project.api.exec_create(
        project.inspect(source)["Id"], ["bash", "-c", script], stderr=False
    )
    said: bytes = project.api.exec_start(made["Id"])
    return said.count(b"lost")


def test_a_share_of_packets_is_lost_and_no_more(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "network.loss", packets="40%", peers="db")
    assert proof.bites, proof.because
    seen = proof.evidence
    assert seen["before"] == 0.0
    assert seen["share"] == pytest.approx(0.4, abs=5 * seen["error"])
    assert 5 <= unanswered(project, "web-1", "db-1", 40) <= 30  # 16 are expected
    assert unanswered(project, "web-1", "web-2", 10) == 0
    undone = target.undo(undo)
    assert undone.ok
    assert unanswered(project, "web-1", "db-1", 20) == 0


def test_loss_without_a_statistic_match_dies_with_its_holder(
    target: Target, project: ComposeProject
) -> None:
    loss = {"packets": 0.5}
    undo, proof = hold_by_queue(target, project, "loss_by_queue", loss)
    assert proof["bites"], proof["because"]
    assert proof["evidence"]["share"] == pytest.approx(0.5, abs=0.25)
    project.api.kill(undo.arguments["helper"], "SIGKILL")
    wait_for(lambda: unanswered(project, "web-1", "db-1", 20) == 0)
    assert target.undo(undo).found == "the helper had died; 1 rules swept up"


def hold_by_queue(
    target: Target, project: ComposeProject, work: str, given: Mapping[str, float]
) -> tuple[Undo, Mapping[str, Any]]:
    """Have a fault between web-1 and db held by a queue, whatever the kernel has."""
    assert isinstance(target, DockerTarget)
    victim, db = project.inspect("web-1")["Id"], project.address("db-1")
    spec = {"do": work, "peers": [db], "probes": [db], "duration": 60.0, **given}
    helper = target.helper.start(Sidecar(spec=spec, mark=MARK, beside=victim))
    target.helper.start_work(helper)
    undo = Undo(
        target=target.url,
        verb="end_helper",
        instance="web-1",
        identity={"id": victim},
        arguments={"helper": helper, "mark": MARK, "way": work},
    )
    return undo, target.helper.wait_for_line(helper, "proof", 10.0)


AMOUNT = 500_000  # bytes: 2 s at 2mbit
_SEND = (
    "$l = IO::Socket::INET->new(LocalPort => 7000, Listen => 1, ReuseAddr => 1);"
    "$c = $l->accept; print $c 'x' x $ARGV[0];"
)
_TAKE = (
    "for (1..100) { last if $c = IO::Socket::INET->new(qq($ARGV[0]:7000));"
    "select undef, undef, undef, 0.05 }"
    "$n = 0; while ($k = sysread $c, $b, 65536) { $n += $k } print $n;"
)


def carried(project: ComposeProject, sender: str, receiver: str) -> float:
    """Return the seconds that AMOUNT took from one container to another."""

    def perl(instance: str, code: str, word: str) -> str:
        command = ["perl", "-MIO::Socket::INET", "-e", code, word]
        made = project.api.exec_create(project.inspect(instance)["Id"], command)
        return str(made["Id"])

    project.api.exec_start(perl(sender, _SEND, str(AMOUNT)), detach=True)
    taking = perl(receiver, _TAKE, project.address(sender))
    began = CLOCK.monotonic()
    assert project.api.exec_start(taking) == str(AMOUNT).encode()
    return CLOCK.monotonic() - began


@pytest.mark.quiet
def test_a_rate_is_kept_in_both_directions_and_by_the_peer_alone(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "network.rate", to="2mbit", peers="db")
    assert proof.bites, proof.because
    assert proof.evidence["before"] > 1.2 * 2e6 > proof.evidence["both"] > 0
    assert carried(project, "web-1", "db-1") > 1.8
    assert carried(project, "db-1", "web-1") > 1.8
    assert carried(project, "web-2", "web-1") < 1.8
    assert target.undo(undo).ok
    assert carried(project, "web-1", "db-1") < 1.8
    assert carried(project, "db-1", "web-1") < 1.8


@pytest.mark.quiet
def test_a_rate_without_tc_dies_with_its_holder(
    target: Target, project: ComposeProject
) -> None:
    rate = {"to": 2e6}
    undo, proof = hold_by_queue(target, project, "rate_by_queue", rate)
    assert proof["bites"], proof["because"]
    assert carried(project, "web-1", "db-1") > 1.8
    assert carried(project, "db-1", "web-1") > 1.8
    project.api.kill(undo.arguments["helper"], "SIGKILL")
    wait_for(lambda: carried(project, "web-1", "db-1") < 1.8)
    assert target.undo(undo).found == "the helper had died; 2 rules swept up"


def test_the_deadline_is_in_the_target(target: Target, project: ComposeProject) -> None:
    undo, proof = inject(target, "network.partition", peers="db", duration="1s")
    assert proof.bites, proof.because
    wait_for(lambda: project.knock("web-1", "db-1", 0.3) is not None)
    assert target.undo(undo).ok  # all that is left is an ended helper


def test_after_a_helper_that_was_killed_the_undo_sweeps(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "network.partition", peers="db")
    project.api.kill(undo.arguments["helper"], "SIGKILL")
    assert project.knock("web-1", "db-1") is None
    undone = target.undo(undo)
    assert undone.ok
    assert undone.found == "the helper had died; 2 rules swept up"
    assert project.knock("web-1", "db-1") is not None
    assert target.undo(undo).ok


def test_a_held_delay_dies_with_its_holder(
    target: Target, project: ComposeProject
) -> None:
    undo, proof = inject(target, "network.delay", by="900ms", peers="db")
    if proof.evidence["way"] != "nfqueue":
        assert target.undo(undo).ok
        pytest.skip("kernel: netem is there, and outlives its helper")
    project.api.kill(undo.arguments["helper"], "SIGKILL")
    took = wait_for(lambda: project.knock("web-1", "db-1", 3.0))
    assert took < 0.9
    assert target.undo(undo).found == "the helper had died; 1 rules swept up"


def test_a_helper_that_never_got_the_word_changed_nothing(
    target: Target, project: ComposeProject
) -> None:
    victim = find(target, "web-1")
    undo = target.prepare(ask("network.partition", instances="web-1"), victim, MARK)
    assert project.knock("web-1", "db-1") is not None
    assert target.undo(undo).ok
    assert project.helpers() == []


def test_what_a_dead_run_had_prepared_is_found_by_its_mark(
    target: OpenTarget, project: ComposeProject
) -> None:
    victim = find(target, "web-1")
    target.prepare(ask("network.partition", instances="web-1"), victim, MARK)
    assert target.marks is not None
    assert target.marks.sweep("another") == 0
    assert target.marks.sweep("gdtest") == 1
    assert project.helpers() == []


def test_on_a_far_engine_it_is_the_same(project: ComposeProject) -> None:
    with tcp_door() as host:
        far = open_target(f"{project.url}?host={host}", CLOCK)
        undo, proof = inject(far, "network.partition", peers="db")
        assert proof.bites, proof.because
        assert project.knock("web-1", "db-1") is None
        assert far.undo(undo).ok
        assert project.knock("web-1", "db-1") is not None


def test_a_peer_that_nobody_knows_is_no_fault(target: Target) -> None:
    victim = find(target, "web-1")
    request = ask("network.partition", peers="nobody")
    with pytest.raises(FaultFailed, match="'nobody'"):
        target.prepare(request, victim, MARK)


def test_a_container_in_the_hosts_network_is_refused(
    target: Target, project: ComposeProject
) -> None:
    labels = dict(project.inspect("db-1")["Config"]["Labels"])
    labels["com.docker.compose.service"] = "exposed"
    host = project.api.create_host_config(network_mode="host")
    made = project.api.create_container(
        "debian:bookworm-slim", ["sleep", "1000"], labels=labels, host_config=host
    )
    project.api.start(made["Id"])
    try:
        (victim,) = target.instances("exposed")
        with pytest.raises(CannotFault, match="others would be hit"):
            target.prepare(ask("network.partition", "exposed"), victim, MARK)
    finally:
        project.api.remove_container(made["Id"], force=True)


# A fault that did not hold to its end ---------------------------------------------


def ended_early(target: Target, undo: Undo) -> str:
    undone = target.undo(undo)
    assert undone.ok
    return undone.early


def test_a_fault_that_held_did_not_end_early(target: Target) -> None:
    undo, _ = inject(target, "network.delay", by="100ms", peers="db")
    assert ended_early(target, undo) == ""


def test_a_fault_whose_own_time_was_over_did_not_end_early(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "network.partition", duration="2s", peers="db")
    helper = undo.arguments["helper"]
    state = project.api.inspect_container
    wait_for(lambda: not state(helper)["State"]["Running"])
    assert ended_early(target, undo) == ""


@pytest.mark.parametrize("how", ["SIGTERM", "removed"])
def test_a_helper_that_somebody_ended_ended_the_fault_early(
    target: Target, project: ComposeProject, how: str
) -> None:
    undo, _ = inject(target, "network.partition", peers="db")
    helper = undo.arguments["helper"]
    state = project.api.inspect_container
    project.api.kill(helper, "SIGTERM")
    wait_for(lambda: not state(helper)["State"]["Running"])
    if how == "removed":
        project.api.remove_container(helper)
    assert "its helper was" in ended_early(target, undo)


def test_rules_that_stay_without_their_helper_held(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "network.partition", peers="db")
    project.api.remove_container(undo.arguments["helper"], force=True)
    assert project.knock("web-1", "db-1") is None
    assert ended_early(target, undo) == ""
    assert project.knock("web-1", "db-1") is not None


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("network.delay", {"by": "100ms"}),
        ("network.loss", {"packets": "50%"}),
        ("network.rate", {"to": "2mbit"}),
    ],
)
def test_what_the_kernel_goes_on_with_held_and_what_a_helper_does_itself_had_not(
    target: Target, project: ComposeProject, kind: str, given: Any
) -> None:
    undo, _ = inject(target, kind, peers="db", **given)
    project.api.remove_container(undo.arguments["helper"], force=True)
    by_a_queue = undo.arguments["way"] in ("nfqueue", "loss_by_queue", "rate_by_queue")
    early = ended_early(target, undo)
    assert early == ("its helper was gone before it was undone" if by_a_queue else "")


def test_a_container_that_was_started_anew_had_ended_the_fault_early(
    target: Target, project: ComposeProject
) -> None:
    undo, _ = inject(target, "network.partition", peers="db")
    project.api.restart(undo.identity["id"], timeout=0)
    assert "started anew" in ended_early(target, undo)
