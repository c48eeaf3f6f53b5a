"""What a run found wrong, as problems of its scenario's file: for CI servers.

They are reported like the problems of `gameday check`, each at the line of its promise.
"""

from collections.abc import Iterator

from gameday.errors import Problem
from gameday.model.plan import Plan
from gameday.model.scenario import Step
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports.headline import main_sentence, worst_first
from gameday.reports.wording import clean, plus_minus, promise

_SEVERITY = {Outcome.FAIL: "error", Outcome.INCONCLUSIVE: "warning"}


def problems(plan: Plan, verdict: Verdict) -> list[Problem]:
    """Return what is broken, how the run ended, and what was not kept; worst first.

    A question without an answer is a warning: nobody knows that it is wrong.
    """
    path = plan.scenario.path
    broken_problems = [
        Problem(path, None, f"still broken: {clean(broken)}", id="run/broken")
        for broken in verdict.broken
    ]
    if verdict.ending is not Ending.FINISHED:
        said = clean(main_sentence(verdict))
        broken_problems.append(
            Problem(path, None, said, id=f"run/{verdict.ending.value}")
        )
    if verdict.ending is Ending.REFUSED:
        return broken_problems  # its findings all say the same
    return [*broken_problems, *_findings(plan, verdict)]


def meanings(problems: list[Problem]) -> dict[str, str]:
    """Return what each id of these problems means."""
    return {
        problem.id: f"gameday: {problem.id.partition('/')[2].replace('_', ' ')}"
        for problem in problems
    }


def _findings(plan: Plan, verdict: Verdict) -> Iterator[Problem]:
    for finding in worst_first(verdict.findings):
        if finding.outcome is Outcome.PASS:
            continue
        yield Problem(
            path=plan.scenario.path,
            line=_line(plan, finding),
            message=_message(finding),
            severity=_SEVERITY[finding.outcome],
            id=f"run/{finding.question}",
        )


def _message(finding: Finding) -> str:
    step = f"{finding.step}: " if finding.step else ""
    said = f"{step}{finding.question} {finding.subject}: {finding.because}"
    if finding.promised is not None and finding.measured is not None:
        limit = promise(finding.promised, finding.unit)
        said += f" Measured {plus_minus(finding)}, promised {limit}."
    return clean(said)


def _line(plan: Plan, finding: Finding) -> int | None:
    """Return the line of what was promised; else of the step."""
    steps = [step for step in plan.scenario.steps if step.name == finding.step]
    if not steps:
        return None
    return _promised_at(steps[0], finding) or steps[0].line


def _promised_at(step: Step, finding: Finding) -> int | None:
    expect, subject = step.expect, finding.subject
    lines = {
        "alert": [
            (promised.alert, promised.line)
            for promised in expect.alerts
            if subject.partition("{")[0] == promised.alert
        ],
        "slo": [(promised.slo, promised.line) for promised in expect.slos],
        "metric": [(promised.subject, promised.line) for promised in expect.metrics],
        "load": [(step.name, expect.load.line)] if expect.load else [],
    }
    named = lines.get(finding.check, [])
    exact = [line for name, line in named if name == subject]
    return next(iter([*exact, *(line for _, line in named)]), None)
