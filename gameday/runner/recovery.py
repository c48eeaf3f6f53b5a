"""Live values of the SLIs, used to decide when a run may stop waiting.

The judge (`checks.service.recovery`) computes when they recovered; these values end the
waiting and are shown on the terminal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gameday.checks.record.samples import read_samples
from gameday.frozen import frozen
from gameday.model.events import Sample
from gameday.model.slos.slo import Slo
from gameday.model.stretch import LONGEST, looks_in_a_row
from gameday.model.timeline import Timeline

SCRAPES = 5  # within which more than one bad event, beyond the budget, is too many


@frozen
class SliNow:
    """The events of an SLO over its last scrapes; times in s since the epoch."""

    bad: float
    total: float
    last: float
    spacing: float

    def within(self, slo: Slo) -> bool:
        """Return whether it is within its objective over these scrapes."""
        few = self.bad <= 1 or self.bad / self.total <= slo.tolerated
        return self.total > 0 and few

    def recovered(self, slo: Slo, end: float) -> bool:
        """Return whether it was within its objective since a fault's end."""
        late = self.last >= end + (SCRAPES + 1) * self.spacing
        return late and self.within(slo)


@dataclass(slots=True)
class Recovery:
    """Whether SLIs are back for good: over a stretch that is no lucky one.

    As long as it takes to have seen the failures that there were in the fault.
    """

    looks: int = 0  # during the fault
    out: int = 0  # … that found an SLI outside of its objective
    held: int = 0  # looks in a row since the fault that found all within
    since: float = 0.0

    def during(self, *, good: bool) -> None:
        """Take in a look while the fault holds."""
        self.looks += 1
        self.out += not good

    def after(self, now: float, *, good: bool) -> bool:
        """Take in a look since the fault's end; return whether they are back."""
        if not good:
            self.held = 0
            return False
        if not self.held:
            self.since = now
        self.held += 1
        needed = looks_in_a_row(self.out / self.looks if self.looks else 0.0)
        return self.held >= needed or now - self.since >= LONGEST


def slis_now(slos: Iterable[Slo], samples: list[Sample]) -> Mapping[str, SliNow]:
    """Return the SLIs of the last scrapes, of every SLO that has samples."""
    read = read_samples(Timeline(samples))
    slis = {}
    for slo in slos:
        counters = read.of(slo.name)
        if counters.last is None:
            continue
        spacing = counters.interval or read.spacing or 1.0
        since = counters.last - SCRAPES * spacing
        slis[slo.name] = SliNow(
            bad=counters.count("bad", since, counters.last).value,
            total=counters.count("total", since, counters.last).value,
            last=counters.last,
            spacing=spacing,
        )
    return slis
