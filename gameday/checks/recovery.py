"""Whether instances heal by themselves, and how soon every SLI is back.

An SLI is out while more than its budget's share of events, and more than one, were
bad within five scrapes. The windows look ahead, so a burst counts up to its last
bad scrape and no longer. Measured is the scrape that shows the last bad event of the
last such burst: at most one scrape later than the truth. Of several SLIs the last to
recover answers. Where traffic is to be expected,
three scrapes in a row without any event are out as well: nobody was served.
"""

from dataclasses import replace

from gameday.checks.availability import available_within
from gameday.checks.load_agreement import own_probes, unseen_by, unseen_errors
from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    unknown,
    within,
)
from gameday.checks.sli import Sli, back_for_users, read_sli
from gameday.checks.spent import spent_in
from gameday.checks.step import StepRun
from gameday.model.quantity import show_duration
from gameday.model.slo import Slo
from gameday.model.timeline import Event
from gameday.model.verdict import Outcome

_BY_ITSELF = ("self", "")


def recovers_within(step: StepRun, question: Question) -> Answer:
    """Fault ends -> every SLI within its objective; a cluster's workloads back."""
    if question.workload:
        return available_within(step, question)
    end = step.fault_end
    if end is None:
        return unknown("the fault was not seen to end")
    slos = step.run.plan.scenario.slos
    if not slos:
        return _by_hypothesis(step, question, end)
    found = [_of_slo(step, question, slo, end) for slo in slos]
    slis = [sli for _, sli in found if sli is not None]
    answer = _last([answer for answer, _ in found])
    shown = {"slis": {one.slo: one.show() for one in slis}, **own_probes(step)}
    return replace(answer, evidence=shown)


def heals_within(step: StepRun, question: Question) -> Answer:
    """Fault begins -> the instance is back without anybody's hand."""
    begun = [
        one
        for one in step.events("fault_started")
        if one["service"] == question.subject
    ]
    if not begun:
        return unknown("nothing was injected into this service")
    return _last([_healed(step, question, one) for one in begun])


def _last(answers: list[Answer]) -> Answer:
    """Return the answer that decides of several: the worst, of these the latest.

    What never came back has no measured time, and is the latest of all.
    """
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)
    never = float("inf")
    return min(
        answers,
        key=lambda one: (
            order.index(one.outcome),
            -(never if one.measured is None else one.measured),
        ),
    )


def _of_slo(
    step: StepRun, question: Question, slo: Slo, end: float
) -> tuple[Answer, Sli | None]:
    """Return whether one SLI came back in time, and how it did."""
    counted = spent_in(step, slo)
    why = counted.missing or unseen_errors(step, slo, counted)
    if why:
        return unknown(why), None
    sli = read_sli(step, slo, end)
    if not sli.events:
        return unknown(f"{slo.name} counted no events after the fault"), sli
    if unseen_by(step, slo, counted):
        later = back_for_users(step, slo, sli, end) - sli.recovered_after
        sli = replace(sli, above=max(sli.above, later))
    return _recovered(step, question, sli, end), sli


def _recovered(step: StepRun, question: Question, sli: Sli, end: float) -> Answer:
    deadline = end + (question.promised or 0.0)
    if sli.recovered:
        return within(
            question,
            Measurement(
                what=f"{sli.slo} was within its objective again",
                origin="the fault ended",
                measured=sli.recovered_after,
                error=sli.above + step.fault_error,
                below=sli.below + step.fault_error,
                decided=end + sli.recovered_after,
            ),
        )
    said = f"{sli.slo} was still outside of its objective when its time was over"
    answer = failed(said, decided=deadline)
    open_ = step.unwatched(deadline)
    return answer.unsure(open_) if open_ else answer


def _by_hypothesis(step: StepRun, question: Question, end: float) -> Answer:
    """Without an SLO the hypothesis tells when the system is itself again."""
    probed = [one for one in step.events("hypothesis") if one.at >= end]
    if not probed:
        return unknown("there is neither an SLO nor a hypothesis to tell a recovery by")
    bad = [index for index, one in enumerate(probed) if not one["ok"]]
    first = bad[-1] + 1 if bad else 0
    deadline = end + (question.promised or 0.0)
    if first == len(probed):
        answer = failed("the hypothesis did not hold again", decided=deadline)
        open_ = step.unwatched(deadline)
        told = probed[-1]["ok"] is False
        return answer if told and not open_ else answer.unsure(open_ or "not told")
    since = probed[first - 1].at if first else end
    measured = probed[first].at - end if first else 0.0
    return within(
        question,
        Measurement(
            what="the hypothesis held again",
            origin="the fault ended",
            measured=measured,
            below=probed[first].at - since if first else 0.0,
            decided=probed[first].at,
        ),
    )


def _healed(step: StepRun, question: Question, begun: Event) -> Answer:
    name = str(begun["instance"])
    deadline = begun.at + (question.promised or 0.0)
    ended = [one for one in step.events("fault_ended") if one["id"] == begun["id"]]
    hand = next((e.at for e in ended if e.get("by") not in _BY_ITSELF), float("inf"))
    back = _back(step, begun, [e for e in ended if e.get("by") in _BY_ITSELF])
    if back is not None and back.at <= hand:
        return within(
            question,
            Measurement(
                what=f"{name} was back by itself",
                origin="the fault began",
                measured=max(0.0, back.at - begun.at),
                error=float(back.get("error") or 0.0) + float(begun.get("error") or 0),
                decided=back.at,
                evidence={"instance": name, "by": "self"},
            ),
        )
    if hand <= step.end and hand < deadline:
        left = show_duration(round(deadline - hand, 3))
        said = f"the fault on {name} was undone {left} before its time was over"
        return unknown(f"{said}, so nobody knows whether it would have healed")
    said = f"{name} was not back by itself when its time was over"
    answer = failed(said, evidence={"instance": name}, decided=deadline)
    open_ = step.unwatched(deadline) or step.run.gap(begun.at, deadline, "target")
    return answer.unsure(open_) if open_ else answer


def _back(step: StepRun, begun: Event, ended: list[Event]) -> Event | None:
    """Return the event that shows an instance back: seen up, or its fault over.

    A stamp that may be late enough counts: one that is up again between two looks
    has only one event, whose stamp is no more exact than the looks are apart.
    """
    for one in step.run.instances:  # reported on each change
        latest = one.at + float(one.get("error") or 0.0)
        if one["instance"] == begun["instance"] and latest > begun.at and one["up"]:
            return one
    return ended[0] if ended else None
