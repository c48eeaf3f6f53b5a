"""A stored run in one of its forms."""

from gameday.app.judging import Stored


def render(stored: Stored, form: str) -> str:
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
