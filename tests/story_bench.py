"""The benchmark of stories: every question with every kind of doubt on its chain.

    python -m tests.story_bench [FOLDER]

Each story is a plan and a timeline with a known answer, into which one kind of doubt
is put just before the moment that decides. The right answer is what the table of the
documentation says (Rules of judgement), read from the page and not from the code: it
stays, or it is inconclusive. The stories are judged as stored runs are, from their
files. Prints how many were judged rightly, by question and kind; FOLDER gets them as
stored runs, each with `expected.json`.
"""

# ruff: noqa: E501 - a story that goes well and one that does not stand in one line

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gameday.app.judge_run import judge_stored
from gameday.checks.doubt import DoubtKind
from gameday.model.events import Event, event
from gameday.model.plan import Plan
from gameday.model.scenario import LoadPromise, MetricPromise
from gameday.model.target import TargetRef
from gameday.model.timeline import Timeline
from gameday.model.verdict import Outcome
from gameday.store.history import Record
from gameday.store.plans import to_json
from tests.builders import (
    END,
    SOURCES,
    alert,
    at,
    everything,
    fault,
    hypothesis,
    looks,
    objective,
    phases,
    plan,
    promise,
    replica,
    requests,
    rule,
    step,
    timeline,
    traffic,
    watched,
    with_rules,
)
from tests.stories import ANSWERED, DOUBTS, NAME, PLAN

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "judgement.md"
_ROW = re.compile(
    r"^\| `(?P<question>\w+)`(?P<how>[^|]*) \| (?P<kinds>.+) \| (?P<turns>.+) \|$"
)
_DEPTH = "queue_depth < 10"
WEB = "deployment/web"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A story without doubt: which question it answers, how, and when."""

    chain: str  # the question, and by what it is answered where there are several ways
    outcome: Outcome
    story: Timeline
    decided: float
    plan: Plan = PLAN

    @property
    def question(self) -> str:
        """The question's own name."""
        return self.chain.partition(" ")[0]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A story with one kind of doubt in it, and the right answer."""

    base: Base
    kind: DoubtKind
    right: Outcome

    @property
    def name(self) -> str:
        """What the case is called."""
        return f"{self.base.chain}, {self.base.outcome}: {self.kind.name.lower()}"

    @property
    def story(self) -> Timeline:
        """The story with the doubt."""
        decided = self.base.decided
        when = min(decided, 50.0) if self.kind is DoubtKind.REPLACED else decided
        return DOUBTS[self.kind](self.base.story, when)


# --- stories of the questions that are asked in other ways ---

ROUTED = with_rules(
    plan(
        step(alerts=(promise(NAME, reaches="oncall"),)), observe=everything(pages=None)
    ),
    rule(NAME),
)
BY_HYPOTHESIS = plan(step(recovers_within=60.0))
ASKED_METRIC = plan(step(metrics=(MetricPromise(promql=_DEPTH),)))
ASKED_LOAD = plan(step(load=LoadPromise(fails_at_most=0.01, p99_within=0.5)), load=50.0)


def _on_a_cluster() -> Plan:
    made = plan(step(recovers_within=30.0), slos=[objective()])
    planned = made.steps[0]
    victims = (replica(2, labels={"workload": WEB}),)
    faults = tuple(
        replace(planned_fault, victims=victims) for planned_fault in planned.faults
    )
    target = TargetRef(kind="kubernetes", name="lab", namespace="shop")
    scenario = replace(made.scenario, target=target)
    return replace(made, steps=(replace(planned, faults=faults),), scenario=scenario)


def _routed(receiver: str) -> list[Event]:
    labels = {"alertname": NAME, "severity": "page"}
    about = {"alert": NAME, "labels": labels, "receivers": [receiver]}
    return [event(at(23), "routed", starts=at(22), **about)]


def _workload(*seen: tuple[float, int]) -> Timeline:
    told = [
        event(
            at(when),
            "workload",
            service="web",
            workload=WEB,
            wanted=3,
            ready=ready,
            endpoints={"web": ready},
            available=ready == 3,
            error=0.1,
        )
        for when, ready in seen
    ]
    return timeline(fault(), requests(), told, monitoring=watched(*SOURCES, "cluster"))


def _looks(*, bad_until: int) -> list[Event]:
    """Return looks at a hypothesis that deviates from the fault's start until then."""
    told = hypothesis(at(4), "before", True)
    for second in range(11, 150):
        phase = "during" if second < 55 else "after"
        told += hypothesis(at(second), phase, second >= bad_until)
    covered = {"took": 0.01, "every": 1.0}
    return [entry.but(**covered) for entry in told]


def _fast_and_whole() -> list[Event]:
    return traffic(latencies=[[0.01, 0.02, 50.0]])


def bases() -> Iterator[Base]:
    """Yield every story without doubt."""
    for question, outcome, story, decided in ANSWERED:
        yield Base(
            chain=question, outcome=Outcome(outcome), story=story, decided=decided
        )
    fired = alert(NAME, fires=at(22), resolves=at(60))
    slow = traffic(failed={(20, 60): 25.0}, latencies=[[2.0, 2.1, 50.0]])
    more = (
        ("reaches by routing", ROUTED, (END, fault(), fired, _routed("oncall")), (END, fault(), fired, _routed("tickets"))),
        ("recovers_within by hypothesis", BY_HYPOTHESIS, (64, fault(), _looks(bad_until=60)), (115, fault(), _looks(bad_until=150))),
        ("holds", ASKED_METRIC, (END, fault(), looks(_DEPTH)), (30, fault(), looks(_DEPTH, false=[(30, 50)]))),
        ("fails_at_most", ASKED_LOAD, (END, fault(), _fast_and_whole()), (END, fault(), slow)),
        ("p99_within", ASKED_LOAD, (END, fault(), _fast_and_whole()), (END, fault(), slow)),
    )  # fmt: skip
    for chain, made, well, badly in more:
        for outcome, (decided, *parts) in ((Outcome.PASS, well), (Outcome.FAIL, badly)):
            bare = [phase for phase in phases() if phase.kind != "hypothesis"]
            probed = chain.endswith("hypothesis")
            story = timeline(*parts, scenery=bare if probed else None)
            yield Base(
                chain=chain, outcome=outcome, story=story, decided=decided, plan=made
            )
    back, out = ((1, 3), (10.2, 2), (60, 3)), ((1, 3), (10.2, 2))
    for outcome, seen, decided in ((Outcome.PASS, back, 60), (Outcome.FAIL, out, 85)):
        yield Base(
            chain="recovers_within of a workload",
            outcome=outcome,
            story=_workload(*seen),
            decided=decided,
            plan=_on_a_cluster(),
        )


@cache
def documented() -> Mapping[tuple[str, str], str]:
    """Return what the page says: of a question and a kind of doubt, what it may turn."""
    turns: dict[tuple[str, str], str] = {}
    for line in PAGE.read_text().splitlines():
        row = _ROW.match(line)
        if row is not None:
            chain = (row["question"] + row["how"]).strip()
            for kind in row["kinds"].split("; "):
                turns[chain, kind] = row["turns"]
    return turns


def right_answer(base: Base, turns: str) -> Outcome:
    """Return the right answer where the page says that a doubt may turn this."""
    first = turns.partition(";")[0]
    turned = re.search(rf"\ba {base.outcome}\b", first) is not None
    return Outcome.INCONCLUSIVE if turned else base.outcome


def cases() -> Iterator[Case]:
    """Yield every question with every kind of doubt that the page has for it."""
    for base in bases():
        for kind in DoubtKind:
            turns = documented().get((base.chain, kind.value))
            if turns is None:
                continue
            right = right_answer(base, turns)
            # A record that ends before the decision lacks what decides as well.
            if kind is DoubtKind.RECORD_ENDS and right is not Outcome.INCONCLUSIVE:
                continue
            yield Case(base=base, kind=kind, right=right)


def stored(case: Case) -> Record:
    """Return a case as it is stored: the texts of its files."""
    lines = tuple(json.dumps(_whole(entry).to_json()) for entry in case.story)
    return Record(run="r-1", plan=to_json(case.base.plan), lines=lines, where=case.name)


def _whole(entry: Event) -> Event:
    """Return an event with what a run writes of its end."""
    if entry.kind != "run_ended":
        return entry
    return entry.but(because=entry.fields.get("because", ""))


def judged_as(case: Case) -> tuple[Outcome, str]:
    """Return the answer of today's checks to a stored case, and why."""
    verdict = judge_stored(stored(case)).verdict
    workload = case.base.chain.endswith("workload")
    findings = [
        asked_finding
        for asked_finding in verdict.findings
        if asked_finding.question == case.base.question
        and (not workload or asked_finding.subject == WEB)
    ]
    (finding,) = findings
    return finding.outcome, finding.because


def write(folder: Path, chosen: Iterable[Case]) -> None:
    """Write cases as stored runs, each with the answer that is expected."""
    for case in chosen:
        place = folder / re.sub(r"[^a-z0-9_]+", "-", case.name)
        place.mkdir(parents=True, exist_ok=True)
        record = stored(case)
        (place / "plan.json").write_text(record.plan)
        (place / "timeline.ndjson").write_text(
            "".join(f"{line}\n" for line in record.lines)
        )
        verdict = judge_stored(record).verdict
        subjects = {
            finding.subject
            for finding in verdict.findings
            if finding.question == case.base.question
        }
        subject = WEB if case.base.chain.endswith("workload") else subjects.pop()
        expected = {
            "step": case.base.plan.scenario.steps[0].name,
            "question": case.base.question,
            "subject": subject,
            "outcome": case.right.value,
        }
        (place / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def main(arguments: list[str]) -> int:
    """Judge all stories, print the table, and write them where a folder is named."""
    with tempfile.TemporaryDirectory() as home:  # no ledger knows of these runs
        os.environ["GAMEDAY_HOME"] = home
        return _judged_all(arguments)


def _judged_all(arguments: list[str]) -> int:
    rightly: dict[str, list[bool]] = {}
    for case in cases():
        outcome, because = judged_as(case)
        rightly.setdefault(case.base.chain, []).append(outcome is case.right)
        if outcome is not case.right:
            sys.stdout.write(
                f"{case.name}: said {outcome}, right is {case.right} ({because})\n"
            )
    for chain, answers in rightly.items():
        sys.stdout.write(f"{chain:32} {sum(answers):4} of {len(answers)}\n")
    every = [answer for answers in rightly.values() for answer in answers]
    sys.stdout.write(f"stories: {sum(every)} of {len(every)} judged rightly\n")
    if arguments:
        write(Path(arguments[0]), cases())
    return 0 if all(every) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
