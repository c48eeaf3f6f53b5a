"""Stored runs in one of their forms."""

from collections.abc import Sequence

from gameday.app.judge_run import JudgedRun


def render_several(runs: Sequence[JudgedRun], form: str) -> str:
    """Return several runs on one page: summary, comment or junit."""
    from gameday.reports import digest, junit

    if form == "junit":
        return junit.render(*(run.verdict for run in runs))
    judged = [
        digest.DigestEntry(scenario=run.verdict.scenario, verdict=run.verdict)
        for run in runs
    ]
    most = digest.COMMENT if form == "comment" else digest.SUMMARY
    return digest.render(judged, most)


def render(stored: JudgedRun, form: str) -> str:
    """Return the run as html, md, junit, json or text."""
    from gameday.reports import console, html, junit, markdown, verdict_json

    plan, timeline, verdict = stored.plan, stored.timeline, stored.verdict
    if form == "html":
        return html.render(plan, timeline, verdict)
    if form == "md":
        return markdown.render(plan, timeline, verdict)
    if form == "junit":
        return junit.render(verdict)
    if form == "json":
        return verdict_json.render(verdict)
    return "\n".join(console.summary(verdict)) + "\n"
