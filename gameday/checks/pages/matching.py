"""Which alert a notification speaks of: exact labels first, then what is near them.

Alertmanager's labels of an alert are not always Prometheus' own: external labels and
relabelling add, drop and change some on the way. Every entry of every page, and all
that Alertmanager routed, is read together before any of them is matched by less than
its exact labels, so the order of pages and of their entries never matters:

1. The same labels.
2. Labels added or dropped, where no sighting has the alert's exact labels: first
   with the same start, then the fewest differences.
3. The same start, where only one alert of that name has it.

What fits several alerts is sure of none of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gameday.checks.pages.pages import Page, label_key
from gameday.checks.record.clocks import instant
from gameday.checks.record.episodes import Episode
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import Routed
from gameday.model.timeline import Timeline

SAME = 0.0021  # two stamps of one instant, each cut to a millisecond
EARLY = 1.0  # seconds by which a page may seem to come before its alert
Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Identity:
    """One alert: a name with its labels in Prometheus, and its lives that fired."""

    alert: str
    labels: Mapping[str, str]
    lives: tuple[Episode, ...]
    offsets: tuple[float, ...] = (0.0,)  # query offsets that its rules may have

    def started(self, starts: float | None) -> Episode | None:
        """Return the life with this start, by Prometheus' own stamps."""
        for life in self.lives:
            stamp = life.stamps.get("firing")
            if starts is None or stamp is None:
                continue
            if any(abs(stamp + late - starts) <= SAME for late in self.offsets):
                return life
        return None

    def life(self, starts: float | None, when: float) -> Episode | None:
        """Return the life of an alert that was reported; None: before it fired.

        A start that no life has comes from another Prometheus, or from before a
        restart: then the report is about the first life that was not over by then.
        """
        if starts is None:
            begun = [
                life for life in self.lives if (life.firing or 0.0) <= when + EARLY
            ]
            return begun[-1] if begun else None
        started_then = self.started(starts)
        if started_then is not None:
            return started_then
        open_ = (
            life
            for life in self.lives
            if life.resolved is None or life.stamps.get("resolved", 0.0) >= starts
        )
        return next(open_, None)

    def alive(self, when: float, slack: float = EARLY) -> bool:
        """Whether it was firing then, give or take a little."""
        return any(
            (life.firing or 0.0) <= when + EARLY and not life.over(when - slack)
            for life in self.lives
        )


@frozen(kw_only=False)
class Sighting:
    """Labels under which Alertmanager knew an alert, and since when it fired."""

    labels: Mapping[str, str]
    starts: float | None = None


@frozen(kw_only=False)
class Match:
    """The alerts that a sighting may be; `sure`: it is the only one, without doubt."""

    identities: tuple[Identity, ...] = ()
    sure: bool = False
    by: str = ""  # labels, added or dropped labels, start

    @property
    def identity(self) -> Identity | None:
        """The alert that it surely is."""
        return self.identities[0] if self.sure else None


class Matching:
    """All episodes of a run, and all labels under which Alertmanager told of them."""

    def __init__(
        self,
        episodes: Iterable[Episode],
        sightings: Iterable[Sighting],
        offsets: Callable[[str], Sequence[float]] = lambda _: (),
    ) -> None:
        self._known = _identities(episodes, offsets)
        self._sightings = tuple(sightings)
        self._by_name: dict[str, list[Identity]] = {}
        for identity in self._known.values():
            self._by_name.setdefault(identity.alert, []).append(identity)
        self._found: dict[tuple[Key, float | None], Match] = {}

    @property
    def identities(self) -> tuple[Identity, ...]:
        """Every alert that fired, in the order in which they first did."""
        return tuple(self._known.values())

    def named(self, alert: str) -> Sequence[Identity]:
        """Return the alerts of a name."""
        return self._by_name.get(alert, ())

    def of(self, episode: Episode) -> Identity | None:
        """Return the alert of which an episode is a life."""
        return self._known.get(label_key(_labels_with_name(episode)))

    def match(self, labels: Mapping[str, str], starts: float | None = None) -> Match:
        """Return which alert Alertmanager's labels are about."""
        key = (label_key(labels), starts)
        if key not in self._found:
            self._found[key] = self._match(labels, starts)
        return self._found[key]

    def labels_in_alertmanager(self, identity: Identity) -> list[Mapping[str, str]]:
        """Return the labels under which Alertmanager knew an alert; none: unknown."""
        return self._labels_by_identity.get(identity, [])

    @cached_property
    def _labels_by_identity(self) -> Mapping[Identity, list[Mapping[str, str]]]:
        seen: dict[Identity, dict[Key, Mapping[str, str]]] = {}
        for sighting in self._sightings:
            identity = self.match(sighting.labels, sighting.starts).identity
            if identity is not None:
                key = label_key(sighting.labels)
                seen.setdefault(identity, {})[key] = sighting.labels
        return {
            identity: [labels for _, labels in sorted(sets.items())]
            for identity, sets in seen.items()
        }

    @cached_property
    def _exact(self) -> frozenset[Identity]:
        """The alerts that some sighting told of by their exact labels."""
        keys = (label_key(sighting.labels) for sighting in self._sightings)
        return frozenset(self._known[key] for key in keys if key in self._known)

    @cached_property
    def _matched_by_start(self) -> frozenset[Identity]:
        """The others of which one told with labels added or dropped, at their start."""
        return frozenset(
            identity
            for sighting in self._sightings
            for identity in self._kin(sighting.labels)
            if identity.started(sighting.starts) is not None
        )

    def _without_exact_match(self, alert: str) -> list[Identity]:
        return [
            identity for identity in self.named(alert) if identity not in self._exact
        ]

    def _match(self, labels: Mapping[str, str], starts: float | None) -> Match:
        exact = self._known.get(label_key(labels))
        if exact is not None:
            return Match((exact,), sure=True, by="labels")
        kin = self._kin(labels)
        if kin:
            return self._match_altered(kin, labels, starts)
        return self._match_by_start(labels.get("alertname", ""), starts)

    def _kin(self, labels: Mapping[str, str]) -> list[Identity]:
        """Return the alerts that these may be with labels added or dropped."""
        return [
            identity
            for identity in self._without_exact_match(labels.get("alertname", ""))
            if _distance(identity.labels, labels) is not None
        ]

    def _match_altered(
        self, kin: Sequence[Identity], labels: Mapping[str, str], starts: float | None
    ) -> Match:
        by = "labels added or dropped"
        timely = [identity for identity in kin if identity.started(starts) is not None]
        if timely or starts is None:
            matches = _nearest(timely or kin, labels)
            return Match(matches, sure=len(matches) == 1, by=by)
        # Another Prometheus may have told of it, with its own start.
        rest = [identity for identity in kin if identity not in self._matched_by_start]
        return Match(_nearest(rest, labels), by=by)

    def _match_by_start(self, name: str, starts: float | None) -> Match:
        same = [
            identity
            for identity in self.named(name)
            if identity.started(starts) is not None
        ]
        free = self._without_exact_match(name)
        matches = tuple(identity for identity in same if identity in free)
        return Match(matches, sure=len(same) == len(matches) == 1, by="the same start")


def read_matching(
    timeline: Timeline,
    episodes: Iterable[Episode],
    pages: Iterable[Page],
    rules: Iterable[AlertRule],
) -> Matching:
    """Return the matching of a run: what was told and routed, to what fired."""
    offsets: dict[str, list[float]] = {}
    for rule in rules:
        if rule.query_offset:
            offsets.setdefault(rule.name, []).append(rule.query_offset)
    told = [
        Sighting(told.labels, told.starts)
        for page in pages
        for told in page.alerts
        if told.labels
    ]
    routed = [
        Sighting(
            {**event.labels, "alertname": event.alert},
            instant(event.starts),
        )
        for event in timeline.of(Routed)
    ]
    return Matching(episodes, (*told, *routed), lambda name: offsets.get(name, ()))


def _identities(
    episodes: Iterable[Episode], offsets: Callable[[str], Sequence[float]]
) -> dict[Key, Identity]:
    lives: dict[Key, list[Episode]] = {}
    for episode in episodes:
        if episode.firing is not None:
            lives.setdefault(label_key(_labels_with_name(episode)), []).append(episode)
    ordered = sorted(lives.items(), key=lambda pair: (_first(pair[1]), pair[0]))
    return {
        key: Identity(
            alert=own[0].alert,
            labels=dict(key),
            lives=tuple(sorted(own, key=lambda life: life.firing or 0.0)),
            offsets=(0.0, *offsets(own[0].alert)),
        )
        for key, own in ordered
    }


def _labels_with_name(episode: Episode) -> Mapping[str, str]:
    return {**episode.labels, "alertname": episode.alert}


def _first(lives: Sequence[Episode]) -> float:
    return min(life.firing or 0.0 for life in lives)


def _distance(mine: Mapping[str, str], theirs: Mapping[str, str]) -> int | None:
    """Return how many labels were added or dropped; None where one was changed."""
    shared = mine.keys() & {key for key, text in theirs.items() if text}
    if any(mine[key] != theirs[key] for key in shared):
        return None
    return len(label_key(mine)) + len(label_key(theirs)) - 2 * len(shared)


def _nearest(
    identities: Sequence[Identity], labels: Mapping[str, str]
) -> tuple[Identity, ...]:
    """Return those that differ least."""
    far = [
        (_distance(identity.labels, labels) or 0, identity) for identity in identities
    ]
    least = min((distance for distance, _ in far), default=0)
    return tuple(identity for distance, identity in far if distance == least)
