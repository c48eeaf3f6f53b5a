"""A stored run, judged and reported: the same files give the same verdict."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday.checks.judge import judge
from gameday.clock import SystemClock
from gameday.errors import GamedayError, StoreError
from gameday.frozen import frozen
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.events import (
    FaultEnded,
    RunEnded,
    RunStarted,
    UndoneLater,
)
from gameday.model.events.codec import lacking, made
from gameday.model.events.damage import sound
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.runner.run_ledger import transitions
from gameday.store.folder import PLAN, TIMELINE, VERDICT, parse_lines
from gameday.store.history import History, Record
from gameday.store.plans import from_json
from gameday.store.run import RunStore


@frozen
class JudgedRun:
    """A run as it is on disk, and the verdict on it."""

    plan: Plan
    timeline: Timeline  # without the events of a damaged record that lack something
    verdict: Verdict
    unwritten: tuple[str, ...] = ()  # files that could not be written, and why


def judge_stored(record: Record) -> JudgedRun:
    """Judge a stored run; StoreError if it is none.

    If an event of the record cannot be used, every answer is unsure: that event may
    have decided it.
    """
    plan = from_json(record.plan, record.where)
    whole, damage = sound(parse_lines(record.lines, record.where))
    timeline = _with_ledger(Timeline(whole))
    verdict = judge(plan, timeline, **_frame(record, timeline))
    if damage:
        findings = tuple(_inconclusive(finding, damage) for finding in verdict.findings)
        verdict = replace(verdict, findings=findings)
    shown = Timeline(event for event in timeline if not lacking(event))
    return JudgedRun(plan=plan, timeline=shown, verdict=verdict)


def _inconclusive(finding: Finding, damage: str) -> Finding:
    said = f"The record of the run is damaged: {damage}; what is missing may decide"
    return replace(
        finding,
        outcome=Outcome.INCONCLUSIVE,
        because=f"{said}. {finding.because}",
    )


def _with_ledger(timeline: Timeline) -> Timeline:
    """Return the timeline with what only the ledger knows of a run that died.

    Its faults were undone when nobody wrote its timeline any more, by the watchdog, by
    `gameday heal` or by the next run.
    """
    started = timeline.of(RunStarted)
    path = ledger_path()
    if timeline.of(RunEnded) or not started or not Path(path).exists():
        return timeline
    try:
        told = transitions(Ledger(path, SystemClock()), str(started[0].run))
    except GamedayError:
        return timeline
    known = {event.id for event in timeline.of(FaultEnded)}
    later = [
        made(UndoneLater, event.at, event.fields)
        for event in told
        if isinstance(event, FaultEnded) and event.id not in known
    ]
    return Timeline([*timeline, *later]) if later else timeline


def find(name: str) -> Record:
    """Return a stored run by its id, its folder, or `latest`."""
    return History(home()).find(name)


def find_all(names: Sequence[str]) -> list[Record]:
    """Return stored runs; a folder of runs, as `run --out` leaves, stands for all.

    Of several scenarios, or repeats, there are folders in it, and in these again.
    """
    records = []
    for name in names:
        inside = _runs_in(name)
        records += [find(folder) for folder in inside or [name]]
    return records


def _runs_in(name: str) -> list[str]:
    folder = Path(name)
    if not folder.is_dir() or (folder / TIMELINE).exists() or (folder / PLAN).exists():
        return []
    inside = [*folder.glob(f"*/{TIMELINE}"), *folder.glob(f"*/*/{TIMELINE}")]
    return [str(place.parent) for place in sorted(inside)]


def write_all(store: RunStore, *, properties: bool = False) -> JudgedRun:
    """Judge the run and write verdict and reports; return what was judged.

    What cannot be written (a full disk) hinders neither the verdict nor the rest.
    `properties`: those of each case, in `junit.xml`.
    """
    from gameday.reports import html, junit, markdown, verdict_json

    stored = judge_stored(store.record())
    plan, timeline, verdict = stored.plan, stored.timeline, stored.verdict
    texts = {
        VERDICT: verdict_json.render(verdict),
        "junit.xml": junit.render(verdict, properties=properties),
        "report.md": markdown.render(plan, timeline, verdict),
        "report.html": html.render(plan, timeline, verdict),
    }
    unwritten = []
    for name, text in texts.items():
        try:
            store.write(name, text)
        except StoreError as error:
            unwritten.append(f"{name}: {error}")
    return replace(stored, unwritten=tuple(unwritten))


def _frame(record: Record, timeline: Timeline) -> dict[str, Any]:
    """Return who ran when and how it ended, as the timeline says.

    A run that never said its end has crashed.
    """
    if not timeline.events:
        raise StoreError(f"{record.where}: the timeline is empty")
    started = timeline.of(RunStarted)
    ended = timeline.of(RunEnded)
    first, last = timeline.events[0], timeline.events[-1]
    frame: dict[str, Any] = {
        "run": started[0].run or record.run if started else record.run,
        "started": started[0].at if started else first.at,
    }
    if not ended:
        return frame | {
            "ended": last.at,
            "ending": Ending.CRASHED,
            "because": "the run's own process ended before it could say so",
            "broken": (),
        }
    return frame | {
        "ended": ended[-1].at,
        "ending": _ending(record, ended[-1]),
        "because": ended[-1].because,
        "broken": tuple(ended[-1].broken),
    }


def _ending(record: Record, ended: RunEnded) -> Ending:
    known = [ending.value for ending in Ending]
    if ended.ending not in known:
        raise StoreError(
            f"{record.where}: the run ended as {ended.ending!r}, which is none of "
            f"{', '.join(known)}; the timeline is not as a run wrote it"
        )
    return Ending(ended.ending)
