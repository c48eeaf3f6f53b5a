"""What instances did while the actions of other extensions were at work."""

from collections.abc import Collection, Iterable, Sequence

from gameday.model.events import InstanceChanged
from gameday.model.target import Instance


def changes_by_actions(
    changes: Iterable[InstanceChanged],
    instances: Iterable[Instance],
    start: float,
    until: float,
) -> tuple[InstanceChanged, ...]:
    """Return the changes of instances between the actions' beginning and their end.

    What was under way before them is not their doing, nor what a Job is: its pods come
    and go by themselves.
    """
    of_jobs = {instance.name for instance in instances if _is_of_job(instance)}
    settled: dict[str, bool] = {}
    by_actions = []
    for change in changes:
        name = change.instance
        if change.at < start:
            settled[name] = change.up or change.state != "running"
        elif change.at <= until and settled.get(name, True) and name not in of_jobs:
            by_actions.append(change)
    return tuple(by_actions)


def instances_taken_down(
    by_actions: Iterable[InstanceChanged],
    changes: Sequence[InstanceChanged],
    instances: Collection[Instance],
    start: float,
) -> set[str]:
    """Return the names of the instances that the actions took down."""
    before = {change.instance for change in changes if change.at < start}
    planned = {instance.name for instance in instances}
    down = {change.instance for change in by_actions if not change.up}
    return down & (before | planned)


def _is_of_job(instance: Instance) -> bool:
    return instance.labels.get("workload", "").startswith(("job/", "cronjob/"))
