"""Which SLOs count the load's requests, if the scenario does not say so.

Decided once, after the warm-up: an SLO counts them if its events rose by as many as the
load sent, without gameday's own probes. If there is only one SLO, it is that one.
"""

from collections.abc import Sequence

from gameday.checks.record.samples import SloSeries, read_samples
from gameday.checks.slos.load import lasted_in
from gameday.frozen import frozen
from gameday.model.events import Probe
from gameday.model.scenario import Load
from gameday.model.slos.slo import Slo
from gameday.model.timeline import Timeline

SHARE = 0.1  # of the load's requests by which a rise may differ from them, or …
SCRAPES = 1.0  # … so many scrapes of its traffic


@frozen(kw_only=False)
class Fed:
    """The names of the SLOs that see the load, and how that is known."""

    slos: tuple[str, ...]
    because: str


def find_fed(slos: Sequence[Slo], load: Load, seen: Timeline, offset: float) -> Fed:
    """Return which SLOs see the load.

    `seen`: samples from before the load on, its seconds, and gameday's own probes.
    `offset`: Prometheus' clock minus ours, in seconds.
    """
    if len(slos) == 1:
        return Fed((slos[0].name,), "it is the only SLO")
    span = lasted_in(seen)
    if span is None:
        return Fed((), "the load has not counted anything yet")
    samples = read_samples(seen)
    probes = [event.at + offset for event in seen.of(Probe)]
    began = span[0] + offset
    rises = {slo.name: _rise(samples.of(slo.name), began, probes) for slo in slos}
    names = tuple(name for name, rise in rises.items() if _rise_fits_load(rise, load))
    told = ", ".join(
        f"{name} rose by {rise.rate:.3g}/s" for name, rise in rises.items() if rise
    )
    return Fed(names, f"the load is {load.rate:g}/s; {told or 'no SLO has samples'}")


@frozen(kw_only=False)
class _Rise:
    """How many events more than at the rate before, in how many seconds."""

    events: float
    seconds: float
    interval: float

    @property
    def rate(self) -> float:
        """The rise in events per second."""
        return self.events / self.seconds


def _rise(counters: SloSeries, began: float, probes: Sequence[float]) -> _Rise | None:
    """Return the rise since the load began, less gameday's own probes."""
    first, last = counters.first, counters.last
    if first is None or last is None or last <= began:
        return None
    before = counters.rate("total", first, began) if first < began else 0.0
    counted = counters.count("total", began, last)
    usual = before * (counted.until - counted.since)
    own = sum(began < probe <= last for probe in probes)
    return _Rise(counted.value - usual - own, last - began, counters.interval)


def _rise_fits_load(rise: _Rise | None, load: Load) -> bool:
    if rise is None:
        return False
    sent = load.rate * rise.seconds
    tolerance = max(SHARE * sent, SCRAPES * load.rate * rise.interval)
    return sent > tolerance and abs(rise.events - sent) <= tolerance
