"""Whether an SLO is blind to errors that users see.

The load's own count of failed requests against the SLO's bad events, from the
fault's start to the step's end, within one scrape's traffic. An SLO that counts more
than the load failed is not blind: others use the system as well, gameday's own
probes among them.
"""

from collections.abc import Mapping

from gameday.checks.question import Answer, Question, passed, unknown
from gameday.checks.questions import comparable_with_load
from gameday.checks.slos.load import http_probes, sees_load, sent_in, slack
from gameday.checks.slos.spent import Spent, spent_in
from gameday.checks.step import StepRun
from gameday.model.events import Probe
from gameday.model.slos.slo import Slo


def agrees_with_load(step: StepRun, question: Question) -> Answer:
    """The SLO saw what the load's users saw; where not, nobody can trust the SLI."""
    slo = question.slo
    if slo is None:
        return unknown("the scenario has no SLO of that name")
    spent = spent_in(step, slo)
    why = spent.missing or slack(step)
    if why:
        return unknown(why)
    tolerance, failed = _tolerance(step, slo), sent_in(step).failed
    bad = spent.bad.value
    evidence = {
        "failed_by_load": failed,
        "bad_by_slo": bad,
        "tolerance": tolerance,
        **own_probes(step),
        **spent.show(),
    }
    more = unseen_errors(step, slo, spent)
    if more:
        return unknown(more, evidence=evidence)
    said = f"the load counted {failed:g} failures, the SLO {bad:g} bad events"
    if bad - failed > tolerance + spent.bad.surplus:
        own = _difference_text(step)
        said = f"{said}: {bad - failed:g} more than the load, so it is not blind{own}"
        return passed(said, evidence=evidence)
    return passed(f"{said}: they agree within {tolerance:g}", evidence=evidence)


def unseen_errors(step: StepRun, slo: Slo, spent: Spent) -> str:
    """Return how many errors users saw that the SLI did not; empty: it saw them."""
    unseen = unseen_by(step, slo, spent)
    if unseen <= _tolerance(step, slo):
        return ""
    return (
        f"users saw {sent_in(step).failed:g} failed requests of which {slo.name} "
        f"counted only {spent.bad.value:g}: its SLI does not see what users see"
    )


def unseen_by(step: StepRun, slo: Slo, spent: Spent) -> float:
    """Return how many of the load's failures an SLI did not count.

    Within one scrape's traffic they are no sign of blindness, but they were bad.
    """
    if not comparable_with_load(slo) or not sees_load(step.run, slo):
        return 0.0
    return max(0.0, sent_in(step).failed - spent.bad.value)


def own_probes(step: StepRun) -> Mapping[str, object]:
    """Return how many HTTP probes gameday itself sent in the step, and how many failed.

    They are requests like any other to an SLI; nothing where none were sent.
    """
    names = http_probes(step.step.experiment)
    told = [
        event
        for event in step.events(Probe)
        if (step.start or 0.0) <= event.at <= step.end and event.name in names
    ]
    if not told:
        return {}
    failed = sum(request.ok is not True for request in told)
    return {"own_probes": {"sent": len(told), "failed": failed}}


def _difference_text(step: StepRun) -> str:
    told = own_probes(step).get("own_probes")
    if not isinstance(told, Mapping):
        return ""
    return f" (gameday's own HTTP probes: {told['failed']} of {told['sent']} failed)"


def _tolerance(step: StepRun, slo: Slo) -> float:
    load = step.run.plan.scenario.load
    rate = 0.0 if load is None else load.rate
    interval = step.run.samples.of(slo.name).interval or step.run.scrape_interval
    return max(1.0, rate * max(interval, 1.0))
