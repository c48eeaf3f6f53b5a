"""What `gameday check` does beside reading: values for files, and the offline lint.

Everything is imported late: this is the verb that is run on every commit.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gameday.errors import Problem
from gameday.frozen import frozen

if TYPE_CHECKING:
    from gameday.files.check import CheckResult
    from gameday.model.scenario import Scenario


@frozen
class CheckRequest:
    """What a check was asked for beside its paths.

    `base`: only what differs from that commit is told; `pass_over`: named files are
    treated as those of a folder.
    """

    exclude: tuple[str, ...] = ()
    pass_over: bool = False
    base: str | None = None


def check(
    paths: Sequence[str], env: Mapping[str, str], stdin: TextIO, asked: CheckRequest
) -> "CheckResult":
    """Judge files and the promises in them; problems in the order of the files."""
    from gameday.files import check as files

    wishes = files.CheckOptions(exclude=asked.exclude, pass_over=asked.pass_over)
    result = files.check(paths, env, stdin, wishes)
    problems = list(result.problems)
    for scenario in result.scenarios:
        problems += check_offline(scenario)
    if asked.base is not None:
        from gameday.files import changed

        since = changed.since(asked.base, asked=paths)
        result = _without_unchanged(result, since)
        problems = _of_changed_files(problems, result.scenarios, since)
    if problems:
        from gameday.files import disabled

        problems = disabled.left(problems, result.stdin)
    ordered = sorted(set(problems), key=_sort_key)
    return replace(result, problems=tuple(ordered))


def _sort_key(problem: Problem) -> tuple[str, int, int, str, str]:
    line = problem.line or 0
    return problem.path, line, problem.column, problem.message, problem.id


def _without_unchanged(result: "CheckResult", since: Collection[str]) -> "CheckResult":
    """Return the result without the files that did not change."""
    files = tuple((path, kind) for path, kind in result.files if _changed(path, since))
    counts: dict[str, int] = {}
    for _, kind in files:
        counts[kind] = counts.get(kind, 0) + 1
    passed = tuple(
        passed_over for passed_over in result.passed if _changed(passed_over[0], since)
    )
    return replace(result, files=files, counts=counts, passed=passed)


def _changed(path: str, since: Collection[str]) -> bool:
    """Return whether a file, or the submodule that holds it, differs."""
    if path == "-":
        return True
    place = Path(os.path.realpath(path))
    return any(str(folder) in since for folder in (place, *place.parents))


def _of_changed_files(
    problems: Sequence[Problem],
    scenarios: Sequence["Scenario"],
    since: Collection[str],
) -> list[Problem]:
    """Return the problems of changed files.

    A promise is told also where its scenario is as it was, and what it is compared
    with has changed; a reference wherever it stands, since what it names may have been
    renamed or removed.
    """
    from gameday.files.problem_ids import OF_OTHER_FILES

    touched = {
        scenario.path
        for scenario in scenarios
        if any(_changed(path, since) for path in named_by(scenario))
    }
    return [
        problem
        for problem in problems
        if _changed(problem.path, since)
        or (since and problem.id in OF_OTHER_FILES)
        or (problem.id.startswith("promise/") and problem.path in touched)
    ]


def named_by(scenario: "Scenario") -> list[str]:
    """Return the files whose change concerns a scenario's promises."""
    files = scenario.observe.files
    named = [files.prometheus, files.alertmanager]
    steps = [step.experiment.path for step in scenario.steps]
    return [*files.rules, *(path for path in named if path), *steps]


def rendered(output: str, result: "CheckResult") -> str:
    """Return a check for `github`, `gitlab`, `sarif` or `junit`.

    Paths are seen from the root of the checkout, as these want them.
    """
    if output != "junit":
        from gameday.files.problem_ids import meaning

        meanings = {problem.id: meaning(problem.id) for problem in result.problems}
        return rendered_problems(output, result.problems, meanings)
    from gameday.clock import SystemClock
    from gameday.model.quantity import show_instant
    from gameday.reports.problems import junit

    problems = _with_root_paths(result.problems)
    files = [(_root_path(path), kind) for path, kind in result.files]
    return junit.render(problems, files, show_instant(SystemClock().now())[:19])


def rendered_problems(
    output: str, problems: Sequence[Problem], meanings: Mapping[str, str]
) -> str:
    """Return problems for `github`, `gitlab` or `sarif`; `meanings`: of their ids."""
    seen = _with_root_paths(problems)
    if output == "github":
        from gameday.reports.problems import github

        return github.render(seen)
    if output == "gitlab":
        from gameday.reports.problems import gitlab

        return gitlab.render(seen)
    from gameday import __version__
    from gameday.reports.problems import sarif

    return sarif.render(seen, meanings, __version__)


def _with_root_paths(problems: Sequence[Problem]) -> list[Problem]:
    return [replace(problem, path=_root_path(problem.path)) for problem in problems]


def _root_path(path: str) -> str:
    """Return a path as seen from the root of a CI server's checkout, or from here."""
    if path == "-":
        return "stdin"
    names = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
    root = next((os.environ[name] for name in names if os.environ.get(name)), ".")
    seen = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    return os.path.normpath(path) if seen.startswith("..") else seen


def environment_with(env_file: str | None) -> Mapping[str, str]:
    """Return the environment, with a file of NAME=VALUE lines over it."""
    if env_file is None:
        return os.environ
    from gameday.files.scenario import env

    return {**os.environ, **env.read(env_file)}


def check_offline(scenario: "Scenario") -> list[Problem]:
    """Return the lint of the promises against the scenario's observe.files."""
    files = scenario.observe.files
    if not (files.rules or files.prometheus or files.alertmanager):
        return []
    from gameday.app.observing.survey import monitoring_of_files
    from gameday.clock import SystemClock
    from gameday.plans.timing import timings

    problems = []
    for timing in timings(scenario, monitoring_of_files(files, SystemClock())):
        if timing.state in ("ok", "not_checked"):
            continue
        kept = timing.state == "not_guaranteed"
        words = "is not guaranteed" if kept else "cannot be kept"
        problems.append(
            Problem(
                path=scenario.path,
                line=timing.line,
                message=(
                    f"{timing.subject}: {timing.question} {words}: {timing.because}"
                ),
                severity="warning" if kept else "promise",
                id="promise/not-guaranteed" if kept else "promise/cannot-be-kept",
            )
        )
    return problems
