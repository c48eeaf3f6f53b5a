"""Coverage of the hypothesis: how much of a time the prober looked at.

A look covers the time from its beginning to its end. What nobody looked at for longer
than twice the interval is a hole. The prober writes the interval and how long each
look took; where a record has neither, the looks' spacing tells: its median.
"""

import itertools
from collections.abc import Iterator, Sequence

from gameday.checks.doubt import DoubtSpan
from gameday.checks.record.observer_coverage import Hole
from gameday.checks.step import StepRun
from gameday.model.events import Hypothesis
from gameday.model.quantity import show_duration, show_instant

NEITHER = "injection"  # the phase of a look that was under way when the fault began
_WIDEST = 2.0  # intervals between two looks that are no hole
_JITTER = 0.5  # seconds by which a busy machine may be late
_LEAST = 0.5  # seconds between two looks where nothing tells


def is_recorded(step: StepRun) -> bool:
    """Return whether the prober wrote down what it covered; older ones did not."""
    return any(look.took is not None for look in step.events(Hypothesis))


def probing_holes(step: StepRun, span: DoubtSpan) -> Iterator[Hole]:
    """Yield the holes in what was looked at, longer than twice the interval."""
    looks = [event for event in step.events(Hypothesis) if event.phase != NEITHER]
    widest = _WIDEST * spacing(looks) + _JITTER
    covered = span.start
    for look in (*looks, None):
        since = span.end if look is None else look.at
        if look is not None and since > span.end:
            continue
        if since - covered > widest:
            length = show_duration(round(since - covered, 3))
            said = f"the hypothesis was not probed for {length}"
            yield Hole(covered, f"{said} from {show_instant(covered)} on")
        if look is not None:
            covered = max(covered, look.at + (look.took or 0.0))


def spacing(looks: Sequence[Hypothesis]) -> float:
    """Return the seconds between two looks: as recorded, or longer where they are.

    The prober rests after a slow look, so that the looks' median counts as well.
    """
    told = [look.every for look in looks if look.every]
    during = [look for look in looks if look.phase == "during"]
    distances = sorted(b.at - a.at for a, b in itertools.pairwise(during))
    median = distances[len(distances) // 2] if distances else 0.0
    return max(*told, median) if told else max(_LEAST, median)
