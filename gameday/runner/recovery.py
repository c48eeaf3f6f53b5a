"""Whether the SLIs look recovered, as far as a run needs to know to go on.

The judge (`checks.recovery`) measures when; this only ends the waiting.
"""

from collections.abc import Iterable

from gameday.checks.samples import Samples, read_samples
from gameday.model.slo import Slo
from gameday.model.timeline import Event, Timeline

SCRAPES = 5  # within which more than one bad event, beyond the budget, is too many


def looks_recovered(slos: Iterable[Slo], samples: list[Event], end: float) -> bool:
    """Return whether every SLI was within its objective over the last scrapes."""
    read = read_samples(Timeline(samples))
    return all(_within(read, slo, end) for slo in slos)


def _within(samples: Samples, slo: Slo, end: float) -> bool:
    counters = samples.of(slo.name)
    spacing = samples.spacing or 1.0
    if counters.last is None or counters.last < end + (SCRAPES + 1) * spacing:
        return False
    since = counters.last - SCRAPES * spacing
    bad = counters.count("bad", since, counters.last).value
    total = counters.count("total", since, counters.last).value
    return total > 0 and (bad <= 1 or bad / total <= slo.budget)
