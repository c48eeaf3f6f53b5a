"""PrometheusObserver: asks about once a second, reports what is exact.

Asking often is only for liveness: everything that is reported comes from raw
samples with Prometheus' own timestamps, each of them once, also after an outage.
"""

import re
from collections.abc import Iterable, Mapping

from gameday.errors import ObserverLost
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import ClockCompared, Event, Note, Window
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Series, Slo
from gameday.observers.health import ObserverHealth, Rounds, why_unseen
from gameday.observers.http import Client, HttpError
from gameday.observers.prometheus.api import PrometheusApi, ScrapeTarget, matching
from gameday.observers.prometheus.counters import SampleCounters
from gameday.observers.prometheus.episodes import Episodes
from gameday.observers.prometheus.rule_index import RuleIndex
from gameday.observers.prometheus.rule_watch import RuleWatch
from gameday.observers.prometheus.rules import read_groups
from gameday.observers.prometheus.scrape_targets import (
    PROCESS_METRIC,
    Processes,
    Scrapes,
)
from gameday.observers.prometheus.settings import read_settings
from gameday.observers.prometheus.window import CountedWindow, window_total
from gameday.ports import Clock, Emit

PERIOD = 1.0  # seconds between two looks
BUSY = 4.0  # … and at least so many times as long as a look took
ITSELF = 2.0  # seconds between two looks at its own metrics
_SPECIAL = re.compile(r"[.+*?()|\[\]{}^$\\]")  # what RE2 gives a meaning to
CLOCKS = 30.0  # seconds between two comparisons of its clock with ours
BEFORE = 60.0  # seconds before the start from which ends are told exactly
LONGEST_SLICE = 3600.0  # seconds of samples before the start, for SLOs of slices
HISTORY = 900.0  # seconds of ALERTS to look back at the start
MARGIN = 2.0  # seconds that samples may come late, beyond what intervals explain
SOON = 0.2  # seconds between two looks of a flush
MOST_WAIT = 60.0  # seconds that a flush may take at most


class PrometheusObserver:
    """Alert episodes, counters, scrapes and rule failures of one Prometheus.

    `slos`: whose counters to follow. `rules`: rules as files have them, only
    for their query offsets, which the API does not show.
    """

    source = "prometheus"

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        slos: Iterable[Slo] = (),
        rules: Iterable[AlertRule] = (),
    ) -> None:
        self._clock = clock
        self.api = PrometheusApi(Client(endpoint, clock), clock)
        self.counters = SampleCounters(slos)
        self._book = RuleIndex(self.api, rules)
        self._episodes = Episodes(self._book)
        self._scrapes = Scrapes()
        self._processes = Processes()
        self._rules = RuleWatch()
        self._health = ObserverHealth(self.source, clock)
        self._rounds = Rounds(self._health, self._look)
        self._firing: tuple[Mapping[str, str], ...] = ()
        self._since = 0.0
        self._asked: float | None = None  # monotonic: the last complete look
        self._looked_at_itself = -ITSELF
        self._compared = 0.0  # monotonic: the last comparison of the clocks
        self._now = 0.0  # Prometheus' time of the last look
        self._offset: tuple[float, float] | None = None
        self._refused: set[str] = set()
        self._unseen = False
        self._thorough = True  # the first look, and those of a flush

    def __repr__(self) -> str:
        return f"PrometheusObserver({self.api.client.url})"

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return why_unseen(lambda: self.api.query("time()"))

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report, from a little before `since` on."""
        self._begin(emit, since)
        self._rounds.start()

    def _begin(self, emit: Emit, since: float) -> None:
        self._since = since
        self._book.asked_from = since - BEFORE
        self._health.begin(emit, since)

    def look_once(self, since: float) -> None:
        """Look once, from a little before `since` on, and report nothing of it.

        For who asks only how things are now; `start` is not called then.
        """
        self._begin(lambda _: None, since)
        self._rounds.ask_once()

    def flush(self, until: float) -> None:
        """Wait until `until` has been scraped and evaluated, and report it.

        Bounded: two evaluation intervals, a scrape with its timeout, and 2 s.
        """
        begun = self._clock.monotonic()
        self._thorough = True
        while not self._rounds.ended:
            # Check coverage before polling: if this poll is the first to show `until`
            # as evaluated, its earlier queries may predate that: poll once more.
            covered = self._covered(until)
            self._rounds.ask_once()
            if covered or self._health.blind_because:
                break
            if self._clock.monotonic() - begun > self._patience():
                break
            if not self._covered(until):
                self._rounds.wait(SOON)
        self._thorough = False
        at = self._now or until
        for evaluation in (
            *self._rules.still_failing(at),
            *self._rules.evaluations(at),
        ):
            self._health.emit(evaluation)
        self._clocks()
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        self._rounds.stop(self.api.client.close)

    @property
    def blind(self) -> str:
        """Why it cannot see; empty while it can."""
        return self._health.blind_because

    @property
    def now(self) -> float:
        """Prometheus' own time at the last complete look; 0 before the first."""
        return self._now

    @property
    def scrape_interval(self) -> float:
        """The longest scrape interval in s; 0 before the first look."""
        return self._scrapes.interval

    def firing(self) -> list[Mapping[str, str]]:
        """Return the labels of the alerts that fire now."""
        return list(self._firing)

    def window(self, slo: Slo, now: float) -> CountedWindow:
        """Count the events of an SLO's own window, and report it as `window`."""
        total = window_total(self.api, slo, now)
        self._health.emit(
            Window(
                at=now,
                slo=slo.name,
                total=total.total,
                since=round(total.since, 3),
                complete=total.complete,
                unknown=total.unknown,
                surplus=total.surplus,
            )
        )
        return total

    def _look(self) -> float:
        begun = self._clock.monotonic()
        started = self._clock.now()
        self._prepare(begun)
        alerts, ups = self._alerts(begun), self._ups(begun)
        counted = {
            counter: self._counter(counter, begun) for counter in self.counters.uses
        }
        starts = self._starts(begun)
        targets = self.api.targets()
        groups = read_groups(self.api.groups())
        itself = None
        if self._thorough or begun - self._looked_at_itself >= ITSELF:
            itself = self.api.self_metrics_of()
            self._looked_at_itself = begun
        boot = self.api.started()  # /metrics says another time in a container
        answered = self._prometheus_time(self._clock.now())
        self._now = self._prometheus_time(started)
        self._book.read(groups)
        events: list[Event] = [*self._rules.restarted(boot, answered)]
        events += self._rules.look(groups, itself, self._now, answered)
        events += self._meaning(alerts, ups, targets, begun)
        events += self._sampled(counted, starts)
        self._thorough = self._thorough and self._asked is not None
        self._asked = begun
        self._health.note_answer(started)
        for told in sorted(events, key=lambda look: look.at):
            self._health.emit(told)
        took = self._clock.monotonic() - begun
        return max(PERIOD - took, BUSY * took)

    def _prepare(self, begun: float) -> None:
        if self._asked is None:
            self._first()
        elif begun - self._compared >= CLOCKS:
            self._clocks()

    def _first(self) -> None:
        """Ask what is asked once: the clocks, look-back and query offset."""
        self._clocks(strict=True)
        self._book.lookback = self.api.lookback()
        self._book.default_offset = read_settings(self.api.config()).query_offset
        version = [int(number) for number in self.api.version().split(".")[:2]]
        self._book.may_offset = version >= [2, 53]

    def _meaning(
        self,
        alerts: list[Series],
        ups: list[Series],
        targets: list[ScrapeTarget],
        begun: float,
    ) -> list[Event]:
        start = self._now - self._span(begun, HISTORY)
        events: list[Event] = []
        events += self._scrapes.feed(ups, targets, self._now)
        events += self._episodes.feed(alerts, start, self._now)
        events += self._rules.gaps(self._episodes.gaps)
        self._firing = tuple(self._episodes.firing)
        self._episodes.gaps.clear()
        # Active, but no sample in the range: its rule's query offset is longer.
        self._unseen = not all(map(self._episodes.knows, self._book.active()))
        return events

    def _span(self, begun: float, first: float) -> float:
        """Return how far back to ask: since the last look, and some more."""
        if self._asked is None or self._unseen:
            return first
        overlap = 2 * self._book.longest + self._book.offset + MARGIN
        return begun - self._asked + overlap

    def _alerts(self, begun: float) -> list[Series]:
        return self.api.raw("ALERTS", self._span(begun, HISTORY))

    def _samples_span(self, begun: float) -> float:
        overlap = 2 * self._scrapes.interval + self._scrapes.timeout + MARGIN
        if self._asked is None:
            return max(0.0, self._clock.now() - self._since) + 2 * overlap + 30.0
        return begun - self._asked + overlap

    def _ups(self, begun: float) -> list[Series]:
        return self.api.raw("up", self._samples_span(begun))

    def _sampled(
        self, counted: Mapping[str, list[Series]], starts: list[Series]
    ) -> list[Event]:
        events: list[Event] = [*self._processes.feed(starts)]
        for selector, series in counted.items():
            events += self.counters.feed(selector, series)
        return events

    def _starts(self, begun: float) -> list[Series]:
        """Return when the processes began that the SLOs' counters come from."""
        jobs = self.counters.jobs()
        if not jobs:
            return []
        names = "|".join(_SPECIAL.sub(r"\\\g<0>", job) for job in jobs)
        selector = f"{PROCESS_METRIC}{{{matching('job', names)}}}"
        return self.api.raw(selector, self._samples_span(begun))

    def _counter(self, selector: str, begun: float) -> list[Series]:
        if selector in self._refused:
            return []
        before = self.counters.sliced(selector) if self._asked is None else 0.0
        span = self._samples_span(begun) + min(before, LONGEST_SLICE)
        try:
            return self.api.raw(selector, span)
        except HttpError as problem:
            if not problem.is_refused_request:
                raise
            self._refused.add(selector)
            text = f"the SLI's selector {selector} is refused: {problem}"
            self._health.emit(Note(at=self._clock.now(), text=text))
            return []

    def _prometheus_time(self, at: float) -> float:
        """Return what Prometheus' clock shows when this machine's shows `at`."""
        return at + (self._offset or (0.0, 0.0))[0]

    def _covered(self, until: float) -> bool:
        theirs = self._prometheus_time(until)
        margin = 0.05
        if self._asked is None:
            return False
        evaluated = all(
            group.last + group.interval > theirs + margin
            for group in self._rules.groups
        )
        return evaluated and self._scrapes.covered(theirs)

    def _patience(self) -> float:
        bound = 2 * self._book.longest + self._scrapes.interval
        return min(bound + self._scrapes.timeout + MARGIN, MOST_WAIT)

    def _clocks(self, *, strict: bool = False) -> None:
        self._compared = self._clock.monotonic()
        try:
            self._offset = self.api.offset()
        except ObserverLost:
            if strict:
                raise
            return
        offset, error = self._offset
        self._health.emit(
            ClockCompared(
                at=self._clock.now(),
                source=self.source,
                offset=round(offset, 4),
                error=round(error, 4),
            )
        )
