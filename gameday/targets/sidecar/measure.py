"""The proof of a delay: round trips before and after, on the same way."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from gameday.targets.sidecar import knock

_NEAR = 0.4  # seconds to wait for an answer while there is no delay
_ENOUGH = 0.8  # of the delay asked for must be seen
_MANY, _FEW, _LONG = 3, 1, 1.0  # samples, and the delay beyond which few will do


class RoundTrip:
    """Finds a peer that answers, and measures how much later it answers now."""

    def __init__(self, probes: Sequence[str]) -> None:
        self._probes = probes
        self._peer = ""
        self._before = 0.0

    def before(self) -> None:
        """Measure without the delay; the first peer that answers is kept."""
        for address in self._probes:
            took = knock.round_trip(address, _NEAR)
            if took is not None:
                self._peer, self._before = address, took
                return

    def proof(self, by: float, jitter: float) -> dict[str, Any]:
        """Measure again; return whether the delay is there."""
        if not self._peer:
            return _verdict(bites=False, because="no peer answered before the delay")
        limit = 3 * (by + jitter) + 1.0
        many = _MANY if by + jitter <= _LONG else _FEW
        seen = [knock.round_trip(self._peer, limit) for _ in range(many)]
        took = [one for one in seen if one is not None]
        evidence = {"peer": self._peer, "before": self._before, "after": took, "by": by}
        if not took:
            because = f"{self._peer} did not answer any more"
            return _verdict(bites=False, because=because, evidence=evidence)
        more = statistics.median(took) - self._before
        because = (
            f"a round trip to {self._peer} took {self._before * 1000:.1f} ms before "
            f"and {statistics.median(took) * 1000:.1f} ms now"
        )
        enough = more >= _ENOUGH * by - jitter
        return _verdict(bites=enough, because=because, evidence=evidence)


def _verdict(
    *, bites: bool, because: str, evidence: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"bites": bites, "because": because, "evidence": dict(evidence or {})}
