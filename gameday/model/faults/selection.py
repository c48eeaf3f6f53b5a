"""Which instances of a service a fault hits: the arithmetic and the choice.

Shares are rounded down, but hit at least one. The choice among equals is made by
hash, so that the same seed always names the same victims on any machine.
"""

import hashlib
import math
from collections.abc import Sequence

from gameday.model.faults.fault import Selection
from gameday.model.target import Instance

_TINY = 1e-9  # 0.07 * 100 is 7.000000000000001, and 0.29 * 100 is 28.999999999999996


def number_wanted(selection: Selection, known: int) -> int:
    """Return how many of `known` instances the selection asks for."""
    if selection.instances:
        return len(selection.instances)
    if selection.share is not None:
        return max(1, math.floor(selection.share * known + _TINY))
    return 1 if selection.count is None else selection.count


def choose(
    selection: Selection, instances: Sequence[Instance], seed: int | str
) -> tuple[Instance, ...]:
    """Return the victims among the instances, by name.

    `instances` may hold other services; running ones are chosen before the rest.
    ValueError, with a sentence for a person, where nothing fits or too few are there.
    """
    service = selection.service
    of_service = [instance for instance in instances if instance.service == service]
    if not of_service:
        known = (
            ", ".join(sorted({instance.service for instance in instances})) or "none"
        )
        raise ValueError(f"service {service!r} has no instances here (found: {known})")
    if selection.instances:
        return _named(selection, of_service)
    count = number_wanted(selection, len(of_service))
    if count > len(of_service):
        raise ValueError(
            f"{count} instances of {service!r} are asked for, {len(of_service)} found"
        )

    def rank(instance: Instance) -> tuple[bool, bytes]:
        digest = hashlib.sha256(f"{seed}:{instance.name}".encode()).digest()
        return (instance.state != "running", digest)

    return tuple(
        sorted(sorted(of_service, key=rank)[:count], key=lambda instance: instance.name)
    )


def _named(selection: Selection, instances: Sequence[Instance]) -> tuple[Instance, ...]:
    by_name = {instance.name: instance for instance in instances}
    missing = [name for name in selection.instances if name not in by_name]
    if missing:
        raise ValueError(
            f"{', '.join(missing)} not found; service {selection.service!r} has "
            f"{', '.join(sorted(by_name))}"
        )
    return tuple(by_name[name] for name in dict.fromkeys(selection.instances))
