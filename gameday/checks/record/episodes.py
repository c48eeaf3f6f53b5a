"""Episodes: one alert from pending over firing to resolved, from raw transitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.checks.record.clocks import Clocks, instant
from gameday.model.events import (
    AlertChange,
    AlertCleared,
    AlertFiring,
    AlertPending,
    AlertResolved,
)
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline

PROMETHEUS = "prometheus"
_ENDS = AlertResolved | AlertCleared  # cleared: pending, and never fired


@dataclass(slots=True, kw_only=True)
class Episode:
    """One life of one alert instance; times on gameday's clock, None: not seen.

    `stamps` are the evaluations' own times, as Prometheus wrote them. `exact` is
    false where the end was not marked.
    """

    alert: str
    labels: Mapping[str, str]
    starts: float | None = None
    pending: float | None = None
    firing: float | None = None
    resolved: float | None = None
    exact: bool = True
    error: float = 0.0  # of `firing`, seconds
    end_error: float = 0.0  # of `resolved`
    stamps: dict[str, float] = field(default_factory=dict)

    def over(self, at: float) -> bool:
        """Whether it had been resolved by then."""
        return self.resolved is not None and self.resolved <= at

    def show(self) -> dict[str, object]:
        """Return the episode as evidence, with Prometheus' own stamps."""
        times = {name: show_instant(at) for name, at in self.stamps.items()}
        return {"alert": self.alert, "labels": dict(self.labels), **times}


def fits(name: str, labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether labels contain the wanted ones; an absent label is empty."""
    return all(
        labels.get(key, name if key == "alertname" else "") == value
        for key, value in wanted.items()
    )


def read_episodes(timeline: Timeline, clocks: Clocks) -> list[Episode]:
    """Return every episode, in the order in which they began."""
    episodes: list[Episode] = []
    current: dict[frozenset[tuple[str, str]], Episode] = {}
    for event in sorted(timeline.of(AlertChange), key=_order):
        key = frozenset({**event.labels, "alertname": event.alert}.items())
        episode = current.get(key)
        if episode is None or _begins_another(episode, event):
            if episode is not None and episode.resolved is None:
                _end(episode, clocks.to_our_clock(PROMETHEUS, event.at))
            episode = _begin(event)
            current[key] = episode
            episodes.append(episode)
        _apply(episode, event, clocks)
    return episodes


def _order(event: AlertChange) -> tuple[float, bool, bool]:
    """Return the order: in one moment what ends, then pending, then firing."""
    return event.at, not isinstance(event, _ENDS), isinstance(event, AlertFiring)


def _begins_another(episode: Episode, event: AlertChange) -> bool:
    if episode.resolved is not None:
        return not isinstance(event, _ENDS)
    if isinstance(event, AlertPending):
        return True
    if isinstance(event, _ENDS) or episode.firing is None:
        return False
    return event.at != episode.stamps.get("firing")  # else it was reported twice


def _begin(event: AlertChange) -> Episode:
    return Episode(
        alert=event.alert,
        labels=dict(event.labels),
        starts=instant(event.starts),
    )


def _end(episode: Episode, at: float) -> None:
    """End an episode whose end nobody saw: the next one has begun."""
    episode.resolved, episode.exact = at, False


def _apply(episode: Episode, event: AlertChange, clocks: Clocks) -> None:
    episode.stamps[event.state] = event.at
    at = clocks.to_our_clock(PROMETHEUS, event.at)
    error = clocks.stamp_error(PROMETHEUS, event.at)
    error += event.error
    if isinstance(event, _ENDS):
        episode.resolved = at
        episode.exact = event.exact
        episode.end_error = error
    elif isinstance(event, AlertFiring):
        episode.firing = at
        episode.error = error
    else:
        episode.pending = at
