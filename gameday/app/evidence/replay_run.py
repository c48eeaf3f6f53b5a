"""One run's replay: what was recorded, on one Prometheus, under today's rules."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gameday.checks.record.clocks import read_clocks
from gameday.coverage.definition import Language, define, rule_changes
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing
from gameday.model.alerting.recording import Read, Reads, Recording, SeriesRecord
from gameday.model.plan import Monitoring, Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Verdict
from gameday.ports import Clock
from gameday.replays import promtool
from gameday.replays.judged import Replayed, compared, judged
from gameday.replays.known import known_lives, lag
from gameday.replays.machine import (
    ERROR,
    Life,
    SeriesResult,
    Slots,
    Unexpandable,
    lives,
)
from gameday.replays.slots import GroupPhase, phases, slots
from gameday.replays.story import ReplayedAlert, TodaysRules, faults_of
from gameday.replays.vary import Varied, vary
from gameday.runner.evaluation.server import QuestionRefused, Row, Server

_Rule = TypeVar("_Rule", AlertRule, RecordingRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayAnswer:
    """One replayed run, what rang then and now, and how long the work took (s)."""

    replayed: Replayed
    alerts: list[Mapping[str, object]] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    varied: list[Varied] = field(default_factory=list)
    test: str = ""  # for promtool, where it was asked for and can be made


@dataclass(frozen=True, slots=True, kw_only=True)
class TodaysFiles:
    """Today's rules and routes, as files have them; None: the run's own."""

    alerts: tuple[AlertRule, ...] | None = None
    recorded: tuple[RecordingRule, ...] | None = None
    routing: Routing | None = None


class RunReplay:
    """One run's replay on one Prometheus."""

    def __init__(
        self,
        plan: Plan,
        timeline: Timeline,
        recording: Recording,
        server: Server,
        clock: Clock,
    ) -> None:
        self._plan = plan
        self._timeline = timeline
        self._recording = recording
        self._server = server
        self._clock = clock
        self._spell, self._reads = _language()
        clocks = self._clocks = read_clocks(timeline)
        begun = [
            clocks.to_source_clock("prometheus", at) for _, at in faults_of(timeline)
        ]
        self._until = clocks.to_source_clock("prometheus", timeline.events[-1].at)
        self._fault = min(begun, default=self._until)
        self._recorded: tuple[RecordingRule, ...] = ()  # today's
        self._rules: tuple[AlertRule, ...] = ()
        self._computed: dict[str, float] = {}  # recorded name -> since when (s)

    def answer(
        self, verdict: Verdict, given: TodaysFiles, at: float | None
    ) -> ReplayAnswer:
        """Return the run as it would have been."""
        monitoring = self._plan.monitoring
        alerts = (
            _filled(given.alerts, monitoring)
            if given.alerts is not None
            else monitoring.rules
        )
        recorded = (
            _filled(given.recorded, monitoring)
            if given.recorded is not None
            else monitoring.recorded
        )
        rules = self._rules = tuple(alerts or ())
        self._recorded = tuple(recorded)
        known = phases(
            self._recording, (*(monitoring.rules or ()), *monitoring.recorded)
        )
        begun = self._clock.monotonic()
        anew = self._changed(recorded)
        loaded = self._load({rule.name for rule in anew})
        between = self._clock.monotonic()
        self._evaluate_recorded(anew, known)
        rung, unknown = self._evaluate(rules, known, moved=at is not None)
        ended = self._clock.monotonic()
        today = TodaysRules(
            rules=rules,
            recorded=self._recorded,
            routing=given.routing or monitoring.routing,
            rung=tuple(rung),
            unknown=unknown,
            until=self._until,
            moved=0.0 if at is None else at - self._fault,
        )
        return ReplayAnswer(
            replayed=judged(self._plan, self._timeline, verdict, today),
            alerts=compared(self._timeline, rung, self._fault),
            timings={
                "samples": loaded,
                "loading": round(between - begun, 3),
                "evaluating": round(ended - between, 3),
            },
        )

    def varied(self, holds: Sequence[float]) -> list[Varied]:
        """Return what other times of `for` would do with each promised alert."""
        known = phases(
            self._recording,
            (*(self._plan.monitoring.rules or ()), *self._plan.monitoring.recorded),
        )
        variants: list[Varied] = []
        steps = self._plan.scenario.steps if holds else ()
        begun = dict(faults_of(self._timeline))
        for step, promise in ((s, p) for s in steps for p in s.expect.alerts):
            for rule in self._rules:
                if rule.name != promise.alert or step.name not in begun:
                    continue
                reads = self._reads(rule.expr)
                times = slots(rule, known, self._since(reads), self._until)
                if self._lacks(reads, self._fault):
                    continue
                results = self._results(rule, times)
                fault = self._clocks.to_source_clock("prometheus", begun[step.name])
                variants += vary(rule, promise, results, times, holds, fault)
        return variants

    def unit_test(self, run: str, rules: Sequence[str], folder: str) -> str:
        """Return the run as a unit test of rule files, for a folder; or nothing.

        promtool evaluates every group at one interval, so it is made only where the
        promised rules have one.
        """
        steps = self._plan.scenario.steps
        promised = {alert.alert for step in steps for alert in step.expect.alerts}
        mine = [
            rule
            for rule in self._rules
            if rule.name in promised
            and not self._lacks(self._reads(rule.expr), self._fault)
        ]
        if len({(rule.interval, rule.query_offset) for rule in mine}) != 1:
            return ""
        reads = [read for rule in mine for read in self._all_reads(rule.expr)]
        known = phases(
            self._recording,
            (*(self._plan.monitoring.rules or ()), *self._plan.monitoring.recorded),
        )
        since = max(self._since(self._reads(rule.expr)) for rule in mine)
        times = slots(mine[0], known, since, self._until)
        return promtool.render(
            promtool.UnitTest(
                run=run,
                rules=tuple(os.path.relpath(path, folder) for path in rules),
                slots=times,
                series=promtool.chosen(self._recording.series, reads),
                expected=[
                    promtool.Expected(
                        alert=name,
                        lives=[
                            life
                            for rule in mine
                            if rule.name == name
                            for life in self._lives(rule, times)
                        ],
                    )
                    for name in sorted({rule.name for rule in mine})
                ],
            )
        )

    def _all_reads(self, expr: str) -> list[Read]:
        """Return what an expression reads, and what the recording rules in it do."""
        selectors_read = list(self._reads(expr).selectors)
        for rule in self._recorded:
            if rule.name in {read.metric for read in selectors_read}:
                selectors_read += self._reads(rule.expr).selectors
        return selectors_read

    def _changed(self, recorded: Sequence[RecordingRule]) -> list[RecordingRule]:
        """Return the recording rules that are not as they were, and their readers."""
        before = {
            _definition(rule, self._spell) for rule in self._plan.monitoring.recorded
        }
        anew = {
            rule.name
            for rule in recorded
            if _definition(rule, self._spell) not in before
        }
        grown = True
        while grown:
            more = {
                rule.name
                for rule in recorded
                if rule.name not in anew and self._read_names(rule.expr) & anew
            }
            anew |= more
            grown = bool(more)
        return [rule for rule in recorded if rule.name in anew]

    def _read_names(self, expr: str) -> set[str]:
        return {read.metric for read in self._reads(expr).selectors}

    def _load(self, without: set[str]) -> float:
        """Write what was recorded, but not what is computed anew."""
        series = [
            series
            for series in self._recording.series
            if series.labels.get("__name__") not in without
        ]
        if not without and self._server.holds(self._recording):
            return 0.0
        return float(self._server.write(series))

    def _evaluate_recorded(
        self, anew: Sequence[RecordingRule], known: dict[str, GroupPhase]
    ) -> None:
        """Evaluate recording rules, those first that others read; write the results."""
        waiting = list(anew)
        while waiting:
            names = {rule.name for rule in waiting}
            ready = [r for r in waiting if not self._read_names(r.expr) & names]
            if not ready:
                return  # a circle, which Prometheus would not get out of either
            for rule in ready:
                waiting.remove(rule)
                since = self._since(self._reads(rule.expr))
                if self._lacks(self._reads(rule.expr), since):
                    continue
                times = slots(rule, known, since, self._until)
                try:
                    rows = self._server.evaluate(rule.expr, times)
                except QuestionRefused:
                    continue
                self._server.write([_written(rule, row, times) for row in rows])
                before = self._computed.get(rule.name, since)
                self._computed[rule.name] = max(before, since)

    def _evaluate(
        self, rules: Sequence[AlertRule], known: dict[str, GroupPhase], *, moved: bool
    ) -> tuple[list[ReplayedAlert], dict[int, str]]:
        """Return what rings, and by a rule's place why it cannot be replayed."""
        same = self._as_they_were(rules)
        kept: list[ReplayedAlert] = []
        evaluated: list[ReplayedAlert] = []
        unknown: dict[int, str] = {}
        late = 0.0
        for place, rule in enumerate(rules):
            times = slots(rule, known, self._since(self._reads(rule.expr)), self._until)
            if place in same and times.error == ERROR:
                mine = known_lives(rule, self._recording, times)
                kept += [ReplayedAlert(life=life, slots=times) for life in mine]
                if len(same) < len(rules):
                    late = max(late, self._late(rule, mine, times))
                continue
            try:
                mine = self._anew(rule, times, moved=moved)
                evaluated += [ReplayedAlert(life=life, slots=times) for life in mine]
            except (QuestionRefused, Unexpandable) as error:
                unknown[place] = str(error)
        return [*kept, *(_later(alert, late) for alert in evaluated)], unknown

    def _anew(self, rule: AlertRule, times: Slots, *, moved: bool) -> list[Life]:
        """Return what a rule's alerts would do; QuestionRefused: it is unknown."""
        reads = self._reads(rule.expr)
        why = self._lacks(reads, self._fault - rule.hold - rule.keep_firing)
        if moved and reads.clock:
            why = why or "it reads the time of day, which --at moves"
        if why:
            raise QuestionRefused(why)
        return self._lives(rule, times)

    def _late(self, rule: AlertRule, mine: Sequence[Life], times: Slots) -> float:
        """Return by how many seconds evaluating a rule anew differs from the record.

        A sample that was being scraped during an evaluation was not seen by it.
        """
        begun = [life for life in mine if life.active >= self._fault * 1000]
        if not any(life.firing for life in begun):
            return 0.0
        try:
            anew = self._lives(rule, times)
        except (QuestionRefused, Unexpandable):
            return 0.0
        return lag(
            begun, [episode for episode in anew if episode.active >= self._fault * 1000]
        )

    def _lives(self, rule: AlertRule, times: Slots) -> list[Life]:
        return lives(rule, self._results(rule, times), times)

    def _results(self, rule: AlertRule, times: Slots) -> list[SeriesResult]:
        return [
            SeriesResult(labels=row.labels, at=row.at)
            for row in self._server.evaluate(rule.expr, times)
        ]

    def _as_they_were(self, rules: Sequence[AlertRule]) -> set[int]:
        """Return the places of the rules that are what they were in the run."""
        monitoring = self._plan.monitoring
        language = Language(spell=self._spell, metrics=self._read_names)
        before = define(monitoring.rules or (), monitoring.recorded, language)
        now = define(rules, self._recorded, language)
        return {
            place
            for place, rule in enumerate(now)
            if any(
                rule.name == old.name and not rule_changes(old, rule) for old in before
            )
        }

    def _since(self, reads: Reads) -> float:
        """Return from when on an expression can be evaluated, in seconds."""
        back = max((read.back for read in reads.selectors), default=0.0)
        return self._recording.since + self._recording.lookback + back

    def _lacks(self, reads: Reads, since: float) -> str:
        """Return what an expression would read that is not there; empty: nothing."""
        rest = []
        for read in reads.selectors:
            begins = self._computed.get(read.metric)
            if begins is None:
                rest.append(read)
            elif begins > since - read.back:
                return f"{read.metric} can only be computed from later on"
        return self._recording.why_unrecorded(
            replace(reads, selectors=tuple(rest)), since
        )


def _filled(rules: Sequence[_Rule], monitoring: Monitoring) -> tuple[_Rule, ...]:
    """Return rules of a file with the global interval and offset that they had."""
    known = [rule.query_offset for rule in monitoring.rules or ()]
    offset = next((seconds for seconds in known if seconds is not None), 0.0)
    return tuple(
        replace(
            rule,
            interval=rule.interval or monitoring.evaluation_interval or 60.0,
            query_offset=offset if rule.query_offset is None else rule.query_offset,
        )
        for rule in rules
    )


def _later(later: ReplayedAlert, late: float) -> ReplayedAlert:
    """Return a life whose times are not surer than what was evaluated beside it."""
    return replace(later, slots=replace(later.slots, error=later.slots.error + late))


def _definition(
    rule: RecordingRule, spell: Callable[[str], str]
) -> tuple[str, str, tuple[tuple[str, str], ...], float | None]:
    labels = tuple(sorted(rule.labels.items()))
    return rule.name, spell(rule.expr), labels, rule.interval


def _written(rule: RecordingRule, row: Row, times: Slots) -> SeriesRecord:
    """Return what a recording rule writes: a marker where a series ends."""
    at: list[int] = []
    written: list[float | None] = []
    for when, value in zip(row.at, row.values, strict=True):
        if at and when - at[-1] > times.interval:
            at.append(at[-1] + times.interval)
            written.append(None)
        at.append(when)
        written.append(float(value))
    if at and at[-1] + times.interval <= times.last:
        at.append(at[-1] + times.interval)
        written.append(None)
    named = {**row.labels, **rule.labels, "__name__": rule.name}
    kept = {name: text for name, text in named.items() if text}
    return SeriesRecord(labels=kept, at=at, values=written)


def _language() -> tuple[Callable[[str], str], Callable[[str], Reads]]:
    from functools import cache

    from gameday.files.promql.promql_canonical import canonical
    from gameday.files.promql.promql_reads import reads

    return cache(canonical), cache(reads)
