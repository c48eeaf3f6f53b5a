"""Records what rules read: raw samples of a run's time, by Prometheus' remote read.

Bounded in time, in series and in samples; metrics with too many series are recorded by
the rules' own selectors, or left out, and the record says so.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from gameday.errors import ObserverLost
from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import (
    LOOKBACK,
    GroupRecord,
    Read,
    RecordedMetric,
    Recording,
    SeriesRecord,
)
from gameday.observers.http import MALFORMED, Client
from gameday.observers.prometheus.api import PrometheusApi, span
from gameday.observers.prometheus.rules import read_groups
from gameday.ports import Clock
from gameday.replays.wire import WireError, read_request, read_response

WHOLE = 500  # series of a metric up to which all of them are recorded
MOST = 5000  # series in all
AT_ONCE = 20  # metrics asked for in one request
PATIENCE = 10.0  # seconds for all of it
ALWAYS = ("ALERTS",)  # by its stamps the groups' times of evaluation are known
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}
_GOOD = 200


@frozen
class RecordedSpan:
    """From when to when samples are wanted, in seconds, on Prometheus' clock.

    `external`: Prometheus' external labels, which a remote read adds to every series.
    """

    since: float
    until: float
    external: Mapping[str, str] = field(default_factory=dict)


class Recorder:
    """Asks one Prometheus; ObserverLost where it cannot be recorded."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._api = PrometheusApi(client, clock)
        self._client = client
        self._clock = clock
        self._begun = clock.monotonic()

    def record(self, reads: Sequence[Read], time: RecordedSpan) -> Recording:
        """Return what the selectors read in a time, and the groups as they are."""
        try:
            return self._record(reads, time)
        except WireError as error:
            raise ObserverLost(str(error)) from None
        except MALFORMED as error:
            raise ObserverLost(f"{self._client.url} answers oddly: {error}") from None

    def _record(self, reads: Sequence[Read], time: RecordedSpan) -> Recording:
        names = sorted({read.metric for read in reads if read.metric})
        counts = self._counts([*names, *ALWAYS], time)
        stored, left_out = choose(reads, counts)
        series: dict[frozenset[tuple[str, str]], SeriesRecord] = {}
        own = self._own_labels(stored, time) if time.external else {}
        for start in range(0, len(stored), AT_ONCE):
            for record in self._read(stored[start : start + AT_ONCE], time):
                shown = frozenset(record.labels.items())
                labels = own.get(shown, dict(shown - time.external.items()))
                series[frozenset(labels.items())] = replace(record, labels=labels)
        return Recording(
            since=time.since,
            until=time.until,
            lookback=self._lookback(),
            stored=tuple(stored),
            left_out=left_out,
            groups=self._groups(),
            series=tuple(series.values()),
            bare=True,
        )

    def _own_labels(
        self, stored: Sequence[RecordedMetric], time: RecordedSpan
    ) -> dict[frozenset[tuple[str, str]], Mapping[str, str]]:
        """Return, by the labels that a remote read shows, those that a series has."""
        back = max(1, math.ceil(time.until - time.since))
        whole = [metric.metric for metric in stored if not metric.matchers]
        selectors = [
            _named(whole[start : start + AT_ONCE])
            for start in range(0, len(whole), AT_ONCE)
        ]
        selectors += [_selecting(metric) for metric in stored if metric.matchers]
        own: dict[frozenset[tuple[str, str]], Mapping[str, str]] = {}
        for selector in selectors:
            self._in_time()
            every = f"last_over_time({selector}[{back}s])"  # keeps the name
            for series in self._api.query(every, time.until):
                shown = frozenset({**time.external, **series.labels}.items())
                own[shown] = dict(series.labels)
        return own

    def _counts(self, names: Sequence[str], time: RecordedSpan) -> dict[str, float]:
        """Return how many series each metric has in the time, as far as is known."""
        back = max(1, math.ceil(time.until - time.since))
        counts: dict[str, float] = {}
        for start in range(0, len(names), AT_ONCE):
            selector = _named(names[start : start + AT_ONCE])
            # A name has to stay on the result, which `last_over_time` does.
            expr = f"count by (__name__) (last_over_time({selector}[{back}s]))"
            self._in_time()
            for series in self._api.query(expr, time.until):
                counts[series.labels.get("__name__", "")] = series.samples[-1][1]
        return counts

    def _read(
        self, stored: Sequence[RecordedMetric], time: RecordedSpan
    ) -> list[SeriesRecord]:
        queries = [
            [Matcher(name="__name__", op="=", value=series.metric), *series.matchers]
            for series in stored
        ]
        since, until = (round(at * 1000) for at in (time.since, time.until))
        answer = self._client.post(
            "/api/v1/read",
            read_request(queries, since, until),
            _HEADERS,
            self._in_time(),
        )
        if answer.status != _GOOD:
            raise ObserverLost(f"the remote read is answered with {answer.status}")
        return [
            series for response in read_response(answer.body) for series in response
        ]

    def _lookback(self) -> float:
        try:
            return span(self._api.data("/status/flags")["query.lookback-delta"])
        except (ObserverLost, *MALFORMED):
            return LOOKBACK

    def _groups(self) -> tuple[GroupRecord, ...]:
        return tuple(
            GroupRecord(
                name=group.name,
                file=group.file,
                interval=group.interval,
                last=group.last,
            )
            for group in read_groups(self._api.groups())
        )

    def _in_time(self) -> float:
        """Return how many seconds are left; ObserverLost where none are."""
        left = PATIENCE - (self._clock.monotonic() - self._begun)
        if left <= 0.0:
            raise ObserverLost(f"it took more than {PATIENCE:g} s")
        return left


def _named(names: Sequence[str]) -> str:
    """Return the selector of some metrics."""
    pattern = "|".join(name.replace("\\", "\\\\") for name in names)
    return f'{{__name__=~"{pattern}"}}'


def _selecting(metric: RecordedMetric) -> str:
    """Return the selector of what is recorded of a metric."""
    matchers = [Matcher(name="__name__", op="=", value=metric.metric), *metric.matchers]
    pairs = [
        f"{matcher.name}{matcher.op}{json.dumps(matcher.value)}" for matcher in matchers
    ]
    return "{" + ", ".join(pairs) + "}"


def choose(
    reads: Sequence[Read], counts: Mapping[str, float]
) -> tuple[list[RecordedMetric], dict[str, str]]:
    """Return what to record: whole metrics where they are small, else selectors.

    And by metric why it is left out. A metric without series is recorded as well: that
    there was none is what `absent` asks for.
    """
    stored = [RecordedMetric(metric=name) for name in ALWAYS]
    left_out: dict[str, str] = {}
    used = sum(counts.get(name, 0.0) for name in ALWAYS)
    for name in sorted({read.metric for read in reads if read.metric}):
        many = counts.get(name, 0.0)
        if used + min(many, WHOLE) > MOST:
            left_out[name] = f"left out: more than {MOST} series would be recorded"
        elif many <= WHOLE:
            used += many
            stored.append(RecordedMetric(metric=name))
        else:
            left_out[name] = (
                f"it has {many:.0f} series, so that only what the rules select was "
                "recorded"
            )
            used += WHOLE
            chosen = {read.matchers for read in reads if read.metric == name}
            stored += [
                RecordedMetric(metric=name, matchers=matchers)
                for matchers in sorted(chosen, key=str)
                if matchers
            ]
    return stored, left_out
