"""A delay with tc netem: outgoing packets to the peers wait in the kernel."""

from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.network.shaping import Shaper
from gameday.targets.sidecar.proof.delay_proof import RoundTrip
from gameday.targets.sidecar.work import SignalQueue, report, rest

_LIMIT = "100000"  # packets that may wait


def leaf(by: float, jitter: float) -> Sequence[str]:
    """Return the words by which tc makes a delay of some seconds."""
    delay = [f"{by * 1000:g}ms"] + ([f"{jitter * 1000:g}ms"] if jitter else [])
    return ["netem", "limit", _LIMIT, "delay", *delay]


class NetemDelay:
    """Netem in a class of our own."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._shaper = Shaper(spec)
        self._trip = RoundTrip(spec["probes"])

    def prepare(self) -> None:
        """Look whether there is room for a qdisc; measure the way as it is."""
        self._shaper.check()
        self._trip.before()

    def apply(self) -> Mapping[str, Any]:
        """Put qdiscs and rules in."""
        self._shaper.add(*leaf(float(self._spec["by"]), float(self._spec["jitter"])))
        return {"way": "netem"}

    def hold(self, bell: SignalQueue, deadline: float) -> None:
        """Prove it once, then wait for the end."""
        report("proof", **self._trip.proof(self._spec["by"], self._spec["jitter"]))
        rest(bell, deadline)

    def remove(self) -> None:
        """Take all of it out."""
        self._shaper.remove()
