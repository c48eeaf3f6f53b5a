"""What is suggested for each alert rule: a fault, and what the rule then promises."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.always import always
from gameday.model.alerting.expression_parser import alternatives
from gameday.model.alerting.known_labels import exactly
from gameday.model.plan import Monitoring
from gameday.model.scenario import AlertPromise
from gameday.model.timing.alert_timing import fires
from gameday.plans.promising import fires_within_known_time, promise_of, set_off_beside
from gameday.plans.suggest.conditions import conditions
from gameday.plans.suggest.faults import Sought, SuggestedFault, ways
from gameday.plans.suggest.surroundings import Surroundings
from gameday.plans.suggest.symptoms import (
    FELT_BY_USERS,
    ConditionSymptom,
    Symptom,
    readings,
)

SUGGESTED, RISKY, UNKNOWN, ALWAYS = "suggested", "risky", "not known how", "always"
MOST_REASONS = 2  # that are told of a rule for which nothing is known
_NEEDS_REQUESTS = frozenset((Symptom.ERRORS, Symptom.LATENCY))


@frozen
class SuggestInput:
    """What suggestions are made for.

    `refusal`: why the target cannot do a kind of fault (empty: it can). `paged`:
    whether pages are seen.
    """

    monitoring: Monitoring
    around: Surroundings
    refusal: Callable[[str], str]
    on_cluster: bool = False
    paged: bool = False
    include_risky: bool = False


@frozen
class Suggestion:
    """What is suggested for one rule.

    `because`: what stands in the way, or what is risky. `beside`: other alerts that
    the fault may set off. `muted`: one of these inhibits it, so that no page is
    promised. `felt`: users may notice the fault. `requests`: the rule
    counts requests, so there have to be some.
    """

    rule: AlertRule
    state: str
    because: str = ""
    hit: SuggestedFault | None = None
    promise: AlertPromise | None = None
    beside: tuple[str, ...] = ()
    muted: bool = False
    felt: bool = False
    requests: bool = False


@frozen(kw_only=False)
class _Way:
    """A fault for one of the sides of a rule's `or`."""

    hit: SuggestedFault
    symptom: Symptom
    rule: AlertRule  # with that side as its expression
    risks: tuple[str, ...]


def suggest(rules: Sequence[AlertRule], asked: SuggestInput) -> list[Suggestion]:
    """Return a suggestion for each rule, in their order."""
    return [_suggestion(rule, asked) for rule in rules]


def _suggestion(rule: AlertRule, asked: SuggestInput) -> Suggestion:
    constant = always(rule.expr)
    if constant is not None:
        said = "it always fires" if constant else "it never fires"
        return Suggestion(rule=rule, state=ALWAYS, because=said)
    ways: list[_Way] = []
    reasons: list[str] = []
    for way in _ways(rule, asked):
        if isinstance(way, str):
            reasons.append(way)
        else:
            ways.append(way)
    if not ways:
        told = list(dict.fromkeys(reasons))[:MOST_REASONS]
        return Suggestion(rule=rule, state=UNKNOWN, because="; ".join(told))
    # The nearest one that is safe, and after which the page is not muted.
    made = [(_made(rule, way, asked), bool(way.risks)) for way in ways]
    return min(made, key=lambda pair: (pair[1], pair[0].muted))[0]


def _made(rule: AlertRule, way: _Way, asked: SuggestInput) -> Suggestion:
    felt = bool(way.risks) or way.symptom in FELT_BY_USERS
    wanted = not way.risks or asked.include_risky
    promise = promise_of(
        way.rule, _monitoring_with(way.rule, asked.monitoring), paged=asked.paged
    )
    beside = _beside(rule, way, promise, asked, felt=felt)
    muted = _is_muted(rule, beside, asked.monitoring)
    if muted:
        promise = replace(
            promise, reaches=(), pages_within=None, page_resolves_within=None
        )
    return Suggestion(
        rule=rule,
        state=SUGGESTED if wanted else RISKY,
        because=", ".join(way.risks),
        hit=way.hit,
        promise=promise,
        beside=beside,
        muted=muted,
        felt=felt,
        requests=way.symptom in _NEEDS_REQUESTS,
    )


def _monitoring_with(rule: AlertRule, monitoring: Monitoring) -> Monitoring:
    """Return the monitoring with this rule in the place of its namesakes."""
    others = [other for other in monitoring.rules or () if other.name != rule.name]
    return replace(monitoring, rules=(*others, rule))


def _ways(rule: AlertRule, asked: SuggestInput) -> Iterator[_Way | str]:
    sides = alternatives(rule.expr)
    for expr in sides:
        side = rule if len(sides) == 1 else replace(rule, expr=expr)
        if always(expr) is not None:
            continue
        reading = next(iter(_readings(expr, asked.monitoring)), None)
        when = _when(side, asked.monitoring)
        if reading is None:
            yield when or _not_read(expr, asked.monitoring)
            continue
        sought = Sought(
            rule=side,
            reading=reading,
            around=asked.around,
            on_cluster=asked.on_cluster,
        )
        if when:
            yield when
        for way in ways(sought):
            if isinstance(way, str):
                yield way
            elif not when:
                yield _able(way, sought, asked)


def _when(rule: AlertRule, monitoring: Monitoring) -> str:
    """Return why nobody can tell when a rule fires; empty where that can be told."""
    if fires_within_known_time(rule, monitoring):
        return ""
    return "when it fires cannot be told: " + "; ".join(fires(rule, monitoring).why)


def _able(hit: SuggestedFault, sought: Sought, asked: SuggestInput) -> _Way | str:
    refusal = asked.refusal(hit.kind)
    if refusal:
        return f"{hit.kind}: {refusal}"
    risks = tuple(asked.around.risks(hit.service))
    return _Way(hit, sought.reading.symptom, sought.rule, risks)


def _readings(expr: str, monitoring: Monitoring) -> list[ConditionSymptom]:
    return readings(conditions(expr, monitoring.recorded))


def _not_read(expr: str, monitoring: Monitoring) -> str:
    rule_conditions = conditions(expr, monitoring.recorded)
    if not rule_conditions:
        return "its expression is not understood"
    names = dict.fromkeys(
        selector.name or "series of any name"
        for condition in rule_conditions
        for selector in condition.reads
    )
    if not names:
        return "it reads no series"
    return f"no fault is known that changes {' and '.join(names)}"


def _beside(
    rule: AlertRule,
    way: _Way,
    promise: AlertPromise,
    asked: SuggestInput,
    *,
    felt: bool,
) -> tuple[str, ...]:
    """Return the other alerts that the fault may set off."""
    others = set(set_off_beside(asked.monitoring, way.hit.service, promise))
    if felt:
        others |= _that_feel(way, asked)
    # Prometheus goes on scraping both ends, unless it is one of them.
    scraped = way.hit.between and way.hit.peers != asked.around.monitoring()
    names = [
        other.name
        for other in asked.monitoring.rules or ()
        if other.name in others and not (scraped and _is_of_scrapes(other, asked))
    ]
    return tuple(name for name in dict.fromkeys(names) if name != rule.name)


def _that_feel(way: _Way, asked: SuggestInput) -> set[str]:
    """Return the alerts of what is hit, of its peers and of the servers behind it."""
    service = way.hit.service
    touched = {service, way.hit.peers, asked.around.servers(service)} - {""}
    return {
        rule.name
        for rule in asked.monitoring.rules or ()
        if _may_ring(rule, touched, asked)
    }


def _is_of_scrapes(rule: AlertRule, asked: SuggestInput) -> bool:
    """Whether a rule asks for nothing but whether Prometheus can scrape."""
    symptoms = [
        reading.symptom
        for expr in alternatives(rule.expr)
        for reading in _readings(expr, asked.monitoring)
    ]
    return set(symptoms) == {Symptom.DOWN}


def _is_muted(rule: AlertRule, beside: Iterable[str], monitoring: Monitoring) -> bool:
    """Whether an alert that the same fault may set off inhibits the rule's."""
    inhibit = monitoring.routing.inhibit if monitoring.routing else ()
    own = exactly({"alertname": rule.name, **rule.labels})
    others = [
        exactly({"alertname": other.name, **other.labels})
        for other in monitoring.rules or ()
        if other.name in beside
    ]
    return any(
        own.match_all(inhibits.target) is not False
        and any(other.match_all(inhibits.source) for other in others)
        for inhibits in inhibit
    )


def _may_ring(rule: AlertRule, touched: Iterable[str], asked: SuggestInput) -> bool:
    """Whether a rule speaks of one of these services, or of what users feel."""
    if always(rule.expr) is not None:
        return False
    for expr in alternatives(rule.expr):
        for reading in _readings(expr, asked.monitoring):
            if reading.symptom in FELT_BY_USERS:
                return True
            sought = Sought(rule=rule, reading=reading, around=asked.around)
            named = {
                *asked.around.selected(reading.selector),
                *asked.around.exposing(reading.selector),
                *asked.around.spoken_of(reading.selector.name),
                *sought.spoken_of(),
            }
            if named & set(touched):
                return True
    return False
