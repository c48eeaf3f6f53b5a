"""How much of an SLO's error budget a step spends.

spent = bad / ((1 - objective) x events in the SLO's window), from counts of events
(Google's SRE workbook, chapter 5, counts rather than rates). The window's events
are counted where samples reach back to its start, and hold the step's own; otherwise
the rate of the time of the load is assumed to hold. The evidence says which.

The error holds what the counters may have missed, and what the load's users saw
fail and the SLI did not. Where an SLO counts slices of time, `slice_budget` answers.
"""

import bisect
from dataclasses import replace

from gameday.checks.question import Answer, Question, unknown
from gameday.checks.record.samples import SloSeries
from gameday.checks.slos.budget_share import BudgetShare, share
from gameday.checks.slos.groups import fastest_group
from gameday.checks.slos.load import lasted, sees_load
from gameday.checks.slos.load_agreement import own_probes, unseen_by, unseen_errors
from gameday.checks.slos.slice_budget import spent_by_slices
from gameday.checks.slos.spent import Spent, spent_in
from gameday.checks.step import StepRun
from gameday.frozen import frozen
from gameday.model.events import Window
from gameday.model.quantity import keeps, show_duration, show_share
from gameday.model.slos.slo import Slo
from gameday.model.verdict import Outcome


@frozen
class _Window:
    """How many events the SLO's window has, and how that is known.

    There may be up to `unknown` more of them, and up to `surplus` fewer.
    """

    events: float
    unknown: float = 0.0
    surplus: float = 0.0
    assumption: str  # counted, or rate x window


def spends_at_most(step: StepRun, question: Question) -> Answer:
    """Share of the window's error budget between the fault's start and step's end."""
    slo = question.slo
    if slo is None:
        return unknown("the scenario has no SLO of that name")
    spent = spent_in(step, slo)
    if not spent.total.value:
        return unknown(spent.missing)
    unseen = unseen_by(step, slo, spent)
    if slo.slices is not None:
        answer = spent_by_slices(step, question, slo, slo.slices, spent)
    else:
        answer = _by_events(step, question, slo, spent)
    shown = {**answer.evidence, "failed_unseen": unseen, **own_probes(step)}
    if slo.grouped_by:
        shown["groups_counted_together"] = list(slo.grouped_by)
        shown["fastest_group"] = fastest_group(step, slo)
    answer = replace(answer, evidence=shown)
    if answer.outcome is not Outcome.FAIL and spent.missing:
        return unknown(spent.missing)
    return answer.doubted(unseen_errors(step, slo, spent))


def _by_events(step: StepRun, question: Question, slo: Slo, spent: Spent) -> Answer:
    window = _window(step, slo)
    counted = _with_unseen(spent, unseen_by(step, slo, spent))
    answer = _budget_answer(question, slo, counted, window)
    if answer.outcome is Outcome.FAIL:
        return replace(answer, decided=_overspent_at(step, question, slo, window))
    return answer


def _overspent_at(
    step: StepRun, question: Question, slo: Slo, window: _Window
) -> float | None:
    """Return when more was spent than promised; None: that is known only at the end.

    The number of bad events only grows, except where it is computed as a difference of
    counters: then later samples can lower it again.
    """
    counters, clocks = step.run.samples.of(slo.name), step.run.clocks
    if any(sign < 0 for sign, _ in counters.bad):
        return None
    start, end = (
        clocks.to_source_clock("prometheus", at) for at in (step.start or 0.0, step.end)
    )
    scraped = sorted(
        {at for target in counters.targets.values() for at in target.times}
    )
    times = [at for at in scraped if start < at < end]

    def is_over(until: float) -> bool:
        bad = counters.count("bad", start, until)
        least = _shares(slo, Spent(bad=bad), window).least
        return not keeps(least, question.promised or 0.0)

    place = bisect.bisect_left(times, True, key=is_over)
    return (
        clocks.to_our_clock("prometheus", times[place]) if place < len(times) else None
    )


def rests_on_load(step: StepRun, slo: Slo) -> bool:
    """Whether the window's events are taken from the rate of a load that it sees.

    How many slices of time a window has is known.
    """
    if slo.slices is not None:
        return False
    return _window(step, slo).assumption != "counted" and sees_load(step.run, slo)


def _with_unseen(spent: Spent, unseen: float) -> Spent:
    """Add the failures that only users saw; a reset may have lost the same ones."""
    bad = replace(spent.bad, unknown=max(spent.bad.unknown, unseen))
    return replace(spent, bad=bad)


def _budget_answer(
    question: Question, slo: Slo, spent: Spent, window: _Window
) -> Answer:
    promised = question.promised or 0.0
    spent_share = _shares(slo, spent, window)
    burn = share(spent.bad.value / spent.total.value, slo.budget)
    evidence = {
        **spent.show(),
        "objective": slo.objective,
        "window_s": slo.window,
        "window_stated": slo.window_stated,
        "events_in_window": round(window.events, 3),
        "window_events": window.assumption,
        "burn_rate": round(burn, 6),
    }
    together = ""
    if slo.grouped_by:
        together = f", all groups of {', '.join(slo.grouped_by)} together,"
    said = (
        f"{spent.bad.value:g} of {spent.total.value:g} events{together} were bad: "
        f"{show_share(spent_share.measured)} of the error budget of "
        f"{show_duration(slo.window)}; promised at most {show_share(promised)}"
    )
    return spent_share.answer(
        promised, said, doubt=lambda: _doubt(spent, window), evidence=evidence
    )


def _doubt(spent: Spent, window: _Window) -> str:
    """Return what leaves it open on which side of the promise the truth lies."""
    bad = spent.bad
    if bad.unknown or bad.surplus:
        more, less = f"{bad.unknown:g} more", f"{bad.surplus:g} fewer"
        many = " or ".join(
            text for text, count in ((more, bad.unknown), (less, bad.surplus)) if count
        )
        return f"up to {many} bad events may have been there than were counted"
    return (
        f"the events of the window are known only to {window.surplus:g} fewer and "
        f"{window.unknown:g} more"
    )


def _shares(slo: Slo, spent: Spent, window: _Window) -> BudgetShare:
    bad, budget = spent.bad, slo.budget
    fewest = max(0.0, window.events - window.surplus)
    return BudgetShare(
        measured=share(bad.value, budget * window.events),
        least=share(
            max(0.0, bad.value - bad.surplus), budget * (window.events + window.unknown)
        ),
        most=share(bad.value + bad.unknown, budget * fewest),
    )


def _window(step: StepRun, slo: Slo) -> _Window:
    told = [
        event
        for event in step.run.timeline.of(Window)
        if event.slo == slo.name and event.complete and event.at <= step.end
    ]
    counters = step.run.samples.of(slo.name)
    if told:
        return _counted(step, counters, told[-1])
    rate = _rate(step, slo, counters)
    return _Window(events=rate * slo.window, assumption="rate x window")


def _counted(step: StepRun, counters: SloSeries, told: Window) -> _Window:
    """Return the events of the window before the run, and those up to step's end."""
    clocks = step.run.clocks
    since = max(clocks.to_source_clock("prometheus", told.at), counters.first or 0.0)
    until = clocks.to_source_clock("prometheus", step.end)
    events = told.total
    unknown = told.unknown
    surplus = told.surplus
    if since < until:
        own = counters.count("total", since, until)
        events += own.value
        unknown += own.unknown
        surplus += own.surplus
    return _Window(
        events=events, unknown=unknown, surplus=surplus, assumption="counted"
    )


def _rate(step: StepRun, slo: Slo, counters: SloSeries) -> float:
    """Return the events per second, while the load ran where it feeds the SLO.

    Each target counts over its own scrapes, which are not the others'.
    """
    # A series that is first read a scrape after the others was not born then.
    start, end = (counters.first or 0.0) + counters.interval, counters.last or 0.0
    time = lasted(step.run) if sees_load(step.run, slo) else None
    if time is not None:
        clocks = step.run.clocks
        since, until = (clocks.to_source_clock("prometheus", edge) for edge in time)
        if max(start, since) < min(end, until):
            start, end = max(start, since), min(end, until)
    return counters.rate("total", start, end)
