"""Between two steps: until the first one's alerts are over and their groups flushed.

A group that lives pages after its group_interval, not after its group_wait: the next
step's times would be another thing's.
"""

from gameday.model.plan import Plan
from gameday.model.scenario import AlertPromise, Step
from gameday.runner.conditions import PendingCondition
from gameday.runner.event_loop import EventLoop


def settle(pump: EventLoop, plan: Plan, step: Step) -> None:
    """Wait for at most the groups' interval."""
    pump.phase("settle", step.name)
    until = pump.now + _longest_group_interval(plan, step)

    def settled() -> list[PendingCondition]:
        kept = all(_settled(pump, promise, step) for promise in step.expect.alerts)
        return [PendingCondition(what="alerts to settle", until=until, kept=kept)]

    pump.wait(settled)


def _settled(pump: EventLoop, promise: AlertPromise, step: Step) -> bool:
    """Over in Prometheus, and its end told where a page had gone out."""
    board = pump.board
    ringing = [
        alert
        for alert in board.alerts.values()
        if promise.fits(alert.labels) and alert.state in ("pending", "firing")
    ]
    since = board.fault_started(step.name) or 0.0
    paged = board.told(promise, "firing", None, since)
    told = board.told(promise, "resolved", None, since)
    return not ringing and (not paged or bool(told))


def _longest_group_interval(plan: Plan, step: Step) -> float:
    scrape = plan.eyes.scrape_interval or 1.0
    if plan.eyes.routing is None or not step.expect.alerts:
        return scrape
    routes, intervals = [plan.eyes.routing.route], []
    while routes:
        route = routes.pop()
        intervals.append(route.group_interval)
        routes += route.routes
    return max(intervals) + scrape
