"""What goes wrong with the rules: failures, missed evaluations, changes, restarts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gameday.model.timeline import Event, event
from gameday.observers.prometheus.api import NEVER, SelfMetrics
from gameday.observers.prometheus.episodes import Gap
from gameday.observers.prometheus.rules import Group, Rule

CHANGED = "changed during the run"


class Definition(NamedTuple):
    """What makes a rule the rule it is; its annotations change no verdict."""

    key: str
    group: str
    alert: str  # "" for a recording rule
    name: str
    query: str
    hold: float
    keep: float
    interval: float
    labels: tuple[tuple[str, str], ...]


def _definitions(groups: Iterable[Group]) -> Counter[Definition]:
    return Counter(
        Definition(
            key=group.key,
            group=group.name,
            alert=rule.name if rule.alerting else "",
            name=rule.name,
            query=rule.query,
            hold=rule.hold,
            keep=rule.keep,
            interval=group.interval,
            labels=tuple(sorted(rule.labels.items())),
        )
        for group in groups
        for rule in group.rules
    )


class RuleWatch:
    """Compares each look at the rules with the one before."""

    def __init__(self) -> None:
        self.groups: tuple[Group, ...] = ()
        self._known: Counter[Definition] | None = None
        self._sick: dict[tuple[str, str], _Sick] = {}
        self._itself: SelfMetrics | None = None
        self._started = 0.0
        self._looked = 0.0
        self._looked_at_itself = 0.0

    def look(
        self, groups: tuple[Group, ...], itself: SelfMetrics | None, at: float
    ) -> list[Event]:
        """Return what went wrong since the last look; `at`: its clock, now."""
        self.groups = groups
        events = [*self._changes(at), *self._errors()]
        if itself is not None:
            events += self._counted(itself, at)
            self._looked_at_itself = at
        self._looked = at
        return events

    def restarted(self, started: float, at: float) -> list[Event]:
        """Return a failure of every group where Prometheus was started anew."""
        before, self._started = self._started, started
        if not before or abs(started - before) < 1.0:
            return []
        self._itself = None
        because = "Prometheus was restarted: evaluations before it are missing"
        return [
            _failed(at, group.name, "", because, since=self._looked, file=group.file)
            for group in self.groups
        ]

    def gaps(self, gaps: Iterable[Gap]) -> list[Event]:
        """Return the failures that gaps in the alerts' samples prove."""
        events = []
        for gap in gaps:
            times = "once" if gap.missed == 1 else f"{gap.missed} times"
            because = f"was not evaluated, or failed, {times}"
            events.append(_failed(gap.at, gap.group, gap.alert, because))
        return events

    def evaluations(self, at: float) -> list[Event]:
        """Return up to when each group was evaluated."""
        return [
            event(
                at,
                "evaluations",
                group=group.name,
                file=group.file,
                interval=group.interval,
                last=round(group.last, 3),
            )
            for group in self.groups
            if group.last != NEVER
        ]

    def _changes(self, at: float) -> list[Event]:
        now = _definitions(self.groups)
        before, self._known = self._known, now
        if before is None or before == now:
            return []
        changed = (before - now) + (now - before)
        found = sorted({(one.group, one.alert, one.name) for one in changed})
        return [
            _failed(
                at,
                group,
                alert,
                CHANGED if alert else f"{name} {CHANGED}",
                since=self._looked,
            )
            for group, alert, name in found
        ]

    def still_sick(self, at: float) -> list[Event]:
        """Return the rules that have failed up to now, with since when."""
        return [
            _failed(at, sick.group, sick.alert, sick.because, since=sick.since)
            for sick in self._sick.values()
        ]

    def _errors(self) -> list[Event]:
        before, self._sick = self._sick, {}
        events = []
        for group in self.groups:
            for rule in group.rules:
                if rule.health != "err":
                    continue
                sick = before.get((group.key, rule.name)) or _Sick.of(group, rule)
                self._sick[group.key, rule.name] = sick
                if (group.key, rule.name) not in before:
                    one = _failed(sick.since, sick.group, sick.alert, sick.because)
                    events.append(one)
        return events

    def _counted(self, itself: SelfMetrics, at: float) -> list[Event]:
        before, self._itself = self._itself, itself
        if before is None or abs(before.started - itself.started) > 1.0:
            return []
        events = []
        for group in self.groups:
            missed = _more(before.missed, itself.missed, group)
            failed = _more(before.failed, itself.failed, group)
            if missed:
                because = f"{_times(missed)} of the group did not happen"
                events.append(self._since_last(group, "", because, at))
            if failed:
                because = f"{_times(failed)} of its rules failed"
                events += [
                    self._since_last(group, alert, because, at)
                    for alert in self._sick_of(group)
                ]
        return events

    def _sick_of(self, group: Group) -> list[str]:
        """Return the alerts whose rules fail now; [""]: it may be any of them."""
        named = [one.alert for key, one in self._sick.items() if key[0] == group.key]
        return sorted(set(named)) or [""]

    def _since_last(self, group: Group, alert: str, because: str, at: float) -> Event:
        return _failed(at, group.name, alert, because, since=self._looked_at_itself)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sick:
    """A rule whose evaluation fails; `alert` "" for a recording rule."""

    group: str
    alert: str
    because: str
    since: float

    @classmethod
    def of(cls, group: Group, rule: Rule) -> "_Sick":
        error = " ".join(rule.error.split())[:300]
        because = f"the evaluation failed: {error}"
        return cls(
            group=group.name,
            alert=rule.name if rule.alerting else "",
            because=because if rule.alerting else f"{rule.name}: {because}",
            since=rule.evaluated,
        )


def _more(before: Mapping[str, float], now: Mapping[str, float], group: Group) -> int:
    return max(0, round(now.get(group.key, 0.0) - before.get(group.key, 0.0)))


def _times(number: int) -> str:
    return f"{number} evaluation{'s' * (number > 1)}"


def _failed(at: float, group: str, alert: str, because: str, **more: Any) -> Event:
    more = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in more.items()
    }
    return event(at, "rule_failed", group=group, alert=alert, because=because, **more)
