"""What one stored run, or one drill, has shown of rules, routes and receivers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from gameday.coverage.definition import Language, RuleDefinition, define
from gameday.frozen import frozen
from gameday.model.alerting.alert import Receiver, Route, Routing
from gameday.model.events import AlertFiring, Event, FaultStarted, Page
from gameday.model.plan import Plan
from gameday.model.promise import Since
from gameday.model.scenario import OF_ALERT, AlertPromise, Step
from gameday.model.target import Instance
from gameday.model.verdict import Ending, Finding, Outcome, Verdict

PROVEN, SEEN, DRILL = "proven", "seen", "drill"
# What tells two versions of a service apart, in a container's or a pod's labels.
_VERSIONS = (
    "com.docker.compose.image",  # Compose 2 has the digest there
    "image_digest",
    "pod-template-hash",
    "controller-revision-hash",
)
_DELIVERED = [
    name
    for name, promise in OF_ALERT.items()
    if promise.of_pages and promise.since is not Since.END
]


@frozen
class Past:
    """One run that is over: what was planned, what was found, what was heard.

    `heard`: its events of the kinds alert_firing, fault_started and page.
    """

    plan: Plan
    verdict: Verdict
    heard: tuple[Event, ...] = ()

    @property
    def testbed(self) -> str:
        """Where it was held: the scenario's label `testbed`, or the target."""
        scenario = self.plan.scenario
        return scenario.labels.get("testbed") or _host_and_path(scenario.target.url)


@frozen
class Drill:
    """One synthetic alert that was sent to a receiver, without any fault.

    `paths`: the ways down the routing tree by which it went.
    """

    name: str
    at: float
    receiver: Receiver
    paths: tuple[tuple[Route, ...], ...]
    delivered: bool
    testbed: str = ""


@frozen
class Evidence:
    """What is known of one rule, or of one way to a receiver, from one run.

    `kind`: proven (promised and kept), seen (it rang), drill. `labels`: of the alert.
    `services`: the version
    of each service that the fault hit, empty where the record does not tell it.
    """

    kind: str
    at: float
    run: str
    scenario: str = ""
    step: str = ""
    method: str = ""
    testbed: str = ""
    services: Mapping[str, str]
    rule: RuleDefinition | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[tuple[Route, ...], ...] | None = None
    receivers: tuple[Receiver, ...] = ()
    because: str = ""


def evidence_of(past: Past, language: Language) -> Iterator[Evidence]:
    """Yield what a run has shown of rules: proven, or only seen to ring."""
    monitoring = past.plan.monitoring
    rules = define(monitoring.rules or (), monitoring.recorded, language)
    for step in past.plan.scenario.steps:
        for promise in step.expect.alerts:
            yield from _of_promise(past, step, promise, rules)
    yield from _firing_evidence(past, rules)


def _of_promise(
    past: Past, step: Step, promise: AlertPromise, rules: Iterable[RuleDefinition]
) -> Iterator[Evidence]:
    finding = _finding(past.verdict, step, promise, "fires_within")
    if finding is None or finding.outcome is not Outcome.PASS:
        return
    if past.verdict.ending is not Ending.FINISHED:
        return
    labels = finding.evidence.get("labels") or {}
    candidates = [
        rule for rule in rules if rule.name == promise.alert and rule.may_match(labels)
    ]
    certain = len(candidates) == 1
    for rule in candidates:
        because = "" if certain else "several rules have this name and these labels"
        kind = PROVEN if certain else SEEN
        yield _evidence(past, step, rule, kind=kind, labels=labels, because=because)


def _firing_evidence(past: Past, rules: Iterable[RuleDefinition]) -> Iterator[Evidence]:
    """Yield the rules whose alerts began to fire in a step, promised or not."""
    for event in past.heard:
        if not isinstance(event, AlertFiring):
            continue
        step = _step_at(past, event.at)
        if step is None:
            continue  # it fired before any fault
        for rule in rules:
            if rule.name == event.alert and rule.may_match(event.labels):
                yield _evidence(past, step, rule, kind=SEEN, labels=event.labels)


def _step_at(past: Past, at: float) -> Step | None:
    """Return the step whose fault had begun last by then; None: no fault had."""
    begun = [
        event.step
        for event in past.heard
        if isinstance(event, FaultStarted) and event.at <= at
    ]
    steps = past.plan.scenario.steps
    return next((step for step in steps if begun and step.name == begun[-1]), None)


def deliveries_of(past: Past) -> Iterator[Evidence]:
    """Yield what a run has shown of routes and receivers.

    Proven: a promised page arrived in time. Seen: one arrived that nobody promised.
    """
    promised: set[str] = set()
    for step in past.plan.scenario.steps:
        for promise in step.expect.alerts:
            for evidence in _delivered(past, step, promise):
                promised.update(receiver.name for receiver in evidence.receivers)
                yield evidence
    for event in past.heard:  # a receiver that has its proof needs no more
        if isinstance(event, Page) and event.receiver not in promised:
            yield from _seen_page(past, event)


def _seen_page(past: Past, page: Page) -> Iterator[Evidence]:
    """Yield what a page shows that nobody promised, for each alert in it."""
    routing = past.plan.monitoring.routing
    receiver = routing.receiver(page.receiver) if routing else None
    if receiver is None:
        return
    step = _step_at(past, page.at)
    for entry in page.alerts or [{}]:
        labels = entry.get("labels") or None
        yield _evidence(
            past, step, None, kind=SEEN, labels=labels, receivers=(receiver,)
        )


def _delivered(past: Past, step: Step, promise: AlertPromise) -> Iterator[Evidence]:
    """Yield the way of a promised page that arrived, with its receivers."""
    routing, observe = past.plan.monitoring.routing, past.plan.scenario.observe
    if routing is None or observe.pages is None or not promise.reaches:
        return
    if past.verdict.ending is not Ending.FINISHED:
        return  # without a pager nobody has seen a page arrive
    if not _is_delivered(past.verdict, step, promise):
        return
    fired = _finding(past.verdict, step, promise, "fires_within")
    known = fired.evidence.get("labels") if fired else None
    labels = known or {**promise.labels, "alertname": promise.alert}
    yield _evidence(
        past,
        step,
        None,
        kind=PROVEN,
        labels=labels,
        receivers=routing.receivers_named(promise.reaches),
    )


def _is_delivered(verdict: Verdict, step: Step, promise: AlertPromise) -> bool:
    """Whether all that was asked of a page's delivery was answered, and passed."""
    findings = [_finding(verdict, step, promise, name) for name in _DELIVERED]
    outcomes = {finding.outcome for finding in findings if finding is not None}
    return outcomes == {Outcome.PASS}


def _evidence(  # noqa: PLR0913 - what one step of one run has shown
    past: Past,
    step: Step | None,
    rule: RuleDefinition | None,
    *,
    kind: str,
    labels: Mapping[str, str] | None = None,
    receivers: tuple[Receiver, ...] = (),
    because: str = "",
) -> Evidence:
    routing = past.plan.monitoring.routing
    paths = None
    if routing is not None and labels is not None:
        paths = _paths(routing, labels, receivers)
        receivers = receivers or routing.receivers_named(
            dict.fromkeys(path[-1].receiver for path in paths)
        )
    return Evidence(
        kind=kind,
        at=past.verdict.ended,
        run=past.verdict.run,
        scenario=past.verdict.scenario,
        step=step.name if step else "",
        method=_method(step) if step else "",
        testbed=past.testbed,
        services={name: _version(past, name) for name in _services(step)},
        rule=rule,
        labels=dict(labels or {}),
        paths=paths,
        receivers=receivers,
        because=because,
    )


def _paths(
    routing: Routing, labels: Mapping[str, str], receivers: Iterable[Receiver]
) -> tuple[tuple[Route, ...], ...]:
    """Return the ways that an alert takes, to these receivers; to all, if none."""
    names = {receiver.name for receiver in receivers}
    paths = routing.route.paths(labels)
    return tuple(path for path in paths if not names or path[-1].receiver in names)


def evidence_of_drill(drill: Drill) -> Evidence:
    """Return what a drill has shown of its receiver and of the routes to it."""
    return Evidence(
        kind=DRILL,
        at=drill.at,
        run=drill.name,
        method="drill",
        testbed=drill.testbed,
        services={},
        paths=drill.paths,
        receivers=(drill.receiver,),
    )


def versions(pasts: Iterable[Past]) -> dict[tuple[str, str], str]:
    """Return the version of each service of each testbed, as last recorded.

    A run that could not tell a version changes nothing: what was there before it may
    be there still, and is not what was there before that.
    """
    versions_seen: dict[tuple[str, str], str] = {}
    for past in sorted(pasts, key=lambda past: past.verdict.ended):
        names = {instance.service for instance in past.plan.instances}
        for name in names:
            version = _version(past, name)
            if version:
                versions_seen[past.testbed, name] = version
    return versions_seen


def _finding(
    verdict: Verdict, step: Step, promise: AlertPromise, question: str
) -> Finding | None:
    """Return the finding about a promise; its subject may carry the labels."""
    subject = promise.subject(step.expect.alerts)
    return next(
        (
            finding
            for finding in verdict.findings
            if (finding.step, finding.question, finding.subject)
            == (step.name, question, subject)
        ),
        None,
    )


def _method(step: Step) -> str:
    kinds = dict.fromkeys(request.kind for request in step.experiment.faults)
    return ", ".join(kinds) or "another extension's action"


def _services(step: Step | None) -> list[str]:
    faults = step.experiment.faults if step else ()
    return list(dict.fromkeys(fault.selection.service for fault in faults))


def _version(past: Past, service: str) -> str:
    """Return what tells versions of a service apart; empty where nothing does."""
    mine = [instance for instance in past.plan.instances if instance.service == service]
    told = sorted({_digest(instance) for instance in mine} - {""})
    return " ".join(told)


def _digest(instance: Instance) -> str:
    return next(
        (instance.labels[name] for name in _VERSIONS if instance.labels.get(name)), ""
    )


def _host_and_path(url: str) -> str:
    return url.partition("?")[0]
