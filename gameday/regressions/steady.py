"""What runs measured, once the phase of each is subtracted.

A system shows a change only after a time of its own: a balancer has to find out that a
replica is gone. It is that moment, not the fault, which falls between scrapes and
evaluations. How long it takes is not recorded. Only where in their period it ends
matters, and of all these places one lets the runs agree best.
"""

from collections.abc import Sequence
from statistics import median

from gameday.regressions.measure import RunSample

_TELL_DELAY = 3  # runs: any delay lets two of them agree
_STEPS = 100  # of a period that are tried
_AGREE = 0.002  # seconds: what the rounding of stamps may add, for each run


def without_phases(
    old: Sequence[RunSample], new: Sequence[RunSample]
) -> tuple[list[float], list[float]] | None:
    """Return what is left of old and of new runs; None where a phase is not known.

    One delay serves both, so that a difference between the two is neither made nor
    taken away by it.
    """
    samples = (*old, *new)
    if not old or not new or any(sample.waited is None for sample in samples):
        return None
    if len(old) < _TELL_DELAY or any(sample.phases is None for sample in samples):
        return _waited_less(old), _waited_less(new)
    delay = own_delay(old, new)
    return _left(old, delay), _left(new, delay)


def own_delay(*groups: Sequence[RunSample]) -> float:
    """Return when a system shows a change, in the period of scrapes and evaluations.

    In seconds: the time with which the runs of each group agree best among themselves.
    All have phases.
    """
    samples = [sample for group in groups for sample in group]
    period = max(phases.period for sample in samples if (phases := sample.phases))
    tried = [period * step / _STEPS for step in range(_STEPS)]
    apart = [sum(_apart(_left(group, at)) for group in groups) for at in tried]
    least = min(apart) + _AGREE * len(samples)
    return tried[_middle([amount <= least for amount in apart])]


def _waited_less(samples: Sequence[RunSample]) -> list[float]:
    return [sample.measured - (sample.waited or 0.0) for sample in samples]


def _left(samples: Sequence[RunSample], delay: float) -> list[float]:
    """Return what is left of each where the system shows a change after `delay`."""
    return [
        sample.measured - (phases.seen(delay) - delay)
        for sample in samples
        if (phases := sample.phases) is not None
    ]


def _apart(values: Sequence[float]) -> float:
    middle = median(values)
    return sum(abs(value - middle) for value in values)


def _middle(agreeing: Sequence[bool]) -> int:
    """Return the middle of the longest stretch, on a circle; 0 where all agree."""
    if all(agreeing):
        return 0
    count = len(agreeing)
    first = agreeing.index(False)
    longest, begun, length = (0, 0), 0, 0
    for step in range(1, count + 1):
        if agreeing[(first + step) % count]:
            begun = begun if length else step
            length += 1
            longest = max(longest, (length, -begun))
        else:
            length = 0
    length, start = longest[0], -longest[1]
    return (first + start + (length - 1) // 2) % count
