"""The load in words: how many requests of how many failed, and how long they took.

By phase: before the first fault, during each step's fault, and after it.
"""

from collections.abc import Iterable, Iterator, Sequence

from gameday.frozen import frozen
from gameday.model.events import FaultEnded, FaultStarted, Load
from gameday.model.quantity import show_duration, show_share
from gameday.model.timeline import Timeline


@frozen
class RequestStatistics:
    """The load's requests of one phase; latencies in seconds, None: not recorded."""

    phase: str
    sent: float
    failed: float
    p50: float | None
    p99: float | None

    @property
    def failures(self) -> str:
        """How many failed, and which share that is."""
        share = f" ({show_share(self.failed / self.sent)})" if self.sent else ""
        return f"{self.failed:.0f}{share}"

    def latency(self, which: str) -> str:
        """Return a latency as people read it."""
        value = self.p50 if which == "p50" else self.p99
        return "\N{EN DASH}" if value is None else show_duration(value)


def requests(timeline: Timeline) -> list[RequestStatistics]:
    """Return the load's requests by phase; nothing where there was no load."""
    seconds = timeline.of(Load)
    spans = list(_phases(timeline))
    statistics = []
    for number, (name, since) in enumerate(spans):
        until = spans[number + 1][1] if number + 1 < len(spans) else float("inf")
        own = [second for second in seconds if since <= second.since < until]
        if own:
            statistics.append(_requests(name, own))
    return statistics


def _phases(timeline: Timeline) -> Iterator[tuple[str, float]]:
    """Yield each phase with its beginning."""
    yield "before the first fault", float("-inf")
    steps = dict.fromkeys(event.step for event in timeline.of(FaultStarted))
    for step in steps:
        begun = [event.at for event in timeline.of(FaultStarted) if event.step == step]
        yield f"during {step}", min(begun)
        ended = [event.at for event in timeline.of(FaultEnded) if event.step == step]
        if ended:
            yield f"after {step}", max(ended)


def _requests(phase: str, seconds: Sequence[Load]) -> RequestStatistics:
    return RequestStatistics(
        phase=phase,
        sent=sum(second.sent for second in seconds),
        failed=sum(second.failed for second in seconds),
        p50=_percentile(seconds, 0.5),
        p99=_percentile(seconds, 0.99),
    )


def _percentile(seconds: Iterable[Load], share: float) -> float | None:
    """Return the end of the range in which a percentile lies."""
    counts: dict[float, float] = {}
    for second in seconds:
        for _, upto, number in second.latencies:
            counts[float(upto)] = counts.get(float(upto), 0.0) + float(number)
    wanted = share * sum(counts.values())
    for upto in sorted(counts):
        wanted -= counts[upto]
        if wanted <= 1e-9:  # noqa: PLR2004 - a rounding error
            return upto
    return None
