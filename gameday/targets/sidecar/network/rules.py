"""iptables rules that carry a mark in their comment, added and removed whole.

One iptables-restore per address family adds all rules of a fault in one commit. The
rules pick out the packets to and from its peers, in both families.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.errors import GamedayError
from gameday.targets.sidecar.network.tools import complete
from gameday.targets.sidecar.work import WorkFailed

_COUNTS = re.compile(r"\[(\d+):\d+\] ")
BACKENDS = ("nft", "legacy")
OURS = "gameday:"  # how every comment begins, so that any can be found without a mark
_V4, _V6 = 4, 6
_FAMILIES = (_V4, _V6)


class RulesFailed(GamedayError):
    """The kernel or the tool refused the rules."""


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """One rule: a chain and its match and target, without the comment."""

    chain: str
    body: str


def _run(command: Sequence[str], text: str = "") -> str:
    done = complete(command, RulesFailed, text)
    if done.returncode != 0:
        raise RulesFailed(f"{command[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class FirewallRules:
    """The rules of one mark in this network namespace, of one address family.

    With an empty mark: the rules of all marks, which a sweep removes.
    """

    def __init__(self, mark: str, table: str = "filter", family: int = 4) -> None:
        self._mark = OURS + mark
        self._any = not mark
        self._table = table
        self._prefix = "iptables" if family == _V4 else "ip6tables"

    def add(self, rules: Sequence[FirewallRule], backend: str = "") -> str:
        """Put the rules before all others; return the backend that took them."""
        lines = [
            f'-I {rule.chain} 1 {rule.body} -m comment --comment "{self._mark}"'
            for rule in reversed(rules)
        ]
        text = "\n".join([f"*{self._table}", *lines, "COMMIT", ""])
        problem = RulesFailed("no iptables in the helper image")
        for tried in (backend,) if backend else BACKENDS:
            try:
                _run([f"{self._prefix}-{tried}-restore", "--noflush"], text)
            except RulesFailed as wrong:
                problem = wrong
            else:
                return tried
        raise problem

    def remove(self) -> None:
        """Take every rule of this mark out; RulesFailed where one stays."""
        for backend in BACKENDS:
            ours = self._saved(backend)
            if not ours:
                continue
            lines = [line.replace("-A ", "-D ", 1) for _, line in ours]
            text = "\n".join([f"*{self._table}", *lines, "COMMIT", ""])
            _run([f"{self._prefix}-{backend}-restore", "--noflush"], text)
        left = self.listed()
        if left:
            raise RulesFailed(f"still there: {left[0][1]}")

    def listed(self) -> list[tuple[int, str]]:
        """Return the packets counted and the text of each rule of this mark."""
        return [rule for backend in BACKENDS for rule in self._saved(backend)]

    def _saved(self, backend: str) -> list[tuple[int, str]]:
        command = f"{self._prefix}-{backend}-save"
        if backend == "legacy" and not self._has_legacy():
            return []  # asking would load the table into the namespace
        if shutil.which(command) is None:
            return []
        counted_rules = []
        for line in _run([command, "-c", "-t", self._table]).splitlines():
            counted = _COUNTS.match(line)
            if counted and self._is_ours(f"{line} "):
                counted_rules.append((int(counted[1]), line[counted.end() :]))
        return counted_rules

    def _is_ours(self, line: str) -> bool:
        quoted, bare = f'--comment "{self._mark}', f"--comment {self._mark}"
        if not self._any:
            quoted, bare = f'{quoted}" ', f"{bare} "
        return quoted in line or bare in line

    def _has_legacy(self) -> bool:
        names = "ip_tables_names" if self._prefix == "iptables" else "ip6_tables_names"
        try:
            tables = Path(f"/proc/net/{names}").read_text(encoding="ascii").split()
        except OSError:
            return False
        return self._table in tables


def peers_of(spec: Mapping[str, Any], family: int) -> list[str]:
    """Return the peers' addresses or networks of one family."""
    return [peer for peer in spec["peers"] if (":" in peer) == (family == _V6)]


def rules_for_peers(
    chain: str, spec: Mapping[str, Any], family: int, end: str
) -> list[FirewallRule]:
    """Return one rule per peer (or one for all but loopback) with this ending.

    INPUT matches what comes from the peers, OUTPUT and POSTROUTING what goes there.
    """
    inward = chain == "INPUT"
    if not spec["peers"]:
        side = "! -i lo" if inward else "! -o lo"
        return [FirewallRule(chain, f"{side} {end}")]
    side = "-s" if inward else "-d"
    return [
        FirewallRule(chain, f"{side} {peer} {end}") for peer in peers_of(spec, family)
    ]


def families(spec: Mapping[str, Any]) -> Sequence[int]:
    """Return the families that the fault has to cover; IPv6 only where it is used."""
    if not spec["peers"]:
        return (_V4, _V6) if _has_v6() else (_V4,)
    return [family for family in (_V4, _V6) if peers_of(spec, family)]


def _has_v6() -> bool:
    """Return whether this namespace has an IPv6 address beside loopback's."""
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as file:  # noqa: PTH123
            return any(line.split()[-1] != "lo" for line in file if line.split())
    except OSError:
        return False


class PeerRules:
    """The rules for the packets to and from a fault's peers, under the fault's mark.

    IPv6 has rules only where the peers or the namespace use it; what is removed is
    looked for in both families.
    """

    def __init__(self, spec: Mapping[str, Any], table: str = "mangle") -> None:
        self._spec = spec
        self._rules = {
            family: FirewallRules(spec["mark"], table, family) for family in _FAMILIES
        }
        self._added: Sequence[int] = ()

    def add(self, ends: Mapping[str, str]) -> list[str]:
        """Add the rules, those of one family at once; return each family's backend.

        `ends`: for each chain, what its rules do with the packets that they match.
        """
        self._added = families(self._spec)
        try:
            return [
                self._rules[family].add(
                    [
                        rule
                        for chain, end in ends.items()
                        for rule in rules_for_peers(chain, self._spec, family, end)
                    ]
                )
                for family in self._added
            ]
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules were not taken: {wrong}") from wrong

    def counted(self) -> list[int]:
        """Return how many packets each rule that was added has matched."""
        try:
            return [
                packets
                for family in self._added
                for packets, _ in self._rules[family].listed()
            ]
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules could not be read: {wrong}") from wrong

    def remove(self) -> None:
        """Take the rules out, of one family also where the other refuses."""
        problems = []
        for rules in self._rules.values():
            try:
                rules.remove()
            except RulesFailed as wrong:
                problems.append(str(wrong))
        if problems:
            raise WorkFailed(f"the rules could not be removed: {'; '.join(problems)}")
