"""Since when a steady-state hypothesis holds again, for good.

One look that holds says little where a third of all requests fail. A hypothesis has
recovered at the beginning of a stretch of n looks that all hold, with
(1 - p)^n <= 5 %, where p is the share of looks that were false during the fault; at
least 5 looks, and at most 60 s.
"""

from collections.abc import Sequence

from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    unknown,
    within,
)
from gameday.checks.service.coverage import is_recorded
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import Hypothesis
from gameday.model.stretch import LONGEST, looks_in_a_row, share_of_false
from gameday.model.verdict import Outcome


@frozen(kw_only=False)
class Stretch:
    """Looks that hold, from `first` on; `whole`: enough of them."""

    first: int
    whole: bool


def recovers_by_hypothesis(step: StepRun, question: Question, end: float) -> Answer:
    """Without an SLO the hypothesis tells when the system is itself again."""
    looks = [event for event in step.events(Hypothesis) if event.at >= end]
    if not looks:
        return unknown("there is neither an SLO nor a hypothesis to tell a recovery by")
    deadline = end + (question.promised or 0.0)
    stretch = held_again(step, looks, until=deadline)
    if stretch is None:
        return _never_recovered(looks, end, deadline)
    before = looks[stretch.first - 1].at if stretch.first else end
    measured = looks[stretch.first].at - end if stretch.first else 0.0
    answer = within(
        question,
        Measurement(
            what="the hypothesis held again",
            origin="the fault ended",
            measured=measured,
            below=looks[stretch.first].at - before if stretch.first else 0.0,
            decided=looks[stretch.first].at,
            since=end,
        ),
    )
    if stretch.whole or answer.outcome is Outcome.FAIL:
        return answer
    return answer.unsure(too_short(step, looks))


def held_again(
    step: StepRun, looks: Sequence[Hypothesis], until: float = float("-inf")
) -> Stretch | None:
    """Return the first stretch of looks that hold, none of it broken up to `until`.

    Its looks are enough, or they are all that there were.
    """
    enough_looks = needed(step, looks)
    for index, look in enumerate(looks):
        if not look.ok:
            continue
        broken = _first_failure_after(looks, index)
        if broken is None:
            held = len(looks) - index
            lasted = looks[-1].at - look.at
            return Stretch(index, whole=held >= enough_looks or lasted >= LONGEST)
        held = broken - index
        lasted = looks[broken].at - look.at
        enough = held >= enough_looks or lasted > LONGEST
        if enough and looks[broken].at > until:
            return Stretch(index, whole=True)
    return None


def needed(step: StepRun, looks: Sequence[Hypothesis]) -> int:
    """Return how many looks have to hold before one may speak of recovery.

    A record without the prober's account ends with the first look that holds: one is
    enough there, unless one had held before and was luck.
    """
    if is_recorded(step):
        return looks_in_a_row(_share_false(step))
    held = [index for index, look in enumerate(looks) if look.ok]
    lucky = bool(held) and _first_failure_after(looks, held[0]) is not None
    return looks_in_a_row(_share_false(step), 1) if lucky else 1


def _share_false(step: StepRun) -> float:
    """Return the share of looks during the fault that did not hold."""
    during = [event for event in step.events(Hypothesis) if event.phase == "during"]
    return share_of_false(look.ok for look in during if look.ok is not None)


def _first_failure_after(looks: Sequence[Hypothesis], index: int) -> int | None:
    rest = range(index + 1, len(looks))
    return next((later for later in rest if not looks[later].ok), None)


def _never_recovered(
    looks: Sequence[Hypothesis], end: float, deadline: float
) -> Answer:
    answer = failed("the hypothesis did not hold again", decided=deadline, since=end)
    return answer if looks[-1].ok is False else answer.unsure("not told")


def too_short(step: StepRun, looks: Sequence[Hypothesis]) -> str:
    """Return why a stretch that is not whole proves nothing."""
    return (
        "the looks that held are too few to tell a recovery from luck: "
        f"{needed(step, looks)} in a row are needed"
    )
