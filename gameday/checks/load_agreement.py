"""Whether an SLO sees the errors that users see.

The load's own count of failed requests against the SLO's bad events, from the
fault's start to the step's end, within one scrape's traffic.
"""

from gameday.checks.asked import comparable_with_load
from gameday.checks.load import sent_during, slack
from gameday.checks.question import Answer, Question, passed, unknown
from gameday.checks.spent import Spent, spent_in
from gameday.checks.step import StepRun
from gameday.model.slo import Slo


def agrees_with_load(step: StepRun, question: Question) -> Answer:
    """The two counts agree; where they do not, nobody can trust the SLI."""
    if question.slo is None:
        return unknown("the scenario has no SLO of that name")
    found = spent_in(step, question.slo)
    why = found.missing or slack(step)
    if why:
        return unknown(why)
    tolerance, failed = _tolerance(step), _failed(step)
    bad = found.bad.value
    evidence = {
        "failed_by_load": failed,
        "bad_by_slo": bad,
        "tolerance": tolerance,
        **found.show(),
    }
    more = unseen_errors(step, question.slo, found)
    if more:
        return unknown(more, evidence=evidence)
    if bad - failed > tolerance + found.bad.unknown:
        said = f"the SLO counted {bad:g} bad events, the load only {failed:g} failures"
        return unknown(f"{said}; within {tolerance:g} they agree", evidence=evidence)
    said = f"the load counted {failed:g} failures, the SLO {bad:g} bad events"
    return passed(f"{said}: they agree within {tolerance:g}", evidence=evidence)


def unseen_errors(step: StepRun, slo: Slo, found: Spent) -> str:
    """Return how many errors users saw that the SLI did not; empty: it saw them."""
    load = step.run.plan.scenario.load
    if load is None or not load.url or not comparable_with_load(slo):
        return ""
    failed, tolerance = _failed(step), _tolerance(step)
    if failed - found.bad.value <= tolerance:
        return ""
    return (
        f"users saw {failed:g} failed requests of which {slo.name} counted only "
        f"{found.bad.value:g}: its SLI does not see what users see"
    )


def _failed(step: StepRun) -> float:
    return sent_during(step, step.start or 0.0, step.end).failed


def _tolerance(step: StepRun) -> float:
    load = step.run.plan.scenario.load
    rate = 0.0 if load is None else load.rate
    return max(1.0, rate * max(step.run.scrape_interval, 1.0))
