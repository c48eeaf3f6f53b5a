"""GitLab's Code Quality report: a list of issues, each with a fingerprint."""

import json
from collections.abc import Sequence

from gameday.errors import Problem
from gameday.reports.problems.fingerprints import fingerprints
from gameday.reports.wording import clean

_SEVERITIES = {"error": "critical", "promise": "major", "warning": "minor"}


def render(problems: Sequence[Problem]) -> str:
    """Return the problems as a Code Quality report."""
    marks = fingerprints(problems)
    issues = [
        {
            "description": clean(problem.message),
            "check_name": problem.id,
            "fingerprint": mark,
            "severity": _SEVERITIES.get(problem.severity, "major"),
            "location": {
                "path": clean(problem.path),
                "lines": {"begin": problem.line or 1},
            },
        }
        for problem, mark in zip(problems, marks, strict=True)
    ]
    return json.dumps(issues, indent=2) + "\n"
