"""How soon every SLI is back; without any, the hypothesis.

An SLI is out while more than its budget's share of events, and more than one, were
bad within five scrapes. The windows look ahead, so a burst counts up to its last
bad scrape and no longer. Measured is the scrape that shows the last bad event of the
last such burst that had begun when the promise's time was over: at most one scrape
later than the truth. Of several SLIs the last to recover answers. Where traffic is to
be expected, three scrapes in a row without any event are out as well: nobody was
served.
"""

from dataclasses import replace

from gameday.checks.question import (
    Answer,
    Measurement,
    Question,
    failed,
    last_of,
    unknown,
    within,
)
from gameday.checks.service.availability import available_within
from gameday.checks.service.hypothesis_recovery import recovers_by_hypothesis
from gameday.checks.slos.load_agreement import own_probes, unseen_by, unseen_errors
from gameday.checks.slos.sli import Sli, back_for_users, read_sli
from gameday.checks.slos.spent import spent_in
from gameday.checks.step import StepRun
from gameday.model.slos.slo import Slo


def recovers_within(step: StepRun, question: Question) -> Answer:
    """Fault ends -> every SLI within its objective; a cluster's workloads back."""
    if question.workload:
        return available_within(step, question)
    end = step.fault_end
    if end is None:
        return unknown("the fault was not seen to end")
    slos = step.run.plan.scenario.slos
    if not slos:
        return recovers_by_hypothesis(step, question, end)
    answers = [_of_slo(step, question, slo, end) for slo in slos]
    slis = [sli for _, sli in answers if sli is not None]
    answer = last_of([answer for answer, _ in answers])
    shown = {"slis": {sli.slo: sli.show() for sli in slis}, **own_probes(step)}
    return replace(answer, evidence=shown)


def _of_slo(
    step: StepRun, question: Question, slo: Slo, end: float
) -> tuple[Answer, Sli | None]:
    """Return whether one SLI came back in time, and how it did."""
    counted = spent_in(step, slo)
    why = counted.missing or unseen_errors(step, slo, counted)
    if why:
        return unknown(why), None
    deadline = end + (question.promised or 0.0)
    sli = read_sli(step, slo, end, until=deadline)
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
                lasts_until=min(deadline, step.end),
            ),
        )
    said = f"{sli.slo} was still outside of its objective when its time was over"
    return failed(said, decided=deadline)
