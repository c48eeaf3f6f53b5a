"""Clocks: other systems' stamps on gameday's clock, and how surely.

A measured offset is applied only where it is larger than its own error; the error
counts in any case.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gameday.model.quantity import parse_instant
from gameday.model.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Clocks:
    """The offset of each source's clock (its minus ours) and its error, in seconds."""

    measured: Mapping[str, tuple[float, float]]

    def ours(self, source: str, at: float) -> float:
        """Return when it was on gameday's clock."""
        return at - self.offset(source)

    def theirs(self, source: str, at: float) -> float:
        """Return what the source's clock said when ours said `at`."""
        return at + self.offset(source)

    def offset(self, source: str) -> float:
        """Return the offset to apply: zero where it is within its own error."""
        offset, error = self.measured.get(source, (0.0, 0.0))
        return offset if abs(offset) > error else 0.0

    def error(self, source: str) -> float:
        """Return how far the comparison of the two clocks may be off."""
        return self.measured.get(source, (0.0, 0.0))[1]


def read_clocks(timeline: Timeline) -> Clocks:
    """Return the surest measurement of each clock; the first of equally sure ones."""
    best: dict[str, tuple[float, float]] = {}
    for event in timeline.of("clock"):
        source, error = str(event["source"]), float(event["error"])
        if source not in best or error < best[source][1]:
            best[source] = (float(event["offset"]), error)
    return Clocks(best)


def instant(value: object) -> float | None:
    """Return an instant in seconds; None for none (also Go's zero time)."""
    if isinstance(value, str):
        try:
            value = parse_instant(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and value > 0:
        return float(value)
    return None
