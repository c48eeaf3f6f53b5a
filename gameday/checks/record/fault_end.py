"""When gameday's own faults of a step had ended, and how exact that is."""

from collections.abc import Iterable, Iterator, Sequence

from gameday.checks.record.replaced import Replaced
from gameday.model.events import FaultEnded, FaultStarted, InstanceChanged
from gameday.model.faults.catalogue import CATALOGUE

_SAME = 0.002  # seconds by which two records of one moment may differ


def end_of_faults(
    started: Sequence[FaultStarted],
    ended: Iterable[FaultEnded],
    replaced: Iterable[Replaced],
    changes: Sequence[InstanceChanged],
) -> float | None:
    """Return when the last of the faults had ended; None: one was not seen to end.

    `replaced`: the victims whose faults went with them. `changes`: those of instances,
    up to the end of the step.
    """
    begun = {start.id for start in started}
    ends: dict[str, float] = {}
    for event in ended:
        if event.ok:  # a later undo of what is over already changes nothing
            ends.setdefault(event.id, event.at)
    if not begun or not begun <= ends.keys():
        return None
    for victim in replaced:  # from then on its fault is over
        ends[victim.fault] = min(ends[victim.fault], victim.at)
    last = [_up_for_good(start, ends[start.id], changes) for start in started]
    known = [at for at in last if at is not None]
    return max(known) if len(known) == len(last) else None


def _up_for_good(
    begun: FaultStarted, end: float, changes: Iterable[InstanceChanged]
) -> float | None:
    """Return when an instance was up for good; None: it was not, a crash loop.

    A fault that ends when the instance is back has not ended in one that goes
    down again.
    """
    kind = CATALOGUE.get(begun.fault)
    if kind is None or not kind.heals_itself:
        return end
    at: float | None = end
    for change in changes:
        if change.instance == begun.instance and end < change.at:
            at = None if not change.up else change.at if at is None else at
    return at


def look_errors(
    started: Iterable[FaultStarted],
    ended: Iterable[FaultEnded],
    changes: Iterable[InstanceChanged],
) -> Iterator[float]:
    """Yield how exact the looks are that showed a fault to be over."""
    victims = {begun.id: begun.instance for begun in started}
    ends = [(victims.get(end.id), end.at) for end in ended if end.by == "self"]
    for change in changes if ends else ():
        if any(
            victim == change.instance and abs(at - change.at) <= _SAME
            for victim, at in ends
        ):
            yield change.error
