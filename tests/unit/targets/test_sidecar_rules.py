"""The rules of both address families, put in and taken out by fakes of the tools."""

import sys
from pathlib import Path

import pytest

from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.work import WorkFailed

# Keeps the rules in a file beside itself, as the kernel would; `refuses` beside it has
# the commands that do not work, one a line.
TOOL = """#!{python} -IS
import pathlib, sys
tool = pathlib.Path(sys.argv[0])
prefix, action = tool.name.rsplit("-", 1)
kept = tool.with_name(prefix)
rules = kept.read_text().splitlines() if kept.exists() else []
refuses = tool.with_name("refuses")
refused = refuses.read_text().splitlines() if refuses.exists() else []
if f"{{prefix}} {{action}}" in refused:
    sys.exit("refused")
if action == "save":
    print("\\n".join("[7:420] " + rule for rule in rules))
    sys.exit()
for line in sys.stdin.read().splitlines():
    command, _, rest = line.partition(" ")
    if f"{{prefix}} {{command}}" in refused:
        sys.exit("refused")
    if command == "-I":
        chain, _, body = rest.partition(" 1 ")
        rules.insert(0, f"-A {{chain}} {{body}}")
    elif command == "-D":
        rules.remove(f"-A {{rest}}")
kept.write_text("\\n".join(rules))
"""


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of tools that stands for the kernel of one namespace."""
    for prefix in ("iptables-nft", "ip6tables-nft"):
        for action in ("restore", "save"):
            tool = tmp_path / f"{prefix}-{action}"
            tool.write_text(TOOL.format(python=sys.executable), encoding="utf-8")
            tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def kept(kernel: Path, prefix: str) -> list[str]:
    file = kernel / f"{prefix}-nft"
    return file.read_text().splitlines() if file.exists() else []


def peer_rules(*peers: str) -> PeerRules:
    return PeerRules({"mark": "run.1", "peers": peers}, "filter")


def test_each_family_gets_the_rules_of_its_peers(kernel: Path) -> None:
    rules = peer_rules("10.0.0.1", "fd00::1")
    backends = rules.add({"OUTPUT": "-j DROP", "INPUT": "-j DROP"})
    comment = '-m comment --comment "gameday:run.1"'
    assert backends == ["nft", "nft"]
    assert kept(kernel, "iptables") == [
        f"-A OUTPUT -d 10.0.0.1 -j DROP {comment}",
        f"-A INPUT -s 10.0.0.1 -j DROP {comment}",
    ]
    assert kept(kernel, "ip6tables") == [
        f"-A OUTPUT -d fd00::1 -j DROP {comment}",
        f"-A INPUT -s fd00::1 -j DROP {comment}",
    ]
    assert rules.counted() == [7, 7, 7, 7]


def test_both_families_rules_are_taken_out_and_nobody_else_s(kernel: Path) -> None:
    (kernel / "iptables-nft").write_text("-A INPUT -j ACCEPT")
    rules = peer_rules("10.0.0.1", "fd00::1")
    rules.add({"INPUT": "-j DROP"})
    rules.remove()
    rules.remove()
    assert kept(kernel, "iptables") == ["-A INPUT -j ACCEPT"]
    assert kept(kernel, "ip6tables") == []


def test_a_family_that_no_peer_has_gets_no_rules(kernel: Path) -> None:
    rules = peer_rules("10.0.0.1")
    assert rules.add({"INPUT": "-j DROP"}) == ["nft"]
    assert kept(kernel, "ip6tables") == []
    assert rules.counted() == [7]


def test_rules_that_are_not_taken_are_said_so(kernel: Path) -> None:
    (kernel / "refuses").write_text("ip6tables-nft -I")
    with pytest.raises(WorkFailed, match="not taken: ip6tables-legacy-restore"):
        peer_rules("10.0.0.1", "fd00::1").add({"INPUT": "-j DROP"})


def test_a_family_that_refuses_keeps_no_rules_of_the_other(kernel: Path) -> None:
    rules = peer_rules("10.0.0.1", "fd00::1")
    rules.add({"INPUT": "-j DROP"})
    (kernel / "refuses").write_text("iptables-nft -D")
    with pytest.raises(WorkFailed, match="not be removed: iptables-nft-restore"):
        rules.remove()
    assert len(kept(kernel, "iptables")) == 1
    assert kept(kernel, "ip6tables") == []


def test_rules_that_cannot_be_read_are_said_so(kernel: Path) -> None:
    rules = peer_rules("10.0.0.1")
    rules.add({"INPUT": "-j DROP"})
    (kernel / "refuses").write_text("iptables-nft save")
    with pytest.raises(WorkFailed, match="could not be read: iptables-nft-save"):
        rules.counted()
