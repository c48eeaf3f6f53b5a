"""What the load itself counted, and whether it kept its rate.

It kept its rate where at least 95 % of the intended requests were sent and at
most half of them started over 10 ms late (a late start changes no count).
"""

from dataclasses import dataclass

from gameday.checks.step import StepRun

KEPT = 0.95
LATE = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """The requests of a time: sent, failed, and the share that started late."""

    sent: float = 0.0
    failed: float = 0.0
    late: float = 0.0
    seconds: float = 0.0


def sent_during(step: StepRun, start: float, end: float) -> Sent:
    """Return what the load counted between two times, by whole seconds of it."""
    events = [
        one
        for one in step.run.timeline.of("load")
        if float(one["since"]) < end and float(one["until"]) > start
    ]
    sent = sum(float(one["sent"]) for one in events)
    late = sum(float(one.get("late") or 0.0) * float(one["sent"]) for one in events)
    return Sent(
        sent=sent,
        failed=sum(float(one["failed"]) for one in events),
        late=late / sent if sent else 0.0,
        seconds=sum(float(one["until"]) - float(one["since"]) for one in events),
    )


def slack(step: StepRun) -> str:
    """Return why the load did not keep its rate in a step; empty when it did."""
    load, start = step.run.plan.scenario.load, step.start
    if load is None or not load.url or start is None:
        return ""
    for blind in step.run.sight.blind.get("load", []):
        if blind.since < step.end and blind.until > start:
            return f"the load was not running all the time: {blind.because}"
    counted = sent_during(step, start, step.end)
    intended = load.rate * counted.seconds
    if not intended or counted.seconds + 2.0 < step.end - start:
        return "the load was not recorded all through the step"
    if counted.sent < KEPT * intended:
        share = round(100 * counted.sent / intended)
        return f"the load could not keep its rate: it sent {share}% of its requests"
    if counted.late > LATE:
        share = round(100 * counted.late)
        return f"the load could not keep its rate: {share}% of its requests were late"
    return ""
