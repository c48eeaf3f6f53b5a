"""When each observer could see, and when each rule was evaluated.

Silence proves something only while somebody was listening.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import field

from gameday.checks.doubt import Doubt, DoubtKind, DoubtSpan
from gameday.checks.record.clocks import Clocks
from gameday.frozen import frozen
from gameday.model.events import Blind, Evaluations, Observed, RuleFailed, Sees
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline

SLACK = 0.1  # seconds by which a record may end before the question does
_NAMES = {
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "pager": "the pager",
    "target": "the target",
    "load": "the load",
    "metrics": "the promised metrics",
    "cluster": "the cluster's workloads",
    "events": "the cluster's events",
}
_CHANGED = "changed during the run"
_NAMED = re.compile(r"([a-zA-Z_:][\w:]*)(?:: the evaluation failed| changed during)")
_RESTARTED = "Prometheus was restarted"
Stretch = tuple[float, float]
GroupKey = tuple[str, str]  # name, file ("" where it is not known)


@frozen(kw_only=False)
class Hole:
    """A time that a source did not see, from `since` on, and why."""

    since: float
    because: str


@frozen
class RuleScope:
    """The rules on a question's chain.

    `alerts`: the alerts' names, None: every rule counts. `groups`: the groups that
    hold the chain's rules, None: not known, so that every group may be theirs.
    `feeds`: the recording rules that feed the alerts; `feeds_known`: all of them.
    """

    alerts: frozenset[str] | None = None
    groups: frozenset[GroupKey] | None = None
    feeds: frozenset[str] = frozenset()
    feeds_known: bool = False

    def concerns(self, event: RuleFailed) -> bool:
        """Return whether a rule's failure lies on the chain."""
        if self.alerts is None:
            return True
        alert, recording = event.alert, recording_of(event)
        if alert and alert not in self.alerts:
            return False
        if recording and recording in self.feeds:
            return True
        if recording and self.feeds_known:
            return False
        return self.has_group(event.group, event.file)

    def has_group(self, name: str, file: str) -> bool:
        """Return whether a group may hold a rule of the chain."""
        if self.groups is None:
            return True
        return any(
            name == group and (not file or not known or file == known)
            for group, known in self.groups
        )


@frozen(kw_only=False)
class BlindTime:
    """A time through which an observer saw nothing, and why."""

    since: float
    until: float
    because: str


@frozen(kw_only=False)
class ObserverCoverage:
    """What was watched, by source; times on gameday's clock."""

    observed: dict[str, list[Stretch]] = field(default_factory=dict)
    blind: dict[str, list[BlindTime]] = field(default_factory=dict)
    failed_rules: tuple[RuleFailed, ...] = ()
    evaluated: dict[GroupKey, tuple[float, float]] = field(default_factory=dict)

    def gap(self, source: str, start: float, end: float) -> str:
        """Return why a source did not see all of a time; empty when it did."""
        hole = self.hole(source, start, end)
        return "" if hole is None else hole.because

    def hole(self, source: str, start: float, end: float) -> Hole | None:
        """Return the first hole in what a source saw of a time; None: it saw all."""
        name = _NAMES.get(source, source)
        for blind in self.blind.get(source, []):
            if blind.since < end and blind.until > start:
                until = show_instant(min(blind.until, end))
                said = (
                    f"{name} could not be seen from {show_instant(blind.since)} to "
                    f"{until}: {blind.because}"
                )
                return Hole(max(start, blind.since), said)
        reached = _watched_until(self.observed.get(source, []), start)
        if reached + SLACK >= end:
            return None
        if reached <= start:
            said = f"there is no record that {name} was watched at"
            return Hole(start, f"{said} {show_instant(start)}")
        said = f"the record of {name} reaches only to {show_instant(reached)}"
        return Hole(reached, said)

    def rule_doubts(self, scope: RuleScope, span: DoubtSpan) -> Iterator[Doubt]:
        """Yield what kept the rules of a chain from being evaluated all the time."""
        yield from self._failures(scope, span)
        for group, (last, interval) in self.evaluated.items():
            if last + interval + SLACK < span.end and scope.has_group(*group):
                because = (
                    f"the rules of the group {group[0]} were evaluated only up to "
                    f"{show_instant(last)}"
                )
                yield Doubt(kind=DoubtKind.RULE_FAILED, because=because, since=last)

    def _failures(self, scope: RuleScope, span: DoubtSpan) -> Iterator[Doubt]:
        for event in self.failed_rules:
            since = event.since or event.at
            inside = since <= span.end and span.start <= event.at
            if inside and scope.concerns(event):
                what = event.alert or event.rule or f"the group {event.group}"
                because = (
                    f"the rule of {what} was not evaluated at {show_instant(event.at)}:"
                    f" {event.because}"
                )
                yield Doubt(kind=_kind(event), because=because, since=since)


def read_observer_coverage(timeline: Timeline, clocks: Clocks) -> ObserverCoverage:
    """Return what the timeline says about who saw when."""
    return ObserverCoverage(
        observed=_observed(timeline.of(Observed)),
        blind=_blind(timeline.of(Blind, Sees)),
        failed_rules=tuple(
            event.but(at=clocks.to_our_clock("prometheus", event.at))
            for event in timeline.of(RuleFailed)
        ),
        evaluated=_evaluated(timeline.of(Evaluations), clocks),
    )


def _watched_until(spans: list[Stretch], start: float) -> float:
    """Return up to when a source was watched without a break from `start` on."""
    reached = float("-inf")
    for since, until in spans:
        if since <= max(start, reached) + SLACK and until > reached:
            reached = until
    return reached


def _observed(events: Iterable[Observed]) -> dict[str, list[Stretch]]:
    stretches: dict[str, list[Stretch]] = {}
    for event in events:
        span = (event.since, event.until)
        stretches.setdefault(event.source, []).append(span)
    return {source: sorted(spans) for source, spans in stretches.items()}


def _blind(events: Iterable[Blind | Sees]) -> dict[str, list[BlindTime]]:
    blind_times: dict[str, list[BlindTime]] = {}
    since: dict[str, tuple[float, str]] = {}
    for event in events:
        source = event.source
        if isinstance(event, Blind):
            since.setdefault(source, (event.at, event.because))
        elif source in since:
            at, because = since.pop(source)
            blind_times.setdefault(source, []).append(BlindTime(at, event.at, because))
    for source, (at, because) in since.items():
        blind_times.setdefault(source, []).append(BlindTime(at, float("inf"), because))
    return blind_times


def _evaluated(
    events: Iterable[Evaluations], clocks: Clocks
) -> dict[GroupKey, tuple[float, float]]:
    evaluated: dict[GroupKey, tuple[float, float]] = {}
    for event in events:
        last = clocks.to_our_clock("prometheus", event.last)
        group = (event.group, event.file)
        if group not in evaluated or evaluated[group][0] < last:
            evaluated[group] = (last, event.interval)
    return dict(sorted(evaluated.items()))


def recording_of(event: RuleFailed) -> str:
    """Return the recording rule that failed; older records name it in words only."""
    if event.rule:
        return event.rule
    named = _NAMED.match(event.because)
    return named.group(1) if named and not event.alert else ""


def _kind(event: RuleFailed) -> DoubtKind:
    """Return what happened to a rule; older records say it in words only."""
    because = event.because
    what = event.what
    if what == "changed" or (not what and _CHANGED in because):
        return DoubtKind.RULE_CHANGED
    if what == "restarted" or (not what and because.startswith(_RESTARTED)):
        return DoubtKind.RESTARTED
    return DoubtKind.RULE_FAILED
