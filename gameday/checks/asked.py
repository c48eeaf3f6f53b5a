"""Every question that a plan asks: known before anything happens.

A question that nobody could answer is still a finding, so the list comes from the
plan alone and never from the timeline.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from gameday.checks.question import RATIO, SECONDS, Question
from gameday.model.plan import Plan
from gameday.model.scenario import AlertPromise, Scenario, Step
from gameday.model.slos.selector import labels_matched
from gameday.model.slos.slo import COUNTER, Slo


def asked(plan: Plan, fed: Collection[str] | None = None) -> tuple[Question, ...]:
    """Return the questions in the order of the report; each key occurs once.

    `fed`: the SLOs that were found to see the load; None: nobody recorded it.
    """
    found: dict[tuple[str, str, str], Question] = {}
    for step in plan.scenario.steps:
        of_step = _of_step(plan.scenario, step, fed)
        for question in (*of_step, *_recovers(plan, step)):
            key = (question.step, question.question, question.subject)
            found.setdefault(key, question)
    return (*found.values(), _of_run(plan.scenario))


def services(step: Step) -> tuple[str, ...]:
    """Return the services that gameday's own faults of a step hit, each once."""
    hit = (request.selection.service for request in step.experiment.faults)
    return tuple(dict.fromkeys(hit))


def workloads(plan: Plan, step: Step) -> Mapping[str, str]:
    """Return what keeps a step's victims running in a cluster, each with its service.

    As `deployment/web`; other targets have none.
    """
    if plan.scenario.target.kind != "kubernetes":
        return {}
    planned = [one for one in plan.steps if one.name == step.name]
    faults = [fault for one in planned for fault in one.faults]
    victims = [victim for fault in faults for victim in fault.victims]
    pairs = ((victim.labels.get("workload", ""), victim.service) for victim in victims)
    return {words: service for words, service in pairs if words}


def comparable_with_load(slo: Slo) -> bool:
    """Whether a failed request of the load is a bad event of this SLO.

    A latency objective (bad events counted with histogram buckets) is not: a slow
    request has not failed. Nor is one that counts no requests, but a gauge's samples.
    """
    return not any(
        term.reads != COUNTER or "le" in labels_matched(term.selector)
        for term in slo.bad
    )


def _of_run(scenario: Scenario) -> Question:
    """Return what is asked once, of no step: whether all is as it was."""
    target = scenario.target
    place = (target.name, target.namespace)
    subject = "/".join(one for one in place if one)
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
    yield from _agree(scenario, step, fed)
    yield from _metrics(step)
    yield from _load(step)
    yield from _heals(step)


def _alerts(step: Step) -> Iterator[Question]:
    names = Counter(promise.alert for promise in step.expect.alerts)
    for promise in step.expect.alerts:
        subject = promise.alert
        if names[subject] > 1:  # the name alone would not say which promise
            subject += _selector(promise.labels)
        for name, limit in _limits(promise):
            unit = "" if limit is None else SECONDS
            yield Question(
                step=step.name,
                check="alert",
                subject=subject,
                question=name,
                promised=limit,
                unit=unit,
                alert=promise,
            )
    if step.expect.no_other_alerts.asked:
        yield _question(step, "alert", step.name, "no_other_alerts")


def _limits(promise: AlertPromise) -> Iterator[tuple[str, float | None]]:
    if promise.fires_within is not None:
        yield "fires_within", promise.fires_within
    yield "stays_firing", None
    if promise.reaches:
        yield "reaches", None
    for name in ("pages_within", "resets_within", "page_resolves_within"):
        limit: float | None = getattr(promise, name)
        if limit is not None:
            yield name, limit


def _slos(scenario: Scenario, step: Step) -> Iterator[Question]:
    for promise in step.expect.slos:
        yield Question(
            step=step.name,
            check="slo",
            subject=promise.slo,
            question="spends_at_most",
            promised=promise.spends_at_most,
            unit=RATIO,
            slo=scenario.slo(promise.slo),
        )


def _agree(
    scenario: Scenario, step: Step, fed: Collection[str] | None
) -> Iterator[Question]:
    load = scenario.load
    if load is None or not load.url:
        return  # an own load generator does not tell us what failed
    if load.feeds:
        named = [scenario.slo(feed) for feed in load.feeds]
        fed = {one.name for one in named if one is not None}
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
        asked_so = _question(step, "metric", promise.subject, "holds", promise.within)
        yield replace(asked_so, metric=promise)


def _load(step: Step) -> Iterator[Question]:
    promise = step.expect.load
    if promise is None:
        return
    if promise.fails_at_most is not None:
        asked_so = _question(
            step, "load", step.name, "fails_at_most", promise.fails_at_most
        )
        yield replace(asked_so, unit=RATIO)
    if promise.p99_within is not None:
        yield _question(step, "load", step.name, "p99_within", promise.p99_within)


def _heals(step: Step) -> Iterator[Question]:
    limit = step.expect.heals_within
    if limit is not None:
        for service in services(step) or (step.name,):
            yield _question(step, "recovery", service, "heals_within", limit)


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
        yield _question(step, "recovery", subject, "recovers_within", limit)
    for words in found:
        subject = f"workload {words}" if words in hit else words
        asked_so = _question(step, "recovery", subject, "recovers_within", limit)
        yield replace(asked_so, workload=words)


def _question(
    step: Step, check: str, subject: str, name: str, limit: float | None = None
) -> Question:
    return Question(
        step=step.name,
        check=check,
        subject=subject,
        question=name,
        promised=limit,
        unit="" if limit is None else SECONDS,
    )


def _selector(labels: object) -> str:
    pairs = sorted(labels.items()) if isinstance(labels, dict) else []
    return "{" + ", ".join(f'{key}="{value}"' for key, value in pairs) + "}"
