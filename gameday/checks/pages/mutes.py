"""What held an alert's notifications back, from when to when, and since when.

A mute time interval, and an inhibition by an alert that fired in the fault, are the
system's own answer. A person's silence, and an inhibition by an alert that had been
firing before the fault, are no effect of it: they leave open what would have been.
"""

from collections.abc import Iterable, Mapping, Sequence

from gameday.checks.pages.matching import Identity, Matching
from gameday.checks.pages.pages import label_key
from gameday.checks.record.clocks import Clocks, instant
from gameday.frozen import frozen
from gameday.model.alerting.alert import Matcher, fingerprint
from gameday.model.alerting.regex import RegexError
from gameday.model.events import (
    Routed,
    Silence,
    SilenceEnded,
    Suppressed,
    Unsuppressed,
)
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline

SILENCE, INHIBITION = "silence", "inhibition"
_LOOK = 2.0  # seconds: two looks at Alertmanager
_NAMES = {INHIBITION: "an inhibition", "mute_time": "a mute time interval"}


@frozen
class Mute:
    """One reason for which an alert was muted; `until` inf: to the end.

    `began`: since when the inhibiting alert had been firing; `source` names it.
    """

    labels: Mapping[str, str]
    by: str
    detail: str
    since: float
    until: float = float("inf")
    began: float | None = None
    source: str = ""

    def doubtful(self, start: float) -> str:
        """Return why it was no effect of a fault that began at `start`; or empty."""
        if self.by == SILENCE:
            return (
                f"was silenced (silence {self.detail})" if self.detail else "silenced"
            )
        if self.by == INHIBITION and self.began is not None and self.began < start:
            since = show_instant(self.began)
            return (
                f"was inhibited by {self.source}, which had been firing since {since}"
            )
        return ""

    def show(self) -> str:
        """Return what held the alert back."""
        name = _NAMES.get(self.by, "a silence")
        return f"{name} ({self.detail})" if self.detail else name


@frozen(kw_only=False)
class MutingSilence:
    """A silence with its matchers, as Alertmanager tells of it."""

    number: str
    matchers: tuple[Matcher, ...]
    since: float
    until: float

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether it mutes an alert with these labels; an absent label is empty."""
        try:
            return bool(self.matchers) and all(
                matcher.matches(labels) for matcher in self.matchers
            )
        except RegexError:
            return False  # no Alertmanager would take it


def read_mutes(
    timeline: Timeline, matching: Matching, clocks: Clocks
) -> tuple[Mute, ...]:
    """Return every time through which an alert was seen muted."""
    inhibitors = _Inhibitors(timeline, matching, clocks)
    ends = timeline.of(Unsuppressed)
    return tuple(_mute(event, ends, inhibitors) for event in timeline.of(Suppressed))


def read_silences(timeline: Timeline, clocks: Clocks) -> tuple[MutingSilence, ...]:
    """Return every silence that was active, up to when it was deleted.

    Its beginning and its end are stamped by Alertmanager's own clock.
    """
    ended = {event.id: event.at for event in timeline.of(SilenceEnded)}
    return tuple(
        _silence(event, ended.get(event.id), clocks) for event in timeline.of(Silence)
    )


def open_through(
    mutes: Iterable[Mute], start: float, since: float, until: float
) -> str:
    """Return what, being no effect of the fault, could have held a page back then.

    Where the system's own mutes covered the same time it changed nothing.
    """
    spans = [mute for mute in mutes if mute.since < until and mute.until > since]
    ours = [mute for mute in spans if not mute.doubtful(start)]
    for mute in spans:
        why = mute.doubtful(start)
        span = (max(mute.since, since), min(mute.until, until))
        if why and (not ours or _uncovered(span, ours) > _LOOK):
            return why
    return ""


def _uncovered(span: tuple[float, float], mutes: Sequence[Mute]) -> float:
    """Return for how much of a time none of these mutes held."""
    free, at = 0.0, span[0]
    for mute in sorted(mutes, key=lambda mute: mute.since):
        if mute.since > at:
            free += max(0.0, min(mute.since, span[1]) - at)
        at = max(at, mute.until)
    return free + max(0.0, span[1] - at)


def _mute(
    event: Suppressed, ends: Sequence[Unsuppressed], inhibitors: "_Inhibitors"
) -> Mute:
    detail, by = event.detail, event.by
    key = label_key(event.labels)
    until = (
        end.at
        for end in ends
        if end.at >= event.at
        and (str(end.by), str(end.detail or "")) == (by, detail)
        and label_key(end.labels) == key
    )
    began, source = (
        inhibitors.find(detail, event.at) if by == INHIBITION else (None, "")
    )
    return Mute(
        labels={**event.labels, "alertname": event.alert},
        by=by,
        detail=detail,
        since=event.at,
        until=next(until, float("inf")),
        began=began,
        source=source,
    )


def _silence(event: Silence, ended: float | None, clocks: Clocks) -> MutingSilence:
    since, until = (
        None if stamp is None else clocks.to_our_clock("alertmanager", stamp)
        for stamp in (instant(event.since), instant(event.until))
    )
    if ended is not None:
        until = ended if until is None else min(until, ended)
    return MutingSilence(
        number=event.id,
        matchers=tuple(_matcher(fields) for fields in event.matchers),
        since=event.at if since is None else since,
        until=float("inf") if until is None else until,
    )


def _matcher(fields: Mapping[str, object]) -> Matcher:
    name, op, value = (str(fields.get(key, "")) for key in ("name", "op", "value"))
    return Matcher(name=name, op=op or "=", value=value)


class _Inhibitors:
    """The alerts that may inhibit, by Alertmanager's fingerprint or by name."""

    def __init__(self, timeline: Timeline, matching: Matching, clocks: Clocks) -> None:
        self._clocks = clocks
        self._routed: dict[str, list[Routed]] = {}
        self._identities: dict[str, list[Identity]] = {}
        for event in timeline.of(Routed):
            number = event.fingerprint or fingerprint(event.labels)
            self._routed.setdefault(number, []).append(event)
        for identity in matching.identities:
            sets = [identity.labels, *matching.labels_in_alertmanager(identity)]
            for name in {identity.alert, *map(fingerprint, sets)}:
                self._identities.setdefault(name, []).append(identity)

    def find(self, detail: str, when: float) -> tuple[float | None, str]:
        """Return since when an inhibiting alert fired, and its name with labels."""
        lives = [
            (life.firing or 0.0, identity)
            for identity in self._identities.get(detail, [])
            for life in identity.lives
            if (life.firing or 0.0) <= when + _LOOK and not life.over(when - _LOOK)
        ]
        if lives:
            began, identity = min(lives, key=lambda pair: pair[0])
            return began, show_alert(identity.labels)
        starts = [
            (self._clocks.to_our_clock("prometheus", stamp), event)
            for event in self._routed.get(detail, [])
            if (stamp := instant(event.starts)) is not None
        ]
        if starts:
            began, event = max(starts, key=lambda pair: pair[0])
            return began, show_alert(event.labels)
        return None, ""


def show_alert(labels: Mapping[str, str]) -> str:
    """Return an alert as PromQL would write it."""
    pairs = sorted((key, text) for key, text in labels.items() if key != "alertname")
    inside = ", ".join(f'{key}="{text}"' for key, text in pairs)
    return f"{labels.get('alertname', '')}{{{inside}}}"
