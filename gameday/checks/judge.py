"""The judge: a plan and a timeline, nothing else, make the verdict.

Every question gets a finding, whatever happens, and every answer passes through the
gate of doubt, so that no check can forget it. The same input gives the same verdict, to
the byte: nothing here reads a clock, and every list has an order of its own.
"""

from collections.abc import Callable, Mapping, Sequence

from gameday.checks.alerts.alert_fires import fires_within
from gameday.checks.alerts.alert_pages import (
    of_each_receiver,
    page_resolves_within,
    pages_within,
    reaches,
)
from gameday.checks.alerts.alert_resets import resets_within
from gameday.checks.alerts.alert_stays import stays_firing
from gameday.checks.alerts.other_alerts import no_other_alerts
from gameday.checks.faults.drift import drift
from gameday.checks.faults.fault import fault_bites, undone
from gameday.checks.faults.guardrails import guardrails
from gameday.checks.gate import answer_ruled_out, answer_with_doubt
from gameday.checks.question import Answer, Question, finding, unknown
from gameday.checks.questions import asked
from gameday.checks.run import Run
from gameday.checks.service.healing import heals_within
from gameday.checks.service.metric import holds
from gameday.checks.service.recovery import recovers_within
from gameday.checks.service.steady_state import after, before, during
from gameday.checks.slos.error_budget import spends_at_most
from gameday.checks.slos.load import fed_at_warm_up
from gameday.checks.slos.load_agreement import agrees_with_load
from gameday.checks.slos.load_promises import fails_at_most, p99_within
from gameday.checks.step import Check, StepRun
from gameday.errors import LacksField
from gameday.model.plan import Plan
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending, Finding, Verdict

RunCheck = Callable[[Run], Answer]

CHECKS: Mapping[str, Check] = {
    "before": before,
    "during": during,
    "after": after,
    "bites": fault_bites,
    "undone": undone,
    "fires_within": fires_within,
    "stays_firing": stays_firing,
    "reaches": of_each_receiver(reaches),
    "pages_within": of_each_receiver(pages_within),
    "resets_within": resets_within,
    "page_resolves_within": of_each_receiver(page_resolves_within),
    "no_other_alerts": no_other_alerts,
    "spends_at_most": spends_at_most,
    "agrees_with_load": agrees_with_load,
    "holds": holds,
    "fails_at_most": fails_at_most,
    "p99_within": p99_within,
    "heals_within": heals_within,
    "recovers_within": recovers_within,
}
RUN_CHECKS: Mapping[str, RunCheck] = {"drift": drift}  # asked of no step


def judge(  # noqa: PLR0913 - all that a verdict says beside its findings
    plan: Plan,
    timeline: Timeline,
    *,
    run: str,
    ending: Ending,
    because: str,
    started: float,
    ended: float,
    broken: Sequence[str] = (),
) -> Verdict:
    """Return what a run proved; times in seconds since the epoch."""
    seen = Run(
        plan=plan,
        timeline=timeline,
        ending=ending,
        because=because,
        broken=tuple(broken),
    )
    return Verdict(
        run=run,
        scenario=plan.scenario.name,
        started=started,
        ended=ended,
        ending=ending,
        findings=findings_of(seen),
        because=because,
        provenance=dict(plan.provenance),
        broken=tuple(broken),
    )


def findings_of(run: Run, checks: Mapping[str, Check] = CHECKS) -> tuple[Finding, ...]:
    """Return a finding for every question of the plan, and for each guardrail."""
    steps = {step.name: StepRun(run=run, step=step) for step in run.plan.scenario.steps}
    answers = []
    for question in asked(run.plan, fed_at_warm_up(run.timeline)):
        step = steps.get(question.step)
        answer = _answered(step or run, question, checks)
        answers.append(finding(question, answer))
    return (*answers, *guardrails(run))


def _answered(
    about: StepRun | Run, question: Question, checks: Mapping[str, Check]
) -> Answer:
    try:
        if isinstance(about, Run):
            return RUN_CHECKS[question.question](about)
        return _step_answer(about, question, checks)
    except LacksField as problem:  # what a damaged record does not say
        return unknown(str(problem))
    except Exception as problem:  # noqa: BLE001 - a crash is never a missing finding
        kind = type(problem).__name__
        return unknown(f"the check itself crashed ({kind}: {problem})")


def _step_answer(
    step: StepRun, question: Question, checks: Mapping[str, Check]
) -> Answer:
    closed = answer_ruled_out(step, question)
    if closed is not None:
        return closed
    return answer_with_doubt(step, question, checks[question.question](step, question))
