"""The options and the result of a run, as `gameday.run` takes and returns them."""

from gameday.frozen import frozen
from gameday.model.plan import Plan
from gameday.model.verdict import ExitCode, Finding, Outcome, Verdict

FIRST_LEAD = 0.1  # seconds from the order to the fault's start, until one was measured


@frozen(kw_only=False)
class Repeat:
    """One of several runs of a scenario; `lead`: seconds from order to fault."""

    number: int
    of: int
    lead: float = FIRST_LEAD


@frozen
class Options:
    """What whoever asked for a run says about it."""

    out: str | None = None
    inconclusive: str = "fail"
    anyway: bool = False
    followed: bool = False  # another scenario comes after this one
    junit_properties: bool = False  # in junit.xml, of each case
    repeat: Repeat | None = None  # which of several runs of the scenario it is


@frozen
class Result:
    """A run that is over: its exit code, its folder and its verdict.

    `held`: it was refused since another run has the target. `unwritten`: files that
    could not be written, and why.
    """

    code: ExitCode
    folder: str
    plan: Plan
    verdict: Verdict
    held: bool = False
    unwritten: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What was proven: the worst of the findings."""
        return self.verdict.outcome

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every question of the scenario, answered."""
        return self.verdict.findings

    @property
    def report(self) -> str:
        """The path of the report for people."""
        return f"{self.folder}/report.html"

    def finding(self, question: str, subject: str = "", step: str = "") -> Finding:
        """Return the one finding of that question; LookupError: none, or several.

        `subject` and `step` need to be given where the question alone says too little.
        """
        matching = [
            finding
            for finding in self.findings
            if finding.question == question
            and subject in ("", finding.subject)
            and step in ("", finding.step)
        ]
        if len(matching) != 1:
            raise LookupError(
                f"{len(matching)} findings answer {question!r}; asked was: "
                + ", ".join(
                    f"{finding.question} {finding.subject}" for finding in self.findings
                )
            )
        return matching[0]
