"""Stored runs in one of their forms."""

from collections.abc import Sequence

from gameday.app.judge_run import JudgedRun


def render_several(
    runs: Sequence[JudgedRun], form: str, *, properties: bool = False
) -> str:
    """Return several runs on one page: summary, comment or junit.

    `properties`: JUnit's cases say what was promised and measured.
    """
    from gameday.reports import digest, junit

    if form == "junit":
        return junit.render(*(run.verdict for run in runs), properties=properties)
    judged = [
        digest.DigestEntry(scenario=run.verdict.scenario, verdict=run.verdict)
        for run in runs
    ]
    most = digest.COMMENT if form == "comment" else digest.SUMMARY
    return digest.render(judged, most)


def render(stored: JudgedRun, form: str) -> str:
    """Return the run as html, md, json or text."""
    from gameday.reports import console, html, markdown, verdict_json

    plan, timeline, verdict = stored.plan, stored.timeline, stored.verdict
    if form == "html":
        return html.render(plan, timeline, verdict)
    if form == "md":
        return markdown.render(plan, timeline, verdict)
    if form == "json":
        return verdict_json.render(verdict)
    return "\n".join(console.summary(verdict)) + "\n"
