"""A scenario and what was found become a plan: nothing left to decide."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.faults.fault import FaultRequest
from gameday.model.faults.selection import choose
from gameday.model.plan import Monitoring, Plan, PlannedFault, PlannedStep, Timing
from gameday.model.promise import Since, made, times
from gameday.model.quantity import show_duration
from gameday.model.scenario import OF_ALERT, OF_STEP, Scenario, Step
from gameday.model.slos.selector import buckets, no_bucket, unknown_metrics
from gameday.model.target import Instance
from gameday.model.timing.alert_timing import first_page_within
from gameday.plans.blast_radius import breaches
from gameday.plans.spoiled import Before, spoiled
from gameday.plans.timing import timings
from gameday.ports import Target

LONGEST_HOLD = 3600.0  # seconds, for a page whose latest time nobody wrote down
SHORTEST_AFTERMATH = 30.0  # seconds in which the hypothesis may hold again
UNREACHED = "the target does not answer"
GRACE = 60.0  # seconds that a fault may outlast its hold (the `duration` of faults)


@frozen
class PlanInputs:
    """What the planner is given: the live target, its instances and its monitoring.

    `target`: None where it did not answer; every fault is refused then.
    """

    target: Target | None
    instances: Sequence[Instance]
    monitoring: Monitoring
    provenance: Mapping[str, str] = field(default_factory=dict)


def make_plan(scenario: Scenario, inputs: PlanInputs, seed: int) -> Plan:
    """Return the plan; what it may not do is in `refusals`, not an exception."""
    lint = timings(scenario, inputs.monitoring)
    steps = []
    refusals: list[str] = []
    for step in scenario.steps:
        faults = []
        for request in step.experiment.faults:
            fault, why = _fault(step, request, inputs, seed)
            faults.append(fault)
            refusals += [f"step {step.name}: {reason}" for reason in why]
        refusals += _shared_service_refusals(scenario, step, faults)
        refusals += _foreign(scenario, step)
        steps.append(
            PlannedStep(
                name=step.name,
                faults=tuple(faults),
                hold_at_most=hold_at_most(step, inputs.monitoring),
                aftermath_at_most=aftermath_at_most(step),
            )
        )
    warnings = [
        *_warnings(scenario, lint, inputs.monitoring),
        *_spoiled_warnings(scenario, steps, inputs),
    ]
    return Plan(
        scenario=scenario,
        steps=tuple(steps),
        instances=tuple(inputs.instances),
        monitoring=inputs.monitoring,
        timings=lint,
        seed=seed,
        warnings=tuple(warnings),
        refusals=tuple(dict.fromkeys(refusals)),
        provenance=inputs.provenance,
    )


def hold_at_most(step: Step, monitoring: Monitoring) -> float:
    """Return the longest that the step's fault is held, in seconds."""
    longest = [] if step.hold is None else [step.hold]
    if step.hold is None:
        for promise in step.expect.alerts:
            longest += times(promise, OF_ALERT, Since.START)
            if promise.reaches:
                latest = first_page_within(promise, monitoring)
                longest.append(min(latest, max(LONGEST_HOLD, *longest, 0.0)))
    longest += times(step.expect, OF_STEP, Since.START)
    return max(longest, default=0.0)


def uncovered(step: Step, monitoring: Monitoring) -> Iterable[str]:
    """Yield each page that may be due only after the fault's hold, in words."""
    held = hold_at_most(step, monitoring)
    for promise in step.expect.alerts:
        if not promise.reaches or promise.pages_within is not None:
            continue
        latest = first_page_within(promise, monitoring)
        if latest > held + 1e-9:
            yield (
                f"{step.name}: {promise.alert} reaches: the fault is held for "
                f"{show_duration(held)}, and the first page is due within "
                f"{show_duration(latest)} by rules and routes; if it does not come "
                "until then the answer is inconclusive: hold it longer"
            )


def aftermath_at_most(step: Step) -> float:
    """Return the longest that gameday looks on after the undo, in seconds."""
    longest = [SHORTEST_AFTERMATH]
    for promise in step.expect.alerts:
        longest += times(promise, OF_ALERT, Since.END)
    longest += times(step.expect, OF_STEP, Since.START, Since.END)
    longest += [metric.within for metric in step.expect.metrics if metric.within]
    return max(longest)


def _fault(
    step: Step,
    request: FaultRequest,
    inputs: PlanInputs,
    seed: int,
) -> tuple[PlannedFault, list[str]]:
    service = request.selection.service
    there = [instance for instance in inputs.instances if instance.service == service]
    target = inputs.target
    refusal = UNREACHED if target is None else target.refusal(request.kind)
    victims, problems = _victims(request, there, inputs, seed)
    why = [*([refusal] if refusal else []), *problems]
    longest = hold_at_most(step, inputs.monitoring)
    return PlannedFault(
        request=request,
        victims=victims,
        found=len(there),
        duration=request.duration or longest + GRACE,
        how="" if target is None or refusal else _how_text(target, request),
        refusal="; ".join(why),
        holds_deadline=target is not None and target.holds_deadline(request.kind),
    ), why


def _victims(
    request: FaultRequest, there: Sequence[Instance], inputs: PlanInputs, seed: int
) -> tuple[tuple[Instance, ...], list[str]]:
    """Return whom a fault hits of a service's instances, and what stands against it."""
    if not there:
        known = sorted({instance.service for instance in inputs.instances})
        why = (
            f"no instance of service {request.selection.service!r} was found; there "
            f"are: {', '.join(known) or 'none'}"
        )
        return (), [why]
    if inputs.target is None:
        return (), []
    try:
        victims = choose(request.selection, inputs.target.fit(request, there), seed)
    except ValueError as error:
        return (), [str(error)]
    return victims, [
        f"{victim.name} is {victim.state}, not running; start it first"
        for victim in victims
        if victim.state != "running"
    ]


def _how_text(target: Target, request: FaultRequest) -> str:
    needed = target.needs(request.kind)
    how = target.how(request)
    return f"{how}; first {needed}" if needed else how


def _shared_service_refusals(
    scenario: Scenario, step: Step, faults: Sequence[PlannedFault]
) -> list[str]:
    """Several faults of a step on one service count together."""
    by_service: dict[str, list[PlannedFault]] = {}
    for fault in faults:
        by_service.setdefault(fault.request.selection.service, []).append(fault)
    return [
        f"step {step.name}: {why}"
        for group in by_service.values()
        if any(fault.victims for fault in group)
        for why in breaches(
            scenario.blast_radius,
            [victim for fault in group for victim in fault.victims],
            group[0].found,
        )
    ]


def _foreign(scenario: Scenario, step: Step) -> list[str]:
    if not step.experiment.foreign or scenario.blast_radius.foreign_actions:
        return []
    names = ", ".join(step.experiment.foreign)
    why = (
        f"step {step.name}: {names}: the reach of other extensions' actions cannot be "
        "known; allow them with blast_radius: {foreign_actions: true}"
    )
    return [why]


def _warnings(
    scenario: Scenario, lint: Iterable[Timing], monitoring: Monitoring
) -> Iterable[str]:
    yield from monitoring.problems
    for timing in lint:
        if timing.state in ("not_guaranteed", "cannot_be_kept"):
            mark = timing.state.replace("_", " ")
            asked = f"{timing.step}: {timing.subject} {timing.question}"
            yield f"{asked}: {mark}: {timing.because}"
    for step in scenario.steps:
        yield from uncovered(step, monitoring)
        if not step.experiment.has_hypothesis:
            yield f"{step.name}: the experiment has no steady-state hypothesis"
    for step in scenario.steps:
        yield from _metric_warnings(scenario, step, monitoring)
    yield from _slo_warnings(scenario, monitoring)
    if scenario.observe.pages is None:
        yield from _page_warnings(scenario)


def _page_warnings(scenario: Scenario) -> Iterable[str]:
    """Yield which promises only a pager could answer, where there is none."""
    promises = [promise for step in scenario.steps for promise in step.expect.alerts]
    timed = {
        name: promise for name, promise in OF_ALERT.items() if promise.needs_receiver
    }
    names = {name: None for promise in promises for name, _ in made(promise, timed)}
    if names:
        unmeasured = " and ".join(names)
        yield f"observe.pages is not set: {unmeasured} cannot be measured"


def _spoiled_warnings(
    scenario: Scenario, steps: Sequence[PlannedStep], inputs: PlanInputs
) -> Iterable[str]:
    for step, planned in zip(scenario.steps, steps, strict=True):
        before = Before(
            standing=inputs.monitoring.standing,
            monitoring=inputs.monitoring,
            planned=planned,
            instances=inputs.instances,
        )
        for promise in spoiled(step, before):
            what = "nothing" if promise.wholly else "nothing of its pages"
            yield f"{step.name}: {promise.because}: {what} can be learned of it"


def _slo_warnings(scenario: Scenario, monitoring: Monitoring) -> Iterable[str]:
    for slo in scenario.slos:
        for name in unknown_metrics(slo, monitoring.unknown_metrics):
            yield (
                f"{slo.name}: Prometheus has never seen {name}, which counts its bad "
                "events: unless it appears, nobody knows whether there were any"
            )
        for selector in buckets(slo):
            if selector in monitoring.unknown_metrics:
                yield f"{slo.name}: {no_bucket(selector)}: no event is known to be good"
    load = scenario.load
    if load is not None and load.url and not load.feeds and len(scenario.slos) > 1:
        yield (
            "load.feeds is not set: which SLOs count the load's requests is decided at "
            "warm-up"
        )


def _metric_warnings(
    scenario: Scenario, step: Step, monitoring: Monitoring
) -> Iterable[str]:
    for metric in step.expect.metrics:
        said = monitoring.metrics.get(metric.promql, "")
        if scenario.observe.prometheus is None:
            said = "observe.prometheus is not set: nobody can look at it"
        if said and not said.startswith("holds"):
            yield f"{step.name}: {metric.subject}: {said}"
