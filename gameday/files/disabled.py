"""`# gameday disable-next-line ID`: a problem that somebody looked at and accepts."""

import re
from collections.abc import Sequence

from gameday.errors import Problem
from gameday.files.text import source

_COMMENT = re.compile(r"(?:^|\s)#\s*gameday\s+disable-next-line\s+([a-z0-9/*,_ -]+)")


def left(problems: Sequence[Problem], stdin: str = "") -> list[Problem]:
    """Return the problems that no comment in their file disables.

    A comment stands on the line before; several ids are separated by commas, and
    `rules/*` stands for a family. `stdin` is what standard input held.
    """
    by_path = {problem.path for problem in problems if problem.line is not None}
    lines = {path: _comments(path, stdin) for path in by_path}
    return [
        problem
        for problem in problems
        if problem.line is None
        or not _disables(lines[problem.path].get(problem.line, ()), problem.id)
    ]


def _comments(path: str, stdin: str) -> dict[int, tuple[str, ...]]:
    """Return the ids that are disabled, by the number of the line after a comment."""
    text = stdin if path == "-" else source.read(path).text
    if "disable-next-line" not in text:
        return {}
    comments = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _COMMENT.search(line)
        if match:
            comments[number + 1] = tuple(re.split(r"[,\s]+", match[1].strip()))
    return comments


def _disables(ids: Sequence[str], problem_id: str) -> bool:
    family = problem_id.partition("/")[0]
    return problem_id in ids or f"{family}/*" in ids
