"""What goes wrong with the rules: failures, missed evaluations, changes, restarts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gameday.frozen import frozen
from gameday.model.events import Evaluations, RuleFailed
from gameday.observers.prometheus.api import NEVER, SelfMetrics
from gameday.observers.prometheus.episodes import Gap
from gameday.observers.prometheus.rules import LiveRule, LiveRuleGroup

CHANGED = "changed during the run"
REMOVED = "removed during the run"
LOADED = "loaded only during the run"
# What happened to a rule: the judge has to tell these apart.
FAILED, MISSED, CHANGE, RESTART = "failed", "missed", "changed", "restarted"
LATE = 1.5  # intervals after which an evaluation is overdue …
LATE_BY = 1.0  # … and at least so many seconds more


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

    @property
    def about(self) -> "_About":
        """The rule, as one that was changed."""
        file = self.key.removesuffix(f";{self.group}")
        record = "" if self.alert else self.name
        return _About(CHANGE, self.group, file, self.alert, record)


def _definitions(groups: Iterable[LiveRuleGroup]) -> Counter[Definition]:
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


def _what_became_of(
    rule: Definition, gone: Iterable[Definition], new: Iterable[Definition]
) -> str:
    """Return whether a rule was changed, removed or loaded, by its group's rules."""
    if not any((other.key, other.name) == (rule.key, rule.name) for other in gone):
        return LOADED
    stays = any((other.key, other.name) == (rule.key, rule.name) for other in new)
    return CHANGED if stays else REMOVED


class RuleWatch:
    """Compares each look at the rules with the one before."""

    def __init__(self) -> None:
        self.groups: tuple[LiveRuleGroup, ...] = ()
        self._known: Counter[Definition] | None = None
        self._sick: dict[tuple[str, str], _Sick] = {}
        self._overdue: dict[str, float] = {}  # by group: its last evaluation
        self._itself: SelfMetrics | None = None
        self._started = 0.0
        self._looked = 0.0
        self._looked_at_itself = 0.0

    def look(
        self,
        groups: tuple[LiveRuleGroup, ...],
        itself: SelfMetrics | None,
        asked: float,
        answered: float,
    ) -> list[RuleFailed]:
        """Return what went wrong since the last look.

        `asked`, `answered`: when the look began and ended, by Prometheus' clock. What
        a look shows may have happened until it was answered, and what the next look
        shows since this one was asked.
        """
        self.groups = groups
        events = [
            *self._changes(answered),
            *self._errors(),
            *self._overdue_groups(asked),
        ]
        if itself is not None:
            events += self._counted(itself, answered)
            self._looked_at_itself = asked
        self._looked = asked
        return events

    def restarted(self, started: float, at: float) -> list[RuleFailed]:
        """Return a failure of every group where Prometheus was started anew.

        To be asked before the look that shows it: the failure reaches back to the
        last look before the restart.
        """
        before, self._started = self._started, started
        if not before or abs(started - before) < 1.0:
            return []
        self._itself = None
        because = "Prometheus was restarted: evaluations before it are missing"
        return [
            _failed(at, _About.of(group, RESTART), because, since=self._looked)
            for group in self.groups
        ]

    def gaps(self, gaps: Iterable[Gap]) -> list[RuleFailed]:
        """Return the failures that gaps in the alerts' samples prove."""
        events = []
        for gap in gaps:
            times = "once" if gap.missed == 1 else f"{gap.missed} times"
            because = f"was not evaluated, or failed, {times}"
            about = _About(MISSED, gap.group, alert=gap.alert)
            events.append(_failed(gap.at, about, because))
        return events

    def evaluations(self, at: float) -> list[Evaluations]:
        """Return up to when each group was evaluated."""
        return [
            Evaluations(
                at=at,
                group=group.name,
                file=group.file,
                interval=group.interval,
                last=round(group.last, 3),
            )
            for group in self.groups
            if group.last != NEVER
        ]

    def _changes(self, at: float) -> list[RuleFailed]:
        now = _definitions(self.groups)
        before, self._known = self._known, now
        if before is None or before == now:
            return []
        gone, new = before - now, now - before
        changes: dict[_About, str] = {}
        for rule in (*gone, *new):
            how = _what_became_of(rule, gone, new)
            changes[rule.about] = how if rule.alert else f"{rule.name} {how}"
        return [
            _failed(at, about, because, since=self._looked)
            for about, because in sorted(changes.items())
        ]

    def _overdue_groups(self, at: float) -> list[RuleFailed]:
        """Return events of the groups whose evaluations are overdue, or were up to now.

        A group is reported once when it is noticed, and once with the whole time when
        its evaluations go on.
        """
        events = []
        for group in self.groups:
            since = self._overdue.get(group.key)
            if group.last == NEVER:
                continue
            late = at - group.last > LATE * group.interval + LATE_BY
            if since is not None and group.last > since:
                del self._overdue[group.key]
                events.append(self._overdue_event(group, since, group.last))
            elif since is None and late:
                self._overdue[group.key] = group.last
                events.append(self._overdue_event(group, group.last, at))
        return events

    @staticmethod
    def _overdue_event(group: LiveRuleGroup, since: float, at: float) -> RuleFailed:
        seconds = round(at - since)
        because = f"the group was not evaluated for {seconds} s"
        about = _About.of(group, MISSED)
        return _failed(at, about, because, since=since + group.interval)

    def still_failing(self, at: float) -> list[RuleFailed]:
        """Return the rules that have failed up to now, with since when."""
        return [
            _failed(at, sick.about, sick.because, since=sick.since)
            for sick in self._sick.values()
        ]

    def _errors(self) -> list[RuleFailed]:
        before, self._sick = self._sick, {}
        events = []
        for group in self.groups:
            for rule in group.rules:
                if rule.health != "err":
                    continue
                sick = before.get((group.key, rule.name)) or _Sick.of(group, rule)
                self._sick[group.key, rule.name] = sick
                if (group.key, rule.name) not in before:
                    events.append(_failed(sick.since, sick.about, sick.because))
        return events

    def _counted(self, itself: SelfMetrics, at: float) -> list[RuleFailed]:
        before, self._itself = self._itself, itself
        if before is None or abs(before.started - itself.started) > 1.0:
            return []
        events = []
        for group in self.groups:
            missed = _increase(before.missed, itself.missed, group)
            failed = _increase(before.failed, itself.failed, group)
            if missed:
                because = f"{_times(missed)} of the group did not happen"
                about = _About.of(group, MISSED)
                events.append(self._since_last(about, because, at))
            if failed:
                because = f"{_times(failed)} of its rules failed"
                events += [
                    self._since_last(about, because, at)
                    for about in self._sick_of(group)
                ]
        return events

    def _sick_of(self, group: LiveRuleGroup) -> "list[_About]":
        """Return the rules that fail now; the group alone: it may be any of them."""
        named = {rule.about for key, rule in self._sick.items() if key[0] == group.key}
        return sorted(named) or [_About.of(group, FAILED)]

    def _since_last(self, about: "_About", because: str, at: float) -> RuleFailed:
        return _failed(at, about, because, since=self._looked_at_itself)


class _About(NamedTuple):
    """What happened, and to whom: a group, or one rule of it.

    `alert` "" for a recording rule; both names "": the whole group.
    """

    what: str
    group: str
    file: str = ""
    alert: str = ""
    rule: str = ""

    @classmethod
    def of(cls, group: LiveRuleGroup, what: str) -> "_About":
        return cls(what, group.name, group.file)


@frozen
class _Sick:
    """A rule whose evaluation fails."""

    about: _About
    because: str
    since: float

    @classmethod
    def of(cls, group: LiveRuleGroup, rule: LiveRule) -> "_Sick":
        error = " ".join(rule.error.split())[:300]
        because = f"the evaluation failed: {error}"
        alert, record = (rule.name, "") if rule.alerting else ("", rule.name)
        return cls(
            about=_About(FAILED, group.name, group.file, alert, record),
            because=because if rule.alerting else f"{rule.name}: {because}",
            since=rule.evaluated,
        )


def _increase(
    before: Mapping[str, float], now: Mapping[str, float], group: LiveRuleGroup
) -> int:
    return max(0, round(now.get(group.key, 0.0) - before.get(group.key, 0.0)))


def _times(number: int) -> str:
    return f"{number} evaluation{'s' * (number > 1)}"


def _failed(
    at: float, about: _About, because: str, *, since: float | None = None
) -> RuleFailed:
    return RuleFailed(
        at=at,
        group=about.group,
        alert=about.alert,
        because=because,
        what=about.what,
        file=about.file,
        rule=about.rule,
        since=None if since is None else round(since, 3),
    )
