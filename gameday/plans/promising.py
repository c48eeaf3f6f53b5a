"""What to promise of an alert: what its rule and its routes say themselves."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.always import always
from gameday.model.alerting.expression import Selector, overlap
from gameday.model.experiment import Experiment
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise, Expect, Scenario, Step
from gameday.model.target import TargetRef
from gameday.model.timing.alert_path import Ends, find_alert_path
from gameday.model.timing.alert_timing import fires
from gameday.model.timing.rule_delays import scraped
from gameday.plans.timing import timings

A_DAY = 86400.0  # a promise that long is only made to learn its arithmetic
UNKNOWN = 60.0  # seconds beyond `for`, where the arithmetic is not known
STEP = 5.0  # seconds; promises are multiples of it
MARGIN = 15.0  # seconds for what the rules do not know: health checks, a start
_UP = Selector("up")


def promise_of(rule: AlertRule, monitoring: Monitoring, *, paged: bool) -> AlertPromise:
    """Return what the rule itself promises of its alert; `paged`: pages are seen."""
    static = {key: rule.labels.get(key, "{{") for key in ("severity",)}
    labels = {key: value for key, value in static.items() if "{{" not in value}
    reaches, tells = _receivers_reached(monitoring, rule)
    paged = paged and bool(reaches)
    asked = AlertPromise(
        alert=rule.name,
        labels=labels,
        fires_within=A_DAY,
        reaches=reaches,
        pages_within=A_DAY if paged else None,
        resets_within=A_DAY,
        page_resolves_within=A_DAY if paged and tells else None,
    )
    times = _times(asked, monitoring, rule)
    return replace(
        asked,
        fires_within=times["fires_within"],
        pages_within=times.get("pages_within"),
        resets_within=times["resets_within"],
        page_resolves_within=times.get("page_resolves_within"),
    )


def fires_within_known_time(rule: AlertRule, monitoring: Monitoring) -> bool:
    """Whether a fault makes it fire in a time that can be told, where any can be."""
    span = fires(rule, monitoring)
    return bool(span.unknown or not span.why) and always(rule.expr) is None


def set_off_beside(
    monitoring: Monitoring, service: str, promise: AlertPromise | None
) -> tuple[str, ...]:
    """Return the other alerts that a lost replica of the service may set off.

    They rest on the same series as the promised one, or on the replica's own `up`.
    """
    if promise is None:
        return ()
    read = [
        (rule.name, tuple(scraped(rule.expr, monitoring.recorded)))
        for rule in monitoring.rules or ()
    ]
    jobs = [job.name for job in monitoring.jobs if service.lower() in job.name.lower()]
    shared = [
        selector
        for name, selectors in read
        if name == promise.alert
        for selector in selectors
    ]
    set_off = [
        name
        for name, selectors in read
        if name != promise.alert and _overlaps(selectors, shared, jobs)
    ]
    return tuple(dict.fromkeys(set_off))


def _overlaps(
    selectors: Iterable[Selector], shared: Sequence[Selector], jobs: Sequence[str]
) -> bool:
    """Whether some of the series may be shared ones, or the `up` of one of the jobs."""
    return any(
        any(overlap(selector, other) for other in shared)
        or (overlap(selector, _UP) and _admits_any(selector, jobs))
        for selector in selectors
    )


def _admits_any(selector: Selector, jobs: Iterable[str]) -> bool:
    return any(selector.admits("job", name) for name in jobs)


def _receivers_reached(
    monitoring: Monitoring, rule: AlertRule
) -> tuple[tuple[str, ...], bool]:
    """Return the receivers that get the alert today, and whether all tell its end."""
    if monitoring.routing is None:
        return (), False
    alert_path = find_alert_path(AlertPromise(alert=rule.name), rule, monitoring)
    ends = alert_path.ends if alert_path.dropped is False else Ends((), ())
    names = {end.receiver for end in ends.possible if ends.surely(end.receiver)}
    receivers = monitoring.routing.receivers_named(sorted(names))
    heard = [receiver for receiver in receivers if receiver.integrations]
    tells = all(receiver.tells_resolved for receiver in heard)
    return tuple(receiver.name for receiver in heard), tells


def _times(
    asked: AlertPromise, monitoring: Monitoring, rule: AlertRule
) -> Mapping[str, float]:
    """Return each asked time as the rules' arithmetic guarantees it, and a margin."""
    nothing = Experiment(path="", title="", document={})
    step = Step(name="", experiment=nothing, expect=Expect(alerts=(asked,)))
    scenario = Scenario(
        name="", target=TargetRef(kind="docker", name="-"), steps=(step,)
    )
    times = {}
    for timing in timings(scenario, monitoring):
        if timing.question == "reaches":
            continue
        late = rule.hold + UNKNOWN if timing.latest is None else timing.latest
        times[timing.question] = STEP * math.ceil(late / STEP) + MARGIN
    return times
