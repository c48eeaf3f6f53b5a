"""The path of a promised alert: its labels, through relabelling, to its receivers.

It is told by what is known before the alert fires. Its labels come from its series,
then from its rule, whose templates may not be known; the promise itself says which
alert is meant: what is not known has the promised value.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, Route
from gameday.model.alerting.expression_parser import parse
from gameday.model.alerting.known_labels import KnownLabels, exactly, labels_of
from gameday.model.alerting.relabel import sent
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise

_TEMPLATE = "{{"
_LABEL = re.compile(r"\{\{-?\s*(?:\$labels|\.Labels)\.(\w+)\s*-?\}\}")


@frozen(kw_only=False)
class CandidateLabels:
    """The labels that a promised alert may have, one entry for each kind of series.

    `templated`: labels of the rule whose value only the promise says. `asked`: the
    labels are those of series that Prometheus has now. `unseen`: Prometheus has such
    series, and none of them has the promised labels.
    """

    labels: tuple[KnownLabels, ...]
    templated: tuple[str, ...] = ()
    asked: bool = False
    unseen: bool = False


def candidate_labels(rule: AlertRule, promised: Mapping[str, str]) -> CandidateLabels:
    """Return what is known of the labels of the promised alert of this rule."""
    known = [exactly(series) for series in rule.series or ()]
    label_sets = [
        labels
        for series in known
        if (labels := _labels_of_promised(rule, series, promised))
    ]
    if label_sets:
        return CandidateLabels(
            tuple(label_sets), _templated(rule, known, promised), asked=True
        )
    series = labels_of(parse(rule.expr))
    labels = _labels_of_promised(rule, series, promised)
    if labels is None:
        return CandidateLabels(())
    templated = _templated(rule, [series], promised)
    return CandidateLabels((labels,), templated, unseen=bool(rule.series))


def _templated(
    rule: AlertRule, series: Sequence[KnownLabels], promised: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the promised labels whose templates in the rule cannot be expanded."""
    return tuple(
        name
        for name, text in rule.labels.items()
        if name in promised
        and all(_expanded(text, labels) is None for labels in series)
    )


def _expanded(template: str, labels: KnownLabels) -> str | None:
    """Return what a template of a label becomes; None where that is not known."""
    if _TEMPLATE not in template:
        return template
    values = [labels.get(name) for name in _LABEL.findall(template)]
    rest = _LABEL.sub("", template)
    if _TEMPLATE in rest or any(value is None for value in values):
        return None
    return _LABEL.sub(lambda match: labels.get(match[1]) or "", template)


def _labels_of_promised(
    rule: AlertRule, series: KnownLabels, promised: Mapping[str, str]
) -> KnownLabels | None:
    """Return an alert's labels; None where it cannot be the promised one."""
    own = {name: _expanded(text, series) for name, text in rule.labels.items()}
    labels = series.with_({**own, "alertname": rule.name})
    for name, value in promised.items():
        known = labels.get(name)
        if known is not None and known != value:
            return None
    return labels.with_(dict(promised))


@frozen(kw_only=False)
class Ends:
    """The routes that an alert ends at for certain, and all that it may end at."""

    certain: tuple[Route, ...]
    possible: tuple[Route, ...]

    def surely(self, receiver: str) -> bool:
        """Whether it reaches the receiver, whatever is not known."""
        if any(route.receiver == receiver for route in self.certain):
            return True
        return {route.receiver for route in self.possible} == {receiver}

    def perhaps(self, receiver: str) -> bool:
        """Whether it may reach the receiver."""
        return any(route.receiver == receiver for route in self.possible)


def routes_taken(route: Route, labels: KnownLabels) -> Ends:
    """Return where an alert with these labels ends below a route.

    Children are tried in order; the first that fits takes the alert, unless it says
    `continue`; without one the route itself does (Alertmanager, "Route").
    """
    certain: list[Route] = []
    possible: list[Route] = []
    taken: bool | None = False  # whether a child has the alert; None: perhaps
    stopped = False  # whether a child before may have ended the search
    for child in route.routes:
        fits = labels.match_all(child.matchers)
        if fits is False:
            continue
        below = routes_taken(child, labels)
        possible += below.possible
        certain += below.certain if fits and not stopped else ()
        taken = True if fits else taken or None
        if fits and not child.goes_on:
            break
        stopped = stopped or not child.goes_on
    # The route itself has what no child takes.
    possible += () if taken else (route,)
    certain += (route,) if taken is False else ()
    return Ends(tuple(certain), tuple(possible))


def _routes_taken_by_all(route: Route, label_sets: Iterable[KnownLabels]) -> Ends:
    """Return where any of several alerts may end, and where each of them does."""
    all_ends = [routes_taken(route, labels) for labels in label_sets]
    if not all_ends:
        return Ends((), ())
    receivers = [{end.receiver for end in ends.certain} for ends in all_ends]
    everywhere = set.intersection(*receivers)
    certain = [end for end in all_ends[0].certain if end.receiver in everywhere]
    possible = [end for ends in all_ends for end in ends.possible]
    return Ends(tuple(certain), tuple(possible))


@frozen(kw_only=False)
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
    """Return the path of a rule's alert that the promise speaks of."""
    sent_alerts = [
        sent(labels, monitoring.external_labels, monitoring.relabels)
        for labels in candidate_labels(rule, promise.labels).labels
    ]
    drops = {alert.dropped for alert in sent_alerts}
    labels = tuple(alert.labels for alert in sent_alerts if not alert.dropped)
    reached = Ends((), ())
    if monitoring.routing is not None:
        reached = _routes_taken_by_all(monitoring.routing.route, labels)
    wanted = [end for end in reached.possible if end.receiver in promise.reaches]
    return AlertPath(
        labels=labels,
        dropped=next(iter(drops)) if len(drops) == 1 else None if drops else False,
        ends=reached,
        routes=tuple(wanted) or reached.possible,
    )


def rules_for(promise: AlertPromise, rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rules that may produce the promised alert (a name is not a key)."""
    return [
        rule
        for rule in rules
        if rule.name == promise.alert and rule.may_have(promise.labels)
    ]
