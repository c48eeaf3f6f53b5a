"""What decides a measure: of rules, routes, intervals, SLOs and the load."""

from collections.abc import Iterator

from gameday.model.alerting.alert import AlertRule, Route
from gameday.model.plan import Plan
from gameday.model.quantity import show_duration, show_share
from gameday.model.scenario import AlertPromise
from gameday.model.timing.way import rules_for
from gameday.model.verdict import Finding


def settings(plan: Plan, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what decides a measure, as a person would name and write it."""
    promise = _promise(plan, finding)
    if promise is not None:
        yield from _of_alert(plan, promise, finding.question)
    slo = plan.scenario.slo(finding.subject) if finding.check == "slo" else None
    if slo is not None:
        yield "objective", show_share(slo.objective)
        yield "window", show_duration(slo.window)
        if slo.slices is not None:
            length, target = slo.slices.length, show_share(slo.slices.target)
            yield "slices", f"{show_duration(length)}, good at {target}"
        yield "bad", "; ".join(sorted(str(term) for term in slo.bad))
        yield "total", "; ".join(sorted(str(term) for term in slo.total))
    load = plan.scenario.load
    if load is not None and finding.check in ("load", "slo"):
        yield "load", f"{load.rate:g}/s, {load.connections}"


def _of_alert(
    plan: Plan, promise: AlertPromise, question: str
) -> Iterator[tuple[str, str]]:
    monitoring = plan.monitoring
    intervals = {
        "scrape": monitoring.scrape_interval,
        "evaluation": monitoring.evaluation_interval,
    }
    for name, seconds in intervals.items():
        if seconds is not None:
            yield f"{name} interval", show_duration(seconds)
    rules = rules_for(promise, monitoring.rules or ())
    for number, rule in enumerate(rules):
        name = rule.name if len(rules) == 1 else f"{rule.name} ({number + 1})"
        for setting, value in _of_rule(rule):
            yield f"{setting} of {name}", value
    if question.startswith("page") and monitoring.routing is not None and rules:
        labels = {"alertname": promise.alert, **rules[0].labels, **promise.labels}
        for way in monitoring.routing.route.paths(labels):
            yield from _of_route(way[-1])


def _of_rule(rule: AlertRule) -> Iterator[tuple[str, str]]:
    yield "query", rule.expr
    yield "for", show_duration(rule.hold)
    yield "keep_firing_for", show_duration(rule.keep_firing)
    if rule.interval is not None:
        yield "interval", show_duration(rule.interval)
    if rule.query_offset:
        yield "query_offset", show_duration(rule.query_offset)


def _of_route(route: Route) -> Iterator[tuple[str, str]]:
    name = f"the route to {route.receiver}"
    yield f"group_by of {name}", ", ".join(route.group_by)
    yield f"group_wait of {name}", show_duration(route.group_wait)
    yield f"group_interval of {name}", show_duration(route.group_interval)
    times = (*route.mute_times, *route.active_times)
    if times:
        yield f"time intervals of {name}", ", ".join(times)


def _promise(plan: Plan, finding: Finding) -> AlertPromise | None:
    name = finding.subject.partition("{")[0]
    if finding.check != "alert":
        return None
    for step in plan.scenario.steps:
        if step.name == finding.step:
            for promise in step.expect.alerts:
                if promise.alert == name:
                    return promise
    return None
