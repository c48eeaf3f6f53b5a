"""`report.html`: one file that needs nothing else, for screen, dark, phone and paper.

Jinja2 escapes every value; `finalize` cleans it before. The page forbids itself, by
its own content security policy, to load anything or to run any other script.
"""

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from gameday.frozen import frozen
from gameday.model.events import FaultStarted
from gameday.model.plan import Plan
from gameday.model.quantity import show_duration, show_instant
from gameday.model.timeline import Timeline
from gameday.model.verdict import Finding, Outcome, Verdict
from gameday.reports import wording
from gameday.reports.chart import chart
from gameday.reports.chart.event_text import all_sentences, key_sentences
from gameday.reports.chart.fault_table import fault_rows
from gameday.reports.evidence_tables import Table, tables
from gameday.reports.headline import (
    by_step,
    ending_words,
    main_sentence,
    worst_first,
)
from gameday.reports.measures import budget_measures, timing_measures
from gameday.reports.provenance import experiments, provenance, step_words, warnings
from gameday.reports.requests import requests

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_EVENTS = 500
MOST_KEY_MOMENTS = 60
_MOST_EXHIBITS = 300


@frozen
class FindingEvidence:
    """The evidence of one finding, as tables."""

    finding: Finding
    tables: list[Table]


def render(plan: Plan, timeline: Timeline, verdict: Verdict) -> str:
    """Return the whole page."""
    environment = _environment()
    template = environment.get_template("report.html")
    return template.render(_view(plan, timeline, verdict)) + "\n"


def _view(plan: Plan, timeline: Timeline, verdict: Verdict) -> dict[str, Any]:
    events, events_left = all_sentences(timeline, MOST_EVENTS)
    key, key_left = key_sentences(timeline, MOST_KEY_MOMENTS)
    zero = _zero(timeline, verdict)
    took = round(max(0.0, verdict.ended - verdict.started), 1)
    return {
        "verdict": verdict,
        "scenario": plan.scenario,
        "ending": ending_words(verdict),
        "sentence": main_sentence(verdict),
        "counts": wording.outcome_counts(verdict),
        "took": show_duration(took),
        "started": show_instant(verdict.started),
        "groups": by_step(verdict, plan),
        "step_words": step_words(plan),
        "tried": {name: (title, more) for name, title, more in experiments(plan)},
        "requests": requests(timeline),
        "timings": timing_measures(verdict),
        "budgets": budget_measures(verdict),
        "chart": _markup(chart.render(plan, timeline, verdict)),
        "zero": zero,
        "key": key,
        "key_left": key_left,
        "hits": fault_rows(timeline),
        "warnings": warnings(plan),
        "provenance": provenance(plan, verdict),
        "exhibits": _exhibits(verdict, zero),
        "exhibits_left": max(0, len(_with_evidence(verdict)) - _MOST_EXHIBITS),
        "events": events,
        "events_left": events_left,
        "all_events": len(timeline.events),
    }


def _exhibits(verdict: Verdict, zero: float) -> list[FindingEvidence]:
    shown = _with_evidence(verdict)[:_MOST_EXHIBITS]
    return [
        FindingEvidence(finding=finding, tables=tables(finding.evidence, zero))
        for finding in shown
    ]


def _with_evidence(verdict: Verdict) -> list[Finding]:
    """Return the findings that have more to show than their sentence."""
    ordered = worst_first(verdict.findings)
    return [
        finding
        for finding in ordered
        if finding.evidence or finding.measured is not None
    ]


def _zero(timeline: Timeline, verdict: Verdict) -> float:
    """Return what times are relative to: the first fault, or the run's start."""
    faults = timeline.of(FaultStarted)
    return faults[0].at if faults else verdict.started


def _environment() -> "Environment":
    """Build the templates' surroundings; imported late, a command may not need it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("gameday.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    loader = environment.loader
    if loader is None:  # pragma: no cover - was given above
        raise RuntimeError("templates cannot be loaded")
    sources = {
        name: loader.get_source(environment, file)[0].strip()
        for name, file in (
            ("style", "report.css"),
            ("chart_style", "chart.css"),
            ("script", "report.js"),
        )
    }
    digest = hashlib.sha256(sources["script"].encode()).digest()
    environment.globals |= {
        **{name: _markup(text) for name, text in sources.items()},
        "script_hash": base64.b64encode(digest).decode(),
        "words": wording.OUTCOME_WORDS,
        "outcomes": tuple(Outcome),
        "w": wording,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Clean text that is not our own markup, before it is escaped."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return wording.clean(value)
    return value


def _markup(text: str) -> Any:
    """Mark text as markup: only what the chart and the template files say."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - escaped by `svg`, or a file of ours
