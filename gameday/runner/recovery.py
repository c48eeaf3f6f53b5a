"""The SLIs while a run goes on, as far as it needs them to go on.

The judge (`checks.recovery`) measures when they recovered; this ends the waiting,
and shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gameday.checks.samples import read_samples
from gameday.model.slo import Slo
from gameday.model.timeline import Event, Timeline

SCRAPES = 5  # within which more than one bad event, beyond the budget, is too many


@dataclass(frozen=True, slots=True, kw_only=True)
class SliNow:
    """The events of an SLO over its last scrapes; times in s since the epoch."""

    bad: float
    total: float
    last: float
    spacing: float

    def recovered(self, slo: Slo, end: float) -> bool:
        """Return whether it was within its objective since a fault's end."""
        if self.last < end + (SCRAPES + 1) * self.spacing:
            return False
        within = self.bad <= 1 or self.bad / self.total <= slo.budget
        return self.total > 0 and within


def slis_now(slos: Iterable[Slo], samples: list[Event]) -> Mapping[str, SliNow]:
    """Return the SLIs of the last scrapes, of every SLO that has samples."""
    read = read_samples(Timeline(samples))
    found = {}
    for slo in slos:
        counters = read.of(slo.name)
        if counters.last is None:
            continue
        spacing = counters.interval or read.spacing or 1.0
        since = counters.last - SCRAPES * spacing
        found[slo.name] = SliNow(
            bad=counters.count("bad", since, counters.last).value,
            total=counters.count("total", since, counters.last).value,
            last=counters.last,
            spacing=spacing,
        )
    return found
