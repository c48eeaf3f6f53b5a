"""The parts of the helper that need no container."""

import base64
import io
import json
import socket
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from gameday.targets import helper_image
from gameday.targets.docker.sidecars.helper import CODE_FOLDER, code_archive
from gameday.targets.helper_image import code_files
from gameday.targets.sidecar.network.delay import RoundTrip, netem_leaf
from gameday.targets.sidecar.network.features import Sweep
from gameday.targets.sidecar.network.nfqueue import packets
from gameday.targets.sidecar.network.rules import rules_for_peers
from gameday.targets.sidecar.network.shaping import outgoing_commands
from gameday.targets.sidecar.process.enter import enter
from gameday.targets.sidecar.proof import tcp_probe
from gameday.targets.sidecar.work import WorkFailed


def announced(*ids: int) -> bytes:
    """Build what the kernel sends: a timestamp, then the packet's header."""
    messages = b""
    for number in ids:
        other = struct.pack("=HHQ", 12, 4, 99)
        header = struct.pack("=HH", 11, 1) + struct.pack("!IHB", number, 0x800, 1)
        payload = struct.pack("!BBH", socket.AF_INET, 0, 7) + other + header + b"\0"
        size = 16 + len(payload)
        messages += struct.pack("=IHHII", size, 3 << 8, 0, 0, 0) + payload
    return messages


def test_packets_are_known_by_their_ids() -> None:
    assert list(packets(announced(1, 70000, 3))) == [(1, 0), (70000, 0), (3, 0)]


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (struct.pack("=HH", 5, 10) + b"E\0\0\0", 1),  # all of a packet
        (
            struct.pack("=HH", 5, 10)
            + b"E\0\0\0"
            + struct.pack("=HH", 8, 13)
            # what it was cut off from
            + struct.pack("!I", 65226),
            65226,
        ),
    ],
)
def test_a_packet_s_size_is_told_where_it_was_asked_for(
    attributes: bytes, size: int
) -> None:
    header = struct.pack("=HH", 11, 1) + struct.pack("!IHB", 7, 0x800, 1) + b"\0"
    payload = struct.pack("!BBH", socket.AF_INET, 0, 7) + header + attributes
    whole = struct.pack("=IHHII", 16 + len(payload), 3 << 8, 0, 0, 0) + payload
    assert list(packets(whole)) == [(7, size)]


def test_other_messages_and_torn_ones_announce_nothing() -> None:
    error = struct.pack("=IHHII", 20, 2, 0, 0, 0) + struct.pack("=i", 0)
    assert list(packets(error)) == []
    assert list(packets(announced(1)[:10])) == []
    assert list(packets(b"\0" * 64)) == []


def test_rules_name_each_peer_of_their_family_in_each_direction() -> None:
    spec = {"peers": ["10.0.0.1", "fd00::1", "10.2.0.0/16"]}
    bodies = [rule.body for rule in rules_for_peers("INPUT", spec, 4, "-j DROP")]
    assert bodies == ["-s 10.0.0.1 -j DROP", "-s 10.2.0.0/16 -j DROP"]
    (rule,) = rules_for_peers("OUTPUT", spec, 6, "-j DROP")
    assert (rule.chain, rule.body) == ("OUTPUT", "-d fd00::1 -j DROP")


def test_everybody_does_not_mean_loopback() -> None:
    (inward,) = rules_for_peers("INPUT", {"peers": []}, 4, "-j DROP")
    (outward,) = rules_for_peers("OUTPUT", {"peers": []}, 4, "-j DROP")
    assert inward.body == "! -i lo -j DROP"
    assert outward.body == "! -o lo -j DROP"


def test_netem_sits_in_a_class_of_its_own() -> None:
    made = outgoing_commands("eth0", *netem_leaf(0.2, 0.05))
    outer, one, inner = (" ".join(words) for words in made)
    assert outer == "qdisc add dev eth0 root handle 6da7: htb default 0"
    assert one.startswith("class add dev eth0 parent 6da7: classid 6da7:4 htb rate ")
    assert inner.startswith("qdisc add dev eth0 parent 6da7:4 netem limit ")
    assert inner.endswith(" delay 200ms 50ms")


def test_a_closed_port_answers_and_a_silent_one_does_not() -> None:
    took = tcp_probe.round_trip("127.0.0.1", 1.0)
    assert took is not None
    assert took < 1.0


def test_a_delay_that_is_not_there_is_seen() -> None:
    trip = RoundTrip(["127.0.0.1"])
    trip.before()
    proof = trip.proof(by=0.5, jitter=0.0)
    assert proof["bites"] is False
    assert "before and" in proof["because"]


@pytest.mark.parametrize(
    ("before", "after", "bites"),
    [
        ((0.025, 0.001, 0.001), (0.061, 0.051, 0.052), True),  # a hiccup before
        ((0.001, 0.001, 0.001), (0.051, 0.090, 0.200), True),  # hiccups within
        ((0.001, 0.001, 0.001), (0.060, 0.001, 0.070), False),  # hiccups, no delay
        ((0.001, None, None), (None, 0.051, None), True),
        ((0.001, 0.001, 0.001), (None, None, None), False),
    ],
)
def test_a_hiccup_of_the_machine_neither_proves_nor_refutes_a_delay(
    before: tuple[float | None, ...], after: tuple[float | None, ...], bites: bool
) -> None:
    trips = iter((*before, *after))
    trip = RoundTrip(["peer"], lambda _address, _timeout: next(trips))
    trip.before()
    assert trip.proof(by=0.05, jitter=0.0)["bites"] is bites


def test_without_anybody_to_ask_nothing_is_proven() -> None:
    trip = RoundTrip([])
    trip.before()
    assert trip.proof(by=0.1, jitter=0.0)["bites"] is False


def test_what_is_copied_into_the_helper_is_all_it_needs(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(code_archive())) as archive:
        # Python 3.11.2, Debian 12's own, knows no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)  # noqa: S202 - an archive of our own
    folder = tmp_path / CODE_FOLDER.lstrip("/")
    code = "import gameday.targets.sidecar.__main__ as m; print(m.__file__)"
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys;sys.path[:0]=[{str(folder)!r}];" + code,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(folder))


def test_it_runs_from_a_zip_that_is_in_no_folder(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in code_files().items():
            archive.writestr(name, content)
    boot = (
        "import base64,os,runpy,sys;f=os.memfd_create('gameday');"
        "os.write(f,base64.b64decode(os.environ.pop('GAMEDAY_CODE')));"
        "sys.path[:0]=[f'/proc/self/fd/{f}'];"
        "runpy.run_module('gameday.targets.sidecar',run_name='__main__')"
    )
    order = {"do": "thaw", "container": "none such", "wait": 0, "duration": 0}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", boot],
        env={
            "GAMEDAY_CODE": base64.b64encode(stream.getvalue()).decode(),
            "GAMEDAY_SPEC": json.dumps(order),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["say"] == "ready"


def test_a_container_that_is_not_there_cannot_be_entered() -> None:
    with pytest.raises(WorkFailed, match="no process of container none such"):
        enter("none such")


def test_the_image_can_be_replaced_by_ones_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(helper_image.OVERRIDE, raising=False)
    assert helper_image.image_name().startswith("gameday-helper:")
    monkeypatch.setenv(helper_image.OVERRIDE, "registry/helper:1")
    assert helper_image.image_name() == "registry/helper:1"


# What a sweep finds ---------------------------------------------------------------

MARKED = '-m comment --comment "gameday:r1.abc"'
NETEM = f"-A POSTROUTING -d 10.0.0.2/32 {MARKED} -j CLASSIFY --set-class 6da7:4"
LOSS = f"-A INPUT -m statistic --probability 0.3 {MARKED} -j DROP"
QUEUE = f"-A INPUT -s 10.0.0.2/32 {MARKED} -j NFQUEUE --queue-num 7 --queue-bypass"
SAVE = """#!/bin/sh
[ "$3" = mangle ] && cat {saved}
exit 0
"""
RESTORE = """#!/bin/sh
: > {saved}
"""


@pytest.mark.parametrize(
    ("rules", "held"),
    [((NETEM,), 1), ((LOSS,), 1), ((QUEUE,), 0), ((NETEM, QUEUE), 1), ((), 0)],
)
def test_a_sweep_tells_what_the_kernel_did_without_a_helper(
    rules: tuple[str, ...],
    held: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = tmp_path / "saved"
    saved.write_text("".join(f"[3:120] {rule}\n" for rule in rules))
    tools = {"save": SAVE, "restore": RESTORE}
    for name, text in tools.items():
        tool = tmp_path / f"iptables-nft-{name}"
        tool.write_text(text.format(saved=saved))
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert Sweep({"mark": "r1.abc"}).apply() == {"found": len(rules), "held": held}
    assert saved.read_text() == ""
