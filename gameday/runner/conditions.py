"""What a phase waits for: each thing with its deadline, and whether it is there."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from gameday.checks.record.victims import Victims
from gameday.frozen import frozen
from gameday.model.events import Hypothesis, Metric, WorkloadChanged
from gameday.model.events.target import is_fully_available, workload_at
from gameday.model.plan import Monitoring, PlannedStep
from gameday.model.promise import Promise, Since, made
from gameday.model.scenario import OF_ALERT, OF_STEP, AlertPromise, MetricPromise, Step
from gameday.model.stretch import FEWEST, LONGEST, looks_in_a_row, share_of_false
from gameday.runner.run_state import RunState

_Look = TypeVar("_Look", Hypothesis, Metric)
# The promises of which it is seen here, while a run is going on, that they are kept.
_SEEN = (
    *("fires_within", "pages_within", "resets_within", "page_resolves_within"),
    *("heals_within", "recovers_within"),
)


@frozen
class PendingCondition:
    """One thing that is waited for, until `until` at the latest."""

    what: str
    until: float
    kept: bool

    def open(self, now: float) -> bool:
        """Return whether waiting for it still makes sense."""
        return not self.kept and now < self.until


def in_hold(
    run_state: RunState, step: Step, planned: PlannedStep
) -> Iterator[PendingCondition]:
    """Yield what the hold waits for; it is over when none of it is open."""
    start = run_state.fault_started(step.name)
    if start is None:
        return
    if step.hold is not None:
        yield PendingCondition(what="the hold", until=start + step.hold, kept=False)
    else:
        for promise in step.expect.alerts:
            whose = _VictimFilter(promise, run_state.victims(step.name))
            yield from _fires(run_state, planned, whose, start)
            yield from until_over(promise, OF_ALERT, Since.START, start)
    yield from until_over(step.expect, OF_STEP, Since.START, start)
    if step.expect.heals_within is not None:
        until = start + step.expect.heals_within
        yield PendingCondition(
            what="healing", until=until, kept=healed(run_state, step, start)
        )


@frozen(kw_only=False)
class _VictimFilter:
    """Whose alerts a promise waits for: where labels tell victims apart, each one's."""

    promise: AlertPromise
    victims: Victims

    def without_spared(
        self, sets: Iterable[Mapping[str, str]]
    ) -> list[Mapping[str, str]]:
        """Return those labels that are not about an instance that was spared."""
        asked = self.promise.labels
        return [labels for labels in sets if self.victims.concern(labels, asked)]

    def all_of(self, sets: Sequence[Mapping[str, str]]) -> bool:
        """Return whether these labels are of all whose alert has to ring."""
        mine = self.without_spared(sets)
        if self.promise.victims == "any" or self.victims.names_one(self.promise.labels):
            return bool(mine)
        told = frozenset[str]().union(*map(self.victims.of, mine))
        required = frozenset[str]().union(*map(self.victims.required, sets))
        return bool(mine) and required <= told


def _fires(
    run_state: RunState, planned: PlannedStep, whose: _VictimFilter, start: float
) -> Iterator[PendingCondition]:
    promise = whose.promise
    if promise.fires_within is not None and not run_state.is_spoiled(promise):
        yield PendingCondition(
            what=f"{promise.alert} firing",
            until=start + promise.fires_within,
            kept=whose.all_of(
                [alert.labels for alert in run_state.fired(promise, start)]
            ),
        )
    if not run_state.is_spoiled(promise, pages=True):
        yield from _pages(run_state, planned, whose, start)


def _pages(
    run_state: RunState, planned: PlannedStep, whose: _VictimFilter, start: float
) -> Iterator[PendingCondition]:
    """Yield what each receiver has to be paged of."""
    promise = whose.promise
    if not promise.reaches and promise.pages_within is None:
        return
    within = promise.pages_within or planned.hold_at_most
    for asked in promise.for_each_receiver():
        paged = run_state.paged_alerts(promise, "firing", asked.receiver, start)
        where = f" at {asked.receiver}" if asked.receiver else ""
        yield PendingCondition(
            what=f"the page of {promise.alert}{where}",
            until=start + within,
            kept=whose.all_of(paged),
        )


def in_aftermath(
    run_state: RunState, step: Step, planned: PlannedStep
) -> Iterator[PendingCondition]:
    """Yield what the aftermath waits for, after the fault's end."""
    start, end = run_state.fault_started(step.name), run_state.fault_ended(step.name)
    if start is None or end is None:
        return
    for promise in step.expect.alerts:
        whose = _VictimFilter(promise, run_state.victims(step.name))
        yield from _resets(run_state, whose, start, end)
        yield from until_over(promise, OF_ALERT, Since.END, end)
    yield from until_over(step.expect, OF_STEP, Since.END, end)
    if step.expect.recovers_within is not None:
        until = end + step.expect.recovers_within
        yield PendingCondition(what="recovery", until=until, kept=run_state.recovered)
        for name in sorted(_workloads(planned) & run_state.workloads.keys()):
            kept = available(run_state.workloads[name], start)
            yield PendingCondition(
                what=f"{name} to be available", until=until, kept=kept
            )
    yield from _metrics(run_state, step, planned, start, end)
    if step.experiment.has_hypothesis:
        yield _holds_again(run_state, end + planned.aftermath_at_most)


def until_over(
    owner: object, promises: Mapping[str, Promise], since: Since, base: float
) -> Iterator[PendingCondition]:
    """Yield the promises of which nothing here can see whether they are kept already.

    They are waited for until their time is over, so that their answer is not cut off.
    """
    for name, value in made(owner, promises):
        if promises[name].since is since and name not in _SEEN:
            what = promises[name].words
            yield PendingCondition(what=what, until=base + value, kept=False)


def _holds_again(run_state: RunState, until: float) -> PendingCondition:
    """Return the hypothesis that has to hold again, for good.

    A stretch of looks long enough to have seen the failures that there were; where
    there were some it may go on beyond the aftermath's time. Not by its time: what was
    probed between the fault's end and the aftermath's beginning still counts as during.
    """
    answered = [look for look in run_state.looks if look.ok is not None]
    false = share_of_false(look.ok for look in answered if look.phase == "during")
    held = _held_since([look for look in run_state.looks if look.phase == "after"])
    lasted = held[0].at - held[-1].at if held else 0.0
    return PendingCondition(
        what="the hypothesis holding again",
        until=until + (LONGEST if false else 0.0),
        kept=len(held) >= looks_in_a_row(false) or lasted >= LONGEST,
    )


def _held_since(looks: Sequence[_Look]) -> list[_Look]:
    """Return the newest looks that all hold, newest first."""
    return list(itertools.takewhile(lambda look: look.ok is True, reversed(looks)))


def _metrics(
    run_state: RunState, step: Step, planned: PlannedStep, start: float, end: float
) -> Iterator[PendingCondition]:
    """Yield the promised expressions that have to hold after the fault, for good.

    Looks so soon after its end that they see what was scraped before do not count.
    """
    longest = planned.aftermath_at_most
    for promise in step.expect.metrics:
        if promise.holds == "after":
            looks = run_state.metrics.get(promise.promql, [])
            yield _metric_holds(promise, looks, start, end, longest)


def _metric_holds(
    promise: MetricPromise,
    looks: Sequence[Metric],
    start: float,
    end: float,
    longest: float,
) -> PendingCondition:
    stale = max((look.stale or 0.0 for look in looks), default=0.0)
    fresh = [look for look in looks if look.at > end + stale]
    false = share_of_false(look.ok for look in looks if start <= look.at <= end)
    needed = max(FEWEST, looks_in_a_row(false))
    needed = min(needed, int(LONGEST))  # looks, about a second apart
    broken = any(look.ok is False for look in fresh)  # and for good, at once
    within = longest if promise.within is None else promise.within + stale
    return PendingCondition(
        what=f"{promise.subject} holding",
        until=end + within,
        kept=len(_held_since(fresh)) >= needed or (promise.within is None and broken),
    )


def _resets(
    run_state: RunState, whose: _VictimFilter, start: float, end: float
) -> Iterator[PendingCondition]:
    promise = whose.promise
    fired = run_state.fired(promise, start)
    alerts = [alert for alert in fired if whose.without_spared([alert.labels])]
    if not alerts or run_state.is_spoiled(promise):
        return
    if promise.resets_within is not None:
        yield PendingCondition(
            what=f"{promise.alert} resolved",
            until=end + promise.resets_within,
            kept=all((alert.resolved_at or 0.0) >= end for alert in alerts),
        )
    if not run_state.is_spoiled(promise, pages=True):
        yield from _page_resolves(run_state, whose, start, end)


def _page_resolves(
    run_state: RunState, whose: _VictimFilter, start: float, end: float
) -> Iterator[PendingCondition]:
    """Yield what each receiver has to hear: the end of all that it was paged of."""
    promise = whose.promise
    if promise.page_resolves_within is None:
        return
    for asked in promise.for_each_receiver():
        opened = whose.without_spared(
            run_state.paged_alerts(promise, "firing", asked.receiver, start)
        )
        closed = run_state.paged_alerts(promise, "resolved", asked.receiver, end)
        yield PendingCondition(
            what=f"the end of {promise.alert} at {asked.receiver or 'a receiver'}",
            until=end + promise.page_resolves_within,
            kept=bool(closed) and all(labels in closed for labels in opened),
        )


def in_settling(
    run_state: RunState, step: Step, until: float
) -> Iterator[PendingCondition]:
    """Yield what is waited for before the next step: alerts are over, and told so.

    An alert group that is still alive pages after its group_interval and not after its
    group_wait, which would change the times that the next step measures.
    """
    kept = all(_is_settled(run_state, promise, step) for promise in step.expect.alerts)
    yield PendingCondition(what="alerts to settle", until=until, kept=kept)


def _is_settled(run_state: RunState, promise: AlertPromise, step: Step) -> bool:
    """Whether an alert is over in Prometheus, and its end paged if its start was."""
    ringing = [
        alert
        for alert in run_state.alerts.values()
        if promise.fits(alert.labels) and alert.state in ("pending", "firing")
    ]
    since = run_state.fault_started(step.name) or 0.0
    paged = run_state.paged_alerts(promise, "firing", None, since)
    told = run_state.paged_alerts(promise, "resolved", None, since)
    return not ringing and (not paged or bool(told))


def settling_at_most(step: Step, monitoring: Monitoring) -> float:
    """Return the longest that a step's alerts may take to settle: a group interval."""
    scrape = monitoring.scrape_interval or 1.0
    if monitoring.routing is None or not step.expect.alerts:
        return scrape
    routes, intervals = [monitoring.routing.route], []
    while routes:
        route = routes.pop()
        intervals.append(route.group_interval)
        routes += route.routes
    return max(intervals) + scrape


def healed(run_state: RunState, step: Step, since: float) -> bool:
    """Return whether every instance that was hit is up again, by itself."""
    hit = [event.instance for event in run_state.of_step(run_state.faults, step.name)]
    now = [run_state.instances.get(name) for name in hit]
    return bool(hit) and all(
        event is not None and event.up and event.at > since for event in now
    )


def available(states: Sequence[WorkloadChanged], start: float) -> bool:
    """Return whether a workload is again what it was when the fault began."""
    was = workload_at(states, start)
    return was is None or not was.available or is_fully_available(states[-1], was)


def _workloads(planned: PlannedStep) -> set[str]:
    victims = [victim for fault in planned.faults for victim in fault.victims]
    return {victim.labels.get("workload", "") for victim in victims}
