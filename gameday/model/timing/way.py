"""The way of a promised alert through relabelling and Alertmanager's routes."""

from collections.abc import Iterable
from dataclasses import dataclass

from gameday.model.alerting.alert import AlertRule, Route
from gameday.model.alerting.known_labels import KnownLabels
from gameday.model.alerting.promised_labels import candidates
from gameday.model.alerting.reach import Ends, ends_of_all
from gameday.model.alerting.relabel import sent
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise


@dataclass(frozen=True, slots=True)
class AlertPath:
    """Where an alert is routed, as far as its labels are known.

    `labels`: those that Alertmanager receives, one entry for each kind of series.
    `dropped`: whether relabelling drops the alert; None if that is not known. `routes`:
    those that may lead to the promised receiver; if none does, all that may apply.
    """

    labels: tuple[KnownLabels, ...]
    dropped: bool | None
    ends: Ends
    routes: tuple[Route, ...]


def find_alert_path(
    promise: AlertPromise, rule: AlertRule, monitoring: Monitoring
) -> AlertPath:
    """Return the way of a rule's alert that the promise speaks of."""
    told = [
        sent(labels, monitoring.external_labels, monitoring.relabels)
        for labels in candidates(rule, promise.labels).labels
    ]
    drops = {alert.dropped for alert in told}
    labels = tuple(alert.labels for alert in told if not alert.dropped)
    ends = Ends((), ())
    if monitoring.routing is not None:
        ends = ends_of_all(monitoring.routing.route, labels)
    wanted = [end for end in ends.possible if end.receiver in promise.reaches]
    return AlertPath(
        labels=labels,
        dropped=next(iter(drops)) if len(drops) == 1 else None if drops else False,
        ends=ends,
        routes=tuple(wanted) or ends.possible,
    )


def rules_for(promise: AlertPromise, rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rules that may produce the promised alert (a name is not a key)."""
    return [
        rule
        for rule in rules
        if rule.name == promise.alert and rule.may_have(promise.labels)
    ]
