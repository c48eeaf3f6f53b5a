"""The verdict in words: how the run ended, and the sentence that matters most."""

from collections.abc import Sequence

from gameday.frozen import frozen
from gameday.model.plan import Plan
from gameday.model.quantity import show_duration
from gameday.model.verdict import Ending, Finding, Outcome, Verdict, worst
from gameday.reports.wording import OUTCOME_WORDS, WORST_FIRST, outcome_counts

_ENDINGS = {
    Ending.FINISHED: "ran to its end",
    Ending.GUARDRAIL: "stopped by a guardrail",
    Ending.OPERATOR: "stopped by a person or a signal",
    Ending.CRASHED: "crashed",
    Ending.REFUSED: "refused",
}
_STOPPED = (Ending.GUARDRAIL, Ending.OPERATOR)


@frozen
class StepFindings:
    """The findings of one step, the worst first; `name` is empty for the run's own."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of them."""
        return worst(finding.outcome for finding in self.findings)


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings by outcome, in their own order within each."""
    return tuple(
        sorted(findings, key=lambda finding: WORST_FIRST.index(finding.outcome))
    )


def by_step(verdict: Verdict, plan: Plan | None = None) -> list[StepFindings]:
    """Return the findings grouped by step, in the plan's order, the run's own first."""
    names = [step.name for step in plan.steps] if plan else []
    seen = dict.fromkeys(["", *names, *(finding.step for finding in verdict.findings)])
    groups = (
        StepFindings(
            name=name,
            findings=worst_first([f for f in verdict.findings if f.step == name]),
        )
        for name in seen
    )
    return [group for group in groups if group.findings]


def ending_words(verdict: Verdict) -> str:
    """Return how the run ended and whether everything was put back."""
    words = _ENDINGS[verdict.ending]
    if verdict.broken:
        return f"{words}; something is still broken"
    if verdict.ending in _STOPPED:
        return f"{words}; everything was undone"
    if verdict.ending is Ending.CRASHED:
        open_ = any(map(_says_fault_may_be_left, verdict.findings))
        return f"{words}; `gameday heal` says what it left" if open_ else words
    if verdict.ending is Ending.REFUSED:
        return f"{words}; no fault was injected"
    return words


def _says_fault_may_be_left(finding: Finding) -> bool:
    """Whether a finding says that a fault may be left, which has to have begun."""
    asked = finding.question == "undone" and finding.outcome is not Outcome.PASS
    return asked and bool(finding.evidence)


def main_sentence(verdict: Verdict) -> str:
    """Return the one sentence that a reader in a hurry has to see."""
    if verdict.broken:
        count = len(verdict.broken)
        things = "One thing is" if count == 1 else f"{count} things are"
        return f"{things} still broken and must be put right by hand."
    if verdict.ending is not Ending.FINISHED and verdict.because:
        return verdict.because
    if not verdict.findings:
        return verdict.because or "Nothing was asked, so nothing was answered."
    if verdict.outcome is Outcome.PASS:
        count = len(verdict.findings)
        return (
            "The one question asked was answered, and the promise was kept."
            if count == 1
            else f"Every promise was kept: {count} questions, {count} answers."
        )
    return worst_first(verdict.findings)[0].because


def counts_words(verdict: Verdict) -> str:
    """Return the number of findings by outcome: `1 fail, 2 inconclusive, 9 pass`."""
    counts = outcome_counts(verdict)
    return ", ".join(f"{n} {outcome.value}" for outcome, n in counts) or "no findings"


def verdict_line(verdict: Verdict) -> str:
    """Return the verdict as one line: outcome, scenario, ending, how long it took."""
    took = show_duration(max(0.0, round(verdict.ended - verdict.started, 1)))
    return (
        f"{OUTCOME_WORDS[verdict.outcome]}: {verdict.scenario} "
        f"({ending_words(verdict)}, {took})"
    )
