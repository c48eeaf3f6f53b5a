"""What `gameday check` does beside reading: values for files, and the offline lint.

Everything is imported late: this is the verb that is run on every commit.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gameday.errors import Problem

if TYPE_CHECKING:
    from gameday.model.scenario import Scenario


def environment_with(env_file: str | None) -> Mapping[str, str]:
    """Return the environment, with a file of NAME=VALUE lines over it."""
    if env_file is None:
        return os.environ
    from gameday.files import env

    return {**os.environ, **env.read(env_file)}


def check_offline(scenario: "Scenario") -> list[Problem]:
    """Return the lint of the promises against the scenario's observe.files."""
    files = scenario.observe.files
    if not (files.rules or files.prometheus or files.alertmanager):
        return []
    from gameday.app.looking import offline_eyes
    from gameday.plans.timing import timings

    problems = []
    for one in timings(scenario, offline_eyes(files)):
        if one.state in ("ok", "not_checked"):
            continue
        kept = one.state == "not_guaranteed"
        words = "is not guaranteed" if kept else "cannot be kept"
        problems.append(
            Problem(
                path=scenario.path,
                line=one.line,
                message=f"{one.subject}: {one.question} {words}: {one.because}",
                severity="warning" if kept else "promise",
                id="promise/not-guaranteed" if kept else "promise/cannot-be-kept",
            )
        )
    return problems
