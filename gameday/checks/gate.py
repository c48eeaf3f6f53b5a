"""The gate: every answer passes through it, and doubt is consulted there.

A check answers from what was seen. Here all that the timeline records as doubt on the
question's chain, from the fault's start to the moment that decided, makes the answer
inconclusive where the table says that it could have changed it, a pass as well as a
fail. Each link of a chain has one collector, which yields the doubts that concern its
question and lie in its time; whether they matter is for the table to say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from gameday.checks.alerts.notifications import Notifications
from gameday.checks.alerts.other_alerts import may_ring_for, rules_that_matter
from gameday.checks.alerts.promised_alert import promise_of
from gameday.checks.doubt import (
    Doubt,
    DoubtKind,
    DoubtSpan,
    Link,
    QuestionChain,
    Turns,
    chain_of,
)
from gameday.checks.faults.foreign_effect import ineffective
from gameday.checks.question import Answer, Question, unknown
from gameday.checks.record.lost_targets import Loss
from gameday.checks.record.observer_coverage import RuleScope
from gameday.checks.record.rule_chain import reads, scope_of
from gameday.checks.service.coverage import is_recorded, probing_holes
from gameday.checks.service.metric import looks_at
from gameday.checks.slos.error_budget import rests_on_load
from gameday.checks.slos.load import slack
from gameday.checks.step import StepRun
from gameday.model.events import PageRefused
from gameday.model.quantity import show_instant
from gameday.model.verdict import Outcome

_FIRST = (Link.FAULT, Link.BEFORE)
# What no observation can make up for, whenever it was made.
_BARRING = (DoubtKind.NOT_INJECTED, DoubtKind.NO_BITE, DoubtKind.ALREADY)

Collector = Callable[[StepRun, Question, DoubtSpan], Iterable[Doubt]]


def answer_ruled_out(step: StepRun, question: Question) -> Answer | None:
    """Return the answer where none can be looked for; None: let the check look."""
    chain = chain_of(step.run.plan.scenario, question)
    span = DoubtSpan(step.start or 0.0, step.end)
    links = tuple(link for link in chain.links if link in _FIRST)
    for doubt in _doubts_on(step, question, links, span):
        if doubt.kind in _BARRING and Turns.BOTH in chain.turns[doubt.kind]:
            return unknown(doubt.because)
    return None


def answer_with_doubt(step: StepRun, question: Question, answer: Answer) -> Answer:
    """Return the answer as sure as it is: inconclusive where doubt may change it."""
    if answer.outcome is Outcome.INCONCLUSIVE:
        return answer
    chain = chain_of(step.run.plan.scenario, question)
    for doubt in doubts(step, question, answer):
        if chain.may_change(doubt.kind, answer.outcome):
            return answer.unsure(doubt.because)
        answer = _earlier(step, chain, doubt, answer)
    return answer.doubted(_why_may_not_have_lasted(step, question, answer))


def doubts(step: StepRun, question: Question, answer: Answer) -> Iterator[Doubt]:
    """Yield all doubt on a question's chain in the time that its answer rests on."""
    chain = chain_of(step.run.plan.scenario, question)
    start = step.start or 0.0 if answer.since is None else answer.since
    end = step.end if answer.decided is None else answer.decided
    yield from _doubts_on(step, question, chain.links, DoubtSpan(start, end))


def _why_may_not_have_lasted(step: StepRun, question: Question, answer: Answer) -> str:
    """Return what hides whether a pass stayed one as long as it had to; empty: nothing.

    What can only have been earlier until it was seen may have broken off after that.
    """
    since, until = answer.decided, answer.lasts_until
    if answer.outcome is not Outcome.PASS or since is None or until is None:
        return ""
    chain = chain_of(step.run.plan.scenario, question)
    if since >= until:
        return ""
    for doubt in _doubts_on(step, question, chain.links, DoubtSpan(since, until)):
        if chain.turns[doubt.kind] & (Turns.PASS | Turns.BROKEN):
            return doubt.because
    return ""


def _doubts_on(
    step: StepRun, question: Question, links: tuple[Link, ...], span: DoubtSpan
) -> Iterator[Doubt]:
    for link in links:
        yield from COLLECTORS[link](step, question, span)


def _earlier(
    step: StepRun, chain: QuestionChain, doubt: Doubt, answer: Answer
) -> Answer:
    """Widen the error of a time that may have been earlier, unseen."""
    if Turns.EARLIER not in chain.turns[doubt.kind] or answer.measured is None:
        return answer
    since = max(0.0, (doubt.since or 0.0) - (step.start or 0.0))
    missed = max(0.0, answer.measured - since)
    evidence = {**answer.evidence, "may_be_earlier": doubt.because}
    error = max(answer.error or 0.0, missed)
    return replace(answer, error=error, evidence=evidence)


def _fault_doubts(step: StepRun, _: Question, span: DoubtSpan) -> Iterator[Doubt]:
    if step.why_absent:
        yield Doubt(kind=DoubtKind.NOT_INJECTED, because=step.why_absent)
        return
    why = step.ineffective or ineffective(step)
    if why:
        yield Doubt(kind=DoubtKind.NO_BITE, because=why)
    for victim in step.replaced:
        if not victim.platform and victim.at <= span.end:
            because = victim.show()
            yield Doubt(kind=DoubtKind.REPLACED, because=because, since=victim.at)


def _before_doubts(step: StepRun, question: Question, _: DoubtSpan) -> Iterator[Doubt]:
    why = promise_of(step, question).why_unanswerable
    if why:
        yield Doubt(kind=DoubtKind.ALREADY, because=why)


def _scrape_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    for loss in step.losses:
        if loss.since <= span.end and _rests_on(step, question, loss):
            yield Doubt(
                kind=DoubtKind.TARGET_LOST, because=loss.show(), since=loss.since
            )


def _rests_on(step: StepRun, question: Question, loss: Loss) -> bool:
    """Return whether a question rests on what is scraped from a target."""
    if question.question == "no_other_alerts":
        return may_ring_for(step, loss)
    if question.alert is not None:
        rules = promise_of(step, question).rules
        return reads(step.run.plan.monitoring, rules, loss)
    jobs = _jobs_read(step, question)
    return jobs is None or loss.job in jobs


def _jobs_read(step: StepRun, question: Question) -> set[str] | None:
    """Return the jobs whose scrapes a question rests on; None: it may be any."""
    if question.check not in ("slo", "recovery"):
        return None
    slos = step.run.plan.scenario.slos if question.slo is None else (question.slo,)
    jobs = {
        str(series.labels.get("job", ""))
        for counters in (step.run.samples.of(slo.name) for slo in slos)
        for _, series in (*counters.bad, *counters.total)
    }
    return jobs if jobs and "" not in jobs else None


def _rule_doubts(step: StepRun, question: Question, span: DoubtSpan) -> Iterator[Doubt]:
    yield from _unseen_collector(DoubtKind.PROMETHEUS_BLIND, "prometheus")(
        step, question, span
    )
    since_fault = DoubtSpan(min(span.start, step.start or span.start), span.end)
    coverage = step.run.observer_coverage
    if next(coverage.rule_doubts(RuleScope(), since_fault), None) is None:
        return  # nothing happened to any rule: no need to follow the chain
    scope = _rule_scope(step, question)
    if scope is None:
        return
    for doubt in coverage.rule_doubts(scope, span):
        if doubt.kind is not DoubtKind.RULE_CHANGED:
            yield doubt
    for doubt in coverage.rule_doubts(scope, since_fault):
        if doubt.kind is DoubtKind.RULE_CHANGED:  # what it does from then on is its own
            yield doubt


def _rule_scope(step: StepRun, question: Question) -> RuleScope | None:
    """Return the rules on a question's chain; None: there are none."""
    if question.alert is not None:
        return promise_of(step, question).rule_scope
    rules = rules_that_matter(step)
    if rules is None:
        return RuleScope()
    if not rules:
        return None
    return scope_of(step.run.plan.monitoring, (rule.name for rule in rules), rules)


def _alertmanager_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    yield from _unseen_collector(DoubtKind.ALERTMANAGER_BLIND, "alertmanager")(
        step, question, span
    )
    if question.alert is not None:
        why = Notifications.of(promise_of(step, question)).doubt(span.start, span.end)
        if why:
            yield Doubt(kind=DoubtKind.MUTED, because=why)


def _pager_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    yield from _unseen_collector(DoubtKind.PAGER_BLIND, "pager")(step, question, span)
    for event in step.run.timeline.of(PageRefused):
        at = step.run.clocks.to_our_clock("pager", event.at)
        mine = _may_be_of(step, question, event.receiver)
        if mine and span.start <= at <= span.end:
            said = f"the pager refused a page at {show_instant(event.at)}"
            because = f"{said}: {event.because}"
            yield Doubt(kind=DoubtKind.PAGES_LOST, because=because, since=at)


def _may_be_of(step: StepRun, question: Question, receiver: str) -> bool:
    """Whether a page that was refused at a receiver's address may answer a question.

    A page at the address of another receiver cannot. An address that no known receiver
    has may be anybody's, mistyped.
    """
    wanted = () if question.alert is None else question.alert.reaches
    if not wanted or receiver in wanted:
        return True
    routing = step.run.plan.monitoring.routing
    known = (
        {known.name for known in routing.receivers} if routing is not None else set()
    )
    known |= {page.receiver for page in step.run.pages}
    return receiver not in known


def _load_doubts(step: StepRun, question: Question, _: DoubtSpan) -> Iterator[Doubt]:
    spends, slo = question.question == "spends_at_most", question.slo
    if spends and slo is not None and not rests_on_load(step, slo):
        return
    why = slack(step)
    if why:
        yield Doubt(kind=DoubtKind.LOAD_SHORT, because=why)


def _prober_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    if question.question != "during" and not is_recorded(step):
        return  # an older record: one look after the fault is enough
    for hole in probing_holes(step, span):
        yield Doubt(
            kind=DoubtKind.PROBES_MISSING, because=hole.because, since=hole.since
        )


def _metric_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    """Yield when nobody looked at the expression, and which looks had no answer."""
    if question.metric is not None:
        for hole in looks_at(step, question.metric).unseen(span):
            yield Doubt(
                kind=DoubtKind.METRIC_UNSEEN, because=hole.because, since=hole.since
            )
    yield from _unseen_collector(DoubtKind.METRIC_UNSEEN, "metrics")(
        step, question, span
    )


def _record_doubts(step: StepRun, _: Question, span: DoubtSpan) -> Iterator[Doubt]:
    why = step.why_unwatched(span.end) or (step.why_cut if span.end >= step.end else "")
    if why:
        yield Doubt(kind=DoubtKind.RECORD_ENDS, because=why, since=step.end)


def _unseen_collector(kind: DoubtKind, source: str) -> Collector:
    """Return what tells when an observer that the scenario has did not see."""

    def collect(step: StepRun, _: Question, span: DoubtSpan) -> Iterator[Doubt]:
        hole = step.run.observer_coverage.hole(source, span.start, span.end)
        ours = source in ("prometheus", "target", "cluster", "metrics")
        if hole is not None and (ours or source in step.run.sources):
            yield Doubt(kind=kind, because=hole.because, since=hole.since)

    return collect


def _cluster_doubts(
    step: StepRun, question: Question, span: DoubtSpan
) -> Iterator[Doubt]:
    """Yield when workloads could not be seen: after the fault, or when it began.

    How a workload was before the fault is what it is measured by.
    """
    begun = DoubtSpan(step.start or 0.0, step.start or 0.0)
    for time in (begun, span):
        yield from _unseen_collector(DoubtKind.CLUSTER_BLIND, "cluster")(
            step, question, time
        )


COLLECTORS: Mapping[Link, Collector] = {
    Link.FAULT: _fault_doubts,
    Link.BEFORE: _before_doubts,
    Link.SCRAPE: _scrape_doubts,
    Link.RULES: _rule_doubts,
    Link.ALERTMANAGER: _alertmanager_doubts,
    Link.PAGER: _pager_doubts,
    Link.SLI: _unseen_collector(DoubtKind.PROMETHEUS_BLIND, "prometheus"),
    Link.LOAD: _load_doubts,
    Link.PROBER: _prober_doubts,
    Link.METRIC: _metric_doubts,
    Link.TARGET: _unseen_collector(DoubtKind.TARGET_BLIND, "target"),
    Link.CLUSTER: _cluster_doubts,
    Link.RECORD: _record_doubts,
}
