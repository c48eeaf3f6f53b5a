"""Scrape targets: up, down, or gone, and when the processes behind them began.

Targets are told from raw `up` samples and the targets list. A process says itself when
it began: `process_start_time_seconds` tells a restart that counters do not show, one
after which they were soon as high as before. It is reported at the scrape that first
says it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gameday.model.events import Process, Scrape
from gameday.model.slos.scraped import Target, target_of
from gameday.model.slos.slo import Series
from gameday.observers.prometheus.api import ScrapeTarget

_GONE = 2.5  # intervals without a sample of a target that is no longer listed
_Key = frozenset[tuple[str, str]]
PROCESS_METRIC = "process_start_time_seconds"
_SAME_START = 2.0  # seconds by which two readings of one start may differ


@dataclass(slots=True)
class _TargetState:
    up: bool
    last: float
    interval: float
    gone: bool = False


def _key(labels: Mapping[str, str]) -> _Key:
    return frozenset(pair for pair in labels.items() if pair[0] != "__name__")


class Scrapes:
    """Reports each target's state once, and then each change, at the scrape's time."""

    def __init__(self) -> None:
        self._known: dict[_Key, _TargetState] = {}
        self._listed: dict[_Key, ScrapeTarget] = {}

    def feed(
        self, all_series: Iterable[Series], targets: Iterable[ScrapeTarget], now: float
    ) -> list[Scrape]:
        """Take `up` samples and the targets as they are now."""
        self._listed = {_key(target.labels): target for target in targets}
        events: list[Scrape] = []
        for listed in all_series:
            self._series(_key(listed.labels), listed, events)
        for key, known in self._known.items():
            if self._vanished(key, known, now):
                known.gone = True
                at = known.last + known.interval
                events.append(self._state_event(at, key, up=False, state="gone"))
        return events

    def covered(self, until: float, most: float = 60.0) -> bool:
        """Return whether every target was scraped at or after that time.

        Of targets that are scraped more seldom than every `most` seconds only
        the scrapes that were due are asked for.
        """
        return all(
            target.last + (target.interval if target.interval > most else 0.0) >= until
            for target in self._listed.values()
        )

    @property
    def interval(self) -> float:
        """The longest scrape interval in s; 0 where none is known."""
        return max((target.interval for target in self._listed.values()), default=0.0)

    @property
    def timeout(self) -> float:
        """The longest scrape timeout in s; 0 where none is known."""
        return max((target.timeout for target in self._listed.values()), default=0.0)

    def _series(self, key: _Key, series: Series, events: list[Scrape]) -> None:
        listed = self._listed.get(key)
        for at, value in series.samples:
            known = self._known.get(key)
            up = value == 1.0
            if known is None:
                interval = listed.interval if listed else 0.0
                self._known[key] = _TargetState(up=up, last=at, interval=interval)
                events.append(
                    self._state_event(at, key, up=up, state=_state_name(up=up))
                )
            elif at > known.last:
                changed = up != known.up or known.gone
                known.up, known.last, known.gone = up, at, False
                if listed:
                    known.interval = listed.interval
                if changed:
                    events.append(
                        self._state_event(at, key, up=up, state=_state_name(up=up))
                    )

    def _vanished(self, key: _Key, known: _TargetState, now: float) -> bool:
        if known.gone or key in self._listed:
            return False
        return now > known.last + max(1.0, _GONE * known.interval)

    def _state_event(self, at: float, key: _Key, *, up: bool, state: str) -> Scrape:
        labels = dict(key)
        known = self._known.get(key)
        return Scrape(
            at=at,
            job=labels.get("job", ""),
            instance=labels.get("instance", ""),
            up=up,
            targets=len(self._listed),
            state=state,
            interval=known.interval if known else 0.0,
        )


def _state_name(*, up: bool) -> str:
    return "up" if up else "down"


class Processes:
    """Reports each target's process once, and then each new one."""

    def __init__(self) -> None:
        self._readings: dict[Target, tuple[float, float]] = {}  # scraped at, began

    def feed(self, all_series: Iterable[Series]) -> list[Process]:
        """Take raw samples, and return what is new in them."""
        events: list[Process] = []
        for series in all_series:
            target = target_of(series)
            for at, began in series.samples:
                reading = self._readings.get(target)
                if reading is not None and at <= reading[0]:
                    continue
                if reading is None or abs(began - reading[1]) > _SAME_START:
                    job, instance = target
                    process = Process(at=at, job=job, instance=instance, began=began)
                    events.append(process)
                    self._readings[target] = (at, began)
                else:
                    self._readings[target] = (at, reading[1])
        return events
