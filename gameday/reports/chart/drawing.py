"""What a chart is made of: rows of bars, marks and deadlines; no places yet."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gameday.frozen import frozen
from gameday.model.events import (
    AlertFiring,
    FaultStarted,
    Load,
    Phase,
    Probe,
    RunStarted,
    Sample,
)
from gameday.model.plan import Plan
from gameday.model.promise import SECONDS, DrawnAt, Promise, Since
from gameday.model.scenario import PROMISES
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Verdict
from gameday.reports.chart.fault_table import FaultRow, fault_rows
from gameday.reports.wording import clock_time, relative
from gameday.reports.wording import short_seconds as short


@frozen
class Bar:
    """A state that held from `start` to `end`; `kind` is its class in the style."""

    start: float
    end: float
    kind: str
    title: str
    words: str = ""


@frozen
class Mark:
    """Something at an instant."""

    at: float
    kind: str
    title: str


@frozen
class Deadline:
    """When a promise's time was over."""

    at: float
    words: str
    title: str


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of the chart; `note` is said where nothing else is drawn."""

    label: str
    title: str = ""
    note: str = ""
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)


@frozen
class Section:
    """Rows under one heading; `left_off`: how many more there are."""

    name: str
    rows: list[Row]
    left_off: int = 0


@frozen
class DrawnRun:
    """What the rows are made of; `start`, `end`, `zero` in seconds since the epoch."""

    plan: Plan
    timeline: Timeline
    verdict: Verdict
    start: float
    end: float
    zero: float
    fault_rows: tuple[FaultRow, ...] = ()

    def when(self, at: float) -> str:
        """Return an instant for a tooltip."""
        return f"{relative(at, self.zero)}, {clock_time(at)} UTC"

    def bar(
        self, start: float, end: float | None, kind: str, words: str, what: str
    ) -> Bar:
        """Return a bar; without an end it lasts to the end of the run."""
        until = self.end if end is None else end
        last = f" to {self.when(until)}, {short(until - start)}" if end else " on"
        title = f"{what}: {self.when(start)}{last}"
        return Bar(start=start, end=until, kind=kind, title=title, words=words)


def run_of(plan: Plan, timeline: Timeline, verdict: Verdict) -> DrawnRun | None:
    """Return the run's bounds, None where nothing happened that could be drawn.

    It begins with the warm-up: what observers tell of the time before is no part of
    the game day. Zero is the first fault's start, or the run's where none was injected.
    """
    shown = timeline.of(FaultStarted, AlertFiring, Probe, Load, Sample)
    if not shown:
        return None
    times = [e.at for e in timeline]
    begun = timeline.of(Phase) or timeline.of(RunStarted)
    start, end = (begun[0].at if begun else min(times)), max(times)
    faults = timeline.of(FaultStarted)
    return DrawnRun(
        plan=plan,
        timeline=timeline,
        verdict=verdict,
        start=start,
        end=max(end, start + 1.0),
        zero=faults[0].at if faults else start,
        fault_rows=tuple(fault_rows(timeline)),
    )


def cut_to_run(run: DrawnRun, row: Row) -> Row:
    """Return the row without what was over before the run began."""
    bars = [
        replace(bar, start=max(bar.start, run.start))
        for bar in row.bars
        if bar.end > run.start
    ]
    marks = [mark for mark in row.marks if mark.at >= run.start]
    return replace(row, bars=bars, marks=marks)


def promised(run: DrawnRun, place: DrawnAt) -> Iterator[tuple[Finding, Promise]]:
    """Yield the findings on promises that are drawn there, each with its promise."""
    for finding in run.verdict.findings:
        promise = PROMISES.get(finding.question)
        if promise is not None and promise.drawn is place:
            yield finding, promise


def deadlines(run: DrawnRun, place: DrawnAt, subject: str) -> list[Deadline]:
    """Return when the time of promises about a subject was over."""
    drawn = []
    for finding, promise in promised(run, place):
        base = _base(run, finding.step, promise) if finding.subject == subject else None
        if (
            base is not None
            and finding.promised is not None
            and finding.unit == SECONDS
        ):
            drawn.append(_deadline(run, finding, promise, base + finding.promised))
    return drawn


def _deadline(run: DrawnRun, finding: Finding, promise: Promise, at: float) -> Deadline:
    words = f"{promise.words} ≤ {short(finding.promised or 0.0)}"
    title = f"{finding.subject}: promised {words}, until {run.when(at)}"
    return Deadline(at=at, words=words, title=title)


def _base(run: DrawnRun, step: str, promise: Promise) -> float | None:
    """Return what the promise counts from: the step's fault's start or its end."""
    own = [hit for hit in run.fault_rows if hit.step == step]
    if promise.since is Since.END:
        return max((hit.ended for hit in own if hit.ended is not None), default=None)
    return min((hit.started for hit in own if hit.started is not None), default=None)
