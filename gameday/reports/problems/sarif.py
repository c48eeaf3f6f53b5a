"""SARIF 2.1.0, which GitHub's code scanning and many editors read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gameday.errors import Problem
from gameday.reports.problems.fingerprints import fingerprints
from gameday.reports.wording import clean

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(
    problems: Sequence[Problem], meanings: Mapping[str, str], version: str
) -> str:
    """Return the problems as one run of gameday; `meanings`: what each id means."""
    ids = sorted({problem.id for problem in problems})
    marks = fingerprints(problems)
    run = {
        "tool": {
            "driver": {
                "name": "gameday",
                "version": version,
                "rules": [_rule(rule_id, meanings) for rule_id in ids],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(problem, ids.index(problem.id), mark)
            for problem, mark in zip(problems, marks, strict=True)
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(problem_id: str, meanings: Mapping[str, str]) -> dict[str, Any]:
    text = meanings.get(problem_id) or problem_id
    return {"id": problem_id, "shortDescription": {"text": text}}


def _result(problem: Problem, index: int, mark: str) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.path)}}
    if problem.line is not None:
        place["region"] = {"startLine": problem.line}
        if problem.column:
            place["region"]["startColumn"] = problem.column
    return {
        "ruleId": problem.id,
        "ruleIndex": index,
        "level": "warning" if problem.severity == "warning" else "error",
        "message": {"text": clean(problem.message)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"gameday/v1": mark},
    }


def _uri(path: str) -> str:
    made = quote(path.encode("utf-8", "surrogateescape"))
    return f"file://{made}" if made.startswith("/") else made
