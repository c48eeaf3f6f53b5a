"""`report.md`: the run for a ticket, in GitHub's Markdown."""

import re
from collections.abc import Iterable

from gameday.model.events import FaultStarted
from gameday.model.plan import Plan
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome, Verdict
from gameday.reports.chart.event_text import key_sentences
from gameday.reports.chart.fault_table import FaultRow, fault_rows
from gameday.reports.headline import by_step, counts_words, main_sentence, verdict_line
from gameday.reports.provenance import experiments, provenance, warnings
from gameday.reports.requests import requests
from gameday.reports.wording import (
    OUTCOME_WORDS,
    one_line,
    plus_minus,
    promise,
    relative,
    seconds,
)

_MOST_MOMENTS = 60
SIGNS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔"}
_SPECIAL = re.compile(r"([\\`*_\[\]#|~])")


def render(plan: Plan, timeline: Timeline, verdict: Verdict) -> str:
    """Return the report as Markdown, with a newline at its end."""
    faults = timeline.of(FaultStarted)
    zero = faults[0].at if faults else verdict.started
    parts = [
        _head(verdict),
        _broken(verdict),
        _tried(plan),
        _findings(plan, verdict),
        _load(timeline),
        _moments(timeline, zero),
        _hits(timeline, zero),
        _listed(
            "Warnings of the plan", (as_text(warning) for warning in warnings(plan))
        ),
        _provenance(plan, verdict),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(verdict: Verdict) -> str:
    sign = SIGNS[verdict.outcome]
    return (
        f"# {sign} {as_text(verdict_line(verdict))}\n\n"
        f"**{as_text(main_sentence(verdict))}**\n\n"
        f"{counts_words(verdict)} · run {as_code(verdict.run)} · "
        f"{show_instant(verdict.started)}"
    )


def _broken(verdict: Verdict) -> str:
    if not verdict.broken:
        return ""
    lines = "\n".join(f"> - {as_text(broken)}" for broken in verdict.broken)
    return f"> ⚠️ **Still broken. Put right by hand:**\n>\n{lines}"


def _tried(plan: Plan) -> str:
    """Say in the experiments' own words what was tried."""
    lines = [
        f"{as_code(name)}: **{as_text(title)}**" + (f" {as_text(more)}" if more else "")
        for name, title, more in experiments(plan)
    ]
    return _listed("What was tried", lines)


def _load(timeline: Timeline) -> str:
    statistics = requests(timeline)
    rows = [
        f"| {as_text(row.phase)} | {row.sent:.0f} | {row.failures} "
        f"| {row.latency('p50')} | {row.latency('p99')} |"
        for row in statistics
    ]
    if not rows:
        return ""
    head = "| Phase | Requests | Failed | Half within | 99% within |"
    return "\n".join(["## What users saw", "", head, "|---|--:|--:|--:|--:|", *rows])


def _findings(plan: Plan, verdict: Verdict) -> str:
    parts = ["## Findings"]
    for group in by_step(verdict, plan):
        title = f"Step {as_code(group.name)}" if group.name else "The whole run"
        rows = "\n".join(_finding(finding) for finding in group.findings)
        parts.append(
            f"### {title}\n\n"
            "| Outcome | Question | Subject | Promised | Measured | Because |\n"
            "|---|---|---|--:|--:|---|\n"
            f"{rows}"
        )
    return "\n\n".join(parts) if len(parts) > 1 else ""


def _finding(finding: Finding) -> str:
    cells = (
        f"{SIGNS[finding.outcome]} {OUTCOME_WORDS[finding.outcome]}",
        as_code(finding.question),
        as_code(finding.subject),
        promise(finding.promised, finding.unit),
        plus_minus(finding),
        as_text(finding.because),
    )
    return f"| {' | '.join(cells)} |"


def _moments(timeline: Timeline, zero: float) -> str:
    found, left = key_sentences(timeline, _MOST_MOMENTS)
    lines = [
        f"{as_code(relative(moment.at, zero))} {as_text(moment.text)}"
        for moment in found
    ]
    if left:
        lines.append(f"and {left} more in {as_code('timeline.ndjson')}")
    return _listed("Timeline", lines)


def _hits(timeline: Timeline, zero: float) -> str:
    return _listed(
        "What was hit, and undone", (_hit(hit, zero) for hit in fault_rows(timeline))
    )


def _hit(hit: FaultRow, zero: float) -> str:
    what = f"{as_code(hit.fault)} on {as_code(hit.instance)}"
    if hit.started is None:
        return f"{what}: {as_text(hit.proof)}"
    bites = {True: "bit", False: "did not bite"}.get(hit.bites, "could not be proven")  # type: ignore[arg-type]
    end = (
        f"undone by {as_text(hit.by)} after {seconds(hit.lasted)}"
        if hit.undone
        else "**not undone**"
    )
    took = f" (the undo took {seconds(hit.undo_took)})" if hit.undo_took else ""
    why = f"; {as_text(hit.because)}" if hit.because else ""
    hand = f"; by hand: {as_text(hit.by_hand)}" if hit.by_hand else ""
    return (
        f"{what} at {relative(hit.started, zero)}: {bites}, {as_text(hit.proof)}; "
        f"{end}{took}{why}{hand}"
    )


def _provenance(plan: Plan, verdict: Verdict) -> str:
    pairs = provenance(plan, verdict)
    return _listed("Provenance", (f"{as_text(k)}: {as_code(v)}" for k, v in pairs))


def _listed(title: str, lines: Iterable[str]) -> str:
    shown = [f"- {line}" for line in lines]
    return f"## {title}\n\n" + "\n".join(shown) if shown else ""


def as_text(text: str) -> str:
    """Return text that Markdown shows as it is; nobody is called by an @."""
    line = one_line(text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", line).replace("@", "@\u200b")


def as_code(text: str) -> str:
    """Return text as code, in a table too; its own backticks do not end it."""
    line = one_line(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{edge}{line}{edge}{fence}" if line else ""
