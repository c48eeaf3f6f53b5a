"""When a promise can come true, by the rules' own arithmetic.

With scrape interval S and timeout T, evaluation interval E, query offset O and
`for` F rounded up to evaluations, an alert fires between O + F and
S + T + E + O + F after the fault starts; its page follows after group_wait (a new
group) or at the latest after group_interval (a live one). Sources: Prometheus'
alerting rules (`for` counts evaluations) and Alertmanager's dispatcher; measured
against both generations of them.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gameday.model.alert import AlertRule, Route
from gameday.model.plan import Eyes, Timing
from gameday.model.quantity import show_duration
from gameday.model.scenario import AlertPromise, Scenario, Step
from gameday.plans.routing import known_labels, receiver, routes_of

_RANGE = re.compile(r"\[\s*(\w+)")
_QUESTIONS = ("fires_within", "pages_within", "resets_within", "page_resolves_within")


@dataclass(frozen=True, slots=True)
class Span:
    """The earliest and the latest possible time, in seconds."""

    earliest: float
    latest: float

    def plus(self, earliest: float, latest: float) -> "Span":
        """Return the span moved by at least and by at most so much."""
        return Span(self.earliest + earliest, self.latest + latest)


def timings(scenario: Scenario, eyes: Eyes) -> tuple[Timing, ...]:
    """Return the lint of every promise of the scenario."""
    return tuple(
        timing
        for step in scenario.steps
        for promise in step.expect.alerts
        for timing in _promise(step, promise, eyes)
    )


def rules_for(promise: AlertPromise, rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rules that may produce the promised alert (a name is not a key)."""
    return [
        rule
        for rule in rules
        if rule.name == promise.alert
        and all(
            "{{" in rule.labels[name] or rule.labels[name] == value
            for name, value in promise.labels.items()
            if name in rule.labels
        )
    ]


def _promise(step: Step, promise: AlertPromise, eyes: Eyes) -> list[Timing]:
    rules = None if eyes.rules is None else rules_for(promise, eyes.rules)
    asked = [name for name in _QUESTIONS if getattr(promise, name) is not None]
    found = [_question(step, promise, name, rules, eyes) for name in asked]
    if promise.reaches:
        found.append(_reaches(step, promise, rules, eyes))
    return found


def _timing(
    step: Step, promise: AlertPromise, question: str, state: str, because: str
) -> Timing:
    return Timing(
        step=step.name,
        subject=promise.alert,
        question=question,
        promised=getattr(promise, question) if question != "reaches" else 0.0,
        earliest=None,
        latest=None,
        state=state,
        because=because,
        line=promise.line,
    )


def _question(
    step: Step,
    promise: AlertPromise,
    question: str,
    rules: list[AlertRule] | None,
    eyes: Eyes,
) -> Timing:
    if rules is None:
        return _timing(
            step, promise, question, "not_checked", "the rules are not known"
        )
    if not rules:
        return _timing(
            step,
            promise,
            question,
            "cannot_be_kept",
            f"no alert rule is named {promise.alert!r} with these labels",
        )
    spans = [_span(promise, rule, question, eyes) for rule in rules]
    unknown = [span for span in spans if isinstance(span, str)]
    known = [span for span in spans if isinstance(span, Span)]
    if unknown or not known:
        state = "not_checked"
        if any("send_resolved" in text for text in unknown):
            state = "cannot_be_kept"
        return _timing(step, promise, question, state, unknown[0])
    span = Span(min(s.earliest for s in known), max(s.latest for s in known))
    return _judge(_timing(step, promise, question, "ok", ""), span, rules)


def _judge(timing: Timing, span: Span, rules: list[AlertRule]) -> Timing:
    early, late = show_duration(span.earliest), show_duration(span.latest)
    promised = show_duration(timing.promised)
    words = f"between {early} and {late} is possible, {promised} is promised"
    state = "ok"
    if span.earliest > timing.promised + 1e-9:
        state = "cannot_be_kept"
        words = f"at the earliest {early} is possible, {promised} is promised"
    elif span.latest > timing.promised + 1e-9:
        state = "not_guaranteed"
    ranges = [found for rule in rules for found in _RANGE.findall(rule.expr)]
    if ranges:
        words += f"; the expression looks back over {', '.join(sorted(set(ranges)))}"
        words += ", which can add to the latest time"
    if len(rules) > 1:
        words += f"; {len(rules)} rules fit this promise"
    return Timing(
        step=timing.step,
        subject=timing.subject,
        question=timing.question,
        promised=timing.promised,
        earliest=round(span.earliest, 3),
        latest=round(span.latest, 3),
        state=state,
        because=words,
        line=timing.line,
    )


def _span(
    promise: AlertPromise, rule: AlertRule, question: str, eyes: Eyes
) -> Span | str:
    every = rule.interval or eyes.evaluation_interval
    scrape = eyes.scrape_interval
    if every is None or scrape is None:
        return "the scrape or evaluation interval is not known"
    timeout = min(eyes.scrape_timeout or scrape, scrape)
    offset = rule.query_offset
    if question in ("fires_within", "pages_within"):
        hold = math.ceil(round(rule.hold / every, 9)) * every
        span = Span(offset + hold, scrape + timeout + every + offset + hold)
    else:
        keep = math.ceil(round(rule.keep_firing / every, 9)) * every
        span = Span(offset + keep, scrape + timeout + every + offset + keep)
    if question in ("fires_within", "resets_within"):
        return span
    return _paged(promise, rule, question, span, eyes)


def _paged(
    promise: AlertPromise, rule: AlertRule, question: str, span: Span, eyes: Eyes
) -> Span | str:
    route = _route(promise, rule, eyes)
    if isinstance(route, str):
        return route
    if question == "pages_within":
        return span.plus(route.group_wait, max(route.group_wait, route.group_interval))
    if eyes.routing is not None:
        for name in promise.reaches or (route.receiver,):
            way = receiver(eyes.routing, name)
            if way is not None and not way.tells_resolved:
                return f"receiver {way.name!r} has no integration with send_resolved"
    return span.plus(0.0, route.group_interval)


def _route(promise: AlertPromise, rule: AlertRule, eyes: Eyes) -> Route | str:
    if eyes.routing is None:
        return "the routes are not known"
    routes = routes_of(eyes.routing.route, known_labels(rule, promise.labels))
    wanted = [r for r in routes if r.receiver in (promise.reaches or (r.receiver,))]
    return (wanted or routes)[0]


def _reaches(
    step: Step, promise: AlertPromise, rules: list[AlertRule] | None, eyes: Eyes
) -> Timing:
    if not rules or eyes.routing is None:
        return _timing(step, promise, "reaches", "not_checked", "no rule or no routes")
    ends = {
        route.receiver
        for rule in rules
        for route in routes_of(eyes.routing.route, known_labels(rule, promise.labels))
    }
    named = " and ".join(map(repr, promise.reaches))
    if ends.issuperset(promise.reaches):
        return _timing(step, promise, "reaches", "ok", f"routed to {named}")
    missed = [repr(name) for name in promise.reaches if name not in ends]
    return _timing(
        step,
        promise,
        "reaches",
        "not_guaranteed",
        f"by the labels that are known, the routes lead to {', '.join(sorted(ends))}, "
        f"not to {' and '.join(missed)}",
    )
