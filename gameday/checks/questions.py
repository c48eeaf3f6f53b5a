"""Every question that a plan asks: known before anything happens.

A question that nobody could answer is still a finding, so the list comes from the
plan alone and never from the timeline.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gameday.checks.question import Question
from gameday.model.plan import Plan
from gameday.model.promise import SECONDS, made
from gameday.model.scenario import (
    OF_ALERT,
    OF_LOAD,
    OF_SLO,
    OF_STEP,
    PROMISES,
    Scenario,
    Step,
)
from gameday.model.slos.selector import labels_matched
from gameday.model.slos.slo import COUNTER, Slo
from gameday.model.target import TARGET_KINDS

_RECOVERS = "recovers_within"  # asked of others than of the services that are hit


def asked(plan: Plan, fed: Collection[str] | None = None) -> tuple[Question, ...]:
    """Return the questions in the order of the report; each key occurs once.

    `fed`: the SLOs that were found to see the load; None: nobody recorded it.
    """
    questions: dict[tuple[str, str, str], Question] = {}
    for step in plan.scenario.steps:
        of_step = _of_step(plan.scenario, step, fed)
        for question in (*of_step, *_recovers(plan, step)):
            key = (question.step, question.question, question.subject)
            questions.setdefault(key, question)
    return (*questions.values(), _of_run(plan.scenario))


def services(step: Step) -> tuple[str, ...]:
    """Return the services that gameday's own faults of a step hit, each once."""
    hit = (request.selection.service for request in step.experiment.faults)
    return tuple(dict.fromkeys(hit))


def workloads(plan: Plan, step: Step) -> Mapping[str, str]:
    """Return the workloads that keep a step's victims running, each with its service.

    A workload is named as `deployment/web`; a platform without workloads has none.
    """
    if not TARGET_KINDS[plan.scenario.target.kind].has_workloads:
        return {}
    steps = [planned for planned in plan.steps if planned.name == step.name]
    faults = [fault for planned in steps for fault in planned.faults]
    victims = [victim for fault in faults for victim in fault.victims]
    pairs = ((victim.labels.get("workload", ""), victim.service) for victim in victims)
    return {words: service for words, service in pairs if words}


def comparable_with_load(slo: Slo) -> bool:
    """Whether a failed request of the load is a bad event of this SLO.

    A latency objective (bad events counted with histogram buckets) is not: a slow
    request has not failed. Nor is an SLO that
    counts a gauge's samples instead of requests.
    """
    return not any(
        term.reads != COUNTER or "le" in labels_matched(term.selector)
        for term in slo.bad
    )


def _of_run(scenario: Scenario) -> Question:
    """Return what is asked once, of no step: whether all is as it was."""
    target = scenario.target
    place = (target.name, target.namespace)
    subject = "/".join(part for part in place if part)
    return Question(step="", check="drift", subject=subject, question="drift")


def _of_step(
    scenario: Scenario, step: Step, fed: Collection[str] | None
) -> Iterator[Question]:
    if step.experiment.has_hypothesis:
        for when in ("before", "during", "after"):
            yield _question(step, "steady_state", step.name, when)
    for service in services(step):
        yield _question(step, "fault", service, "bites")
        yield _question(step, "fault", service, "undone")
    if step.experiment.foreign:
        yield _question(step, "fault", step.name, "bites")
    yield from _alerts(step)
    yield from _slos(scenario, step)
    yield from _agreement_questions(scenario, step, fed)
    yield from _metrics(step)
    yield from _load(step)
    yield from _of_services(step)


def _alerts(step: Step) -> Iterator[Question]:
    for promise in step.expect.alerts:
        subject = promise.subject(step.expect.alerts)
        questions = [
            _promised(step, subject, *kept) for kept in made(promise, OF_ALERT)
        ]
        stays = _question(step, "alert", subject, "stays_firing")  # asked unwritten
        questions.insert(0 if promise.fires_within is None else 1, stays)
        yield from (replace(question, alert=promise) for question in questions)
    if step.expect.no_other_alerts.asked:
        yield _question(step, "alert", step.name, "no_other_alerts")


def _slos(scenario: Scenario, step: Step) -> Iterator[Question]:
    for promise in step.expect.slos:
        for kept in made(promise, OF_SLO):
            asked_so = _promised(step, promise.slo, *kept)
            yield replace(asked_so, slo=scenario.slo(promise.slo))


def _agreement_questions(
    scenario: Scenario, step: Step, fed: Collection[str] | None
) -> Iterator[Question]:
    load = scenario.load
    if load is None or not load.url:
        return  # an own load generator does not tell us what failed
    if load.feeds:
        named = [scenario.slo(feed) for feed in load.feeds]
        fed = {slo.name for slo in named if slo is not None}
    for slo in scenario.slos:
        if comparable_with_load(slo) and (fed is None or slo.name in fed):
            yield Question(
                step=step.name,
                check="slo",
                subject=slo.name,
                question="agrees_with_load",
                slo=slo,
            )


def _metrics(step: Step) -> Iterator[Question]:
    for promise in step.expect.metrics:
        asked_so = _question(step, "metric", promise.subject, "holds")
        unit = "" if promise.within is None else SECONDS
        yield replace(asked_so, promised=promise.within, unit=unit, metric=promise)


def _load(step: Step) -> Iterator[Question]:
    for promise in made(step.expect.load, OF_LOAD) if step.expect.load else ():
        yield _promised(step, step.name, *promise)


def _of_services(step: Step) -> Iterator[Question]:
    """Yield what is asked of each service that is hit, or of the step as a whole."""
    for name, limit in made(step.expect, OF_STEP):
        if name != _RECOVERS:
            for service in services(step) or (step.name,):
                yield _promised(step, service, name, limit)


def _recovers(plan: Plan, step: Step) -> Iterator[Question]:
    """Yield who is asked: the SLIs or the hypothesis, and a cluster's workloads.

    The workloads alone where a scenario has neither SLO nor hypothesis.
    """
    limit = step.expect.recovers_within
    if limit is None:
        return
    hit, found = services(step), workloads(plan, step)
    if plan.scenario.slos or step.experiment.has_hypothesis or not found:
        subject = hit[0] if hit else step.name
        yield _promised(step, subject, _RECOVERS, limit)
    for words in found:
        subject = f"workload {words}" if words in hit else words
        asked_so = _promised(step, subject, _RECOVERS, limit)
        yield replace(asked_so, workload=words)


def _promised(step: Step, subject: str, name: str, promised: Any) -> Question:
    """Return the question whether a promise is kept."""
    promise = PROMISES[name]
    asked_so = _question(step, promise.check, subject, name)
    limit = promised if promise.unit else None
    return replace(asked_so, promised=limit, unit=promise.unit)


def _question(step: Step, check: str, subject: str, name: str) -> Question:
    return Question(step=step.name, check=check, subject=subject, question=name)
