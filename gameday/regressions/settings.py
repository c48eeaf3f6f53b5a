"""What decides a measure: of rules, routes, intervals, SLOs, the load and the fault."""

from collections.abc import Iterator, Sequence

from gameday.model.alerting.alert import AlertRule, RecordingRule, Route
from gameday.model.alerting.expression import selectors
from gameday.model.alerting.expression_parser import parse
from gameday.model.faults.fault import FaultRequest
from gameday.model.plan import Monitoring, Plan
from gameday.model.promise import Since
from gameday.model.quantity import show_duration, show_share
from gameday.model.scenario import PROMISES, AlertPromise, Step
from gameday.model.slos.slo import Slo
from gameday.model.timing.alert_path import rules_for
from gameday.model.timing.rule_delays import jobs_of, recording_rules, scraped
from gameday.model.verdict import Finding

FAULT, HOLD = "fault", "hold"  # names of settings


def settings(plan: Plan, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what decides a measure, as a person would name and write it."""
    promise = promise_of(plan, finding)
    if promise is not None:
        yield from _of_alert(plan, promise, finding.question)
    slo = plan.scenario.slo(finding.subject) if finding.check == "slo" else None
    if slo is not None:
        yield from _of_slo(slo)
    load = plan.scenario.load
    if load is not None and finding.check in ("load", "slo"):
        yield "load", f"{load.rate:g}/s, {load.connections}"
    for step in plan.scenario.steps:
        if step.name == finding.step:
            yield from _of_step(step, finding.question)


def _of_slo(slo: Slo) -> Iterator[tuple[str, str]]:
    yield "objective", show_share(slo.objective)
    yield "window", show_duration(slo.window)
    if slo.slices is not None:
        length, target = slo.slices.length, show_share(slo.slices.target)
        yield "slices", f"{show_duration(length)}, good at {target}"
    yield "bad", "; ".join(sorted(str(term) for term in slo.bad))
    yield "total", "; ".join(sorted(str(term) for term in slo.total))


def promise_of(plan: Plan, finding: Finding) -> AlertPromise | None:
    """Return the promise about an alert that a finding answers."""
    if finding.check != "alert":
        return None
    promises = promises_of(plan, finding.step)
    fitting = (
        promise for promise in promises if promise.subject(promises) == finding.subject
    )
    return next(fitting, None)


def promises_of(plan: Plan, name: str) -> Sequence[AlertPromise]:
    """Return the promises about alerts of a step."""
    steps = (step for step in plan.scenario.steps if step.name == name)
    step = next(steps, None)
    return () if step is None else step.expect.alerts


def _of_step(step: Step, question: str) -> Iterator[tuple[str, str]]:
    faults = [_fault(request) for request in step.experiment.faults]
    if faults:
        yield FAULT, "; ".join(faults)
    if step.hold is not None and PROMISES[question].since is not Since.START:
        yield HOLD, show_duration(step.hold)


def _fault(request: FaultRequest) -> str:
    """Return a fault in words: its kind, whom it hits and its own arguments."""
    chosen = request.selection
    whom = chosen.service
    if chosen.instances:
        whom = ", ".join(chosen.instances)
    elif chosen.share is not None:
        whom = f"{show_share(chosen.share)} of {chosen.service}"
    elif chosen.count is not None:
        whom = f"{chosen.count} of {chosen.service}"
    told = [
        f"{name} {value}"
        for name, value in sorted(request.arguments.items())
        if value is not None
    ]
    return " ".join([request.kind, "on", whom, *told])


def _of_alert(
    plan: Plan, promise: AlertPromise, question: str
) -> Iterator[tuple[str, str]]:
    monitoring = plan.monitoring
    rules = rules_for(promise, monitoring.rules or ())
    intervals = {
        "scrape": _scrape_interval(rules, monitoring),
        "evaluation": monitoring.evaluation_interval,
    }
    for name, seconds in intervals.items():
        if seconds is not None:
            yield f"{name} interval", show_duration(seconds)
    for number, rule in enumerate(rules):
        name = rule.name if len(rules) == 1 else f"{rule.name} ({number + 1})"
        for setting, value in _of_rule(rule):
            yield f"{setting} of {name}", value
    yield from _of_recordings(rules, monitoring)
    if question.startswith("page") and monitoring.routing is not None and rules:
        labels = {"alertname": promise.alert, **rules[0].labels, **promise.labels}
        for way in monitoring.routing.route.paths(labels):
            yield from _of_route(way[-1])


def _scrape_interval(
    rules: Sequence[AlertRule], monitoring: Monitoring
) -> float | None:
    """Return how often is scraped what the rules read, the slowest job of them."""
    known = [
        job.interval
        for rule in rules
        for selector in scraped(rule.expr, monitoring.recorded)
        for job in jobs_of(selector, monitoring)
    ]
    return max(known, default=monitoring.scrape_interval)


def _of_recordings(
    rules: Sequence[AlertRule], monitoring: Monitoring
) -> Iterator[tuple[str, str]]:
    for recording in _read_by(rules, monitoring):
        yield f"query of {recording.name}", recording.expr
        if recording.interval is not None:
            yield f"interval of {recording.name}", show_duration(recording.interval)


def _read_by(rules: Sequence[AlertRule], monitoring: Monitoring) -> list[RecordingRule]:
    """Return the recording rules that the alert rests on, also by way of others."""
    waiting = [rule.expr for rule in rules]
    read: list[RecordingRule] = []
    while waiting:
        for selector in selectors(parse(waiting.pop())):
            for recording in recording_rules(selector, monitoring.recorded):
                if recording not in read:
                    read.append(recording)
                    waiting.append(recording.expr)
    return read


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
