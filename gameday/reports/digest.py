"""Several runs on one page of Markdown, the worst first, within a number of bytes.

For a CI job's summary (GitHub drops one beyond 1 MiB as a whole) and for a comment.
"""

from collections.abc import Iterator, Sequence

from gameday.frozen import frozen
from gameday.model.verdict import Ending, Finding, Outcome, Verdict
from gameday.reports.headline import (
    by_step,
    counts_words,
    ending_words,
    main_sentence,
    worst_first,
)
from gameday.reports.markdown import SIGNS, as_code, as_text
from gameday.reports.wording import WORST_FIRST, plus_minus, promise

SUMMARY = 1_000_000  # bytes, of a step's summary
COMMENT = 64_000  # … of a comment
_LEFT_OUT = 200  # bytes for the line that says that something was left out


@frozen
class DigestEntry:
    """A run for the digest; `error`: why there was none, and no verdict."""

    scenario: str
    verdict: Verdict | None = None
    error: str = ""
    report: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        """Where it stands: what is broken first, then as outcomes are ranked."""
        if self.verdict is None:
            return (1, 0)
        broken = 0 if self.verdict.broken else 1
        return broken, 1 + WORST_FIRST.index(_outcome(self))


def render(runs: Sequence[DigestEntry], most: int) -> str:
    """Return the page in at most so many bytes; what does not fit is counted."""
    ordered = sorted(runs, key=lambda run: run.rank)
    blocks = [_title(ordered), *_blocks(ordered)]
    parts: list[str] = []
    room, left = most - _LEFT_OUT, 0
    for block in blocks:
        size = len(block.encode())
        if left or size > room:
            left += 1
        else:
            parts.append(block)
            room -= size
    page = "".join(parts)
    if left:
        page += f"\n_{left} more parts did not fit; the runs' reports have them._\n"
    return page


def _title(runs: Sequence[DigestEntry]) -> str:
    sign = SIGNS[_outcome(runs[0])] if runs else ""
    what = "1 game day" if len(runs) == 1 else f"{len(runs)} game days"
    return f"## {sign} {what}\n"


def _blocks(runs: Sequence[DigestEntry]) -> Iterator[str]:
    yield "\n| | scenario | findings | |\n|---|---|---|---|\n"
    for run in runs:
        yield _row(run)
    for run in runs:
        if run.verdict is not None:
            yield from _wrong_blocks(run.verdict, run.report)
    for run in runs:
        if run.verdict is not None:
            yield from _kept_blocks(run.verdict)


def _row(run: DigestEntry) -> str:
    name, sign = as_code(run.scenario), SIGNS[_outcome(run)]
    if run.verdict is None:
        return f"| {sign} | {name} | no run | {as_text(run.error)} |\n"
    counts, said = counts_words(run.verdict), as_text(main_sentence(run.verdict))
    return f"| {sign} | {name} | {counts} | {said} |\n"


def _wrong_blocks(verdict: Verdict, report: str) -> Iterator[str]:
    """Yield what of a run was not as promised, one block for each finding."""
    wrong = [
        finding for finding in verdict.findings if finding.outcome is not Outcome.PASS
    ]
    if not wrong and not verdict.broken:
        return
    where = f" · report: {as_code(report)}" if report else ""
    yield f"\n### {as_text(verdict.scenario)}\n\n{ending_words(verdict)}{where}\n\n"
    for broken in verdict.broken:
        yield f"- ⚠️ **Still broken**: {as_text(broken)}\n"
    for finding in worst_first(wrong):
        yield _finding(finding)


def _finding(finding: Finding) -> str:
    figures = ""
    if finding.promised is not None:
        limit = promise(finding.promised, finding.unit)
        figures = f" ({plus_minus(finding)}, promised {limit})"
    step = f"{as_code(finding.step)} " if finding.step else ""
    return (
        f"- {SIGNS[finding.outcome]} {step}**{as_text(finding.question)}** "
        f"{as_code(finding.subject)}: {as_text(finding.because)}{figures}\n"
    )


def _kept_blocks(verdict: Verdict) -> Iterator[str]:
    """Yield what was kept, folded away: one block for each step."""
    for group in by_step(verdict):
        kept = [
            finding for finding in group.findings if finding.outcome is Outcome.PASS
        ]
        if kept:
            lines = "".join(_finding(finding) for finding in kept)
            title = as_text(f"{verdict.scenario} {group.name}".strip())
            summary = f"<summary>{title}: {len(kept)} kept</summary>"
            yield f"\n<details>{summary}\n\n{lines}\n</details>\n"


def _outcome(run: DigestEntry) -> Outcome:
    """Return what its sign says: what is broken, stopped, or never ran is not green."""
    if run.verdict is None or run.verdict.broken:
        return Outcome.FAIL
    kept = run.verdict.outcome is Outcome.PASS
    if kept and run.verdict.ending is not Ending.FINISHED:
        return Outcome.INCONCLUSIVE
    return run.verdict.outcome
