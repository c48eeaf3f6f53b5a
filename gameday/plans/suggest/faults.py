"""Which fault on which service brings a symptom about.

Each symptom has its ways, the nearest first. Where one does not lead anywhere it says
why, so that a rule without a suggestion has a reason.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.expression import Node
from gameday.model.faults.catalogue import CATALOGUE
from gameday.model.quantity import show_duration, show_share
from gameday.plans.suggest.conditions import LOW
from gameday.plans.suggest.losses import needed
from gameday.plans.suggest.surroundings import Surroundings
from gameday.plans.suggest.symptoms import (
    ConditionSymptom,
    Symptom,
    is_uptime,
    seconds_of,
    share_of,
)

SLOWER = 1.5  # times the limit: slow for certain, and no timeout yet
MORE = 0.1  # of a saturation, beyond its limit
FULL = 0.95  # where the limit is not told
STOP, PAUSE = "process.stop", "process.pause"


@frozen
class SuggestedFault:
    """A fault on one instance of a service; `peers`: the service at the other end."""

    kind: str
    service: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def peers(self) -> str:
        """The other end of a network fault; empty: all, or there is none."""
        return self.arguments.get("peers", "")

    @property
    def between(self) -> bool:
        """Whether it lies between two services, which others reach as before."""
        return self.kind.startswith("network.") and bool(self.peers)

    @property
    def text(self) -> str:
        """The fault in a line."""
        more = [f"{name}: {value}" for name, value in self.arguments.items()]
        return f"{self.kind} of one {self.service}" + (
            f" ({', '.join(more)})" if more else ""
        )


@frozen
class Sought:
    """What a fault is sought for: a rule, what it reads, and where."""

    rule: AlertRule
    reading: ConditionSymptom
    around: Surroundings
    on_cluster: bool = False

    def spoken_of(self) -> list[str]:
        """Return the services that the rule's series, or its matchers, name."""
        around, selector = self.around, self.reading.selector
        per_series = [around.of_labels(labels) for labels in self.rule.series or ()]
        per_series.append(around.of_labels(selector.fixed()))
        services = [*per_series, *around.admitted(selector)]
        return [
            service
            for service in dict.fromkeys(services)
            if service and not around.elsewhere(service, selector)
        ]

    @property
    def metric(self) -> str:
        """The name of the series that decides."""
        return self.reading.selector.name


Ways = Iterator[SuggestedFault | str]


def ways(sought: Sought) -> Ways:
    """Yield the faults that may bring it about, and why others do not."""
    for way in _WAYS[sought.reading.symptom](sought):
        blind = isinstance(way, SuggestedFault) and sought.around.sees(way.service)
        if isinstance(way, SuggestedFault) and blind:
            yield f"{way.service} is what a game day watches with"
        else:
            yield way


def _down(sought: Sought) -> Ways:
    around, reading = sought.around, sought.reading
    down = around.selected(reading.selector) or sought.spoken_of()
    if not down:
        yield f"no service of the target is scraped as {_selector_text(sought)}"
    watcher = around.monitoring()
    for service in down:
        alone = _alone(sought, service)
        if alone:
            yield alone
            continue
        if reading.condition.excused and watcher and watcher != service:
            # Others say that it is well: only Prometheus loses it.
            yield _cut(service, watcher)
        # A pod that is stopped is no target any more: `up` has to stay, as 0.
        yield SuggestedFault(kind=PAUSE if sought.on_cluster else STOP, service=service)


def _probe(sought: Sought) -> Ways:
    services = sought.around.selected(sought.reading.selector)
    if not services:
        yield f"what {_selector_text(sought)} asks is no service of the target"
    probers = sought.around.probers(sought.reading.selector)
    for service in services:
        yield _only(sought, service, f"the probe is answered by any {service}")
        if len(sought.around.of(service)) == 1:
            yield from (_cut(service, prober) for prober in probers)


def _seen_down(sought: Sought) -> Ways:
    around = sought.around
    # Whoever writes the series writes nothing once it is stopped, and never a 0.
    writers = around.exposing(sought.reading.selector)
    named = around.spoken_of(sought.metric) or sought.spoken_of()
    services = [service for service in named if service not in writers]
    if not services:
        services = [name for writer in writers for name in around.needs(writer)]
    if not services:
        yield f"no service of the target is known as what {sought.metric} speaks of"
    for service in services:
        yield _only(sought, service, f"{sought.metric} is about all of {service}")


def _out(sought: Sought) -> Ways:
    around = sought.around
    balancers = around.exposing(sought.reading.selector)
    behind = [around.servers(balancer) for balancer in balancers]
    services = [*sought.spoken_of(), *behind]
    servers = [
        name for name in dict.fromkeys(services) if name and name not in balancers
    ]
    if not servers:
        yield f"which services are behind {sought.metric} is not known"
    for service in servers:
        yield _alone(sought, service) or SuggestedFault(kind=STOP, service=service)
        yield from (_cut(balancer, service) for balancer in balancers)


def _errors(sought: Sought) -> Ways:
    around = sought.around
    serving = around.exposing(sought.reading.selector) or sought.spoken_of()
    if not serving:
        yield f"which service counts {sought.metric} is not known"
    for service in serving:
        if around.sees(service):
            yield f"{service} is what a game day watches with"
            continue
        behind = around.servers(service)
        if behind:
            yield _cut(service, behind)
            continue
        needs = around.dependencies(service)
        if not needs:
            yield f"nothing is known that {service} needs, so nothing can be taken away"
        for other in needs:
            yield _few(sought, service) or _cut(service, other)
            yield SuggestedFault(kind=STOP, service=other)


def _latency(sought: Sought) -> Ways:
    around = sought.around
    counting = around.exposing(sought.reading.selector) or sought.spoken_of()
    if not counting:
        yield f"which service times {sought.metric} is not known"
    seconds = seconds_of(sought.reading.condition) or 1.0
    by = show_duration(round(seconds * SLOWER, 3))
    for service in [around.servers(name) or name for name in counting]:
        if around.sees(service):
            yield f"{service} is what a game day watches with"
            continue
        for other in around.probers(sought.reading.selector):
            if len(around.of(service)) == 1:
                yield _late(service, by, other)
        for other in around.dependencies(service):
            few = _few(sought, service)
            yield few or _late(service, by, other)
            yield _late(other, by, service)
        yield SuggestedFault(
            kind="network.delay", service=service, arguments={"by": by}
        )


def _saturated(kind: str, argument: str) -> Callable[[Sought], Ways]:
    def ways_of(sought: Sought) -> Ways:
        if sought.metric.startswith("node_"):
            yield f"{sought.metric} is about the machine, and a fault hits instances"
            return
        selector = sought.reading.selector
        services = sought.spoken_of() or sought.around.exposing(selector)
        if not services:
            yield f"which service {sought.metric} is about is not known"
        limit = share_of(sought.reading.condition)
        share = FULL if limit is None else min(1.0, limit + MORE)
        for service in services:
            arguments = {argument: show_share(round(share, 2))}
            yield _known(
                SuggestedFault(kind=kind, service=service, arguments=arguments)
            )

    return ways_of


def _restarts(sought: Sought) -> Ways:
    limit = sought.reading.condition.limit
    if is_uptime(sought.metric):
        yield from _young(sought)
        return
    if limit is not None and limit >= 1.0:
        yield "it asks for several restarts, and a fault is one"
        return
    services = sought.spoken_of() or sought.around.exposing(sought.reading.selector)
    if not services:
        yield f"which service {sought.metric} is about is not known"
    for service in services:
        yield SuggestedFault(kind="process.kill", service=service)


def _young(sought: Sought) -> Ways:
    """Yield the restart of what an uptime is about; an exporter tells another's."""
    limit = seconds_of(sought.reading.condition) or 0.0
    if sought.rule.hold >= limit:
        held = show_duration(sought.rule.hold)
        yield f"{sought.metric} is over its limit again before {held} have passed"
        return
    around = sought.around
    writers = around.exposing(sought.reading.selector)
    services = around.spoken_of(sought.metric) or sought.spoken_of() or writers
    services = [name for name in services if not around.exports(name)]
    if not services:
        services = [name for writer in writers for name in around.needs(writer)]
    if not services:
        yield f"which service {sought.metric} is about is not known"
    for service in services:
        yield SuggestedFault(kind="process.kill", service=service)


def _replicas(sought: Sought) -> Ways:
    services = sought.spoken_of()
    if not services:
        yield f"which workload {sought.metric} is about is not known"
    for service in services:
        # What is stopped is scaled down: then fewer are wanted, and none is missing.
        yield SuggestedFault(kind=PAUSE, service=service)


def _queue(sought: Sought) -> Ways:
    services = sought.around.consumers()
    if not services:
        yield f"which service takes work from {sought.metric} is not known"
    for service in services:
        yield _only(sought, service, f"any other {service} goes on taking work")


def _absent(sought: Sought) -> Ways:
    around, selector = sought.around, sought.reading.selector
    services = around.exposing(selector) or around.selected(selector)
    if not services:
        yield f"which service has {_selector_text(sought)} is not known"
    for service in services:
        yield _only(sought, service, f"any other {service} has it as well")


def _special(kind: str, arguments: Mapping[str, str]) -> Callable[[Sought], Ways]:
    def ways_of(sought: Sought) -> Ways:
        services = sought.spoken_of() or sought.around.exposing(sought.reading.selector)
        if kind not in CATALOGUE:
            yield f"gameday has no fault for {sought.metric} ({kind} would be it)"
        elif not services:
            yield f"which service {sought.metric} is about is not known"
        else:
            for service in services:
                yield SuggestedFault(kind=kind, service=service, arguments=arguments)

    return ways_of


_WAYS: Mapping[Symptom, Callable[[Sought], Ways]] = {
    Symptom.DOWN: _down,
    Symptom.PROBE: _probe,
    Symptom.SEEN_DOWN: _seen_down,
    Symptom.OUT: _out,
    Symptom.ERRORS: _errors,
    Symptom.LATENCY: _latency,
    Symptom.CPU: _saturated("resource.cpu", "load"),
    Symptom.MEMORY: _saturated("resource.memory", "fill"),
    Symptom.DISK: _special("resource.disk", {"fill": "95%"}),
    Symptom.RESTARTS: _restarts,
    Symptom.REPLICAS: _replicas,
    Symptom.CERTIFICATE: _special("tls.expire", {"within": "1h"}),
    Symptom.CLOCK: _special("clock.skew", {"by": "5m"}),
    Symptom.QUEUE: _queue,
    Symptom.ABSENT: _absent,
}


def _late(service: str, by: str, peers: str) -> SuggestedFault:
    return SuggestedFault(
        kind="network.delay", service=service, arguments={"by": by, "peers": peers}
    )


def _cut(service: str, peers: str) -> SuggestedFault:
    return SuggestedFault(
        kind="network.partition", service=service, arguments={"peers": peers}
    )


def _known(hit: SuggestedFault) -> SuggestedFault | str:
    return hit if hit.kind in CATALOGUE else f"gameday has no fault {hit.kind}"


def _alone(sought: Sought, service: str) -> str:
    """Return why the loss of one instance alone does not do; empty: it does."""
    reading = sought.reading
    instances = len(sought.around.of(service))
    least = needed(reading.condition.tree, instances, counts=reading.counts)
    if least == 1:
        return ""
    if least is None:
        return (
            f"how many of {service} have to be lost does not follow from the expression"
        )
    return (
        f"it fires when {least} of {instances} {service} are lost, and a suggestion "
        "takes one"
    )


def _only(sought: Sought, service: str, otherwise: str) -> SuggestedFault | str:
    """Return the loss of a service's only instance; else why that does not do."""
    if len(sought.around.of(service)) == 1:
        return SuggestedFault(kind=STOP, service=service)
    return f"{otherwise}, and a suggestion takes one"


def _few(sought: Sought, service: str) -> str:
    """Return why what one instance serves is too small a share; empty: it is not."""
    condition = sought.reading.condition
    instances = len(sought.around.of(service))
    is_ratio = isinstance(condition.value, Node) and condition.value.word in ("/", "-")
    limit = condition.limit if is_ratio else None
    if limit is None or not 0.0 < limit < 1.0:
        return ""
    limit = 1.0 - limit if condition.side == LOW else limit
    if 1.0 / instances > limit:
        return ""
    return (
        f"one of {instances} {service} serves {show_share(1.0 / instances)}, and it "
        f"takes more than {show_share(limit)}"
    )


def _selector_text(sought: Sought) -> str:
    selector = sought.reading.selector
    inside = ", ".join(
        f'{matcher.name}{matcher.op}"{matcher.value}"' for matcher in selector.matchers
    )
    return f"{selector.name}{{{inside}}}" if inside else selector.name
