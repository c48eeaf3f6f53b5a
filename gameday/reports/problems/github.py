"""Annotations of GitHub Actions: `::error file=…,line=…::message`."""

from collections.abc import Sequence

from gameday.errors import Problem

MOST = 10  # annotations of a step that GitHub shows
_WORST = {"error": 0, "promise": 1, "warning": 2}


def render(problems: Sequence[Problem]) -> str:
    """Return the worst problems as annotations, and the others as lines of the log."""
    ordered = sorted(problems, key=lambda problem: _WORST.get(problem.severity, 0))
    lines = [_annotation(problem) for problem in ordered[:MOST]]
    rest = ordered[MOST:]
    if rest:
        lines.append(f"and {len(rest)} more:")
        lines += [f"- {_no_command(str(problem))}" for problem in rest]
    return "".join(f"{line}\n" for line in lines)


def _annotation(problem: Problem) -> str:
    command = "warning" if problem.severity == "warning" else "error"
    properties = {} if problem.path == "stdin" else {"file": problem.path}
    if problem.line is not None:
        properties["line"] = str(problem.line)
        if problem.column:
            properties["col"] = str(problem.column)
    properties["title"] = problem.id
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{command} {listed}::{_escaped(problem.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _no_command(text: str) -> str:
    """Return a line that the runner takes for no command."""
    return _escaped(text).replace("##[", "## [")
