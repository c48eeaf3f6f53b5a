"""The verdict as plain lines: for a pipe, a log, a CI job's output."""

from collections.abc import Sequence

from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports.digest import DigestEntry
from gameday.reports.headline import (
    StepFindings,
    by_step,
    counts_words,
    main_sentence,
    verdict_line,
)
from gameday.reports.wording import clean, plus_minus, promise

_WIDTH = len("INCONCLUSIVE")


def summary(verdict: Verdict) -> list[str]:
    """Return the verdict as lines without any styling, what is broken first."""
    lines = [f"STILL BROKEN: {broken}" for broken in verdict.broken]
    lines += [verdict_line(verdict), f"  {main_sentence(verdict)}"]
    for group in _findings_to_print(verdict):
        lines.append(f"{group.name or 'the whole run'}:")
        lines += [f"  {_line(finding)}" for finding in group.findings]
    lines.append(counts_words(verdict))
    return [_printable(line) for line in lines]


def several(runs: Sequence[DigestEntry]) -> list[str]:
    """Return several game days as a line each, the worst first."""
    lines = [f"{len(runs)} game days:"]
    for run in sorted(runs, key=lambda run: run.rank):
        if run.verdict is None:
            lines.append(f"  {'NO RUN':{_WIDTH}}  {run.scenario}: {run.error}")
            continue
        outcome = run.verdict.outcome
        word = outcome.value
        if run.verdict.broken or outcome is not Outcome.PASS:
            word = "BROKEN" if run.verdict.broken else word.upper()
        said = main_sentence(run.verdict)
        lines.append(f"  {word:{_WIDTH}}  {run.scenario}: {said}")
    return [_printable(line) for line in lines]


def _findings_to_print(verdict: Verdict) -> list[StepFindings]:
    """Return what is worth a line: of a refused run, not the same reason each time."""
    if verdict.ending is Ending.REFUSED:
        return []
    return by_step(verdict)


def _line(finding: Finding) -> str:
    asked = f"{finding.question} {finding.subject}"
    if finding.outcome is Outcome.PASS:
        return f"{'pass':{_WIDTH}}  {asked}{_figures(finding)}"
    return f"{finding.outcome.value.upper():{_WIDTH}}  {asked}: {finding.because}"


def _figures(finding: Finding) -> str:
    if finding.measured is None:
        return ""
    limit = promise(finding.promised, finding.unit)
    of = f" of {limit}" if finding.promised is not None else ""
    return f": {plus_minus(finding)}{of}"


def _printable(line: str) -> str:
    """Keep the columns; a value must not begin a line of its own."""
    return clean(" ".join(line.splitlines())).replace("\t", " ")
