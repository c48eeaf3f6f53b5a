"""The blast radius: the most that a plan may hit, counted over what was found."""

import math
from collections.abc import Iterable, Sequence

from gameday.model.quantity import show_share
from gameday.model.scenario import BlastRadius
from gameday.model.target import Instance


def allowed(radius: BlastRadius, instances: int) -> int:
    """Return how many of the instances found may be hit; a share is rounded down."""
    limits = [instances]
    if radius.at_most is not None:
        limits.append(radius.at_most)
    if radius.share is not None:
        limits.append(math.floor(round(radius.share * instances, 9)))
    return min(limits)


def protected(radius: BlastRadius, instance: Instance) -> str:
    """Return what protects the instance, a name or a label; empty: nothing does."""
    for entry in radius.protect:
        name, equals, value = entry.partition("=")
        if equals and instance.labels.get(name) == value:
            return entry
        if not equals and entry in (instance.name, instance.service):
            return entry
        if not equals and entry in instance.labels:
            return entry
    return ""


def breaches(
    radius: BlastRadius, victims: Sequence[Instance], instances: int
) -> Iterable[str]:
    """Yield why these victims of one service may not all be hit together."""
    distinct = {victim.name for victim in victims}
    most = allowed(radius, instances)
    if len(distinct) > most:
        caps = []
        if radius.at_most is not None:
            caps.append(f"at_most: {radius.at_most}")
        if radius.share is not None:
            caps.append(f"share: {show_share(radius.share)}")
        yield (
            f"{len(distinct)} of {instances} instances of {victims[0].service!r} "
            f"would be hit, the blast radius ({', '.join(caps)}) allows {most}"
        )
    for victim in victims:
        why = protected(radius, victim)
        if why:
            yield f"{victim.name} is protected by {why!r}; leave it out of the fault"
