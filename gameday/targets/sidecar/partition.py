"""A partition: packets to and from the peers are dropped, in both directions."""

from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar import addresses, knock
from gameday.targets.sidecar.bell import Bell
from gameday.targets.sidecar.rules import Rules, RulesFailed
from gameday.targets.sidecar.work import WorkFailed, rest, say


class Partition:
    """DROP rules in INPUT and OUTPUT; the proof is a packet that went nowhere."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._families = addresses.families(spec)
        self._rules = {one: Rules(spec["mark"], "filter", one) for one in (4, 6)}

    def prepare(self) -> None:
        """Nothing has to be known beforehand."""

    def apply(self) -> Mapping[str, Any]:
        """Put the rules in."""
        try:
            backends = [
                self._rules[family].add(
                    [
                        *addresses.matched("OUTPUT", self._spec, family, "-j DROP"),
                        *addresses.matched("INPUT", self._spec, family, "-j DROP"),
                    ]
                )
                for family in self._families
            ]
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules were not taken: {wrong}") from wrong
        return {"backend": backends}

    def hold(self, bell: Bell, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        say("proof", **self._proof())
        rest(bell, deadline)

    def _proof(self) -> dict[str, Any]:
        probes = self._spec["probes"]
        tried = {address: knock.send_away(address) for address in probes}
        dropped = [address for address, answer in tried.items() if answer == "dropped"]
        counted = [
            rule for family in self._families for rule in self._rules[family].listed()
        ]
        packets = sum(count for count, _ in counted)
        evidence = {"probes": tried, "dropped": packets, "rules": len(counted)}
        if packets and dropped and "sent" not in tried.values():
            because = (
                f"a packet to {', '.join(dropped)} was dropped; "
                f"the rules have dropped {packets}"
            )
            return {"bites": True, "because": because, "evidence": evidence}
        because = f"no packet was seen to be dropped (probes: {tried or 'none'})"
        return {"bites": False, "because": because, "evidence": evidence}

    def remove(self) -> None:
        """Take the rules out, of both families."""
        try:
            for rules in self._rules.values():
                rules.remove()
        except RulesFailed as wrong:
            raise WorkFailed(f"the rules could not be removed: {wrong}") from wrong
