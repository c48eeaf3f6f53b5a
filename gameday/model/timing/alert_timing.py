"""When an alert can fire, reset and page, by the rules' and routes' own arithmetic.

With scrape interval S and timeout T, evaluation interval E, query offset O and
`for` F rounded up to evaluations, an alert fires between O + F and
S + T + E + O + F after the fault starts, later by what its expression looks back
over (gameday.model.timing.rule_delays). Its page follows after group_wait (a new group)
or at the latest after group_interval (a live one). A reset waits for keep_firing_for as
firing does for `for`; its page comes with the group's next flush. Sources: Prometheus'
alerting rules (`for` counts evaluations) and Alertmanager's dispatcher; measured
against both generations of them.

A scrape that is under way when the fault starts carries a stamp from before it; the
earliest times do not count on one.
"""

import math
from dataclasses import replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, Route
from gameday.model.alerting.always import always
from gameday.model.alerting.known_labels import KnownLabels
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise
from gameday.model.timing.alert_path import AlertPath, find_alert_path, rules_for
from gameday.model.timing.rule_delays import FOREVER, Chain, Change, Delay

UNKNOWN_PAGE = 300.0  # seconds, for the first page where rules or routes are unknown


@frozen(kw_only=False)
class DelayRange:
    """The earliest and the latest possible time, in seconds.

    `why`: what makes the latest one infinite. `unknown`: what has to be known for
    both and is not. `looks`: the stretches that the expression looks back over.
    """

    earliest: float
    latest: float
    why: tuple[str, ...] = ()
    unknown: str = ""
    looks: tuple[float, ...] = ()

    def plus(self, earliest: float, latest: float) -> "DelayRange":
        """Return the span moved by at least and by at most so much."""
        early, late = self.earliest + earliest, self.latest + latest
        return replace(self, earliest=early, latest=late)


def fires(rule: AlertRule, monitoring: Monitoring) -> DelayRange:
    """Return when the alert fires, counted from the fault's start."""
    delay = Chain(monitoring).of(rule)
    return _evaluated(rule, monitoring, delay, delay.sets, rule.hold)


def resets(rule: AlertRule, monitoring: Monitoring) -> DelayRange:
    """Return when the alert is resolved, counted from the fault's end."""
    delay = Chain(monitoring).of(rule)
    return _evaluated(rule, monitoring, delay, delay.clears, rule.keep_firing)


def pages(promise: AlertPromise, rule: AlertRule, monitoring: Monitoring) -> DelayRange:
    """Return when the first notification arrives, counted from the fault's start.

    Of several receivers that are promised the slowest counts.
    """
    alert_path = find_alert_path(promise, rule, monitoring)
    fired = fires(rule, monitoring)
    if not alert_path.routes:
        return DelayRange(fired.earliest, FOREVER, unknown=_NO_ROUTES)
    waits: dict[str, float] = {}
    for route in alert_path.routes:
        alive = _may_be_alive(route, rule, alert_path, monitoring)
        wait = 0.0 if alive else route.group_wait
        waits[route.receiver] = min(wait, waits.get(route.receiver, math.inf))
    promised = [waits[name] for name in promise.reaches if name in waits]
    return fired.plus(
        max(promised) if promised else min(waits.values()),
        max(told_within(route, alive=True) for route in alert_path.routes),
    )


def page_ends(
    promise: AlertPromise, rule: AlertRule, monitoring: Monitoring
) -> DelayRange:
    """Return when the receiver hears of the end, counted from the fault's end."""
    routes = find_alert_path(promise, rule, monitoring).routes
    reset = resets(rule, monitoring)
    if not routes:
        return DelayRange(reset.earliest, FOREVER, unknown=_NO_ROUTES)
    return reset.plus(0.0, max(route.group_interval for route in routes))


def first_page_within(promise: AlertPromise, monitoring: Monitoring) -> float:
    """Return until when the first page has to be there, in seconds from the start.

    The promise's own time; where `reaches` names none the latest possible one, and
    five minutes where that is not known.
    """
    if promise.pages_within is not None:
        return promise.pages_within
    latest = latest_first_page(promise, monitoring)
    return UNKNOWN_PAGE if latest is None else latest


def latest_first_page(promise: AlertPromise, monitoring: Monitoring) -> float | None:
    """Return the latest possible first page, counted from the start; None: unknown."""
    spans = [
        pages(promise, rule, monitoring)
        for rule in rules_for(promise, monitoring.rules or ())
    ]
    if not spans or any(span.unknown or math.isinf(span.latest) for span in spans):
        return None
    return max(span.latest for span in spans)


def told_within(route: Route, *, alive: bool) -> float:
    """Return in what time a group tells of an alert that has just fired.

    A group that is alive tells at its next flush, a new one after group_wait.
    """
    return max(route.group_wait, route.group_interval) if alive else route.group_wait


def _may_be_alive(
    route: Route, rule: AlertRule, path: AlertPath, monitoring: Monitoring
) -> bool:
    """Whether an alert that always fires may keep the page's group alive.

    Then the group's next flush may come at once, without group_wait.
    """
    for other in monitoring.rules or ():
        if other == rule or not always(other.expr):
            continue
        beside = find_alert_path(AlertPromise(alert=other.name), other, monitoring)
        if route in beside.ends.possible and any(
            _same_group(route, ours, theirs)
            for ours in path.labels
            for theirs in beside.labels
        ):
            return True
    return False


def _same_group(route: Route, labels: KnownLabels, other: KnownLabels) -> bool:
    """Whether two alerts may be in one group of a route."""
    if "..." in route.group_by:
        return False
    pairs = [(labels.get(name), other.get(name)) for name in route.group_by]
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _evaluated(
    rule: AlertRule,
    monitoring: Monitoring,
    delay: Delay,
    change: Change,
    lasts: float,
) -> DelayRange:
    """Add what the alert rule itself adds; `lasts`: its `for`, or keep_firing_for."""
    every = rule.interval or monitoring.evaluation_interval
    if every is None or delay.unscraped:
        return DelayRange(0.0, FOREVER, unknown=_UNKNOWN)
    seen = change.evaluated(rule.query_offset or 0.0, every)
    rounded = math.ceil(round(lasts / every, 9)) * every
    return DelayRange(
        seen.early.there + rounded,
        seen.late.there + rounded,
        delay.why,
        looks=delay.looks,
    )


_NO_ROUTES = "the routes are not known"
_UNKNOWN = "the scrape or evaluation interval is not known"
