"""Between two steps: wait until the first one's alerts are over, and told so.

An alert group that is still alive pages after its group_interval and not after its
group_wait, which would change the times that the next step measures.
"""

from gameday.model.plan import Plan
from gameday.model.scenario import AlertPromise, Step
from gameday.runner.conditions import PendingCondition
from gameday.runner.event_loop import EventLoop


def settle(loop: EventLoop, plan: Plan, step: Step) -> None:
    """Wait for at most the groups' interval."""
    loop.phase("settle", step.name)
    until = loop.now + _longest_group_interval(plan, step)

    def settled() -> list[PendingCondition]:
        kept = all(_is_settled(loop, promise, step) for promise in step.expect.alerts)
        return [PendingCondition(what="alerts to settle", until=until, kept=kept)]

    loop.wait(settled)


def _is_settled(loop: EventLoop, promise: AlertPromise, step: Step) -> bool:
    """Whether an alert is over in Prometheus, and its end paged if its start was."""
    run_state = loop.run_state
    ringing = [
        alert
        for alert in run_state.alerts.values()
        if promise.fits(alert.labels) and alert.state in ("pending", "firing")
    ]
    since = run_state.fault_started(step.name) or 0.0
    paged = run_state.paged_alerts(promise, "firing", None, since)
    told = run_state.paged_alerts(promise, "resolved", None, since)
    return not ringing and (not paged or bool(told))


def _longest_group_interval(plan: Plan, step: Step) -> float:
    scrape = plan.monitoring.scrape_interval or 1.0
    if plan.monitoring.routing is None or not step.expect.alerts:
        return scrape
    routes, intervals = [plan.monitoring.routing.route], []
    while routes:
        route = routes.pop()
        intervals.append(route.group_interval)
        routes += route.routes
    return max(intervals) + scrape
