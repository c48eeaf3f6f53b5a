"""A run's observers of its target: instances, and what a cluster tells beside them."""

from functools import partial

from gameday.model.plan import Plan
from gameday.ports import Clock, Observer
from gameday.targets.opened import OpenTarget


def target_observers(plan: Plan, target: OpenTarget, clock: Clock) -> list[Observer]:
    """Return the observers of the target; one that tells by itself is listened to."""
    from gameday.observers.instances import LISTENING, InstancesObserver

    stream, look = target.stream, target.instances
    offset = target.clock_offset
    if stream is None:
        return [InstancesObserver(look, clock, offset=offset)]
    from gameday.checks.questions import workloads
    from gameday.observers.cluster import ClusterObserver

    observers: list[Observer] = [
        InstancesObserver(look, clock, LISTENING, stream.watch, offset),
        ClusterObserver("events", stream.events, clock),
    ]
    steps = plan.scenario.steps
    hit = {k: v for step in steps for k, v in workloads(plan, step).items()}
    if hit:
        follow = partial(stream.workloads, hit)
        observers.append(ClusterObserver("cluster", follow, clock))
    return observers
