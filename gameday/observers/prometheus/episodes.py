"""Alert episodes from raw `ALERTS` samples. Logic only: what it asks is a port.

Each evaluation writes `ALERTS{alertname, alertstate, …} 1` with the evaluation's
own slot as timestamp (to the millisecond, less the rule's query offset); the end
of a state is marked by a staleness marker at the slot that ended it, which shows
as "no value at that very millisecond". A gap without a marker is an outage or a
failed evaluation: what happened in it is not known.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gameday.frozen import frozen
from gameday.model.events import (
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
)
from gameday.model.slos.slo import Series

ERROR = 0.001  # seconds: samples are cut to the millisecond
_SLACK = 1.5  # intervals between two samples that still follow one another
Key = frozenset[tuple[str, str]]


@frozen
class About:
    """What the rules say of one alert, seconds; `active` None: not active now.

    `state` and `active` (since when, on the real clock) as listed right now.
    """

    group: str
    interval: float
    offset: float = 0.0
    hold: float = 0.0
    state: str = ""
    active: float | None = None


class Oracle(Protocol):
    """What the reconstruction has to ask."""

    def about(self, labels: Mapping[str, str], first: float | None) -> About:
        """Return what is known of an alert; `first` is its first sample's time."""

    def ended(
        self, labels: Mapping[str, str], last: float, until: float
    ) -> float | None:
        """Return the first slot after `last` with no value; None: all have one."""

    def evaluated(self, group: str) -> float:
        """Return when the group was last evaluated, on the real clock."""


@dataclass(slots=True, kw_only=True)
class LiveAlert:
    """One alert from its first sample to its end; times of the samples."""

    labels: Mapping[str, str]
    state: str
    first: float
    last: float
    starts: float
    error: float = ERROR
    fired: bool = False
    waited: int = 0


@frozen
class Gap:
    """Evaluations of a group that did not happen, or failed, after `at`."""

    group: str
    alert: str
    at: float
    missed: int


class Episodes:
    """Feeds on samples, each once or more often; yields events, each once."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._open: dict[Key, LiveAlert] = {}
        self._last: dict[Key, float] = {}
        self.gaps: list[Gap] = []

    @property
    def firing(self) -> list[Mapping[str, str]]:
        """The labels of the alerts that fire now."""
        return [
            alert.labels for alert in self._open.values() if alert.state == "firing"
        ]

    def knows(self, labels: Mapping[str, str]) -> bool:
        """Return whether there was ever a sample of an alert with these labels."""
        return frozenset(labels.items()) in self._last

    def feed(
        self, all_series: Iterable[Series], start: float, now: float
    ) -> list[AlertChange]:
        """Take the samples from `start` to `now`, and say what they mean."""
        events: list[AlertChange] = []
        fresh = self._fresh(all_series)
        for key, (labels, samples) in fresh.items():
            for at, state in samples:
                self._sample(key, labels, (at, state, start), events)
        for key in list(self._open):
            # Also where there were samples: what a first look back finds may be over.
            if not self._close_if_ended(key, now, events) and key not in fresh:
                self._note_silence(key, events)
        return events

    def _fresh(self, all_series: Iterable[Series]) -> dict[Key, Any]:
        merged: dict[Key, tuple[dict[str, str], dict[float, str]]] = {}
        for series in all_series:
            labels = {
                name: value
                for name, value in series.labels.items()
                if name not in ("__name__", "alertstate")
            }
            key = frozenset(labels.items())
            last = self._last.get(key, -math.inf)
            state = series.labels.get("alertstate", "")
            fresh = {at: state for at, _ in series.samples if at > last}
            if fresh:
                merged.setdefault(key, (labels, {}))[1].update(fresh)
        for key, (_, samples) in merged.items():
            self._last[key] = max(samples)
        return {key: (labels, sorted(s.items())) for key, (labels, s) in merged.items()}

    def _sample(
        self,
        key: Key,
        labels: Mapping[str, str],
        sample: tuple[float, str, float],
        events: list[AlertChange],
    ) -> None:
        at, state, _ = sample
        episode = self._open.get(key)
        if episode is not None:
            about = self._oracle.about(labels, None)
            if at - episode.last > _SLACK * about.interval:
                self._gap(key, at, state, events)
            elif episode.state == "firing" and state == "pending":
                self._close(key, at, events)
        episode = self._open.get(key)
        if episode is None:
            self._begin(key, labels, sample, events)
            return
        episode.last, episode.waited = at, 0
        if episode.state != state:
            episode.state = state
            self._add_event(episode, at, events)

    def _begin(
        self,
        key: Key,
        labels: Mapping[str, str],
        sample: tuple[float, str, float],
        events: list[AlertChange],
    ) -> None:
        at, state, start = sample
        about = self._oracle.about(labels, at)
        episode = LiveAlert(
            labels=labels, state=state, first=at, last=at, starts=at + about.offset
        )
        self._open[key] = episode
        if at - start <= _SLACK * about.interval and about.active is not None:
            # It is older than what was looked at: the rule says since when.
            episode.starts = min(episode.starts, about.active)
            if state == "firing":
                step = about.interval
                held = math.ceil(about.hold / step - 1e-9) * step
                at = min(at, episode.starts + held - about.offset)
            else:
                at = min(at, episode.starts - about.offset)
            episode.error = about.interval
        self._add_event(episode, at, events)
        episode.error = ERROR

    def _gap(self, key: Key, at: float, state: str, events: list[AlertChange]) -> None:
        """Tell an end from missing evaluations: no samples just before `at`."""
        episode = self._open[key]
        about = self._oracle.about(episode.labels, None)
        slot = self._oracle.ended(_labels(episode), episode.last, at)
        if slot is not None and slot < at - about.interval / 2:
            self._marked(key, slot, events)
            return
        missed = round((at - episode.last) / about.interval) - 1
        self.gaps.append(
            Gap(
                group=about.group,
                alert=episode.labels.get("alertname", ""),
                at=episode.last + about.offset,
                missed=missed,
            )
        )
        if episode.state == "firing" and state == "pending":
            # The engine forgot that it fired: restarted, an older version.
            self._unmarked(key, at, events)

    def _close_if_ended(self, key: Key, now: float, events: list[AlertChange]) -> bool:
        """Close an episode whose end is marked; true too where none is due yet."""
        episode = self._open[key]
        about = self._oracle.about(episode.labels, None)
        slot_due = episode.last + about.interval + about.offset
        if now < slot_due or self._oracle.evaluated(about.group) < slot_due:
            return True
        until = now - about.offset
        slot = self._oracle.ended(_labels(episode), episode.last, until)
        if slot is not None:
            self._marked(key, slot, events)
        return slot is not None

    def _note_silence(self, key: Key, events: list[AlertChange]) -> None:
        """Tell an end that was not marked from a missing evaluation.

        An alert that the rule lists goes on, whatever its state: after a restart a
        rule with a `for` lists what fires as pending, and writes no samples, until it
        has restored since when (two evaluations).
        """
        episode = self._open[key]
        about = self._oracle.about(episode.labels, None)
        slot_due = episode.last + about.interval + about.offset
        episode.waited += 1
        evaluated = self._oracle.evaluated(about.group)
        late = evaluated > slot_due + about.interval
        if late and not about.state and episode.waited > 1:
            self._unmarked(key, evaluated - about.offset, events)

    def _marked(self, key: Key, slot: float, events: list[AlertChange]) -> None:
        """Close an episode at its staleness marker.

        The end is exact where the marker follows the last sample. Otherwise evaluations
        in between are missing, and each of them may have been the first without.
        """
        episode = self._open[key]
        interval = self._oracle.about(episode.labels, None).interval
        missed = slot - episode.last - interval
        exact = abs(missed) < interval / 2
        self._close(key, slot, events, unsure=0.0 if exact else max(interval, missed))

    def _unmarked(self, key: Key, until: float, events: list[AlertChange]) -> None:
        """Close an episode without a marker: it ended after its last sample.

        Told is the first slot without one; it may have been any up to `until`.
        """
        episode = self._open[key]
        interval = self._oracle.about(episode.labels, None).interval
        first = episode.last + interval
        self._close(key, first, events, unsure=max(interval, until - first))

    def _close(
        self, key: Key, slot: float, events: list[AlertChange], *, unsure: float = 0.0
    ) -> None:
        """Say that an episode ended; `unsure`: seconds by which the slot may be off."""
        episode = self._open.pop(key)
        about = self._oracle.about(episode.labels, None)
        kind = AlertResolved if episode.fired else AlertCleared
        events.append(
            kind(
                at=slot + about.offset,
                alert=episode.labels.get("alertname", ""),
                labels=dict(episode.labels),
                starts=round(episode.starts, 3),
                error=round(unsure, 3) or ERROR,
                exact=not unsure,
            )
        )

    def _add_event(
        self, episode: LiveAlert, at: float, events: list[AlertChange]
    ) -> None:
        about = self._oracle.about(episode.labels, None)
        episode.fired = episode.fired or episode.state == "firing"
        kind = AlertFiring if episode.state == "firing" else AlertPending
        events.append(
            kind(
                at=at + about.offset,
                alert=episode.labels.get("alertname", ""),
                labels=dict(episode.labels),
                starts=round(episode.starts, 3),
                error=episode.error,
            )
        )


def _labels(episode: LiveAlert) -> dict[str, str]:
    return {**episode.labels, "alertstate": episode.state}
