"""`run --repeat N`: each time the fault has another phase.

Detection depends on that phase. N repeats at phases that are evenly spaced over the
least common multiple of the two intervals meet the worst of them, to the N-th part.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gameday.app.result import Repeat
from gameday.errors import GamedayError, ObserverLost
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.events import Event, FaultStarted, Phase
from gameday.model.plan import Monitoring, Plan
from gameday.model.quantity import show_duration
from gameday.model.scenario import Endpoint
from gameday.model.timing.alert_path import rules_for
from gameday.model.timing.phase import common
from gameday.model.timing.rule_delays import jobs_of, scraped
from gameday.ports import Clock
from gameday.runner.dependencies import InjectionMoment

if TYPE_CHECKING:
    from gameday.observers.prometheus.rules import LiveRuleGroup

MARGIN = 0.05  # seconds: a moment that is nearer than this is missed


@frozen(kw_only=False)
class Cycle:
    """What repeats: `origin` is an evaluation, on Prometheus' clock."""

    origin: float
    interval: float
    period: float

    def moment(self, repeat: Repeat, now: float) -> float:
        """Return when to give the order, so that the fault falls at its phase."""
        begun = self.origin % self.interval
        phase = (repeat.number - 1) * self.period / repeat.of
        earliest = now + repeat.lead + MARGIN
        return earliest + (begun + phase - earliest) % self.period - repeat.lead


def moments(
    plan: Plan, repeat: Repeat | None, clock: Clock
) -> Callable[[str], InjectionMoment | None]:
    """Return what says when a step's fault is to begin; None: at once."""

    def moment(step: str) -> InjectionMoment | None:
        endpoint = plan.scenario.observe.prometheus
        if repeat is None or endpoint is None:
            return None
        rule = _deciding(plan, step)
        group = None if rule is None else _group_of(rule, endpoint, clock)
        if rule is None or group is None:
            return None
        cycle = _cycle(rule, group, plan.monitoring)
        phase = (repeat.number - 1) * cycle.period / repeat.of
        words = (
            f"repeat {repeat.number} of {repeat.of}: {show_duration(round(phase, 3))} "
            f"into the {show_duration(round(cycle.period, 3))} after which scrapes and "
            "evaluations repeat"
        )
        return InjectionMoment(at=cycle.moment(repeat, clock.now()), text=words)

    return moment


def lead_of(events: Iterable[Event]) -> float | None:
    """Return the seconds from the order to the first fault's start, as they were."""
    ordered: float | None = None
    for event in events:
        if isinstance(event, Phase) and event.phase == "fault":
            ordered = event.at
        if isinstance(event, FaultStarted) and ordered is not None:
            return max(0.0, event.at - ordered)
    return None


def _deciding(plan: Plan, step: str) -> AlertRule | None:
    """Return the rule of the step's first promised alert."""
    for planned in plan.scenario.steps:
        for promise in planned.expect.alerts if planned.name == step else ():
            rules = rules_for(promise, plan.monitoring.rules or ())
            if rules:
                return rules[0]
    return None


def _group_of(
    rule: AlertRule, endpoint: Endpoint, clock: Clock
) -> "LiveRuleGroup | None":
    """Ask for the group of a rule; None: it is not there, or was not evaluated yet."""
    from gameday.observers.http import Client
    from gameday.observers.prometheus.api import PrometheusApi
    from gameday.observers.prometheus.rules import read_groups

    api = PrometheusApi(Client(endpoint, clock), clock)
    try:
        groups = read_groups(api.groups())
    except (ObserverLost, GamedayError):
        return None
    finally:
        api.client.close_idle()
    place = (rule.group, rule.file)
    named = (group for group in groups if (group.name, group.file) == place)
    group = next(named, None)
    return group if group is not None and group.last and group.interval else None


def _cycle(rule: AlertRule, group: "LiveRuleGroup", monitoring: Monitoring) -> Cycle:
    """Return after what time the scrapes that a rule reads and its group repeat."""
    scrapes = [
        job.interval
        for selector in scraped(rule.expr, monitoring.recorded)
        if selector.name
        for job in jobs_of(selector, monitoring)
    ]
    scrape = max(scrapes, default=monitoring.scrape_interval or group.interval)
    return Cycle(group.last, group.interval, common(scrape, group.interval))
