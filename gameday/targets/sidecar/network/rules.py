"""iptables rules that carry a mark in their comment, added and removed whole.

One iptables-restore per address family adds all rules of a fault in one commit.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gameday.errors import GamedayError
from gameday.targets.sidecar.network.tools import complete

_COUNTS = re.compile(r"\[(\d+):\d+\] ")
BACKENDS = ("nft", "legacy")
OURS = "gameday:"  # how every comment begins, so that any can be found without a mark


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
        self._prefix = "iptables" if family == 4 else "ip6tables"  # noqa: PLR2004

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
