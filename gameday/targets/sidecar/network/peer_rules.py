"""The rules that pick out a fault's packets, of both address families at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network import addresses
from gameday.targets.sidecar.network.rules import FirewallRules, RulesFailed
from gameday.targets.sidecar.work import WorkFailed

FAMILIES = (addresses.V4, addresses.V6)


class PeerRules:
    """The rules for the packets to and from a fault's peers, under the fault's mark.

    IPv6 has rules only where the peers or the namespace use it; what is removed is
    looked for in both families.
    """

    def __init__(self, spec: Mapping[str, Any], table: str = "mangle") -> None:
        self._spec = spec
        self._rules = {
            family: FirewallRules(spec["mark"], table, family) for family in FAMILIES
        }
        self._added: Sequence[int] = ()

    def add(self, ends: Mapping[str, str]) -> list[str]:
        """Add the rules, those of one family at once; return each family's backend.

        `ends`: for each chain, what its rules do with the packets that they match.
        """
        self._added = addresses.families(self._spec)
        try:
            return [
                self._rules[family].add(
                    [
                        rule
                        for chain, end in ends.items()
                        for rule in addresses.matched(chain, self._spec, family, end)
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
