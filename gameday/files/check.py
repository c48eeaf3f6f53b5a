"""What `gameday check` finds; it imports and runs nothing of theirs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TextIO

from gameday.errors import Problem
from gameday.files import judge_file
from gameday.files.judge_file import FileJudgement
from gameday.files.text import source
from gameday.frozen import frozen
from gameday.model.scenario import Scenario


@frozen
class CheckOptions:
    """How to check: what to leave out, and whether named files may be passed over."""

    exclude: tuple[str, ...] = ()
    pass_over: bool = False


@frozen
class CheckResult:
    """Every problem; how many files of which kind; the scenarios that are valid.

    `files`: (path, kind) of each file that was judged; a file of two kinds twice.
    `passed`: (path, what it is) of each one that gameday does not read. `stdin` is
    what standard input held.
    """

    problems: tuple[Problem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    passed: tuple[tuple[str, str], ...] = ()
    stdin: str = ""


def check(
    paths: Sequence[str],
    env: Mapping[str, str],
    stdin: TextIO | None,
    wishes: CheckOptions | None = None,
) -> CheckResult:
    """Judge files, all files of folders, and standard input (`-`)."""
    wishes = wishes or CheckOptions()
    judgement = FileJudgement()
    read_stdin = ""
    named, below = _listed(paths, wishes)
    for path in named:
        if path == "-" and stdin is not None:
            read = source.read_stdin(stdin)
            read_stdin = read.text
        else:
            read = source.read(path)
        judgement.add(judge_file.judge(read, env, named=not wishes.pass_over))
    judgement.add(judge_file.judge_all(below, env))
    judgement.problems += judge_file.slos(judgement, () if wishes.pass_over else named)
    return _result(judgement, read_stdin)


def _listed(paths: Sequence[str], wishes: CheckOptions) -> tuple[list[str], list[str]]:
    """Return the files that are named, and those of the folders that are."""
    named: dict[str, str] = {}
    below: dict[str, None] = {}
    folders = {path for path in paths if os.path.isdir(path)}  # noqa: PTH112 - as written
    if not folders and not wishes.exclude:
        return list({os.path.normpath(path): path for path in paths}.values()), []
    from gameday.files import folder

    excluded = folder.Excluded(wishes.exclude)
    for path in paths:
        if path in folders:
            below.update(dict.fromkeys(folder.files(path, excluded)))
        elif not excluded(path):
            named.setdefault(os.path.normpath(path), path)
    return list(named.values()), [path for path in below if path not in named]


def _result(judgement: FileJudgement, stdin: str) -> CheckResult:
    from gameday.files.scenario.load import tidy

    counts: dict[str, int] = {}
    for _, kind in judgement.files:
        counts[kind] = counts.get(kind, 0) + 1
    return CheckResult(
        problems=tuple(tidy(judgement.problems)),
        counts=counts,
        scenarios=tuple(judgement.scenarios),
        files=tuple(judgement.files),
        passed=tuple(judgement.passed),
        stdin=stdin,
    )
