"""A plan as lines of text."""

from collections.abc import Iterator

from gameday.model.plan import Plan, PlannedFault, PlannedStep, Timing
from gameday.model.promise import RATIO, made
from gameday.model.quantity import show_duration, show_share
from gameday.model.scenario import OF_ALERT, OF_LOAD
from gameday.plans.blast_radius import allowed

_MARKS = {
    "ok": "ok            ",
    "not_guaranteed": "not guaranteed",
    "cannot_be_kept": "CANNOT BE KEPT",
    "not_checked": "not checked   ",
}


def lines(plan: Plan, refused: str = "") -> Iterator[str]:
    """Yield what the plan would do, what it depends on, and what speaks against it.

    `refused`: how a run would be refused now, beside what the plan itself refuses.
    """
    scenario = plan.scenario
    yield f"{scenario.name} on {scenario.target.url} (seed {plan.seed})"
    for planned in plan.steps:
        yield ""
        yield from _step(plan, planned)
    yield ""
    yield from (f"warning: {warning}" for warning in plan.other_warnings)
    yield from (f"refused: {refusal}" for refusal in plan.refusals)
    if refused and not plan.refusals:
        yield f"refused: {refused}"
    if not refused and not plan.refusals:
        yield "nothing was touched; `gameday run` would go on"


def _step(plan: Plan, planned: PlannedStep) -> Iterator[str]:
    yield f"step {planned.name}"
    for fault in planned.faults:
        yield from _fault(plan, fault)
    held = show_duration(planned.hold_at_most)
    after = show_duration(planned.aftermath_at_most)
    yield f"  held for at most {held}, then watched for at most {after}"
    for timing in plan.timings:
        if timing.step == planned.name:
            yield f"  {_timing(timing)}"
    yield from _other_promises(plan, planned.name)


def _fault(plan: Plan, fault: PlannedFault) -> Iterator[str]:
    hit = ", ".join(victim.name for victim in fault.victims) or "nothing"
    most = allowed(plan.scenario.blast_radius, fault.found)
    yield (
        f"  {fault.request.kind} hits {hit}: {len(fault.victims)} of {fault.found} "
        f"({show_share(len(fault.victims) / fault.found) if fault.found else 'none'}), "
        f"{most} allowed"
    )
    if fault.how:
        yield f"    how: {fault.how}"
    ends = (
        "ends by itself inside the target"
        if fault.holds_deadline
        else "not by itself in the target: the watchdog or `gameday heal` ends it"
    )
    yield f"    at the latest after {show_duration(fault.duration)}: {ends}"
    if fault.refusal:
        yield f"    cannot be done: {fault.refusal}"


def _other_promises(plan: Plan, name: str) -> Iterator[str]:
    """Yield the promises that no rule's arithmetic speaks of."""
    expect = next(step for step in plan.scenario.steps if step.name == name).expect
    for metric in expect.metrics:
        within = f" within {show_duration(metric.within)}" if metric.within else ""
        now = plan.monitoring.metrics.get(metric.promql, "not looked at")
        yield f"  metric         {metric.subject} holds {metric.holds}{within}: {now}"
    for promise, value in made(expect.load, OF_LOAD) if expect.load else ():
        show = show_share if OF_LOAD[promise].unit == RATIO else show_duration
        yield f"  load           {promise} {show(value)}"


def _timing(timing: Timing) -> str:
    is_timed = OF_ALERT[timing.question].since is not None
    promised = f" {show_duration(timing.promised)}" if is_timed else ""
    asked = f"{timing.subject} {timing.question}{promised}"
    return f"{_MARKS[timing.state]} {asked}: {timing.because}"
