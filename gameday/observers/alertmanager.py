"""AlertmanagerObserver: what is muted and by whom, and where alerts are routed.

A time interval's mute shows only in the groups (`mutedBy`); silences and
inhibitions show in the alerts. `receivers` of an alert are routing, no proof of a
delivery. Only silences are stamped by Alertmanager's own clock, which its Date headers
tell; what was seen is timed by ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gameday.frozen import frozen
from gameday.model.events import (
    ClockCompared,
    Event,
    Routed,
    Silence,
    SilenceEnded,
    Suppressed,
    Unsuppressed,
)
from gameday.model.quantity import parse_instant
from gameday.model.scenario import Endpoint
from gameday.observers.health import ObserverHealth, Rounds, why_unseen
from gameday.observers.http import Client
from gameday.ports import Clock, Emit

PERIOD = 1.0  # seconds between two looks
BUSY = 4.0  # … and at least so many times as long as a look took
CLOCKS = 30.0  # seconds between two comparisons of the clocks


@frozen
class AggregationGroup:
    """One aggregation group that Alertmanager holds, and its alerts' labels."""

    receiver: str
    labels: Mapping[str, str]
    alerts: tuple[Mapping[str, str], ...]


class AlertmanagerObserver:
    """Suppressed alerts, routed alerts and silences, each once while it is so."""

    source = "alertmanager"

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._clock = clock
        self.client = Client(endpoint, clock)
        self._health = ObserverHealth(self.source, clock)
        self._rounds = Rounds(self._health, self._round)
        self._muted: dict[tuple[str, str, str], Event] = {}
        self._routed: set[tuple[str, str, tuple[str, ...]]] = set()
        self._silences: set[tuple[str, str]] = set()
        self._active: set[str] = set()  # the ids of silences
        self.held: tuple[AggregationGroup, ...] = ()
        self._compared: float | None = None  # monotonic

    def __repr__(self) -> str:
        return f"AlertmanagerObserver({self.client.url})"

    def probe(self) -> str:
        """Return why it cannot see right now; empty when it can."""
        return why_unseen(lambda: self.client.json("/api/v2/silences"))

    def start(self, emit: Emit, since: float) -> None:
        """Begin to report."""
        self._health.begin(emit, since)
        self._rounds.start()

    def flush(self, until: float) -> None:
        """Report how things are by now."""
        if self._rounds.ended:
            return
        self._rounds.ask_once()
        self._compare_clocks()
        self._health.observed(until)

    def stop(self) -> None:
        """End; idempotent."""
        self._rounds.stop(self.client.close)

    def _round(self) -> float:
        asked, begun = self._clock.now(), self._clock.monotonic()
        silences = self.client.json("/api/v2/silences")
        alerts = self.client.json("/api/v2/alerts")
        groups = self.client.json("/api/v2/alerts/groups")
        now = self._clock.now()
        events = [*self._silenced(silences, now), *self._routes(alerts, now)]
        mutes = {mute.key: mute for mute in _mutes(alerts, groups)}
        events += self._mutings(mutes, now)
        self.held = tuple(_group_of(group) for group in groups)
        self._health.note_answer(asked)
        if self._compared is None or begun - self._compared >= CLOCKS:
            self._compare_clocks()
        for told in events:
            self._health.emit(told)
        took = self._clock.monotonic() - begun
        return max(PERIOD - took, BUSY * took)

    def _compare_clocks(self) -> None:
        """Tell Alertmanager's clock against ours, as far as its answers show it."""
        now = self._clock.now()
        offset = self.client.date.offset(now)
        if offset is None:
            return
        self._compared = self._clock.monotonic()
        about = {"offset": round(offset[0], 4), "error": round(offset[1], 4)}
        self._health.emit(ClockCompared(at=now, source=self.source, **about))

    def _silenced(
        self, silences: Iterable[Mapping[str, Any]], now: float
    ) -> Iterator[Event]:
        active = [
            silence for silence in silences if silence["status"]["state"] == "active"
        ]
        ended = self._active - {silence["id"] for silence in active}
        self._active = {silence["id"] for silence in active}
        for number in sorted(ended):
            yield SilenceEnded(at=now, id=number)
        for active_silence in active:
            key = (active_silence["id"], active_silence["endsAt"])
            if key in self._silences:
                continue
            self._silences.add(key)
            yield Silence(
                at=now,
                id=active_silence["id"],
                matchers=[
                    matcher_fields(matcher) for matcher in active_silence["matchers"]
                ],
                until=round(parse_instant(active_silence["endsAt"]), 3),
                since=round(parse_instant(active_silence["startsAt"]), 3),
                by=active_silence.get("createdBy", ""),
            )

    def _routes(
        self, alerts: Iterable[Mapping[str, Any]], now: float
    ) -> Iterator[Event]:
        for alert in alerts:
            receivers = tuple(sorted(way["name"] for way in alert["receivers"]))
            key = (alert["fingerprint"], alert["startsAt"], receivers)
            if key in self._routed:
                continue
            self._routed.add(key)
            yield Routed(
                at=now,
                alert=alert["labels"].get("alertname", ""),
                labels=alert["labels"],
                receivers=list(receivers),
                starts=round(parse_instant(alert["startsAt"]), 3),
                fingerprint=alert["fingerprint"],
            )

    def _mutings(self, mutings: "dict[_Key, _Mute]", now: float) -> list[Event]:
        events = []
        for key, mute in mutings.items():
            if key not in self._muted:
                self._muted[key] = Suppressed(
                    at=now,
                    alert=mute.labels.get("alertname", ""),
                    labels=dict(mute.labels),
                    by=mute.by,
                    detail=mute.detail,
                )
                events.append(self._muted[key])
        for key in [key for key in self._muted if key not in mutings]:
            before = self._muted.pop(key)
            events.append(Unsuppressed(at=now, **before.fields))
        return events


_Key = tuple[str, str, str]
# By whether it is a regex, and whether it wants equality.
_OPS = {
    (False, True): "=",
    (False, False): "!=",
    (True, True): "=~",
    (True, False): "!~",
}


@frozen
class _Mute:
    labels: Mapping[str, str]
    fingerprint: str
    by: str
    detail: str

    @property
    def key(self) -> _Key:
        return self.fingerprint, self.by, self.detail


def _mutes(
    alerts: Iterable[Mapping[str, Any]], groups: Iterable[Mapping[str, Any]]
) -> Iterator[_Mute]:
    """Yield every reason for which an alert is muted right now."""
    grouped = (alert for group in groups for alert in group["alerts"])
    for told in (*alerts, *grouped):
        status = told["status"]
        reasons = [("silence", detail) for detail in status.get("silencedBy") or ()]
        reasons += [
            ("inhibition", detail) for detail in status.get("inhibitedBy") or ()
        ]
        reasons += [("mute_time", detail) for detail in status.get("mutedBy") or ()]
        for by, detail in reasons:
            yield _Mute(
                labels=told["labels"],
                fingerprint=told["fingerprint"],
                by=by,
                detail=detail,
            )


def matcher_fields(matcher: Mapping[str, Any]) -> dict[str, str]:
    """Return name, op and value of a matcher of Alertmanager's API."""
    op = _OPS[bool(matcher["isRegex"]), bool(matcher.get("isEqual", True))]
    return {"name": matcher["name"], "op": op, "value": matcher["value"]}


def _group_of(group: Mapping[str, Any]) -> AggregationGroup:
    return AggregationGroup(
        receiver=group["receiver"]["name"],
        labels=group["labels"],
        alerts=tuple(alert["labels"] for alert in group["alerts"]),
    )
