"""How much of an SLO's error budget a step spends.

spent = bad / ((1 - objective) x events in the SLO's window), from counts of events
(Google's SRE workbook, chapter 5, counts rather than rates). The window's events
are counted where samples reach back to its start, otherwise the rate of the whole
observation is assumed to hold; the evidence says which.
"""

from dataclasses import dataclass

from gameday.checks.load import slack
from gameday.checks.load_agreement import unseen_errors
from gameday.checks.question import Answer, Question, failed, passed, unknown
from gameday.checks.spent import Spent, spent_in
from gameday.checks.step import StepRun
from gameday.model.quantity import show_duration, show_share
from gameday.model.slo import Slo


@dataclass(frozen=True, slots=True)
class _Window:
    """How many events the SLO's window has, and how that is known."""

    events: float
    assumption: str  # counted, or rate x window


def spends_at_most(step: StepRun, question: Question) -> Answer:
    """Share of the window's error budget between the fault's start and step's end."""
    slo = question.slo
    if slo is None:
        return unknown("the scenario has no SLO of that name")
    found = spent_in(step, slo)
    if found.missing:
        return unknown(found.missing)
    answer = _spent(question, slo, found, _window(step, slo))
    why = unseen_errors(step, slo, found)
    if not why and answer.evidence["window_events"] != "counted":
        why = slack(step)
    return answer.unsure(why) if why else answer


def _spent(question: Question, slo: Slo, found: Spent, window: _Window) -> Answer:
    promised = question.promised or 0.0
    budget = slo.budget * window.events
    spent = _share(found.bad.value, budget)
    error = _share(found.bad.unknown, budget)
    burn = _share(found.bad.value / found.total.value, slo.budget)
    evidence = {
        **found.show(),
        "objective": slo.objective,
        "window_s": slo.window,
        "window_stated": slo.window_stated,
        "events_in_window": round(window.events, 3),
        "window_events": window.assumption,
        "burn_rate": round(burn, 6),
    }
    said = (
        f"{found.bad.value:g} of {found.total.value:g} events were bad: "
        f"{show_share(spent)} of the error budget of {show_duration(slo.window)}; "
        f"promised at most {show_share(promised)}"
    )
    rest = {"measured": spent, "error": error, "evidence": evidence}
    if spent > promised:
        return failed(said, **rest)
    answer = passed(said, **rest)
    if spent + error > promised:
        lost = f"up to {found.bad.unknown:g} more bad events may have been lost"
        return answer.unsure(f"{lost} at restarts")
    return answer


def _share(part: float, whole: float) -> float:
    """Return part of whole; without any budget the first bad event spends it all."""
    if whole > 0:
        return part / whole
    return 0.0 if part <= 0 else 1e9


def _window(step: StepRun, slo: Slo) -> _Window:
    for event in step.run.timeline.of("window"):
        if event["slo"] == slo.name and event.get("complete"):
            return _Window(float(event["total"]), "counted")
    counters = step.run.samples.of(slo.name)
    first, last = counters.first or 0.0, counters.last or 0.0
    counted = counters.count("total", first, last)
    seconds = max(counted.until - counted.since, 1e-9)
    return _Window(counted.value / seconds * slo.window, "rate x window")
