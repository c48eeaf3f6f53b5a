"""One run's replay: what was recorded, on one Prometheus, under today's rules."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeVar

from gameday.app.evidence.replay_recorded import RecordedRules
from gameday.checks.record.clocks import read_clocks
from gameday.coverage.definition import Language, define, rule_changes
from gameday.frozen import frozen
from gameday.model.alerting.alert import AlertRule, RecordingRule, Routing, Rule
from gameday.model.alerting.recording import Recording, SeriesRecord
from gameday.model.plan import Monitoring, Plan
from gameday.model.quantity import show_duration
from gameday.model.timeline import Timeline
from gameday.model.verdict import Verdict
from gameday.ports import Clock
from gameday.replays.judged import Replayed, compared, judged
from gameday.replays.known import known_lives, lag, written_by
from gameday.replays.lineage import RuleLanguage
from gameday.replays.machine import (
    Duplicate,
    Key,
    Life,
    Slots,
    Unexpandable,
    labels_of,
    lives,
)
from gameday.replays.slots import phases, slots
from gameday.replays.story import ReplayedAlert, TodaysRules, faults_of
from gameday.replays.vary import NotVaried, Varied
from gameday.runner.evaluation.server import QuestionRefused, Server

SURE = 0.05  # seconds to which a phase is known where it is at all
PHASES = 8  # of a group that may have any
UNKNOWN = (QuestionRefused, Unexpandable, Duplicate)  # why a rule is not replayed

_Rule = TypeVar("_Rule", AlertRule, RecordingRule)


@frozen
class ReplayAnswer:
    """One replayed run, what rang then and now, and how long the work took (s)."""

    replayed: Replayed
    alerts: list[Mapping[str, object]] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    varied: list[Varied | NotVaried] = field(default_factory=list)
    tests: Mapping[str, str] = field(default_factory=dict)  # by the file's name


@frozen
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
        self.plan = plan
        self.timeline = timeline
        monitoring = plan.monitoring
        self.recording = recording.without_external(monitoring.external_labels)
        self._clock = clock
        clocks = self.clocks = read_clocks(timeline)
        begun = [
            clocks.to_source_clock("prometheus", at) for _, at in faults_of(timeline)
        ]
        self._until = clocks.to_source_clock("prometheus", timeline.events[-1].at)
        self.fault = min(begun, default=self._until)
        self._phases = phases(
            self.recording, (*(monitoring.rules or ()), *monitoring.recorded)
        )
        self.language = _language(self._phases.of)
        self.recorded = RecordedRules(
            self.recording,
            server,
            self.language,
            phases=self._phases,
            until=self._until,
        )
        self.rules: tuple[AlertRule, ...] = ()  # today's
        self.unknown: dict[int, str] = {}  # by a rule's place, why it is not replayed
        self.perhaps: dict[int, str] = {}  # and why it may ring at another phase
        self._written: dict[int, list[SeriesRecord]] = {}  # by an old rule's place

    def answer(
        self, verdict: Verdict, given: TodaysFiles, at: float | None
    ) -> ReplayAnswer:
        """Return the run as it would have been."""
        monitoring = self.plan.monitoring
        alerts = (
            filled(given.alerts, monitoring)
            if given.alerts is not None
            else monitoring.rules
        )
        recorded = (
            filled(given.recorded, monitoring)
            if given.recorded is not None
            else monitoring.recorded
        )
        self.rules = tuple(alerts or ())
        begun = self._clock.monotonic()
        same = self._trace(recorded)
        loaded = self.recorded.load()
        between = self._clock.monotonic()
        self.recorded.compute()
        rung = self._evaluate(same, moved=at is not None)
        ended = self._clock.monotonic()
        today = TodaysRules(
            rules=self.rules,
            recorded=tuple(recorded),
            routing=given.routing or monitoring.routing,
            rung=tuple(rung),
            unknown=self.unknown,
            never=self._never(),
            perhaps=self.perhaps,
            until=self._until,
            moved=0.0 if at is None else at - self.fault,
        )
        return ReplayAnswer(
            replayed=judged(self.plan, self.timeline, verdict, today),
            alerts=compared(self.timeline, rung, self.fault),
            timings={
                "samples": loaded,
                "loading": round(between - begun, 3),
                "evaluating": round(ended - between, 3),
            },
        )

    def slots(self, rule: AlertRule) -> Slots:
        """Return a rule's evaluations, as exact as what it reads."""
        since = self.recorded.since(self.language.reads(rule.expr))
        times = slots(rule, self._phases, since, self._until)
        return replace(times, error=self.recorded.error(rule, times) or times.error)

    def why_not(self, rule: AlertRule) -> str:
        """Return what a rule would read that is not there; empty: nothing."""
        needed = self.fault - rule.hold - rule.keep_firing
        return self.recorded.why_unrecorded(self.language.reads(rule.expr), needed)

    def lives(self, rule: AlertRule, times: Slots) -> list[Life]:
        """Return what a rule's alerts do; one of UNKNOWN where that is not known."""
        return lives(rule, self.recorded.results(rule, times), times)

    def _trace(self, recorded: Sequence[RecordingRule]) -> dict[int, int]:
        """Return, by place, which rule of the run one of today's is.

        What a rule is depends on recording rules, and on the alerts that it reads.
        """
        old = tuple(self.plan.monitoring.rules or ())
        changed: frozenset[str] = frozenset()
        while True:
            self.recorded.trace(self.plan.monitoring.recorded, recorded, changed)
            same = self._as_they_were(recorded)
            kept = set(same.values())
            now = changed | {
                rule.name for at, rule in enumerate(self.rules) if at not in same
            }
            now |= {rule.name for at, rule in enumerate(old) if at not in kept}
            if now == changed:
                return same
            changed = now

    def _as_they_were(self, recorded: Sequence[RecordingRule]) -> dict[int, int]:
        monitoring = self.plan.monitoring
        words = Language(spell=self.language.spell, metrics=self.language.names)
        old = tuple(monitoring.rules or ())
        before = define(old, monitoring.recorded, words)
        now = define(self.rules, recorded, words)
        same: dict[int, int] = {}
        for place, rule in enumerate(self.rules):
            if self.recorded.reads_replaced(rule.expr):
                continue
            makes = self.recorded.behind(rule, recorded)
            for other, then in enumerate(old):
                if (
                    other not in same.values()
                    and rule.name == then.name
                    and self.language.group(rule) == self.language.group(then)
                    and not rule_changes(before[other], now[place])
                    and makes == self.recorded.behind(then, monitoring.recorded)
                ):
                    same[place] = other
                    break
        return same

    def _evaluate(self, same: Mapping[int, int], *, moved: bool) -> list[ReplayedAlert]:
        """Return what rings; what cannot be replayed is unknown from now on."""
        old = tuple(self.plan.monitoring.rules or ())
        self._written = written_by(self.recording, old, self._made)
        kept: list[ReplayedAlert] = []
        evaluated: list[ReplayedAlert] = []
        late = 0.0
        for place, rule in enumerate(self.rules):
            times = self.slots(rule)
            try:
                if moved and self.recorded.clock(rule.expr):
                    raise QuestionRefused("it reads the time of day, which --at moves")
                written = self._written.get(same.get(place, -1))
                if written is None:
                    mine = self._anew(rule, times)
                    evaluated += [
                        ReplayedAlert(life=life, slots=times) for life in mine
                    ]
                    self._look_at_other_phases(place, mine, times)
                    continue
                mine, times = known_lives(rule, written, times)
                kept += [ReplayedAlert(life=life, slots=times) for life in mine]
                if len(same) < len(self.rules):
                    late = max(late, self._late(rule, mine, times))
            except UNKNOWN as error:
                self.unknown[place] = str(error)
        return [*kept, *(_later(alert, late) for alert in evaluated)]

    def _made(self, place: int) -> set[Key]:
        """Return the labels of the alerts that a rule of the run makes."""
        rule = tuple(self.plan.monitoring.rules or ())[place]
        try:
            return {
                frozenset(labels_of(rule, series.labels).items())
                for series in self.recorded.results(rule, self.slots(rule))
            }
        except UNKNOWN:
            return set()

    def _anew(self, rule: AlertRule, times: Slots) -> list[Life]:
        """Return what a rule's alerts would do; one of UNKNOWN where it is not."""
        why = self.why_not(rule)
        if why:
            raise QuestionRefused(why)
        return self.lives(rule, times)

    def _look_at_other_phases(
        self, place: int, mine: Sequence[Life], times: Slots
    ) -> None:
        if not any(life.firing for life in mine):
            why = self._rings_at_another_phase(self.rules[place], times)
            if why:
                self.perhaps[place] = why

    def _rings_at_another_phase(self, rule: AlertRule, times: Slots) -> str:
        """Return why a rule that rings at no evaluation of `times` may; empty: no."""
        why = (
            "its group, or that of a recording rule that it reads, may be evaluated at "
            f"any time of {show_duration(times.error)}"
        )
        own = slots(rule, self._phases, times.first / 1000, self._until).error
        if own <= SURE:
            return why if times.error > SURE else ""
        for part in range(1, PHASES):
            moved = replace(times, first=times.first + part * times.interval // PHASES)
            lives = self.lives(rule, moved)
            since = self.fault * 1000
            if any(life.firing and life.firing >= since for life in lives):
                return why
        return "" if times.error <= own else why

    def _late(self, rule: AlertRule, mine: Sequence[Life], times: Slots) -> float:
        """Return by how many seconds evaluating a rule anew differs from the record.

        A sample that was being scraped during an evaluation was not seen by it.
        """
        begun = [life for life in mine if life.active >= self.fault * 1000]
        if not any(life.firing for life in begun):
            return 0.0
        try:
            anew = self.lives(rule, times)
        except UNKNOWN:
            return 0.0
        return lag(
            begun, [episode for episode in anew if episode.active >= self.fault * 1000]
        )

    def _never(self) -> dict[int, str]:
        """Return, by a rule's place, why it can never fire."""
        reasons = {
            place: self.recorded.never(self.language.reads(rule.expr))
            for place, rule in enumerate(self.rules)
            if "absent" not in rule.expr
        }
        return {place: why for place, why in reasons.items() if why}


def filled(rules: Sequence[_Rule], monitoring: Monitoring) -> tuple[_Rule, ...]:
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


def _language(group: Callable[[Rule], Hashable]) -> RuleLanguage:
    from functools import cache

    from gameday.files.promql.promql_canonical import canonical
    from gameday.files.promql.promql_reads import reads

    return RuleLanguage(spell=cache(canonical), reads=cache(reads), group=group)
