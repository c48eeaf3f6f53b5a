"""Today's recording rules over a record: what they make otherwise is computed anew."""

from collections.abc import Sequence
from dataclasses import replace

from gameday.errors import UsageError
from gameday.model.alerting.alert import RecordingRule, Rule
from gameday.model.alerting.recording import Reads, Recording, SeriesRecord
from gameday.replays.lineage import (
    Lineage,
    RuleLanguage,
    ahead,
    behind,
    trace,
    unsettled,
)
from gameday.replays.machine import ERROR, SeriesResult, Slots
from gameday.replays.slots import PhasesOfGroups, slots
from gameday.runner.evaluation.server import QuestionRefused, Row, Server


class RecordedRules:
    """What rules read today: the record, and what today's recording rules make."""

    def __init__(
        self,
        recording: Recording,
        server: Server,
        language: RuleLanguage,
        *,
        phases: PhasesOfGroups,
        until: float,
    ) -> None:
        self.rules: tuple[RecordingRule, ...] = ()
        self.lineage = Lineage(
            anew=(), replaced=frozenset(), gone=frozenset(), unknown={}
        )
        self._recording = recording
        self._server = server
        self._language = language
        self._phases = phases
        self._until = until
        self._changed: frozenset[str] = frozenset()  # alerts
        self._unknown: dict[str, str] = {}  # name -> why it is not computed
        self._begins: dict[str, float] = {}  # computed name -> since when (s)
        self._errors: dict[str, float] = {}  # computed name -> seconds

    def trace(
        self,
        before: Sequence[RecordingRule],
        now: Sequence[RecordingRule],
        changed: frozenset[str],
    ) -> frozenset[str]:
        """See what is made otherwise today; `changed`: alerts that are.

        Return the names.
        """
        self.rules = tuple(now)
        self._changed = changed
        self.lineage = trace(before, now, self._language, changed)
        self._unknown = dict(self.lineage.unknown)
        return self.lineage.replaced

    def load(self) -> float:
        """Write what was recorded, but not what is made otherwise; samples written."""
        replaced = self.lineage.replaced
        if self._server.holds(self._recording):
            if replaced:
                raise UsageError(
                    f"{self._server.url} has what the run's own recording rules made, "
                    f"and today's make {min(replaced)} otherwise: name a program or an "
                    "empty server with --prometheus"
                )
            return 0.0
        series = [
            series
            for series in self._recording.series
            if series.labels.get("__name__") not in replaced
        ]
        return float(self._server.write(series))

    def compute(self) -> None:
        """Compute what is made otherwise."""
        for rule in self.lineage.anew:
            reads = self._language.reads(rule.expr)
            since = self.since(reads)
            why = self.why_unrecorded(reads, since)
            times = slots(rule, self._phases, since, self._until)
            rows: list[Row] = []
            try:
                rows = [] if why else self.evaluate(rule, times)
            except QuestionRefused as refused:
                why = str(refused)
            made = [_written(rule, row, times) for row in rows]
            if len({frozenset(series.labels.items()) for series in made}) < len(made):
                why = "several of its series have the same labels"
            if why:
                self._unknown[rule.name] = why
                continue
            self._server.write(made)
            self._begins[rule.name] = max(self._begins.get(rule.name, since), since)
            error = self.error(rule, times)
            self._errors[rule.name] = max(self._errors.get(rule.name, 0.0), error)

    def evaluate(self, rule: Rule, times: Slots) -> list[Row]:
        """Return a rule's series at its evaluations; QuestionRefused.

        What is made later in its own group is seen one evaluation later.
        """
        early = 1 if behind(rule, self.rules, self._language) else 0
        moved = replace(times, first=times.first - early, last=times.last - early)
        rows = self._server.evaluate(rule.expr, moved)
        return [replace(row, at=[at + early for at in row.at]) for row in rows]

    def results(self, rule: Rule, times: Slots) -> list[SeriesResult]:
        """Return when a rule's series have a value; QuestionRefused."""
        return [
            SeriesResult(labels=row.labels, at=row.at)
            for row in self.evaluate(rule, times)
        ]

    def error(self, rule: Rule, times: Slots) -> float:
        """Return how exact a rule's times are, with what it reads (s); 0: exact."""
        later = behind(rule, self.rules, self._language)
        earlier = ahead(rule, self.rules, self._language)
        own = times.error if times.error > ERROR else 0.0
        own += times.interval / 1000 if later and earlier else 0.0
        below = {
            name: self._errors.get(name, 0.0)
            for name in self._language.names(rule.expr)
        }
        together = [below[name] for name in later | earlier]  # one group, one phase
        apart = sum(below[name] for name in below.keys() - later - earlier)
        return max([own, *together]) + apart

    def clock(self, expr: str) -> bool:
        """Whether an expression, or a recording rule below it, reads the time."""
        exprs = [expr, *(rule.expr for rule in self.below(expr))]
        return any(self._language.reads(text).clock for text in exprs)

    def below(self, expr: str) -> list[RecordingRule]:
        """Return the recording rules that an expression reads, and what these read."""
        below: list[RecordingRule] = []
        names = self._language.names(expr)
        while names:
            more = [
                rule for rule in self.rules if rule.name in names and rule not in below
            ]
            below += more
            names = {name for rule in more for name in self._language.names(rule.expr)}
        return below

    def since(self, reads: Reads) -> float:
        """Return from when on an expression can be evaluated, in seconds."""
        back = max((read.back for read in reads.selectors), default=0.0)
        return self._recording.since + self._recording.lookback + back

    def why_unrecorded(self, reads: Reads, since: float) -> str:
        """Return what an expression would read that is not there; empty: nothing."""
        why = unsettled(reads, self._changed)
        if why:
            return why
        rest = []
        for read in reads.selectors:
            name = read.metric
            if name in self._unknown:
                return f"{name} is not computed: {self._unknown[name]}"
            begins = self._begins.get(name)
            if begins is not None and not read.fixed:
                if begins > since - read.back:
                    return f"{name} can only be computed from later on"
            elif name not in self.lineage.gone:
                rest.append(read)
        return self._recording.why_unrecorded(
            replace(reads, selectors=tuple(rest)), since
        )

    def reads_replaced(self, expr: str) -> bool:
        """Whether an expression reads what is made otherwise, or other alerts'."""
        reads = self._language.reads(expr)
        names = {read.metric for read in reads.selectors}
        return bool(names & self.lineage.replaced or unsettled(reads, self._changed))

    def behind(self, rule: Rule, recorded: Sequence[RecordingRule]) -> frozenset[str]:
        """Return what a rule reads that is made later in its own group."""
        return behind(rule, recorded, self._language)

    def never(self, reads: Reads) -> str:
        """Return what nothing makes any more and all is read of; empty: else."""
        names = [read.metric for read in reads.selectors]
        if names and set(names) <= self.lineage.gone:
            return f"no recording rule makes {names[0]} any more"
        return ""


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
