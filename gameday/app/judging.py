"""A stored run, judged and reported: the same files give the same verdict."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.checks.judge import judge
from gameday.errors import StoreError
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Verdict
from gameday.store import folder as files
from gameday.store.folder import RunFolder
from gameday.store.plans import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A run as it is on disk, and the verdict on it."""

    plan: Plan
    timeline: Timeline
    verdict: Verdict


def judge_stored(folder: str) -> Stored:
    """Judge what a run's folder holds; StoreError where it is no run's folder."""
    plan = from_json(files.read_text(folder, files.PLAN), str(Path(folder, files.PLAN)))
    timeline = Timeline(files.read_events(folder))
    return Stored(
        plan=plan,
        timeline=timeline,
        verdict=judge(plan, timeline, **_frame(folder, timeline)),
    )


def write_all(store: RunFolder) -> Stored:
    """Judge the run and write verdict and reports; return what was judged."""
    from gameday.reports import html, junit, markdown, verdict_json

    stored = judge_stored(store.folder)
    plan, timeline, verdict = stored.plan, stored.timeline, stored.verdict
    store.write(files.VERDICT, verdict_json.render(verdict))
    store.write("junit.xml", junit.render(verdict))
    store.write("report.md", markdown.render(plan, timeline, verdict))
    store.write("report.html", html.render(plan, timeline, verdict))
    return stored


def _frame(folder: str, timeline: Timeline) -> dict[str, Any]:
    """Return who ran when and how it ended, as the timeline says.

    A run that never said its end has crashed.
    """
    if not timeline.events:
        raise StoreError(f"{folder}/{files.TIMELINE}: it is empty")
    started = timeline.of("run_started")
    ended = timeline.of("run_ended")
    first, last = timeline.events[0], timeline.events[-1]
    frame: dict[str, Any] = {
        "run": started[0]["run"] if started else Path(folder).name,
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
        "ending": Ending(ended[-1]["ending"]),
        "because": ended[-1]["because"],
        "broken": tuple(ended[-1].get("broken", ())),
    }
