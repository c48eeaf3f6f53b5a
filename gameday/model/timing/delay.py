"""When a value changes after a change in the system: at the earliest, at the latest.

Seconds count from the change (a fault's start, or its end). A sample has two times:
its stamp, which ranges and offsets go by, and when it is there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

FOREVER = math.inf


@dataclass(frozen=True, slots=True)
class SampleMoment:
    """A sample's stamp, and when it is there; seconds after the change."""

    stamp: float = 0.0
    there: float = 0.0

    def later(self, seconds: float) -> "SampleMoment":
        """Return when it is read by what looks back so far."""
        return SampleMoment(self.stamp + seconds, self.there)

    def evaluated(self, query_offset: float, wait: float = 0.0) -> "SampleMoment":
        """Return what a rule makes of it, after waiting for its evaluation."""
        slot = max(self.stamp + query_offset, self.there) + wait
        return SampleMoment(slot - query_offset, slot)


NEVER = SampleMoment(FOREVER, FOREVER)


@dataclass(frozen=True, slots=True)
class Change:
    """The earliest and the latest moment of a change."""

    early: SampleMoment = SampleMoment()
    late: SampleMoment = SampleMoment()

    def later(self, early: float, late: float) -> "Change":
        """Return the change as it is read by what looks back so far."""
        return Change(self.early.later(early), self.late.later(late))

    def evaluated(self, query_offset: float, wait: float) -> "Change":
        """Return the change of what a rule makes of it."""
        return Change(
            self.early.evaluated(query_offset), self.late.evaluated(query_offset, wait)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """When a value changes at the earliest, and has settled at the latest.

    `sets`: by a fault; `clears`: by its end. `every`: the longest interval between the
    samples below, in seconds; `lag`: how long after its stamp a sample is there at the
    latest. `why`: what makes a latest time unknown. `looks`: the stretches that it
    looks back over.
    """

    sets: Change = Change()
    clears: Change = Change()
    every: float = 0.0
    lag: float = 0.0
    why: tuple[str, ...] = ()
    looks: tuple[float, ...] = ()
    unscraped: bool = False  # an interval on the way is not known

    def unsettled(self, why: str, *, clears: bool = True) -> "Delay":
        """Return the delay without any latest time, for this reason."""
        return replace(
            self,
            sets=Change(self.sets.early, NEVER),
            clears=Change(self.clears.early, NEVER) if clears else self.clears,
            why=(*self.why, why),
        )


def delay_of_any(parts: Sequence[Delay]) -> Delay:
    """Return the delay of a value of which any part may decide."""
    if not parts:
        return Delay()
    return Delay(
        sets=widest_change([part.sets for part in parts]),
        clears=widest_change([part.clears for part in parts]),
        every=max(part.every for part in parts),
        lag=max(part.lag for part in parts),
        why=tuple(dict.fromkeys(reason for part in parts for reason in part.why)),
        looks=tuple(sorted({back for part in parts for back in part.looks})),
        unscraped=any(part.unscraped for part in parts),
    )


def widest_change(changes: Sequence[Change]) -> Change:
    """Return the span from the earliest moment of these changes to the latest."""
    return Change(
        SampleMoment(
            min(change.early.stamp for change in changes),
            min(change.early.there for change in changes),
        ),
        SampleMoment(
            max(change.late.stamp for change in changes),
            max(change.late.there for change in changes),
        ),
    )
