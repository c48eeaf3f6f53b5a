"""A partition: packets to and from the peers are dropped, in both directions."""

from collections.abc import Mapping
from typing import Any

from gameday.targets.sidecar.network.rules import PeerRules
from gameday.targets.sidecar.proof import tcp_probe
from gameday.targets.sidecar.work import SignalQueue, proof_of, report, rest


class Partition:
    """DROP rules in INPUT and OUTPUT; the proof is a packet that went nowhere."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._probes = spec["probes"]
        self._rules = PeerRules(spec, "filter")

    def prepare(self) -> None:
        """Nothing has to be known beforehand."""

    def apply(self) -> Mapping[str, Any]:
        """Put the rules in."""
        return {"backend": self._rules.add({"OUTPUT": "-j DROP", "INPUT": "-j DROP"})}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        report("proof", **self._proof())
        rest(bell, deadline)

    def _proof(self) -> dict[str, Any]:
        tried = {address: tcp_probe.send_away(address) for address in self._probes}
        dropped = [address for address, answer in tried.items() if answer == "dropped"]
        counted = self._rules.counted()
        packets = sum(counted)
        evidence = {"probes": tried, "dropped": packets, "rules": len(counted)}
        if packets and dropped and "sent" not in tried.values():
            because = (
                f"a packet to {', '.join(dropped)} was dropped; "
                f"the rules have dropped {packets}"
            )
            return proof_of(bites=True, because=because, evidence=evidence)
        because = f"no packet was seen to be dropped (probes: {tried or 'none'})"
        return proof_of(bites=False, because=because, evidence=evidence)

    def remove(self) -> None:
        """Take the rules out, of both families."""
        self._rules.remove()
