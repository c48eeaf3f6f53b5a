"""What Prometheus' rules do: their state, their failures, and whether they change."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gameday.model.timeline import Event, event
from gameday.observers.prometheus.api import NEVER, SelfMetrics, instant
from gameday.observers.prometheus.episodes import Gap

CHANGED = "changed during the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An alert that is active right now, as its rule lists it."""

    labels: Mapping[str, str]
    state: str
    active: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as it is now; `hold` and `keep` in seconds."""

    name: str
    alerting: bool
    query: str
    hold: float
    keep: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    health: str
    error: str
    evaluated: float
    alerts: tuple[Listed, ...]

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert may be of this rule, by its constant labels."""
        return self.alerting and all(
            labels.get(name, "") == value
            for name, value in self.labels.items()
            if "{{" not in value
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One rule group; `interval` in seconds, `last`: its latest evaluation."""

    name: str
    file: str
    interval: float
    last: float
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        """The name that Prometheus' own metrics give it."""
        return f"{self.file};{self.name}"


def read_groups(found: Iterable[Mapping[str, Any]]) -> tuple[Group, ...]:
    """Return the groups of an answer of /api/v1/rules."""
    return tuple(
        Group(
            name=one["name"],
            file=one["file"],
            interval=float(one["interval"]),
            last=instant(one.get("lastEvaluation")),
            rules=tuple(_rule(rule) for rule in one["rules"]),
        )
        for one in found
    )


def _rule(one: Mapping[str, Any]) -> Rule:
    return Rule(
        name=one["name"],
        alerting=one["type"] == "alerting",
        query=one["query"],
        hold=float(one.get("duration", 0.0)),
        keep=float(one.get("keepFiringFor", 0.0)),
        labels=one.get("labels") or {},
        annotations=one.get("annotations") or {},
        health=one.get("health", ""),
        error=one.get("lastError") or "",
        evaluated=instant(one.get("lastEvaluation")),
        alerts=tuple(
            Listed(
                labels={k: v for k, v in alert["labels"].items() if v},
                state=alert["state"],
                active=instant(alert["activeAt"]),
            )
            for alert in one.get("alerts") or ()
        ),
    )


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
        self._sick: dict[tuple[str, str], str] = {}
        self._itself: SelfMetrics | None = None
        self._started = 0.0
        self._looked = 0.0

    def look(
        self, groups: tuple[Group, ...], itself: SelfMetrics | None, at: float
    ) -> list[Event]:
        """Return what went wrong since the last look; `at`: its clock, now."""
        self.groups = groups
        events = [*self._changes(at), *self._errors()]
        if itself is not None:
            events += self._counted(itself, at)
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

    def _errors(self) -> list[Event]:
        events = []
        for group in self.groups:
            for rule in group.rules:
                known = self._sick.pop((group.key, rule.name), "")
                if rule.health != "err":
                    continue
                error = " ".join(rule.error.split())[:300]
                self._sick[group.key, rule.name] = error or "failed"
                if known:
                    continue
                because = f"the evaluation failed: {error}"
                alert = rule.name if rule.alerting else ""
                if not rule.alerting:
                    because = f"{rule.name}: {because}"
                events.append(_failed(rule.evaluated, group.name, alert, because))
        return events

    def _counted(self, itself: SelfMetrics, at: float) -> list[Event]:
        before, self._itself = self._itself, itself
        if before is None or abs(before.started - itself.started) > 1.0:
            return []
        events = []
        for what, was, now in (
            ("missed", before.missed, itself.missed),
            ("failed", before.failed, itself.failed),
        ):
            for group in self.groups:
                more = now.get(group.key, 0.0) - was.get(group.key, 0.0)
                if more > 0:
                    because = _count(what, round(more))
                    one = _failed(at, group.name, "", because, since=self._looked)
                    events.append(one)
        return events


def _count(what: str, times: int) -> str:
    if what == "missed":
        return f"{times} evaluation{'s' * (times > 1)} of the group did not happen"
    return f"{times} evaluation{'s' * (times > 1)} of its rules failed"


def _failed(at: float, group: str, alert: str, because: str, **more: Any) -> Event:
    more = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in more.items()
    }
    return event(at, "rule_failed", group=group, alert=alert, because=because, **more)
