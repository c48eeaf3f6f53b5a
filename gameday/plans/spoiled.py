"""Which promises cannot be answered any more, by what is there before the fault.

An alert that is pending or firing already cannot be seen to fire. One that is silenced,
or inhibited by an alert that fires already, can be seen to fire, but pages nobody.
"""

from collections.abc import Iterator, Sequence

from gameday.frozen import frozen
from gameday.model.alerting.alert import InhibitRule
from gameday.model.alerting.known_labels import KnownLabels, exactly
from gameday.model.alerting.standing import Standing, StandingAlert
from gameday.model.faults.catalogue import hits_node
from gameday.model.plan import Monitoring, PlannedStep
from gameday.model.quantity import show_instant
from gameday.model.scenario import AlertPromise, Step
from gameday.model.target import Instance, on_loopback
from gameday.model.timing.alert_path import find_alert_path, rules_for


@frozen
class Spoiled:
    """A promise that is spoiled, and why; `wholly` false: only its pages are."""

    promise: AlertPromise
    because: str
    wholly: bool = True


@frozen
class Before:
    """What is known of the system when a step is about to begin."""

    standing: Standing
    monitoring: Monitoring
    planned: PlannedStep
    instances: Sequence[Instance] = ()


def spoiled(step: Step, before: Before) -> tuple[Spoiled, ...]:
    """Return the step's promises that cannot be answered, in their order."""
    spoiled_promises = (
        _spoiled_promise(promise, before) for promise in step.expect.alerts
    )
    return tuple(reason for reason in spoiled_promises if reason is not None)


def why_nothing_to_learn(step: Step, spoiled: Sequence[Spoiled]) -> str:
    """Return why no alert promise of the step can be answered; empty: some can."""
    if not spoiled or len(spoiled) < len(step.expect.alerts):
        return ""
    reasons = "; ".join(dict.fromkeys(reason.because for reason in spoiled))
    return (
        f"step {step.name}: no alert promise could be answered: {reasons}. Wait until "
        "that is over, or go on all the same with --anyway"
    )


def _spoiled_promise(promise: AlertPromise, before: Before) -> Spoiled | None:
    there = next(_promised_alerts_standing(promise, before), None)
    if there is not None:
        since = "" if there.since is None else f", since {show_instant(there.since)}"
        because = f"{there.name} is already {there.state}{since}"
        return Spoiled(promise=promise, because=because)
    because = _muted(promise, before)
    if because and (promise.reaches or promise.pages_within is not None):
        return Spoiled(promise=promise, because=because, wholly=False)
    return None


def _promised_alerts_standing(
    promise: AlertPromise, before: Before
) -> Iterator[StandingAlert]:
    """Yield what is the promised alert already, of a victim or of nobody."""
    others = _names(before, victims=False)
    nodes = _spared_nodes(before)
    own = set(promise.labels.values())
    for alert in before.standing.alerts:
        said = {name for text in alert.labels.values() for name in _forms(text)}
        named = said & (others | nodes)
        if promise.fits(alert.labels) and not (named - own):
            yield alert


def _names(before: Before, *, victims: bool) -> set[str]:
    """Return what the victims are called, or the other instances of their services."""
    hit = [victim for fault in before.planned.faults for victim in fault.victims]
    services = {instance.service for instance in hit}
    chosen = {instance.name for instance in hit}
    return {
        name
        for instance in before.instances
        if instance.service in services and (instance.name in chosen) == victims
        for name in (instance.name, *instance.addresses, *instance.published)
    }


_NODE_NAMES = ("node", "node_address")  # what a target knows of an instance's node


def _spared_nodes(before: Before) -> set[str]:
    """Return the other nodes, where the step's faults hit nodes; none where not."""
    hit = {
        victim.labels.get("node", "")
        for fault in before.planned.faults
        if hits_node(fault.request.kind)
        for victim in fault.victims
    }
    spared = [
        instance.labels
        for instance in before.instances
        if instance.labels.get("node", "") not in hit
    ]
    names = {labels.get(key, "") for labels in spared for key in _NODE_NAMES}
    return names - {""} if hit else set()


def _forms(text: str) -> set[str]:
    """Return what HOST:PORT may be known by: its host, itself, :PORT on loopback."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        return {text}
    return {host, text, on_loopback(host, port)} - {""}


def _muted(promise: AlertPromise, before: Before) -> str:
    for labels in _label_sets(promise, before.monitoring):
        for silence in before.standing.silences:
            if silence.matchers and labels.match_all(silence.matchers):
                by = f" by {silence.by}" if silence.by else ""
                return f"{promise.alert} is silenced (silence {silence.id}{by})"
        source = next(_inhibitors(promise, labels, before), None)
        if source is not None:
            return f"{promise.alert} is inhibited by {source.name}, which is firing"
    return ""


def _label_sets(promise: AlertPromise, monitoring: Monitoring) -> Sequence[KnownLabels]:
    """Return what is known of the promised alert's labels, by each rule for it."""
    rules = rules_for(promise, monitoring.rules or ())
    by_rule = [
        labels
        for rule in rules
        for labels in find_alert_path(promise, rule, monitoring).labels
    ]
    return by_rule or [KnownLabels({**promise.labels, "alertname": promise.alert})]


def _inhibitors(
    promise: AlertPromise, labels: KnownLabels, before: Before
) -> Iterator[StandingAlert]:
    routing = before.monitoring.routing
    for rule in () if routing is None else routing.inhibit:
        if not labels.match_all(rule.target):
            continue
        for alert in before.standing.alerts:
            fires = alert.state == "firing" and not promise.fits(alert.labels)
            if fires and _inhibits(rule, alert, labels):
                yield alert


def _inhibits(rule: InhibitRule, alert: StandingAlert, labels: KnownLabels) -> bool:
    """Return whether it surely does: labels that are not known may differ."""
    return bool(exactly(alert.labels).match_all(rule.source)) and all(
        labels.get(name) == alert.labels.get(name, "") for name in rule.equal
    )
