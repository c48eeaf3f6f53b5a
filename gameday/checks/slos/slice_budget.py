"""How much of an SLO's error budget a step spends, where slices of time are counted.

spent = bad slices / ((1 - objective) x slices in the SLO's window): OpenSLO's
Timeslices. How many slices the window has is known; which are the step's, too: those
with a part between the fault's start and the step's end in which the step had bad
events. A slice is judged whole, with what came before the fault. One that was not
seen from its beginning to its end, as the one in which the step ends, was bad
perhaps, unless the step had no bad event in it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from gameday.checks.question import Answer, Question
from gameday.checks.questions import comparable_with_load
from gameday.checks.record.samples import SloSeries
from gameday.checks.slos.budget_share import BudgetShare, share
from gameday.checks.slos.load import sees_load, sent_during
from gameday.checks.slos.spent import Spent
from gameday.checks.step import StepRun
from gameday.model.quantity import keeps, show_duration, show_share
from gameday.model.slos.slices import (
    Badness,
    Bounds,
    Span,
    bounds,
    is_bad,
    judge,
    spans,
)
from gameday.model.slos.slo import Slices, Slo
from gameday.model.verdict import Outcome


class _Slice(NamedTuple):
    span: Span
    bad: Badness
    whole: bool  # it was seen from its beginning to its end


class _Times(NamedTuple):
    """A step on Prometheus' clock, and what its ends may be off by."""

    step: Span
    early: float
    late: float

    @property
    def widest(self) -> Span:
        return Span(self.step.begin - self.early, self.step.end + self.late)


def spent_by_slices(
    step: StepRun, question: Question, slo: Slo, slices: Slices, spent: Spent
) -> Answer:
    """Share of the window's budget that the step's bad slices are."""
    counted = _slices(step, slo, slices)
    allowed = slo.budget * slo.window / slices.length
    promised = question.promised or 0.0
    surely, bad, perhaps = (
        sum(verdict)
        for verdict in zip(
            *(counted_slice.bad for counted_slice in counted), strict=True
        )
    )
    spent_share = BudgetShare(
        measured=share(bad, allowed),
        least=share(surely, allowed),
        most=share(perhaps, allowed),
    )
    length = show_duration(slices.length)
    said = (
        f"{bad} of {len(counted)} slices of {length} were bad, with less than "
        f"{show_share(slices.target)} good events: "
        f"{show_share(spent_share.measured)} of the error "
        f"budget of {show_duration(slo.window)}; promised at most "
        f"{show_share(promised)}"
    )
    evidence = {
        **spent.show(),
        "objective": slo.objective,
        "window_s": slo.window,
        "slice_s": slices.length,
        "slice_target": slices.target,
        "slices": len(counted),
        "slices_not_seen_whole": sum(
            not counted_slice.whole for counted_slice in counted
        ),
        "bad_slices": bad,
        "bad_slices_surely": surely,
        "bad_slices_perhaps": perhaps,
        "slices_in_window": round(slo.window / slices.length, 3),
    }
    answer = spent_share.answer(
        promised, said, doubt=lambda: _doubt(counted), evidence=evidence
    )
    if answer.outcome is Outcome.FAIL:
        decided = _overspent_at(step, counted, promised * allowed)
        return replace(answer, decided=decided)
    return answer


def _overspent_at(
    step: StepRun, counted: Sequence[_Slice], allowed: float
) -> float | None:
    """Return when more slices than promised had surely been bad; None: at the end."""
    ends = [
        counted_slice.span.end for counted_slice in counted if counted_slice.bad.surely
    ]
    over = [end for number, end in enumerate(ends, 1) if not keeps(number, allowed)]
    if not over:
        return None
    return min(step.end, step.run.clocks.to_our_clock("prometheus", over[0]))


def _doubt(counted: Sequence[_Slice]) -> str:
    """Return why it is open whether slices were bad."""
    doubtful = [
        counted_slice
        for counted_slice in counted
        if counted_slice.bad.perhaps != counted_slice.bad.surely
    ]
    unseen = sum(not counted_slice.whole for counted_slice in doubtful)
    seen = len(doubtful) - unseen
    told = []
    if unseen:
        told.append(f"{unseen} may have been bad, and were not seen to the end")
    if seen:
        told.append(f"{seen} may have been bad or good by what one scrape shows")
    return f"of the slices {'; '.join(told)}"


def _slices(step: StepRun, slo: Slo, slices: Slices) -> list[_Slice]:
    """Return the slices of a step, in order."""
    clocks = step.run.clocks
    start = step.start or 0.0
    times = _Times(
        Span(*(clocks.to_source_clock("prometheus", at) for at in (start, step.end))),
        early=clocks.error("prometheus", start),
        late=clocks.error("prometheus", step.end),
    )
    judged = (
        _judged(step, slo, slices, times, span)
        for span in spans(slices.length, *times.widest)
    )
    return [
        counted_slice
        for counted_slice in judged
        if counted_slice.bad.perhaps or _has_part(counted_slice, times.step)
    ]


def _has_part(counted_slice: _Slice, step: Span) -> bool:
    part = counted_slice.span.within(*step)
    return part.begin < part.end


def _judged(
    step: StepRun, slo: Slo, slices: Slices, times: _Times, span: Span
) -> _Slice:
    counters = step.run.samples.of(slo.name)
    unseen = _unseen(step, slo, times, span)
    seen = _seen(counters, span)
    if seen.begin >= seen.end:
        return _Slice(span, Badness(perhaps=True), whole=False)
    least, measured, most = _own(counters, times, span, unseen)
    count_bad, count_total = (
        partial(counters.count, side) for side in ("bad", "total")
    )
    bad, total = bounds(count_bad, seen), bounds(count_total, seen)
    bad = bad._replace(most=max(bad.most, bad.measured + unseen))
    if seen == span:
        whole = judge(slices, bad, total)
    else:
        whole = Badness(
            measured=is_bad(slices, bad.measured, total.measured), perhaps=True
        )
    return _Slice(
        span,
        Badness(
            surely=whole.surely and least > 0,
            measured=whole.measured and measured > 0,
            perhaps=whole.perhaps and most > 0,
        ),
        whole=seen == span,
    )


def _seen(counters: SloSeries, span: Span) -> Span:
    """Return the part of a slice that scrapes were made of."""
    first, last = counters.first, counters.last
    if first is None or last is None:
        return Span(span.begin, span.begin)
    return span.within(first, last)


def _own(counters: SloSeries, times: _Times, span: Span, unseen: float) -> Bounds:
    """Return the bad events of the step in a slice."""
    own = counters.count("bad", *span.within(*times.step))
    widest = counters.count("bad", *span.within(*times.widest))
    return Bounds(
        least=own.value - own.surplus,
        measured=own.value,
        most=max(own.value + own.unknown, widest.value + widest.unknown, unseen),
    )


def _unseen(step: StepRun, slo: Slo, times: _Times, span: Span) -> float:
    """Return how many failures of users in a slice its SLI did not count."""
    if not comparable_with_load(slo) or not sees_load(step.run, slo):
        return 0.0
    own = span.within(*times.step)
    since, until = (step.run.clocks.to_our_clock("prometheus", edge) for edge in own)
    failed_requests = sent_during(step, since, until).failed
    bad = step.run.samples.of(slo.name).count("bad", *own).value
    return max(0.0, failed_requests - bad)
