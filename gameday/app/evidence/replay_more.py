"""What a replay shows beside its answers: other times of `for`, and unit tests."""

import math
import os
from collections.abc import Iterator, Sequence

from gameday.app.evidence.replay_run import UNKNOWN, RunReplay
from gameday.model.alerting.alert import AlertRule
from gameday.model.alerting.recording import Read
from gameday.model.quantity import show_duration
from gameday.model.scenario import AlertPromise
from gameday.replays import promtool
from gameday.replays.machine import Slots
from gameday.replays.story import faults_of
from gameday.replays.vary import NotVaried, Varied, vary


def varied(work: RunReplay, holds: Sequence[float]) -> list[Varied | NotVaried]:
    """Return what other times of `for` would do with each promised alert."""
    return [
        variant
        for step, promise in _promises(work)
        for variant in _of_promise(work, step, promise, holds)
        if holds
    ]


def _promises(work: RunReplay) -> Iterator[tuple[str, AlertPromise]]:
    begun = dict(faults_of(work.timeline))
    for step in work.plan.scenario.steps:
        if step.name in begun:
            yield from ((step.name, promise) for promise in step.expect.alerts)


def _of_promise(
    work: RunReplay, step: str, promise: AlertPromise, holds: Sequence[float]
) -> Iterator[Varied | NotVaried]:
    at = dict(faults_of(work.timeline))[step]
    fault = work.clocks.to_source_clock("prometheus", at)
    for place, rule in enumerate(work.rules):
        if rule.name != promise.alert or not rule.may_have(promise.labels):
            continue
        why = work.unknown.get(place, "") or work.why_not(rule)
        try:
            if not why:
                times = work.slots(rule)
                results = work.recorded.results(rule, times)
                yield from vary(rule, promise, results, times, holds, fault)
        except UNKNOWN as error:
            why = str(error)
        if why:
            yield NotVaried(alert=rule.name, because=why)


def unit_tests(work: RunReplay, run: str, folder: str) -> dict[str, str]:
    """Return the run as unit tests of today's rule files, by name, for a folder.

    promtool evaluates every group at one interval, so that the promised rules of each
    interval have a test of their own.
    """
    by_interval = _promised_rules(work)
    tests: dict[str, str] = {}
    for interval, rules in sorted(by_interval.items()):
        of = f"-{show_duration(interval)}" if len(by_interval) > 1 else ""
        test = _unit_test(work, run, rules, folder)
        tests |= {f"{run}{of}.test.yaml": test} if test else {}
    return tests


def _promised_rules(work: RunReplay) -> dict[float, list[AlertRule]]:
    """Return the rules of promised alerts that promtool can test, by their interval."""
    steps = work.plan.scenario.steps
    promised = {alert.alert for step in steps for alert in step.expect.alerts}
    by_interval: dict[float, list[AlertRule]] = {}
    for place, rule in enumerate(work.rules):
        known = place not in work.unknown and not work.why_not(rule)
        if rule.name in promised and known and not rule.query_offset:
            by_interval.setdefault(rule.interval or 60.0, []).append(rule)
    return by_interval


def _unit_test(
    work: RunReplay, run: str, mine: Sequence[AlertRule], folder: str
) -> str:
    """Return the unit test of rules that have one interval; or nothing."""
    times = max((work.slots(rule) for rule in mine), key=lambda slots: slots.first)
    try:
        expected = _expected(work, mine, times)
    except UNKNOWN:
        return ""
    files = {rule.file for rule in work.rules}
    files |= {rule.file for rule in work.recorded.rules}
    reads = [read for rule in mine for read in _leaves(work, rule)]
    test = promtool.UnitTest(
        run=run,
        rules=tuple(os.path.relpath(path, folder) for path in sorted(files)),
        slots=times,
        series=promtool.chosen(work.recording.series, reads),
        expected=expected,
    )
    return promtool.render(test) if promtool.expects_alerts(test) else ""


def _expected(
    work: RunReplay, rules: Sequence[AlertRule], times: Slots
) -> list[promtool.Expected]:
    """Return what each alert does, all rules of its name together; one of UNKNOWN."""
    expected = []
    for name in sorted({rule.name for rule in rules}):
        makers = [rule for rule in rules if rule.name == name]
        lives = [life for rule in makers for life in work.lives(rule, times)]
        slack = max(_slack(work, rule) for rule in makers)
        expected.append(promtool.Expected(alert=name, lives=lives, slack=slack))
    return expected


def _leaves(work: RunReplay, rule: AlertRule) -> list[Read]:
    """Return what a rule reads that no recording rule makes, or made, to the ground."""
    below = work.recorded.below(rule.expr)
    made = {record.name for record in below} | work.recorded.lineage.gone
    exprs = [rule.expr, *(record.expr for record in below)]
    return [
        read
        for expr in exprs
        for read in work.language.reads(expr).selectors
        if read.metric not in made
    ]


def _slack(work: RunReplay, rule: AlertRule) -> int:
    """Return by how many evaluations promtool may see a recording rule otherwise."""
    interval = rule.interval or 60.0
    return sum(
        math.ceil((record.interval or interval) / interval)
        for record in work.recorded.below(rule.expr)
        if (record.file, record.group) != (rule.file, rule.group)
        or record.interval != rule.interval
    )
