"""Whether an answer hangs on what must not matter, or gets better by seeing less.

Stored runs are judged as they are and with a change in their record. What happened at
once in another order, a page's entries in another order, a page sent as two, all clocks
set to another time, kinds and fields that nobody knows, no newline at the end: the
answers stay. One event less that shows something to have been seen, or to have gone
well: no answer becomes a pass. What is missing, or null, breaks nothing.

Prints each answer that changed with what changed it, then the count; exits 1 if any.
The runs are those of the folders (each folder with a `plan.json`) and the stories of
`tests.story_bench`.

    python bench/invariance.py [--seconds N] [--seed N] [FOLDER…]
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.app.judge_run import find, judge_stored
from gameday.errors import GamedayError
from gameday.model.quantity import parse_instant, show_instant
from gameday.model.verdict import Verdict
from gameday.store.history import Record
from tests.story_bench import cases, stored

Line = dict[str, Any]
Lines = list[Line]
Change = Callable[[Lines, random.Random], Lines]
Answers = Mapping[tuple[str, str, str], tuple[str, float | None]]

_SHIFT = 40 * 86_400 + 12_345  # seconds
_INSTANTS = ("since", "until", "starts", "ends", "last", "began", "stamp")
_CRASHED = "check itself crashed"
# What shows that somebody looked, or that something went well. Without it an answer
# may only be less sure.
_WITNESSES: Mapping[str, Callable[[Line], bool]] = {
    "observed": lambda _: True,
    "run_ended": lambda _: True,
    "fault_started": lambda _: True,
    "fault_biting": lambda line: bool(line.get("bites")),
    "fault_ended": lambda line: bool(line.get("ok")),
    "hypothesis": lambda line: line.get("ok") is True,
    "metric": lambda line: line.get("ok") is True,
    "sees": lambda _: True,
    "load": lambda line: not line.get("failed"),
    "workload": lambda line: bool(line.get("available")),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """A stored run: its plan's text and the lines of its timeline."""

    name: str
    plan: str
    lines: Lines

    @cached_property
    def answers(self) -> Answers:
        """What is said of it as it is."""
        return answers(self.judged(self.lines))

    def judged(self, lines: Lines) -> Verdict:
        """Judge it with these lines in place of its own."""
        texts = tuple(json.dumps(line) for line in lines)
        record = Record(run="r-1", plan=self.plan, lines=texts, where=self.name)
        return judge_stored(record).verdict


# --- what must not matter ---


def ties_in_another_order(lines: Lines, dice: random.Random) -> Lines:
    """Shuffle all lines: those of one moment come in any order."""
    return dice.sample(lines, len(lines))


def entries_in_another_order(lines: Lines, dice: random.Random) -> Lines:
    """Shuffle the entries of each page."""
    return [
        {**line, "alerts": dice.sample(line["alerts"], len(line["alerts"]))}
        if line.get("alerts")
        else line
        for line in lines
    ]


def another_time(lines: Lines, _: random.Random) -> Lines:
    """Set every clock to another time."""
    return [_shifted(line) for line in lines]


def _shifted(line: Line) -> Line:
    told = {**line, "at": show_instant(parse_instant(line["at"]) + _SHIFT)}
    for name in _INSTANTS:
        if isinstance(told.get(name), int | float):
            told[name] += _SHIFT
    if line["kind"] == "sample":
        told["values"] = [[at + _SHIFT, value] for at, value in line["values"]]
    if line.get("alerts"):
        told["alerts"] = [_entry_shifted(entry) for entry in line["alerts"]]
    return told


def _entry_shifted(entry: Line) -> Line:
    moved = {
        name: entry[name] + _SHIFT
        for name in ("starts", "ends")
        if isinstance(entry.get(name), int | float)
    }
    return {**entry, **moved}


def words_that_nobody_knows(lines: Lines, dice: random.Random) -> Lines:
    """Add a field to each line, and lines of an unknown kind."""
    told = [{**line, "x-new": {"of": [1, None]}} for line in lines]
    more = [{"at": dice.choice(lines)["at"], "kind": "x-new"} for _ in range(3)]
    return told + more


def pages_as_two(lines: Lines, _: random.Random) -> Lines:
    """Send each page of several entries as two."""
    told: Lines = []
    for line in lines:
        entries = line.get("alerts") or []
        if line["kind"] != "page" or len(entries) < 2:
            told.append(line)
            continue
        for part in (entries[:1], entries[1:]):
            firing = any(entry.get("status") == "firing" for entry in part)
            status = "firing" if firing else "resolved"
            told.append({**line, "alerts": part, "status": status})
    return told


SAME: tuple[Change, ...] = (
    ties_in_another_order,
    entries_in_another_order,
    another_time,
    words_that_nobody_knows,
    pages_as_two,
)


# --- what may only be less sure ---


def witnesses(lines: Lines) -> list[int]:
    """Return the places of the events without which less was seen."""
    return [
        place
        for place, line in enumerate(lines)
        if line["kind"] in _WITNESSES and _WITNESSES[line["kind"]](line)
    ]


# --- judging ---


def answers(verdict: Verdict) -> Answers:
    """Return each finding's outcome and what it measured."""
    return {
        (finding.step, finding.question, finding.subject): (
            finding.outcome,
            finding.measured,
        )
        for finding in verdict.findings
    }


def crashed(verdict: Verdict) -> list[str]:
    """Return the questions whose check crashed."""
    return [
        finding.question for finding in verdict.findings if _CRASHED in finding.because
    ]


def changed(story: Story, lines: Lines) -> Iterator[str]:
    """Yield the answers that another record of the same changes."""
    before, verdict = story.answers, story.judged(lines)
    yield from (f"the check of {question} crashed" for question in crashed(verdict))
    after = answers(verdict)
    for question in sorted(before.keys() | after.keys()):
        was, now = before.get(question), after.get(question)
        if was != now:
            yield f"{question}: {was} became {now}"


def better(story: Story, place: int) -> Iterator[str]:
    """Yield the answers that became a pass without one event."""
    less = [line for index, line in enumerate(story.lines) if index != place]
    before, verdict = story.answers, story.judged(less)
    yield from (f"the check of {question} crashed" for question in crashed(verdict))
    for question, (outcome, _) in answers(verdict).items():
        was = before.get(question, ("nothing", None))[0]
        if outcome == "pass" and was != "pass":
            yield f"{question}: {was} became pass"


def damaged(story: Story, dice: random.Random) -> Iterator[tuple[str, str]]:
    """Yield where a field that is missing, or null, is not said in a sentence."""
    place = dice.randrange(len(story.lines))
    line = story.lines[place]
    names = sorted(line.keys() - {"at", "kind"})
    if not names:
        return
    name = dice.choice(names)
    without = {key: value for key, value in line.items() if key != name}
    for what, other in (("without", without), ("null", {**line, name: None})):
        lines = [*story.lines[:place], other, *story.lines[place + 1 :]]
        problems: list[str] = []
        try:
            verdict = story.judged(lines)
        except GamedayError:
            continue
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            problems = [repr(error)]
        else:
            problems = crashed(verdict) if what == "without" else []
        for said in problems:
            yield f"{what} {name} of {line['kind']}", said


def read_without_newline(story: Story, folder: Path) -> Iterator[str]:
    """Yield the answers that a missing newline at the file's end changes."""
    (folder / "plan.json").write_text(story.plan)
    text = "\n".join(json.dumps(line) for line in story.lines)
    (folder / "timeline.ndjson").write_text(text)
    after = answers(judge_stored(find(str(folder))).verdict)
    if after != story.answers:
        yield "the answers are others without the last newline"


def stories(folders: list[Path]) -> Iterator[Story]:
    """Yield the runs of the folders, and the benchmark's."""
    for folder in folders:
        for plan in sorted(folder.glob("*/plan.json")):
            lines = (plan.parent / "timeline.ndjson").read_text().splitlines()
            told = [json.loads(line) for line in lines if line.strip()]
            yield Story(name=plan.parent.name, plan=plan.read_text(), lines=told)
    for case in cases():
        record = stored(case)
        told = [json.loads(line) for line in record.lines]
        yield Story(name=case.name, plan=record.plan, lines=told)


def trials(story: Story, dice: random.Random, home: Path) -> Iterator[tuple[str, str]]:
    """Yield what a story's answers do not stand: the change and the answer."""
    for change in SAME:
        lines = change(story.lines, dice)
        yield from ((change.__name__, said) for said in changed(story, lines))
    places = witnesses(story.lines)
    for place in dice.sample(places, min(4, len(places))):
        said = json.dumps(story.lines[place])[:120]
        yield from ((f"without {said}", variant) for variant in better(story, place))
    for _ in range(3):
        yield from damaged(story, dice)
    yield from (("no newline", said) for said in read_without_newline(story, home))


def main(arguments: list[str]) -> int:
    """Try each run once, in any order, for as long as there is time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", nargs="*", type=Path)
    wanted = parser.parse_args(arguments)
    dice = random.Random(wanted.seed)
    every = list(stories(wanted.folders))
    tried = wrong = 0
    began = time.process_time()
    with tempfile.TemporaryDirectory() as home:
        os.environ["GAMEDAY_HOME"] = home
        (run := Path(home) / "run").mkdir()
        for story in dice.sample(every, len(every)):
            if time.process_time() - began > wanted.seconds:
                break
            tried += 1
            for change, said in trials(story, dice, run):
                wrong += 1
                print(f"{story.name}: {change}: {said}", flush=True)
    spent = time.process_time() - began
    sys.stdout.write(
        f"{tried} of {len(every)} runs (seed {wanted.seed}) in {spent:.0f} s of "
        f"processor time: {wrong} answers changed\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
