"""How a cluster's workload was at a time, and whether it is as it was."""

from collections.abc import Sequence

from gameday.model.events import WorkloadChanged


def known_at(told: Sequence[WorkloadChanged], when: float) -> WorkloadChanged | None:
    """Return how a workload was at a time; None where nobody had seen it yet."""
    return next((state for state in reversed(told) if state.at <= when), None)


def is_fully_available(now: WorkloadChanged, was: WorkloadChanged) -> bool:
    """Return whether a workload is all that it was before a fault."""
    enough = all(
        now.endpoints.get(name, 0) >= ready for name, ready in was.endpoints.items()
    )
    return bool(now.available) and now.wanted >= was.wanted and enough
