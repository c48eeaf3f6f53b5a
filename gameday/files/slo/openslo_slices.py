"""OpenSLO's budgets of slices of time: Timeslices, and what is asked of their keys."""

from gameday.files.slo import openslo_objects
from gameday.files.text.cursor import Cursor
from gameday.model.slos.slo import Slices

TIMESLICES, AVERAGED = "Timeslices", "RatioTimeslices"


def judge_averaged(here: Cursor) -> None:
    """Judge an SLO with RatioTimeslices, which are not computed."""
    message = (
        "RatioTimeslices is not computed: gameday counts events, or slices that are "
        "good or bad; write Occurrences or Timeslices"
    )
    here.error(message, "budgetingMethod", code="not-supported")
    for item in here.list_of("objectives"):
        if item.mapping() is not None:
            openslo_objects.duration(item, "timeSliceWindow")


def read(here: Cursor, window: float | None) -> Slices | None:
    """Return the slices of an objective with Timeslices; None after an error."""
    length = openslo_objects.duration(here, "timeSliceWindow")
    target = _target(here)
    if length == 0:
        here.error("is no time", "timeSliceWindow", code="value")
    elif length is not None and window is not None and length > window:
        message = "slices longer than the SLO's window are not computed"
        here.error(message, "timeSliceWindow", code="not-supported")
    elif length is not None and target is not None:
        return Slices(length=length, target=target)
    return None


def _target(here: Cursor) -> float | None:
    if here.get("timeSliceTarget") is None:
        message = "timeSliceTarget is required and missing"
        here.error(message, code="missing-key")
        return None
    target = openslo_objects.number(here, "timeSliceTarget")
    if target is not None and not 0 < target <= 1:
        message = f"{target:g} is not above 0 and at most 1"
        here.error(message, "timeSliceTarget", code="objective")
        return None
    return target
