"""The proof of a delay: round trips before and after, on the same way.

Each side is the shortest of a few round trips: whatever else a machine does makes a
round trip longer, never shorter, so that the shortest is nearest to the way itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gameday.targets.sidecar.proof import tcp_probe

_NEAR = 0.4  # seconds to wait for an answer while there is no delay
_ENOUGH = 0.8  # of the delay asked for must be seen
_MANY, _FEW, _LONG = 3, 1, 1.0  # samples, and the delay beyond which few will do


class RoundTrip:
    """Finds a peer that answers, and measures how much later it answers now."""

    def __init__(
        self,
        probes: Sequence[str],
        round_trip: Callable[[str, float], float | None] = tcp_probe.round_trip,
    ) -> None:
        self._probes = probes
        self._round_trip = round_trip
        self._peer = ""
        self._before = 0.0

    def before(self) -> None:
        """Measure without the delay; the first peer that answers is kept."""
        for address in self._probes:
            took = self._measure(address, _NEAR, 1)
            if took:
                again = self._measure(address, _NEAR, _MANY - 1)
                self._peer, self._before = address, min(took + again)
                return

    def _measure(self, address: str, timeout: float, times: int) -> list[float]:
        """Return the seconds of the round trips that were answered."""
        trips = [self._round_trip(address, timeout) for _ in range(times)]
        return [seconds for seconds in trips if seconds is not None]

    def proof(self, by: float, jitter: float) -> dict[str, Any]:
        """Measure again; return whether the delay is there."""
        if not self._peer:
            return _verdict(bites=False, because="no peer answered before the delay")
        limit = 3 * (by + jitter) + 1.0
        many = _MANY if by + jitter <= _LONG else _FEW
        took = self._measure(self._peer, limit, many)
        evidence = {"peer": self._peer, "before": self._before, "after": took, "by": by}
        if not took:
            because = f"{self._peer} did not answer any more"
            return _verdict(bites=False, because=because, evidence=evidence)
        more = min(took) - self._before
        because = (
            f"a round trip to {self._peer} took {self._before * 1000:.1f} ms before "
            f"and {min(took) * 1000:.1f} ms now"
        )
        enough = more >= _ENOUGH * by - jitter
        return _verdict(bites=enough, because=because, evidence=evidence)


def _verdict(
    *, bites: bool, because: str, evidence: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"bites": bites, "because": because, "evidence": dict(evidence or {})}
