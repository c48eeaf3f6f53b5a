"""The rules that Prometheus has, as it tells of them and as the model has them."""

from collections.abc import Iterable, Mapping
from typing import Any

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule, static
from gameday.observers.prometheus.api import instant
from gameday.observers.promql import metrics_of


@frozen
class Listed:
    """An alert that is active right now, as its rule lists it."""

    labels: Mapping[str, str]
    state: str
    active: float


@frozen
class LiveRule:
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
            labels.get(name, "") == value for name, value in static(self.labels).items()
        )


@frozen
class LiveRuleGroup:
    """One rule group; `interval` in seconds, `last`: its latest evaluation."""

    name: str
    file: str
    interval: float
    last: float
    rules: tuple[LiveRule, ...]

    @property
    def key(self) -> str:
        """The name that Prometheus' own metrics give it."""
        return f"{self.file};{self.name}"


def read_groups(groups: Iterable[Mapping[str, Any]]) -> tuple[LiveRuleGroup, ...]:
    """Return the groups of an answer of /api/v1/rules."""
    return tuple(
        LiveRuleGroup(
            name=group["name"],
            file=group["file"],
            interval=float(group["interval"]),
            last=instant(group.get("lastEvaluation")),
            rules=tuple(_rule(rule) for rule in group["rules"]),
        )
        for group in groups
    )


def _rule(rule: Mapping[str, Any]) -> LiveRule:
    return LiveRule(
        name=rule["name"],
        alerting=rule["type"] == "alerting",
        query=rule["query"],
        hold=float(rule.get("duration", 0.0)),
        keep=float(rule.get("keepFiringFor", 0.0)),
        labels=rule.get("labels") or {},
        annotations=rule.get("annotations") or {},
        health=rule.get("health", ""),
        error=rule.get("lastError") or "",
        evaluated=instant(rule.get("lastEvaluation")),
        alerts=tuple(
            Listed(
                labels={k: v for k, v in alert["labels"].items() if v},
                state=alert["state"],
                active=instant(alert["activeAt"]),
            )
            for alert in rule.get("alerts") or ()
        ),
    )


def alert_rules(groups: Iterable[LiveRuleGroup], offset: float) -> Iterable[AlertRule]:
    """Yield the alerting rules; `offset`: the global query offset in seconds."""
    for group in groups:
        for place, rule in enumerate(group.rules):
            if not rule.alerting:
                continue
            yield AlertRule(
                name=rule.name,
                expr=rule.query,
                group=group.name,
                file=group.file,
                hold=rule.hold,
                keep_firing=rule.keep,
                interval=group.interval,
                query_offset=offset,
                labels=dict(rule.labels),
                annotations=dict(rule.annotations),
                reads=metrics_of(rule.query),
                place=place,
            )


def recording_rules(
    groups: Iterable[LiveRuleGroup], offset: float
) -> Iterable[RecordingRule]:
    """Yield the recording rules; `offset`: the global query offset in seconds."""
    for group in groups:
        for place, rule in enumerate(group.rules):
            if rule.alerting:
                continue
            yield RecordingRule(
                name=rule.name,
                expr=rule.query,
                group=group.name,
                file=group.file,
                interval=group.interval,
                query_offset=offset,
                labels=dict(rule.labels),
                place=place,
            )
