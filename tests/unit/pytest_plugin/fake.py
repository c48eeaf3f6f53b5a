"""Game days that nobody holds: what came of them is said by the test."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gameday.app.days.game_days import GameDayOptions, read_scenarios
from gameday.app.result import Result
from gameday.checks.questions import asked
from gameday.model.plan import Monitoring, Plan
from gameday.model.verdict import Ending, ExitCode, Finding, Outcome, Verdict

CALLS = "calls.txt"


def held(
    scenario: str,
    changes: Mapping[str, Any],
    answers: Mapping[str, str] | None = None,
    *,
    code: int = 0,
    ending: str = "finished",
    broken: Sequence[str] = (),
    more: Sequence[Finding] = (),
) -> Result:
    """Return a scenario's game day; `answers`: question -> outcome, default pass."""
    path = Path(scenario)
    with path.with_name(CALLS).open("a") as calls:
        calls.write(f"{path.name} {dict(changes)}\n")
    (read,) = read_scenarios([scenario], GameDayOptions(changes=changes))
    plan = Plan(scenario=read, steps=(), instances=(), monitoring=Monitoring())
    answers = answers or {}
    findings = [
        Finding(
            step=question.step,
            check=question.check,
            subject=question.subject,
            question=question.question,
            outcome=Outcome(answers.get(question.question, "pass")),
            because=f"the answer to {question.question}.",
            measured=12.5 if question.promised else None,
            error=0.002 if question.promised else None,
            promised=question.promised,
            unit=question.unit,
        )
        for question in asked(plan)
        if answers.get(question.question) != "not asked"
    ]
    verdict = Verdict(
        run=f"run-of-{path.stem}",
        scenario=read.name,
        started=0.0,
        ended=30.0,
        ending=Ending(ending),
        findings=(*findings, *more),
        because="somebody stopped it" if ending != "finished" else "",
        broken=tuple(broken),
    )
    folder = f"runs/{path.stem}"
    return Result(code=ExitCode(code), folder=folder, plan=plan, verdict=verdict)
