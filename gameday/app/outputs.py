"""Game days for a machine: JSON, annotations, SARIF, JUnit; and a page for people."""

import json
from collections.abc import Sequence
from typing import Any

from gameday.app.check import rendered_problems
from gameday.app.days.game_days import HeldGameDay, worst
from gameday.clock import SystemClock
from gameday.errors import Problem
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.model.verdict import worst as worst_outcome
from gameday.reports import annotations, junit, repeats, verdict_json
from gameday.reports.digest import DigestEntry


def render(held: Sequence[HeldGameDay], form: str, *, properties: bool = False) -> str:
    """Return what came of game days in one of the formats, but text."""
    if form == "json":
        return _json(held)
    results = [game_day.result for game_day in held if game_day.result is not None]
    if form == "junit":
        verdicts = [
            game_day.result.verdict if game_day.result else _without_run(game_day)
            for game_day in held
        ]
        return junit.render(*verdicts, properties=properties)
    problems = [
        problem
        for result in results
        for problem in annotations.problems(result.plan, result.verdict)
    ]
    problems += [_no_run(game_day) for game_day in held if game_day.result is None]
    return rendered_problems(form, problems, annotations.meanings(problems))


def judged(held: Sequence[HeldGameDay]) -> list[DigestEntry]:
    """Return game days as the digest has them."""
    return [
        DigestEntry(
            scenario=game_day.scenario.name,
            verdict=game_day.result.verdict if game_day.result else None,
            error=str(game_day.error or ""),
            report=game_day.result.report if game_day.result else "",
        )
        for game_day in held
    ]


def phases(held: Sequence[HeldGameDay]) -> list[str]:
    """Return how far apart repeated runs are, and at which phases they were."""
    results = [game_day.result for game_day in held if game_day.result is not None]
    return list(repeats.lines([result.verdict for result in results]))


def _no_run(held: HeldGameDay) -> Problem:
    why = str(held.error)
    return Problem(held.scenario.path, None, f"there was no run: {why}", id="run/none")


def _without_run(held: HeldGameDay) -> Verdict:
    """Return the verdict on a scenario that was not run: nothing is known."""
    finding = Finding(
        step="",
        check="run",
        subject=held.scenario.name,
        question="begins",
        outcome=Outcome.INCONCLUSIVE,
        because=str(held.error),
    )
    at = SystemClock().now()
    return Verdict(
        run="",
        scenario=held.scenario.name,
        started=at,
        ended=at,
        ending=Ending.REFUSED,
        findings=(finding,),
        because=str(held.error),
    )


def _json(held: Sequence[HeldGameDay]) -> str:
    outcomes = [
        game_day.result.outcome if game_day.result else Outcome.INCONCLUSIVE
        for game_day in held
    ]
    document = {
        "code": int(worst(held)),
        "outcome": worst_outcome(outcomes).value if held else Outcome.PASS.value,
        "runs": [_run(game_day) for game_day in held],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _run(held: HeldGameDay) -> dict[str, Any]:
    result = held.result
    return {
        "scenario": held.scenario.name,
        "path": held.scenario.path,
        "repeat": held.repeat,
        "target": held.scenario.target.kind,
        "code": int(held.code),
        "folder": result.folder if result else "",
        "error": str(held.error or ""),
        "verdict": json.loads(verdict_json.render(result.verdict)) if result else None,
    }
