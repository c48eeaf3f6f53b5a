"""Guardrails: is the condition that stops the run there? One look each.

What a look needs is already at hand for SLOs and alerts (the Prometheus observer
follows them); PromQL and HTTP conditions cost one request.
"""

import http
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from urllib.parse import urlsplit

from gameday.errors import ObserverLost
from gameday.frozen import frozen
from gameday.model.quantity import show_duration, show_share
from gameday.model.scenario import Endpoint, Guardrail
from gameday.model.slos.counting import Counted, Signed, count_signed
from gameday.model.slos.scraped import Scraped, Target, read_targets
from gameday.model.slos.selector import missing_bucket
from gameday.model.slos.slo import Series, Slo, Term
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.observer import PrometheusObserver
from gameday.observers.prometheus.window import CountedWindow
from gameday.observers.slice_guard import SliceCounts
from gameday.ports import Clock

OK, BREACHED, UNANSWERABLE = "ok", "breached", "unanswerable"
SCRAPES = 5  # over which a burn rate is taken, at least …
SHORTEST = 10.0  # … and at least so many seconds
STALE = 3.0  # scrape intervals without a sample, and then no answer


@frozen
class Observation:
    """The result of a look at a guardrail: the fields of its event."""

    state: str
    because: str
    value: float | None = None
    limit: float | None = None


Look = Callable[[], Observation]


@frozen
class Watched:
    """What guardrails look at; `since`: from when budgets are counted (s).

    `windows`: the events of the SLOs' own windows, where they were counted.
    """

    clock: Clock
    since: float
    slos: Mapping[str, Slo] = field(default_factory=dict)
    prometheus: PrometheusObserver | None = None
    windows: Mapping[str, CountedWindow] = field(default_factory=dict)

    def slo(self, name: str) -> Slo | None:
        """Return the SLO of that name, or of that short name where unambiguous."""
        short = [slo for slo in self.slos.values() if slo.short_name == name]
        return self.slos.get(name) or (short[0] if len(short) == 1 else None)


def look_function(guardrail: Guardrail, watched: Watched) -> Look:
    """Return the function that looks at one guardrail, with its memory."""
    if guardrail.http:
        return Lasting(guardrail, watched.clock, _http(guardrail, watched.clock))
    prometheus = watched.prometheus
    if prometheus is None:
        seen = Observation(
            state=UNANSWERABLE, because="the scenario names no Prometheus"
        )
        return lambda: seen
    if guardrail.promql:
        condition = _promql(guardrail, prometheus)
        return Lasting(guardrail, watched.clock, condition)
    if guardrail.alert:
        return Lasting(guardrail, watched.clock, _alert(guardrail, prometheus))
    slo = watched.slo(guardrail.slo)
    if slo is None:
        because = f"there is no SLO {guardrail.slo}"
        return lambda: Observation(state=UNANSWERABLE, because=because)
    return _slo(guardrail, slo, prometheus, watched)


class Lasting:
    """A condition that breaches once it has held for the guardrail's `for`."""

    def __init__(self, guardrail: Guardrail, clock: Clock, condition: Look) -> None:
        self._hold = guardrail.hold
        self._clock = clock
        self._condition = condition
        self._since: float | None = None

    def __call__(self) -> Observation:
        """Look once."""
        seen = self._condition()
        now = self._clock.monotonic()
        if seen.state == OK:
            self._since = None
        if seen.state != BREACHED:
            return seen
        if self._since is None:
            self._since = now
        held = now - self._since
        if held >= self._hold:
            return seen
        because = f"{seen.because}, for {show_duration(round(held, 3))} so far"
        return Observation(
            state=OK, because=because, value=seen.value, limit=seen.limit
        )


def spent(
    slo: Slo, bad: float, total: Counted, window: CountedWindow | None
) -> tuple[float | None, str]:
    """Return the share of the error budget that bad events spent, and by what.

    spent = bad / ((1 - objective) x events in the window); the window's events
    are counted, or else the rate seen so far times the window. None: no share of
    nothing can be told.
    """
    if bad <= 0:
        return 0.0, "no bad events"
    length = total.until - total.since
    if window is not None and window.complete:
        events, how = window.total + total.value, "events counted in its window"
    elif length > 0:
        events = total.value / length * slo.window
        how = f"events in its window at {total.value / length:.3g}/s"
    else:
        events, how = 0.0, "events"
    allowed = slo.budget * events
    if allowed <= 0:
        return None, f"{bad:.0f} bad events and no budget for any"
    return bad / allowed, f"{bad:.0f} bad events of {events:.4g} {how}"


def _promql(guardrail: Guardrail, prometheus: PrometheusObserver) -> Look:
    def look() -> Observation:
        try:
            holds, value = prometheus.api.condition_holds(guardrail.promql)
        except ObserverLost as problem:
            return Observation(state=UNANSWERABLE, because=str(problem))
        except MALFORMED:
            because = "Prometheus answers something that is not understood"
            return Observation(state=UNANSWERABLE, because=because)
        shown = value if value is not None and math.isfinite(value) else None
        because = f"{guardrail.promql} {'holds' if holds else 'does not hold'}"
        return Observation(
            state=BREACHED if holds else OK, value=shown, because=because
        )

    return look


def _http(guardrail: Guardrail, clock: Clock) -> Look:
    parts = urlsplit(guardrail.http)
    client = Client(Endpoint(url=f"{parts.scheme}://{parts.netloc}"), clock)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def look() -> Observation:
        try:
            answer = client.get(path)
        except ObserverLost as problem:
            return Observation(state=BREACHED, because=str(problem))
        finally:
            client.close_idle()
        bad = answer.status >= http.HTTPStatus.BAD_REQUEST
        because = f"{client.url} answers {answer.status}"
        state = BREACHED if bad else OK
        return Observation(state=state, value=float(answer.status), because=because)

    return look


def _alert(guardrail: Guardrail, prometheus: PrometheusObserver) -> Look:
    def look() -> Observation:
        if prometheus.blind:
            return Observation(state=UNANSWERABLE, because=prometheus.blind)
        firing = [
            labels
            for labels in prometheus.firing()
            if labels.get("alertname") == guardrail.alert
        ]
        if firing:
            because = f"{guardrail.alert} fires"
            return Observation(
                state=BREACHED, value=float(len(firing)), because=because
            )
        return Observation(
            state=OK, value=0.0, because=f"{guardrail.alert} does not fire"
        )

    return look


def _slo(
    guardrail: Guardrail, slo: Slo, prometheus: PrometheusObserver, watched: Watched
) -> Look:
    def look() -> Observation:
        if because := _unanswerable(slo, prometheus):
            return Observation(state=UNANSWERABLE, because=because)
        if slo.slices is not None:
            counts = SliceCounts(slo, slo.slices, *_counters(slo, prometheus))
            return _by_slices(guardrail, counts, prometheus, watched.since)
        if guardrail.burn_rate is not None:
            return _burn_rate(guardrail.burn_rate, slo, prometheus)
        window = watched.windows.get(slo.name)
        end = prometheus.counters.newest()
        bad, total = _bad_and_total(slo, prometheus, watched.since, end)
        share, how = spent(slo, bad.value, total, window)
        limit = guardrail.budget_spent or 0.0
        over = share is None or share > limit
        shown = "all" if share is None else show_share(share)
        return Observation(
            state=BREACHED if over else OK,
            value=share,
            limit=limit,
            because=f"{shown} of the error budget of {slo.name} is spent: {how}",
        )

    return look


def _by_slices(
    guardrail: Guardrail,
    counts: SliceCounts,
    prometheus: PrometheusObserver,
    since: float,
) -> Observation:
    """Look at an SLO whose objective is a share of slices of time."""
    end = prometheus.counters.newest()
    if guardrail.burn_rate is not None:
        limit = guardrail.burn_rate
        length = max(SHORTEST, SCRAPES * prometheus.scrape_interval)
        value, because = counts.burn_rate(length, end)
    else:
        limit = guardrail.budget_spent or 0.0
        value, because = counts.budget_spent(since, end)
    return Observation(
        state=BREACHED if value is None or value > limit else OK,
        value=value,
        limit=limit,
        because=because,
    )


def _burn_rate(limit: float, slo: Slo, prometheus: PrometheusObserver) -> Observation:
    end = prometheus.counters.newest()
    length = max(SHORTEST, SCRAPES * prometheus.scrape_interval)
    bad, total = _bad_and_total(slo, prometheus, end - length, end)
    if total.value <= 0 or bad.value <= 0:
        rate: float | None = 0.0
    else:
        rate = bad.value / total.value / slo.budget if slo.budget > 0 else None
    over = rate is None or rate > limit
    return Observation(
        state=BREACHED if over else OK,
        value=rate,
        limit=limit,
        because=f"{slo.name}: {bad.value:.0f} of {total.value:.0f} events were bad "
        f"in the last {show_duration(length)}",
    )


def _unanswerable(slo: Slo, prometheus: PrometheusObserver) -> str:
    if prometheus.blind:
        return prometheus.blind
    newest = prometheus.counters.newest()
    if not any(_series(slo.total, prometheus)):
        return f"Prometheus has no samples of {slo.name}"
    if because := missing_bucket(slo, _series(slo.bad, prometheus)):
        return because
    late = prometheus.now - newest
    if late > STALE * prometheus.scrape_interval + SHORTEST:
        return f"no sample of {slo.name} for {show_duration(round(late, 1))}"
    return ""


def _bad_and_total(
    slo: Slo, prometheus: PrometheusObserver, start: float, end: float
) -> tuple[Counted, Counted]:
    """Return the bad and the total events, scrape-aligned."""
    signed, targets = _counters(slo, prometheus)
    bad, total = (
        count_signed(signed[side], start, end, targets) for side in ("bad", "total")
    )
    # What the skew of several targets' scrapes may have added stops no run.
    return replace(bad, value=max(0.0, bad.value - bad.surplus)), total


def _counters(
    slo: Slo, prometheus: PrometheusObserver
) -> tuple[Mapping[str, Sequence[Signed]], Mapping[Target, Scraped]]:
    """Return the signed series of both sides, and their targets."""
    signed = {
        side: [
            (term.sign, series)
            for term in terms
            for series in prometheus.counters.series(term)
        ]
        for side, terms in (("bad", slo.bad), ("total", slo.total))
    }
    totals = [series for sign, series in signed["total"] if sign > 0]
    targets = read_targets(totals, [series for _, series in signed["bad"]])
    return signed, targets


def _series(terms: Iterable[Term], prometheus: PrometheusObserver) -> list[Series]:
    return [series for term in terms for series in prometheus.counters.series(term)]
