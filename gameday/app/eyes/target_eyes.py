"""A run's eyes on its target: instances, and what a cluster tells beside them."""

from functools import partial

from gameday.checks.asked import workloads
from gameday.model.plan import Plan
from gameday.ports import Clock, Observer, Target
from gameday.targets.watched import Clocked, Telling, Watched


def target_eyes(plan: Plan, target: Target, clock: Clock) -> list[Observer]:
    """Return the observers of the target; one that tells by itself is listened to."""
    from gameday.observers.cluster import ClusterObserver
    from gameday.observers.instances import LISTENING, InstancesObserver

    look = target.instances
    offset = target.clock_offset if isinstance(target, Clocked) else None
    eyes: list[Observer] = [
        InstancesObserver(look, clock, LISTENING, target.watch, offset)
        if isinstance(target, Watched)
        else InstancesObserver(look, clock, offset=offset)
    ]
    if isinstance(target, Telling):
        eyes.append(ClusterObserver("events", target.events, clock))
        steps = plan.scenario.steps
        hit = {k: v for step in steps for k, v in workloads(plan, step).items()}
        if hit:
            follow = partial(target.workloads, hit)
            eyes.append(ClusterObserver("cluster", follow, clock))
    return eyes
